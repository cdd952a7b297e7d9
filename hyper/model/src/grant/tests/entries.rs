//! Entries: growth, acquiring, releasing.

use core::sync::atomic::Ordering;

use proptest::prelude::*;
use ringwall_abi::{DomainId, Errno, Mfn};

use super::support::{MAPPER, Memory, OTHER, TABLE, general, grants, take};
use crate::grant::shared::{GTF_READING, GTF_READONLY, GTF_WRITING};
use crate::grant::{Access, GrantRef, Grants, REFS_PER_FRAME, Status, Uses, VERSION, set_version};

const REF: GrantRef = GrantRef::new(9);
const BOTH: u32 = GTF_READING | GTF_WRITING;

#[test]
fn the_granter_sees_the_use_and_its_end() {
    for (access, status) in [(Access::ReadOnly, GTF_READING), (Access::ReadWrite, BOTH)] {
        let (memory, grants) = (Memory::new(), grants(1));
        memory.grant(REF, MAPPER, 0xabc, 0);
        let acquired = grants
            .acquire(&memory, REF, MAPPER, access, Uses::HOST)
            .expect("granted");
        assert_eq!(acquired.frame(), Mfn::new(0xabc));
        assert_eq!(memory.status(REF), status);
        assert!(!memory.revoke(REF));
        drop(acquired);
        assert_eq!(memory.status(REF), 0);
        assert!(memory.revoke(REF));
    }
}

#[test]
fn the_last_writer_and_the_last_user_count() {
    let (memory, grants) = (Memory::new(), grants(1));
    memory.grant(REF, MAPPER, 1, 0);
    let acquire = |access, uses| {
        grants
            .acquire(&memory, REF, MAPPER, access, uses)
            .expect("granted")
            .keep();
    };
    acquire(Access::ReadOnly, Uses::HOST);
    acquire(Access::ReadWrite, Uses::HOST | Uses::DEVICE);
    let release = |access, uses| grants.release(&memory, REF, access, uses);
    for (access, uses, status) in [
        (Access::ReadWrite, Uses::HOST, BOTH),
        (Access::ReadWrite, Uses::DEVICE, GTF_READING),
        (Access::ReadOnly, Uses::HOST, 0),
    ] {
        assert_eq!(release(access, uses), Ok(()));
        assert_eq!(memory.status(REF), status);
        // Not twice.
        assert_eq!(release(access, uses), Err(Status::General));
    }
}

#[test]
fn what_was_not_granted_is_refused() {
    let (memory, grants) = (Memory::new(), grants(1));
    let acquire = |access| grants.acquire(&memory, REF, MAPPER, access, Uses::HOST);
    // Invalid, transfer, transitive.
    for kind in [0, 2, 3] {
        memory.raw(REF)[0].store(u32::from(MAPPER.raw()) << 16 | kind, Ordering::SeqCst);
        assert!(general(acquire(Access::ReadOnly)));
    }
    memory.grant(REF, OTHER, 1, 0);
    assert!(general(acquire(Access::ReadOnly)));
    memory.grant(REF, MAPPER, 1, GTF_READONLY);
    assert!(general(acquire(Access::ReadWrite)));
    assert_eq!(memory.status(REF), 0);
    assert!(acquire(Access::ReadOnly).is_ok());
}

#[test]
fn references_end_with_the_table() {
    let (memory, grants) = (Memory::new(), grants(1));
    let end = u32::try_from(REFS_PER_FRAME).expect("small");
    for raw in [end, u32::MAX] {
        let reference = GrantRef::new(raw);
        let acquired = grants.acquire(&memory, reference, MAPPER, Access::ReadOnly, Uses::HOST);
        assert_eq!(acquired.err(), Some(Status::BadReference));
        let released = grants.release(&memory, reference, Access::ReadOnly, Uses::HOST);
        assert_eq!(released, Err(Status::BadReference));
    }
}

#[test]
fn an_entry_in_use_belongs_to_one_domain() {
    let (memory, grants) = (Memory::new(), grants(1));
    memory.grant(REF, MAPPER, 1, 0);
    let held = grants
        .acquire(&memory, REF, MAPPER, Access::ReadOnly, Uses::HOST)
        .expect("granted");
    // The granter breaks the rules.
    memory.grant(REF, OTHER, 2, 0);
    assert!(general(grants.acquire(
        &memory,
        REF,
        OTHER,
        Access::ReadOnly,
        Uses::HOST
    )));
    drop(held);
    assert!(
        grants
            .acquire(&memory, REF, OTHER, Access::ReadOnly, Uses::HOST)
            .is_ok()
    );
}

/// Lesson 35: after pinning only the hypervisor's copy counts.
#[test]
fn a_frame_number_that_changes_in_use_changes_nothing() {
    let (memory, grants) = (Memory::new(), grants(1));
    memory.grant(REF, MAPPER, 1, 0);
    let held = grants
        .acquire(&memory, REF, MAPPER, Access::ReadOnly, Uses::HOST)
        .expect("granted");
    memory.raw(REF)[1].store(666, Ordering::SeqCst);
    let again = grants
        .acquire(&memory, REF, MAPPER, Access::ReadWrite, Uses::HOST)
        .expect("granted");
    assert_eq!((held.frame(), again.frame()), (Mfn::new(1), Mfn::new(1)));
}

