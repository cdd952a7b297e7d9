//! Mappers against a granter that revokes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::support::{MAPPER, Memory, grants, mapping};
use crate::grant::{Access, GrantRef, Maptrack, Part, UnmapRequest, Uses};

const REF: GrantRef = GrantRef::new(0);
const ROUNDS: usize = 20_000;

/// A granter that could revoke knows that nobody uses the frame, and nobody begins to.
#[test]
fn what_was_revoked_is_not_in_use() {
    let (memory, grants) = (Memory::new(), grants(1));
    let (users, left) = (AtomicUsize::new(0), AtomicUsize::new(2));
    thread::scope(|scope| {
        for access in [Access::ReadOnly, Access::ReadWrite] {
            let (memory, grants, users, left) = (&memory, &grants, &users, &left);
            scope.spawn(move || {
                for _ in 0..ROUNDS {
                    if let Ok(acquired) = grants.acquire(memory, REF, MAPPER, access, Uses::HOST) {
                        users.fetch_add(1, Ordering::SeqCst);
                        std::hint::spin_loop();
                        users.fetch_sub(1, Ordering::SeqCst);
                        drop(acquired);
                    }
                }
                left.fetch_sub(1, Ordering::SeqCst);
            });
        }
        while left.load(Ordering::SeqCst) != 0 {
            if memory.revoke(REF) {
                assert_eq!(users.load(Ordering::SeqCst), 0);
                memory.grant(REF, MAPPER, 1, 0);
            }
        }
    });
    assert!(memory.revoke(REF));
}

/// Of all who unmap a handle at once, one does.
#[test]
fn a_handle_is_unmapped_once() {
    let (maptrack, undone) = (Maptrack::new(64), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..ROUNDS / 4 {
                    let handle = maptrack.reserve().expect("a handle").commit(mapping());
                    for handle in [handle, crate::grant::Handle::new(0)] {
                        let request = UnmapRequest::unmap(handle, 0x5008, 0x77000);
                        if let Ok(unmapping) = maptrack.begin_unmap(&request) {
                            undone.fetch_add(1, Ordering::SeqCst);
                            unmapping.finish();
                        }
                    }
                }
            });
        }
    });
    assert_eq!(undone.load(Ordering::SeqCst), ROUNDS / 2);
    loop {
        match maptrack.take_apart() {
            Part::Mapping(left) => panic!("still mapped: {left:?}"),
            Part::Handles => {}
            Part::Nothing => break,
        }
    }
}
