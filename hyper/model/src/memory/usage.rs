//! What a frame is used as: its type, and how often.
//!
//! One word, so that each transition is one compare-exchange:
//!
//! | bits  | field                                                            |
//! |-------|------------------------------------------------------------------|
//! | 0-24  | count of type references                                         |
//! | 25    | stale: caches may hold translations of this use, until the stamp |
//! | 26    | pinned: one of the references is the guest's pin                 |
//! | 27-28 | state: idle, busy, partial, valid                                |
//! | 29-31 | kind                                                             |
//! | 32-63 | stamp                                                            |

use core::sync::atomic::{AtomicU64, Ordering};

use super::entry::Level;
use super::error::Error;
use super::kind::Kind;
use super::machine::Machine;
use super::tlb::{Stale, TlbStamp};

/// How far a use has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// There is none: the count is zero.
    Idle,
    /// One CPU is validating or devalidating. The count is one; nobody else may touch the word.
    Busy,
    /// Nobody is, half way: the frame itself owns the one type reference and one general reference.
    Partial,
    /// It may be used.
    Valid,
}

const COUNT: u64 = (1 << 25) - 1;
/// Set once the counter is half full, after which it refuses more.
const FULL: u64 = 1 << 24;
const STALE: u64 = 1 << 25;
const PINNED: u64 = 1 << 26;
const STATE_SHIFT: u32 = 27;
const STATE: u64 = 3 << STATE_SHIFT;
const KIND_SHIFT: u32 = 29;
const KIND: u64 = 7 << KIND_SHIFT;
const STAMP_SHIFT: u32 = 32;
const STAMP: u64 = !0 << STAMP_SHIFT;

/// A value of the word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Word(u64);

impl Word {
    const fn make(kind: Kind, state: State, count: u64) -> u64 {
        (kind as u64) << KIND_SHIFT | (state as u64) << STATE_SHIFT | count
    }

    pub(super) const fn kind(self) -> Kind {
        match (self.0 & KIND) >> KIND_SHIFT {
            0 => Kind::None,
            1 => Kind::Writable,
            2 => Kind::L1,
            3 => Kind::L2,
            4 => Kind::L3,
            5 => Kind::L4,
            6 => Kind::Descriptor,
            _ => Kind::Shared,
        }
    }

    pub(super) const fn state(self) -> State {
        match (self.0 & STATE) >> STATE_SHIFT {
            0 => State::Idle,
            1 => State::Busy,
            2 => State::Partial,
            _ => State::Valid,
        }
    }

    pub(super) const fn count(self) -> u64 {
        self.0 & COUNT
    }

    pub(super) const fn is_partial(self) -> bool {
        matches!(self.state(), State::Partial)
    }

    /// Whether there is nothing to undo: neither a pin, nor a table that is half done.
    pub(super) const fn is_settled(self) -> bool {
        !self.is_pinned() && matches!(self.state(), State::Idle | State::Valid)
    }

    pub(super) const fn is_pinned(self) -> bool {
        self.0 & PINNED != 0
    }

    /// Whether it is a valid use as `kind`, with room for one more reference.
    #[inline]
    fn can_add(self, kind: Kind) -> bool {
        self.0 & (KIND | STATE | FULL) == Self::make(kind, State::Valid, 0)
    }

    /// Whether it is no use, and was none as anything else.
    #[inline]
    fn is_idle_as(self, kind: Kind) -> bool {
        self.0 & (KIND | STATE | COUNT) == Self::make(kind, State::Idle, 0)
    }

    /// Why there is no reference to be had for a use as `kind`.
    #[cold]
    fn refusal(self, kind: Kind) -> Error {
        match self.state() {
            State::Idle => Error::TypeConflict,
            State::Busy | State::Partial | State::Valid if self.kind() != kind => {
                Error::TypeConflict
            }
            State::Valid => Error::Overflow,
            State::Busy => Error::Preempted,
            // Nobody may be at work on it: to wait for that could be to wait for oneself.
            State::Partial => Error::TypeConflict,
        }
    }

    #[inline]
    const fn in_state(self, state: State) -> u64 {
        self.0 & !STATE | Self::make(Kind::None, state, 0)
    }

