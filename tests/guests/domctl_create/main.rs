//! `XEN_DOMCTL_createdomain` makes a domain of the number asked for, or of one that is free, paused, without virtual CPUs
//! and memory: `public/domctl.h`. A number in use is `EEXIST`; what can't be made is refused, and no domain is left.
//! `XEN_DOMCTL_max_vcpus` takes the number that the domain was made for, and no other. Lesson 22: sizes have bounds.
#![no_std]
#![no_main]

use guests::control::{NOBODY, domctl, domctl_bare, domctl_of};
use guests::domain::{Domain, blueprint};
use guests::sdk::abi::domctl::{
    CreateDomain, CreateFlags, DomainFlags, DomctlOp, INVALID_MAX_VCPU_ID, MaxVcpus,
};
use guests::sdk::abi::{DomainId, Errno};
use guests::{Answer, Check, ensure, equal, granted, refused};

guests::rule!(check);

type Spoil = fn(&mut CreateDomain);

fn create(id: DomainId, blueprint: &mut CreateDomain) -> (Answer, DomainId) {
    domctl_of(DomctlOp::CreateDomain, id, blueprint)
}

fn check() -> Check {
    let cases: [(&str, Spoil); 8] = [
        ("no virtual CPU", |made| made.max_vcpus = 0),
        ("too many virtual CPUs", |made| made.max_vcpus = 1 << 20),
        ("an unknown flag", |made| {
            made.flags = CreateFlags::from_bits_retain(1 << 31);
        }),
        ("no nested paging without HVM", |made| {
            made.flags = CreateFlags::HAP;
        }),
        ("grant tables of version 0", |made| made.grant_opts = 0),
        ("grant tables of version 15", |made| made.grant_opts = 15),
        ("an unknown option of grants", |made| {
            made.grant_opts |= 1 << 8
        }),
        ("a pool that there is not", |made| made.cpupool_id = 77),
    ];
    for (what, spoil) in cases {
        let mut made = blueprint(1);
        spoil(&mut made);
        let (answer, id) = create(DomainId::DOM0, &mut made);
        if answer.is_ok() {
            let _ = domctl_bare(DomctlOp::DestroyDomain, id);
        }
        let errnos = [
            Errno::EINVAL,
            Errno::EOPNOTSUPP,
            Errno::ENOENT,
            Errno::ESRCH,
        ];
        refused(what, answer, &errnos)?;
    }

    let mut made = blueprint(2);
    made.handle = *b"a handle of ours";
    let (answer, id) = create(NOBODY, &mut made);
    granted("a number of our choice", answer)?;
    equal("the number", id, NOBODY)?;
    let (again, _) = create(NOBODY, &mut blueprint(1));
    refused("a number in use", again, &[Errno::EEXIST])?;
    let first = Domain::bare(1)?;
    let second = Domain::bare(1)?;
    ensure!(
        first.id() != second.id() && first.id() != NOBODY && first.id().is_ordinary(),
        "{:?} and {:?} were picked",
        first.id(),
        second.id()
    );
    let info = first.info()?;
    let state = DomainFlags::PAUSED | DomainFlags::DYING | DomainFlags::SHUTDOWN;
    equal("its state", info.flags & state, DomainFlags::PAUSED)?;
    equal("its pages", info.tot_pages, 0)?;
    equal("its virtual CPUs", info.nr_online_vcpus, 0)?;
    equal("its highest one", info.max_vcpu_id, INVALID_MAX_VCPU_ID)?;
    for vcpus in [0, 1, 3, u32::MAX] {
        let answer = domctl(DomctlOp::MaxVcpus, NOBODY, &mut MaxVcpus { max: vcpus });
        refused(
            format_args!("{vcpus} virtual CPUs"),
            answer,
            &[Errno::EINVAL],
        )?;
    }
    granted(
        "two",
        domctl(DomctlOp::MaxVcpus, NOBODY, &mut MaxVcpus { max: 2 }),
    )?;
    granted("destroy", domctl_bare(DomctlOp::DestroyDomain, NOBODY))?;
    let gone = domctl_bare(DomctlOp::PauseDomain, NOBODY);
    refused("what was destroyed", gone, &[Errno::ESRCH])
}
