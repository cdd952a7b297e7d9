//! Requests, decoded.

use ringwall_abi::{DomainId, Errno, GuestAddress, MachineAddress, Mfn};

use crate::grant::{
    Access, CopyRequest, CopySide, CopySideArguments, GrantRef, HostAddress, MapRequest, Status,
    Uses, cache_flush,
};

const DEVICE: u32 = 1;
const HOST: u32 = 2;
const READONLY: u32 = 4;
const APPLICATION: u32 = 8;
const CONTAINS_PTE: u32 = 16;

#[test]
fn maps() {
    let virtual_address = Some(HostAddress::Virtual(GuestAddress::new(0x7000)));
    let entry = Some(HostAddress::Entry(MachineAddress::new(0x7008)));
    for (flags, address, host, device, access) in [
        (HOST, 0x7000, virtual_address, false, Access::ReadWrite),
        (
            HOST | READONLY,
            0x7000,
            virtual_address,
            false,
            Access::ReadOnly,
        ),
        (
            HOST | CONTAINS_PTE | DEVICE,
            0x7008,
            entry,
            true,
            Access::ReadWrite,
        ),
        // Without a host mapping the address means nothing.
        (DEVICE, 1 << 63 | 1, None, true, Access::ReadWrite),
    ] {
        let request = MapRequest::decode(flags, address).expect("fit");
        assert_eq!(
            (request.host, request.device, request.access),
            (host, device, access)
        );
        assert_eq!(request.uses().contains(Uses::HOST), host.is_some());
    }
    let request = MapRequest::decode(HOST | APPLICATION | 0x8001_0000, 0).expect("fit");
    assert_eq!((request.application, request.available), (true, 0x8001));
}

/// Lesson 27: addresses of page-table entries are aligned.
#[test]
fn maps_that_are_refused() {
    for (flags, address, status) in [
        (0, 0x7000, Status::BadReference),
        (READONLY | CONTAINS_PTE, 0x7000, Status::BadReference),
        (HOST, 1 << 47, Status::BadVirtualAddress),
        (HOST | CONTAINS_PTE, 0x7004, Status::General),
    ] {
        assert_eq!(MapRequest::decode(flags, address), Err(status));
    }
}

fn side(number: u64, domain: u16, offset: u16) -> CopySideArguments {
    CopySideArguments {
        number,
        domain: DomainId::new(domain),
        offset,
    }
}

#[test]
fn copies() {
    let own = side(0x1234, DomainId::SELF.raw(), 96);
    let granted = side(0xffff_0000_0005, 3, 0);
    let request = CopyRequest::decode(granted, own, 4000, 1).expect("fit");
    let source = CopySide::Grant {
        granter: DomainId::new(3),
        reference: GrantRef::new(5),
    };
    assert_eq!(request.source, source);
    assert_eq!(request.destination, CopySide::Own(Mfn::new(0x1234)));
    assert_eq!((request.source_offset, request.destination_offset), (0, 96));
    assert_eq!(request.length, 4000);
    assert!(CopyRequest::decode(granted, granted, 4096, 3).is_ok());
}

#[test]
fn copies_that_are_refused() {
    let own = |offset| side(1, DomainId::SELF.raw(), offset);
    for (source, destination, length, flags, status) in [
        (own(1), own(0), 4096, 0, Status::BadCopyArgument),
        (own(0), own(4095), 2, 0, Status::BadCopyArgument),
        (own(4096), own(0), 0, 0, Status::BadCopyArgument),
        (own(u16::MAX), own(0), u16::MAX, 0, Status::BadCopyArgument),
        (side(1, 3, 0), own(0), 1, 0, Status::PermissionDenied),
        (own(0), side(1, 0, 0), 1, 1, Status::PermissionDenied),
    ] {
        assert_eq!(
            CopyRequest::decode(source, destination, length, flags),
            Err(status)
        );
    }
}

#[test]
fn cache_flushes() {
    for (operation, offset, length, outcome) in [
        (3, 0, 4096, Ok(())),
        (0, 0, 0, Ok(())),
        (4, 0, 1, Err(Errno::EINVAL)),
        (1, 4095, 2, Err(Errno::EINVAL)),
        (1 << 31, 0, 1, Err(Errno::EOPNOTSUPP)),
    ] {
        assert_eq!(cache_flush(operation, offset, length), outcome);
    }
}

#[test]
fn outcomes_on_the_wire() {
    assert_eq!(Status::of(&Ok(5)), 0);
    for (status, raw) in [
        (Status::General, -1),
        (Status::BadDomain, -2),
        (Status::NoSpace, -13),
    ] {
        assert_eq!(Status::of::<()>(&Err(status)), raw);
    }
}
