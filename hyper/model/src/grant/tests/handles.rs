//! Handles and unmapping.

use ringwall_abi::GuestAddress;

use super::support::mapping;
use crate::grant::{Handle, HostAddress, Mapping, Maptrack, Status, UnmapRequest, Uses};

const HOST: u64 = 0x5008;
const DEVICE: u64 = 0x77000;

fn one() -> (Maptrack, Handle) {
    let maptrack = Maptrack::new(300);
    let handle = maptrack.reserve().expect("a handle").commit(mapping());
    (maptrack, handle)
}

fn unmap(maptrack: &Maptrack, request: UnmapRequest) -> Result<Uses, Status> {
    let unmapping = maptrack.begin_unmap(&request)?;
    let uses = unmapping.uses();
    unmapping.finish();
    Ok(uses)
}

#[test]
fn a_mapping_is_undone_by_what_is_stored() {
    let (maptrack, handle) = one();
    let unmapping = maptrack
        .begin_unmap(&UnmapRequest::unmap(handle, HOST, DEVICE))
        .expect("mapped");
    assert_eq!(
        (unmapping.mapping(), unmapping.uses()),
        (&mapping(), Uses::all())
    );
    unmapping.finish();
    let again = unmap(&maptrack, UnmapRequest::unmap(handle, HOST, DEVICE));
    assert_eq!(again, Err(Status::BadHandle));
}

/// Lessons 29 and 34: an unmapping in parts gives back each part once.
#[test]
fn a_mapping_is_undone_in_parts() {
    let (maptrack, handle) = one();
    let undo = |host, device| unmap(&maptrack, UnmapRequest::unmap(handle, host, device));
    assert_eq!(undo(0, 0), Ok(Uses::empty()));
    assert_eq!(undo(HOST, 0), Ok(Uses::HOST));
    assert_eq!(undo(HOST, 0), Err(Status::BadVirtualAddress));
    assert_eq!(undo(0, DEVICE), Ok(Uses::DEVICE));
    assert_eq!(undo(0, 0), Err(Status::BadHandle));
}

#[test]
fn refusals_change_nothing() {
    let (maptrack, handle) = one();
    for (request, status) in [
        (
            UnmapRequest::unmap(Handle::new(1), HOST, 0),
            Status::BadHandle,
        ),
        (
            UnmapRequest::unmap(Handle::new(u32::MAX), HOST, 0),
            Status::BadHandle,
        ),
        (
            UnmapRequest::unmap(handle, HOST + 8, 0),
            Status::BadVirtualAddress,
        ),
        (
            UnmapRequest::unmap(handle, HOST, DEVICE + 1),
            Status::BadDeviceAddress,
        ),
        // Made by the address of its page-table entry: can't be replaced.
        (
            UnmapRequest::replace(handle, HOST, 0x1000).expect("canonical"),
            Status::General,
        ),
    ] {
        assert_eq!(unmap(&maptrack, request), Err(status));
    }
    assert_eq!(
        unmap(&maptrack, UnmapRequest::unmap(handle, HOST, DEVICE)),
        Ok(Uses::all())
    );
}

#[test]
fn a_mapping_by_virtual_address_can_be_replaced() {
    let maptrack = Maptrack::new(4);
    let host = Some(HostAddress::Virtual(GuestAddress::new(0x4000)));
    let mapping = Mapping {
        host,
        device: false,
        ..mapping()
    };
    let handle = maptrack.reserve().expect("a handle").commit(mapping);
    let request = UnmapRequest::replace(handle, 0x4000, 0x9000).expect("canonical");
    assert_eq!(request.replacement(), Some(GuestAddress::new(0x9000)));
    assert_eq!(unmap(&maptrack, request), Ok(Uses::HOST));
    let wild = UnmapRequest::replace(handle, 0x4000, 1 << 63);
    assert_eq!(wild, Err(Status::BadVirtualAddress));
}

#[test]
fn an_unmapping_belongs_to_one() {
    let (maptrack, handle) = one();
    let request = UnmapRequest::unmap(handle, HOST, 0);
    let first = maptrack.begin_unmap(&request).expect("mapped");
    assert_eq!(
        maptrack.begin_unmap(&request).err(),
        Some(Status::BadHandle)
    );
    assert!(maptrack.begin_unmap_any(Handle::new(0)).is_none());
    // Given up: it is as it was.
    drop(first);
    assert_eq!(unmap(&maptrack, request), Ok(Uses::HOST));
}

#[test]
fn handles_run_out_and_come_back() {
    let maptrack = Maptrack::new(300);
    let handles: Vec<_> = (0..300)
        .map(|_| maptrack.reserve().expect("a handle").commit(mapping()))
        .collect();
    assert!(handles.iter().map(|handle| handle.raw()).eq(0..300));
    assert_eq!(maptrack.reserve().err(), Some(Status::NoSpace));
    unmap(&maptrack, UnmapRequest::unmap(handles[200], HOST, DEVICE)).expect("mapped");
    let reserved = maptrack.reserve().expect("a handle");
    assert_eq!(maptrack.reserve().err(), Some(Status::NoSpace));
    // A mapping that failed gives its handle back.
    drop(reserved);
    assert_eq!(
        maptrack.reserve().expect("a handle").commit(mapping()),
        handles[200]
    );
}

#[test]
fn a_dying_mapper_loses_every_mapping() {
    let maptrack = Maptrack::new(300);
    for _ in 0..290 {
        maptrack.reserve().expect("a handle").commit(mapping());
    }
    let mut from = Handle::new(0);
    let mut count = 0;
    while let Some(unmapping) = maptrack.begin_unmap_any(from) {
        from = Handle::new(unmapping.handle().raw() + 1);
        assert_eq!(unmapping.uses(), Uses::all());
        unmapping.finish();
        count += 1;
    }
    assert_eq!(count, 290);
    assert!(maptrack.begin_unmap_any(Handle::new(0)).is_none());
}

#[test]
fn a_table_of_handles_begins_anew() {
    let maptrack = Maptrack::new(1);
    let handle = maptrack.reserve().expect("a handle").commit(mapping());
    assert_eq!(maptrack.reserve().err(), Some(Status::NoSpace));
    let unmapping = maptrack.begin_unmap_any(Handle::new(0)).expect("a mapping");
    unmapping.finish();
    maptrack.begin(2);
    let two = [maptrack.reserve(), maptrack.reserve()];
    assert!(two.iter().all(Result::is_ok));
    assert_eq!(maptrack.reserve().err(), Some(Status::NoSpace));
    let request = UnmapRequest::unmap(handle, 0x5008, 0x77000);
    assert_eq!(
        maptrack.begin_unmap(&request).err(),
        Some(Status::BadHandle)
    );
}