/// Lesson 36: attempts on memory that the guest keeps changing are counted.
#[test]
fn an_entry_that_does_not_hold_still_is_given_up() {
    let (memory, grants) = (Memory::new(), grants(1));
    memory.grant(REF, MAPPER, 1, 0);
    let acquire = || grants.acquire(&memory, REF, MAPPER, Access::ReadOnly, Uses::HOST);
    memory.unstable.store(3, Ordering::SeqCst);
    assert!(acquire().is_ok());
    memory.unstable.store(usize::MAX, Ordering::SeqCst);
    assert!(general(acquire()));
    memory.unstable.store(0, Ordering::SeqCst);
    assert_eq!(memory.status(REF), 0);
    assert!(acquire().is_ok());
}

#[test]
fn uses_are_counted_up_to_a_limit() {
    let (memory, grants) = (Memory::new(), grants(1));
    memory.grant(REF, MAPPER, 1, 0);
    let acquire = || grants.acquire(&memory, REF, MAPPER, Access::ReadWrite, Uses::DEVICE);
    for _ in 0..u16::MAX {
        acquire().expect("granted").keep();
    }
    assert!(general(acquire()));
    assert_eq!(memory.status(REF), BOTH);
}

#[test]
fn a_table_grows_once_to_each_size() {
    let grants = Grants::new(3);
    let mut next = TABLE;
    assert_eq!((grants.frame_count(), grants.max_frames()), (0, 3));
    for count in [2, 1, 2, 3] {
        grants.grow(count, || Ok(take(&mut next))).expect("frames");
    }
    assert_eq!(next, TABLE + 3);
    assert_eq!(grants.frame_count(), 3);
    assert_eq!(grants.frame(2), Some(Mfn::new(TABLE + 2)));
    assert_eq!(grants.frame(3), None);
    assert_eq!(grants.grow(4, || Ok(take(&mut next))), Err(Status::General));
    assert_eq!(
        grants.grow(u32::MAX, || Ok(take(&mut next))),
        Err(Status::General)
    );
}

#[test]
fn without_frames_a_table_keeps_what_it_has() {
    let grants = Grants::new(3);
    let mut left = vec![Mfn::new(TABLE)];
    assert_eq!(
        grants.grow(2, || left.pop().ok_or(Status::NoSpace)),
        Err(Status::NoSpace)
    );
    assert_eq!(grants.frame_count(), 1);
    assert_eq!(grants.frame(0), Some(Mfn::new(TABLE)));
}

#[test]
fn a_table_in_use_waits_for_its_users() {
    let (memory, grants) = (Memory::new(), grants(1));
    memory.grant(REF, MAPPER, 1, 0);
    assert!(!grants.is_in_use());
    let take = || grants.acquire(&memory, REF, MAPPER, Access::ReadOnly, Uses::HOST);
    let first = take().expect("granted");
    take().expect("granted").keep();
    drop(first);
    assert!(grants.is_in_use());
    assert!(!grants.begin(2));
    assert_eq!(grants.frame_count(), 1);
    let released = grants.release(&memory, REF, Access::ReadOnly, Uses::HOST);
    assert_eq!(released, Ok(()));
    assert!(!grants.is_in_use());
    assert!(grants.begin(2));
    assert_eq!((grants.frame_count(), grants.max_frames()), (0, 2));
    let gone = grants.release(&memory, REF, Access::ReadOnly, Uses::HOST);
    assert_eq!(gone, Err(Status::BadReference));
}

#[test]
fn version_1_only() {
    for (wanted, outcome) in [
        (0, Err(Errno::EINVAL)),
        (1, Ok(VERSION)),
        (2, Err(Errno::ENOSYS)),
        (3, Err(Errno::EINVAL)),
    ] {
        assert_eq!(set_version(wanted), outcome);
    }
}

proptest! {
    /// Whatever is taken and given back, the granter sees exactly what is in use.
    #[test]
    fn status_bits_follow_the_uses(
        steps in prop::collection::vec((any::<bool>(), any::<bool>(), 1u8..4, any::<bool>()), 0..60),
    ) {
        let (memory, grants) = (Memory::new(), grants(1));
        memory.grant(REF, MAPPER, 1, 0);
        let mut held: Vec<(Access, Uses)> = Vec::new();
        for (take, write, uses, device) in steps {
            let access = if write { Access::ReadWrite } else { Access::ReadOnly };
            let uses = Uses::from_bits_truncate(uses);
            if take {
                grants.acquire(&memory, REF, MAPPER, access, uses).expect("granted").keep();
                held.push((access, uses));
            } else if let Some(index) = held.len().checked_sub(1 + usize::from(device)) {
                let (access, uses) = held.swap_remove(index);
                prop_assert_eq!(grants.release(&memory, REF, access, uses), Ok(()));
            }
            let writes = held.iter().any(|(access, _)| *access == Access::ReadWrite);
            let expected = match (held.is_empty(), writes) {
                (true, _) => 0,
                (false, false) => GTF_READING,
                (false, true) => BOTH,
            };
            prop_assert_eq!(memory.status(REF), expected);
        }
    }
}

#[test]
fn loopback_is_a_grant_like_any_other() {
    let (memory, grants) = (Memory::new(), grants(1));
    let granter = DomainId::new(3);
    memory.grant(REF, granter, 1, 0);
    assert!(
        grants
            .acquire(&memory, REF, granter, Access::ReadWrite, Uses::HOST)
            .is_ok()
    );
}
