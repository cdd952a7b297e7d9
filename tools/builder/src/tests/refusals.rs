//! What can't be built, and that nothing of it is left.

use ringwall_abi::Errno;

use super::fake::Fake;
use super::files::Files;
use crate::{BuildError, Initrd, KernelImage, Plan, Request, build};

const SIZE: u64 = 4096;

fn nothing_is_left(machine: &Fake) {
    let state = machine.state.borrow();
    assert!(!state.exists && state.p2m.is_empty() && state.ports.is_empty());
    assert_eq!(state.mapped_pages, 0);
}

#[test]
fn whatever_fails_is_undone() {
    let files = Files::new("");
    let whole = Fake::new(SIZE);
    build(&whole, &files.plan(SIZE)).expect("it is built");
    let calls = whole.calls.borrow().len();
    assert!(calls > 10);
    for at in 0..calls {
        let machine = Fake::new(SIZE);
        machine.fails_at.set(Some(at));
        let error = build(&machine, &files.plan(SIZE)).expect_err("it fails");
        let BuildError::Hypervisor(error) = error else {
            panic!("call {at}: {error}");
        };
        assert!(error.is(Errno::ENOMEM), "call {at}");
        nothing_is_left(&machine);
    }
}

#[test]
fn too_little_memory_is_said_before_or_after() {
    let files = Files::new("");
    let machine = Fake::new(SIZE - 1);
    let error = build(&machine, &files.plan(SIZE)).expect_err("it is too much");
    assert_eq!(
        error.to_string(),
        "the domain is to have 16 MiB, and the machine has only 15 MiB left; give it less, or end another domain"
    );
    assert_eq!(machine.count("create"), 0);
    // The hypervisor says that there is memory, and then has none.
    let machine = Fake::new(SIZE);
    machine.left.set(1024);
    let error = build(&machine, &files.plan(SIZE)).expect_err("it is too much");
    assert!(matches!(
        error,
        BuildError::Memory {
            wanted: SIZE,
            available: 1024
        }
    ));
    nothing_is_left(&machine);
}

#[test]
fn an_initrd_that_shrinks_is_noticed() {
    let files = Files::new("");
    let path = files.directory.path().join("initrd");
    std::fs::write(&path, [1; 10_000]).expect("written");
    let request = Request {
        initrd: Some(Initrd::open(&path).expect("it is there")),
        ..files.request(SIZE)
    };
    std::fs::write(&path, [1; 9_000]).expect("written");
    let machine = Fake::new(SIZE);
    let error = build(&machine, &Plan::new(request).expect("it fits")).expect_err("it shrank");
    assert!(matches!(error, BuildError::InitrdChanged(_)), "{error}");
    nothing_is_left(&machine);
}

#[test]
fn a_feature_that_is_missing_is_named() {
    let machine = Fake {
        features: 1,
        ..Fake::new(SIZE)
    };
    let plan = Files::new("!writable_page_tables|!supervisor_mode_kernel").plan(SIZE);
    let error = build(&machine, &plan).expect_err("it is missing");
    assert!(
        matches!(error, BuildError::Feature("supervisor_mode_kernel")),
        "{error}"
    );
}

#[test]
fn plans_that_can_not_be_are_refused() {
    type Change = dyn Fn(&mut Request);
    let files = Files::new("");
    let refused = |change: &Change| {
        let mut request = files.request(SIZE);
        change(&mut request);
        Plan::new(request).expect_err("it can't be").to_string()
    };
    let cases: [(&Change, &str); 5] = [
        (
            &|request| request.command_line = "x".repeat(1024),
            "1024 bytes",
        ),
        (&|request| request.settings.max_vcpus = 0, "0 virtual CPUs"),
        (
            &|request| request.settings.max_vcpus = 33,
            "33 virtual CPUs",
        ),
        (&|request| request.max_pages = SIZE - 1, "at most 15 MiB"),
        (&|request| request.pages = 100, "has 100 pages but needs"),
    ];
    for (change, words) in cases {
        let error = refused(change);
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn files_that_are_none_are_named() {
    let files = Files::with(b"#!/bin/sh\n");
    let error = KernelImage::open(&files.kernel, None)
        .expect_err("it is none")
        .to_string();
    assert!(
        error.contains("kernel: the kernel is no bzImage"),
        "{error}"
    );
    let missing = files.directory.path().join("nothing");
    let error = KernelImage::open(&missing, None)
        .expect_err("it is none")
        .to_string();
    assert!(error.contains("nothing can't be read"), "{error}");
    assert!(Initrd::open(files.directory.path()).is_err());
}
