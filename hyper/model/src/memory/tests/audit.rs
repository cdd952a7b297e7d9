//! The invariants, checked from outside.

use std::collections::BTreeMap;

use ringwall_abi::Mfn;

use super::arena::Arena;
use crate::memory::usage::State;
use crate::memory::{EntryIndex, Kind, Level, Machine};

/// What a test itself holds of frames: general and type references.
#[derive(Debug, Default, Clone)]
pub(super) struct Held(BTreeMap<Mfn, (u64, u64)>);

impl Held {
    pub(super) fn add(&mut self, mfn: Mfn, general: u64, typed: u64) {
        let counts = self.0.entry(mfn).or_default();
        counts.0 += general;
        counts.1 += typed;
    }
}

impl Arena {
    /// Checks every invariant. `held` is what the test holds, beside pins and allocations.
    #[track_caller]
    pub(super) fn audit(&self, held: Held) {
        let expected = self.expected_counts(held);
        for (mfn, frame) in self.all_frames() {
            let counts = expected.0.get(&mfn).copied().unwrap_or_default();
            let word = frame.word();
            assert_eq!(
                frame.references(),
                counts.0,
                "references of {mfn:?}: {frame:?} {word:?}"
            );
            assert_eq!(
                word.count(),
                counts.1,
                "uses of {mfn:?}: {frame:?} {word:?}"
            );
            assert_ne!(
                word.state(),
                State::Busy,
                "{mfn:?} is busy and nobody works"
            );
            assert_eq!(
                word.count() == 0,
                word.state() == State::Idle,
                "{mfn:?} {word:?}"
            );
        }
        let tlb = self.tlb();
        for leaf in &tlb.leaves {
            let word = self.books(leaf.frame).word();
            assert!(
                !leaf.write || word.kind() == Kind::Writable,
                "{leaf:?} may write {word:?}"
            );
        }
        for step in &tlb.steps {
            let word = self.books(step.table).word();
            assert_eq!(
                word.kind(),
                Kind::from(step.level),
                "{step:?} walks {word:?}"
            );
        }
    }

    /// What tables, pins, allocations and `held` refer to.
    fn expected_counts(&self, mut held: Held) -> Held {
        for (mfn, frame) in self.all_frames() {
            let word = frame.word();
            if frame.is_allocated() {
                held.add(mfn, 1, 0);
            }
            if word.is_pinned() {
                held.add(mfn, 1, 1);
            }
            let Some(level) = word.kind().level() else {
                continue;
            };
            let end = match word.state() {
                State::Idle | State::Busy => 0,
                State::Partial => {
                    held.add(mfn, 1, 1);
                    frame.progress()
                }
                State::Valid => EntryIndex::COUNT,
            };
            for index in EntryIndex::below(end) {
                let entry = self.read_entry(mfn, index);
                let target = self.frame(entry.frame());
                if !entry.is_present() || level.is_reserved(index) || target.is_none() {
                    continue;
                }
                let typed = level != Level::L1 || entry.is_writable();
                held.add(entry.frame(), 1, typed.into());
                let kind = self.usage(entry.frame()).0;
                match level.below() {
                    Some(below) => assert_eq!(kind, Kind::from(below), "{mfn:?} at {index:?}"),
                    None if typed => assert_eq!(kind, Kind::Writable, "{mfn:?} at {index:?}"),
                    None => {}
                }
            }
        }
        held
    }

    /// Checks that nothing is left of anything: every frame is free.
    #[track_caller]
    pub(super) fn audit_empty(&self) {
        for (mfn, frame) in self.all_frames() {
            assert_eq!(
                (frame.references(), frame.word().count()),
                (0, 0),
                "{mfn:?} {frame:?}"
            );
        }
        let frames = self.all_frames().count() as u64;
        assert_eq!(self.buddy.lock().unwrap().free_frames(), frames - 1);
        assert!(
            self.lock_accounts()
                .values()
                .all(|accounts| accounts.total_pages() == 0)
        );
    }
}