    /// Until when translations of this use may have been cached.
    pub(super) const fn stale_since(self) -> Option<TlbStamp> {
        if self.0 & STALE == 0 {
            return None;
        }
        Some(TlbStamp::from_raw((self.0 >> STAMP_SHIFT) as u32))
    }

    /// What has to be flushed before the frame is used as something else.
    fn flush_before_change(self) -> Option<TlbStamp> {
        if self.kind().leaves_harmful_translations() {
            self.stale_since()
        } else {
            None
        }
    }

    /// With the later of the present stamp and another, told by a look at the clock *after* the
    /// word was loaded.
    ///
    /// Each release merges its own, not only the last one: the words before and after then differ
    /// whenever the time does, so a compare-exchange that succeeds can't store a time from before
    /// somebody else's release.
    #[inline]
    fn with_stale(self, until: TlbStamp, now: TlbStamp) -> Self {
        let until = match self.stale_since() {
            Some(present) => present.later(until, now),
            None => until,
        };
        Self(self.0 & !STAMP | STALE | u64::from(until.raw()) << STAMP_SHIFT)
    }
}

impl core::fmt::Debug for Word {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?} {:?} x{}", self.kind(), self.state(), self.count())?;
        write!(f, "{}", if self.is_pinned() { " pinned" } else { "" })?;
        write!(f, " stale {:?}", self.stale_since())
    }
}

/// The outcome of [`Usage::acquire`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Acquired {
    /// One more reference to a valid use.
    Held,
    /// The first one, and the frame is busy: validate all of it, then publish.
    First,
    /// A half-done use was taken over with the reference that it owned: go on, then publish.
    Resumed,
}

/// The outcome of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Released {
    /// Nothing more to do.
    Done,
    /// It was the last reference to a table, which is busy now: devalidate it, then
    /// [`Usage::end`].
    Last(Level),
}

/// The word.
#[derive(Debug)]
#[repr(transparent)]
pub(super) struct Usage(AtomicU64);

impl Usage {
    pub(super) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(super) fn load(&self) -> Word {
        Word(self.0.load(Ordering::SeqCst))
    }

    #[inline]
    fn exchange(&self, old: Word, new: u64) -> Result<(), Word> {
        match self
            .0
            .compare_exchange(old.0, new, Ordering::SeqCst, Ordering::SeqCst)
        {
            Ok(_) => Ok(()),
            Err(now) => Err(Word(now)),
        }
    }

    /// Takes a type reference. The caller holds a general one.
    ///
    /// The order is what page-type safety rests on: the reference is taken first, which keeps every
    /// other use out; then translations of the old use are flushed; then the contents are checked;
    /// only then is the use published.
    #[inline]
    pub(super) fn acquire<M: Machine>(&self, machine: &M, kind: Kind) -> Result<Acquired, Error> {
        let mut word = self.load();
        loop {
            let (next, outcome) = if word.can_add(kind) {
                (word.0 + 1, Acquired::Held)
            } else if word.is_idle_as(kind) && !kind.needs_validation() {
                // No change of use: translations that are left over do no harm, and stay noted.
                (word.0 | Word::make(kind, State::Valid, 1), Acquired::Held)
            } else if word.count() == 0 {
                match self.begin(machine, word, kind) {
                    Ok(outcome) => return Ok(outcome),
                    Err(now) => {
                        word = now;
                        continue;
                    }
                }
            } else if word.kind() == kind && word.is_partial() {
                (word.in_state(State::Busy), Acquired::Resumed)
            } else {
                return Err(word.refusal(kind));
            };
            match self.exchange(word, next) {
                Ok(()) => return Ok(outcome),
                Err(now) => word = now,
            }
        }
    }

    /// Takes the first reference to an idle frame, and has what is left of another use flushed.
    #[inline(never)]
    fn begin<M: Machine>(&self, machine: &M, old: Word, kind: Kind) -> Result<Acquired, Word> {
        let same = old.is_idle_as(kind);
        let kept = if same { old.0 & (STALE | STAMP) } else { 0 };
        let flush = old
            .flush_before_change()
            .filter(|&since| !same && !machine.has_flushed_since(since));
        if !kind.needs_validation() && flush.is_none() {
            self.exchange(old, kept | Word::make(kind, State::Valid, 1))?;
            return Ok(Acquired::Held);
        }
        self.exchange(old, kept | Word::make(kind, State::Busy, 1))?;
        if let Some(since) = flush {
            machine.flush_since(since);
        }
        if kind.needs_validation() {
            return Ok(Acquired::First);
        }
        self.publish();
        Ok(Acquired::Held)
    }

