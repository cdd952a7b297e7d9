//! Handles and unmapping.

use ringwall_abi::GuestAddress;

use super::support::mapping;
use crate::grant::{Handle, HostAddress, Mapping, Maptrack, Part, Status, UnmapRequest, Uses};

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

/// Undoes all mappings; how many there were.
fn take_apart(maptrack: &Maptrack) -> usize {
    let mut count = 0;
    loop {
        match maptrack.take_apart() {
            Part::Mapping(unmapping) => {
                assert_eq!(unmapping.uses(), Uses::all());
                unmapping.finish();
                count += 1;
            }
            Part::Handles => {}
            Part::Nothing => return count,
        }
    }
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
    assert_eq!(take_apart(&maptrack), 290);
    assert!(matches!(maptrack.take_apart(), Part::Nothing));
}

/// The steps of a dying domain's end don't look again at what the ones before have done, nor does one look at more
/// than a part of the table: a guest decides how many there are.
#[test]
fn what_was_taken_apart_is_gone() {
    let maptrack = Maptrack::new(1000);
    let handles: Vec<_> = (0..1000)
        .map(|_| maptrack.reserve().expect("a handle").commit(mapping()))
        .collect();
    // All but the first one are free: their parts of the table go one by one.
    for handle in &handles[1..] {
        unmap(&maptrack, UnmapRequest::unmap(*handle, HOST, DEVICE)).expect("mapped");
    }
    let mut parts = 0;
    let unmapping = loop {
        match maptrack.take_apart() {
            Part::Handles => parts += 1,
            Part::Mapping(unmapping) => break unmapping,
            Part::Nothing => panic!("a mapping is left"),
        }
    };
    assert_eq!((parts, unmapping.handle()), (7, handles[0]));
    unmapping.finish();
    assert!(matches!(maptrack.take_apart(), Part::Handles));
    assert!(matches!(maptrack.take_apart(), Part::Nothing));
}

#[test]
fn a_table_of_handles_begins_anew() {
    let maptrack = Maptrack::new(1);
    let handle = maptrack.reserve().expect("a handle").commit(mapping());
    assert_eq!(maptrack.reserve().err(), Some(Status::NoSpace));
    assert_eq!(take_apart(&maptrack), 1);
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
