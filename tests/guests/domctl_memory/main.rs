//! `XEN_DOMCTL_max_mem` bounds what a domain gets; `XEN_DOMCTL_getpageframeinfo3` says what its pages are, of at most 1024
//! at a time; `XEN_DOMCTL_hypercall_init` fills one of its pages with hypercalls: `public/domctl.h`. Lesson 33: an answer
//! is as long as its list, and no longer.
#![no_std]
#![no_main]

extern crate alloc;

use guests::control::domctl;
use guests::domain::Domain;
use guests::memory::NOBODYS;
use guests::page::{page, remap};
use guests::reservation::reservation_at;
use guests::sdk::abi::domctl::{DomctlOp, GetPageFrameInfo3, HypercallInit, MaxMem, PageFrameType};
use guests::sdk::abi::memory::MemoryOp;
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::{Check, address_mut, code, ensure, equal, granted, refused};

guests::rule!(check);

fn check() -> Check {
    let domain = Domain::with_code(1, &code!("nop"))?;
    granted(
        "max_mem",
        domain.control(DomctlOp::MaxMem, &mut MaxMem { max_memkb: 40 }),
    )?;
    equal("max_pages", domain.info()?.max_pages, 10)?;
    let mut list = [0_u64; 8];
    let place = address_mut(&mut list);
    let got = reservation_at(MemoryOp::PopulatePhysmap, place, 8, 0, domain.id());
    equal("pages within the bound", granted("populate", got)?, 4)?;

    // Each page's type, and that of a page that is not the domain's.
    let frames = domain.frames();
    let mut words: alloc::vec::Vec<u64> = frames.iter().map(|frame| frame.raw()).collect();
    words.push(NOBODYS.raw());
    words.push(0x5a5a);
    let mut request = GetPageFrameInfo3 {
        num: 7,
        array: GuestAddress::new(address_mut(words.as_mut_slice())),
    };
    granted(
        "getpageframeinfo3",
        domain.control(DomctlOp::GetPageFrameInfo3, &mut request),
    )?;
    let types = [
        PageFrameType::L4Table,
        PageFrameType::L3Table,
        PageFrameType::L2Table,
        PageFrameType::L1Table,
        PageFrameType::NoTable,
        PageFrameType::NoTable,
        PageFrameType::Invalid,
    ];
    for (index, kind) in types.iter().enumerate() {
        let found = words[index] & 0xf000_0000;
        let pinned = u64::from(PageFrameType::Pinned.number());
        let wanted = u64::from(kind.number());
        ensure!(
            found == wanted || wanted != 0xf000_0000 && found & !pinned == wanted,
            "page {index} is {found:#x}, not {wanted:#x}"
        );
    }
    equal("behind the list", words[7], 0x5a5a)?;
    request.num = 1025;
    refused(
        "too many",
        domain.control(DomctlOp::GetPageFrameInfo3, &mut request),
        &[Errno::E2BIG],
    )?;
    request = GetPageFrameInfo3 {
        num: 1,
        array: GuestAddress::new(0x10),
    };
    refused(
        "no list",
        domain.control(DomctlOp::GetPageFrameInfo3, &mut request),
        &[Errno::EFAULT],
    )?;

    let data = frames[5];
    granted(
        "hypercall_init",
        domain.control(DomctlOp::HypercallInit, &mut HypercallInit { gmfn: data }),
    )?;
    let (window, _) = page()?;
    domain.map(window, data)?;
    let number = Hypercall::SchedOp.number();
    let stub = usize::try_from(number).unwrap_or(0) * 32;
    let mut bytes = [0; 32];
    let read = window.read(stub, &mut bytes);
    ensure!(read.is_some(), "the page has no such stub");
    // `mov eax, number`.
    let moves = bytes
        .windows(5)
        .any(|bytes| bytes[0] == 0xb8 && bytes[1..] == number.to_le_bytes());
    ensure!(moves, "the stub of sched_op is {bytes:x?}");
    remap(window, 0)?;
    for frame in [NOBODYS, frames[0]] {
        let answer = domain.control(DomctlOp::HypercallInit, &mut HypercallInit { gmfn: frame });
        refused(
            format_args!("{frame:?} as hypercall page"),
            answer,
            &[Errno::EINVAL, Errno::EACCES, Errno::EPERM, Errno::EBUSY],
        )?;
    }
    let own = domctl(
        DomctlOp::HypercallInit,
        guests::control::NOBODY,
        &mut HypercallInit { gmfn: data },
    );
    refused("nobody's page", own, &[Errno::ESRCH])
}