    /// Takes one more reference to a use that is valid already, and never begins one.
    #[inline]
    pub(super) fn acquire_valid(&self, kind: Kind) -> Result<(), Error> {
        let mut word = self.load();
        loop {
            if !word.can_add(kind) {
                return Err(word.refusal(kind));
            }
            match self.exchange(word, word.0 + 1) {
                Ok(()) => return Ok(()),
                Err(now) => word = now,
            }
        }
    }

    /// Drops a type reference, before the general one that came with it.
    #[inline]
    pub(super) fn release<M: Machine>(&self, machine: &M, stale: Stale) -> Released {
        let mut word = self.load();
        loop {
            let merged = match stale {
                Stale::Flushed => word,
                Stale::Since(stamp) => word.with_stale(stamp, machine.tlb_now()),
                Stale::Now => {
                    let now = machine.tlb_now();
                    word.with_stale(now, now)
                }
            };
            let (next, outcome) = match word.count() {
                0 => {
                    debug_assert!(false, "a type reference was released twice");
                    return Released::Done;
                }
                1 => match word.kind().level() {
                    Some(level) => (merged.in_state(State::Busy), Released::Last(level)),
                    None => (merged.0 & !(STATE | COUNT), Released::Done),
                },
                _ => (merged.0 - 1, Released::Done),
            };
            match self.exchange(word, next) {
                Ok(()) => return outcome,
                Err(now) => word = now,
            }
        }
    }

    /// Gives the caller's reference to the guest's pin.
    pub(super) fn pin(&self) -> Result<(), Error> {
        let before = self.0.fetch_or(PINNED, Ordering::SeqCst);
        if before & PINNED == 0 {
            Ok(())
        } else {
            Err(Error::Pinned)
        }
    }

    /// Takes the reference of the pin back, for the caller to release; or takes over a half-done
    /// table that is not pinned. `None` for the former.
    pub(super) fn unpin(&self) -> Result<Option<Level>, Error> {
        let mut word = self.load();
        loop {
            if word.is_pinned() {
                match self.exchange(word, word.0 & !PINNED) {
                    Ok(()) => return Ok(None),
                    Err(now) => word = now,
                }
            } else if word.state() == State::Busy {
                return Err(Error::Preempted);
            } else {
                return self.take_partial().map(Some).ok_or(Error::NotPinned);
            }
        }
    }

    /// Takes over a half-done table with the two references that it owns.
    pub(super) fn take_partial(&self) -> Option<Level> {
        let mut word = self.load();
        loop {
            if word.state() != State::Partial {
                return None;
            }
            let level = word.kind().level()?;
            match self.exchange(word, word.in_state(State::Busy)) {
                Ok(()) => return Some(level),
                Err(now) => word = now,
            }
        }
    }

    /// Busy to valid.
    #[inline]
    pub(super) fn publish(&self) {
        self.0.fetch_or(STATE, Ordering::SeqCst);
    }

    /// Busy to partial: the frame owns the reference from here on.
    pub(super) fn suspend(&self) {
        self.0.fetch_xor(STATE, Ordering::SeqCst);
    }

    /// Busy to idle: the one place where the use as a table ends.
    pub(super) fn end(&self) {
        self.0.fetch_and(!(STATE | COUNT), Ordering::SeqCst);
    }

    /// Notes that translations of the frame may be cached until now. For whoever has taken the last
    /// general reference away.
    pub(super) fn set_stale(&self, now: TlbStamp) {
        let word = self.load().with_stale(now, now);
        self.0.store(word.0, Ordering::SeqCst);
    }

    /// Forgets what the frame was. For a frame without an owner, after its translations were
    /// flushed.
    pub(super) fn reset(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    #[cfg(test)]
    pub(super) fn set_count_to_maximum(&self) {
        self.0.fetch_or(COUNT, Ordering::SeqCst);
    }
}
