//! A domain's UUID, wall clock, size of addresses, time-stamp counter and virtual interrupts are set and read by `domctl`,
//! and what can't be is refused: `public/domctl.h`.
#![no_std]
#![no_main]

use guests::control::domctl;
use guests::domain::Domain;
use guests::sdk::abi::domctl::{
    AddressSize, DomctlOp, SetDomainHandle, SetTimeOffset, SetVirqHandler, TscInfo,
};
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{DomainId, Errno};
use guests::{Check, ensure, equal, granted, refused, unless_xen};

guests::rule!(check);

fn check() -> Check {
    let domain = Domain::new(1)?;
    let handle = *b"0123456789abcdef";
    granted(
        "setdomainhandle",
        domain.control(DomctlOp::SetDomainHandle, &mut SetDomainHandle { handle }),
    )?;
    equal("the handle", domain.info()?.handle, handle)?;
    for time_offset_seconds in [3600, -3600, i64::MIN] {
        let mut offset = SetTimeOffset {
            time_offset_seconds,
        };
        granted(
            "settimeoffset",
            domain.control(DomctlOp::SetTimeOffset, &mut offset),
        )?;
    }

    let mut size = AddressSize { size: 0 };
    granted(
        "get_address_size",
        domain.control(DomctlOp::GetAddressSize, &mut size),
    )?;
    equal("the size of addresses", size.size, 64)?;
    granted(
        "set_address_size",
        domain.control(DomctlOp::SetAddressSize, &mut size),
    )?;
    for bits in [0, 16, 65, u32::MAX] {
        let mut size = AddressSize { size: bits };
        let answer = domain.control(DomctlOp::SetAddressSize, &mut size);
        refused(format_args!("{bits} bits"), answer, &[Errno::EINVAL])?;
    }

    let mut info = TscInfo::default();
    granted(
        "gettscinfo",
        domain.control(DomctlOp::GetTscInfo, &mut info),
    )?;
    ensure!(info.gtsc_khz > 10_000, "{} kHz", info.gtsc_khz);
    let mut native = TscInfo {
        tsc_mode: 2,
        incarnation: 7,
        ..info
    };
    granted(
        "settscinfo",
        domain.control(DomctlOp::SetTscInfo, &mut native),
    )?;
    granted(
        "gettscinfo",
        domain.control(DomctlOp::GetTscInfo, &mut info),
    )?;
    equal("the incarnation, which is once more", info.incarnation, 8)?;
    let mut odd = TscInfo {
        tsc_mode: 99,
        ..info
    };
    let answer = domain.control(DomctlOp::SetTscInfo, &mut odd);
    unless_xen!(
        answer.is(Errno::EINVAL),
        "mode 99 of the counter: {answer}; it is none, and taken for the usual one"
    );
    for operation in [DomctlOp::GetTscInfo, DomctlOp::SetTscInfo] {
        let answer = domctl(operation, DomainId::DOM0, &mut info);
        refused(
            format_args!("{operation} of the caller"),
            answer,
            &[Errno::EINVAL],
        )?;
    }

    let set = |virq: u32| {
        let mut argument = SetVirqHandler { virq };
        domain.control(DomctlOp::SetVirqHandler, &mut argument)
    };
    granted("a global one", set(Virq::Debugger.number()))?;
    for virq in [
        Virq::Timer.number(),
        Virq::Debug.number(),
        24,
        1000,
        u32::MAX,
    ] {
        refused(
            format_args!("virtual interrupt {virq}"),
            set(virq),
            &[Errno::EINVAL],
        )?;
    }
    Ok(())
}
