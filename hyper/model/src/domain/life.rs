//! Whether a domain's virtual CPUs may run, and how far its end is.

use core::sync::atomic::{AtomicU64, Ordering};

use ringwall_abi::Errno;

/// How often a domain can be paused.
pub const MAX_PAUSES: u64 = 0xffff;

/// How often it is paused, in 15:0.
const PAUSES: u64 = MAX_PAUSES;
/// The reason of its end, in 23:16; of use with [`SHUT_DOWN`].
const REASON_SHIFT: u32 = 16;
const REASON: u64 = 0xff << REASON_SHIFT;
/// The reason that it announced, in 31:24; of use with [`ANNOUNCED`].
const ANNOUNCED_SHIFT: u32 = 24;
const SHUT_DOWN: u64 = 1 << 32;
const ANNOUNCED: u64 = 1 << 33;
/// Nobody has it: a place for a domain.
const VACANT: u64 = 1 << 34;
/// It is being taken down.
const DYING: u64 = 1 << 35;
/// What it had is given back, but for what others hold of it.
const DEAD: u64 = 1 << 36;
/// With none of these its virtual CPUs may run.
const STOPPED: u64 = PAUSES | SHUT_DOWN | VACANT | DYING;

/// How far a domain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// There is none.
    Vacant,
    /// It runs, is paused, or waits for a toolstack after its end.
    Alive,
    /// It is being taken down.
    Dying,
    /// It has nothing left of its own: it waits for others to let go of its frames.
    Dead,
}

/// Why a step was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LifeError {
    /// It is paused as often as can be counted: `EOVERFLOW`.
    PausedTooOften,
    /// It is not paused: `EINVAL`.
    NotPaused,
}

impl From<LifeError> for Errno {
    fn from(error: LifeError) -> Self {
        match error {
            LifeError::PausedTooOften => Self::EOVERFLOW,
            LifeError::NotPaused => Self::EINVAL,
        }
    }
}

/// A domain's life, in one word: each step is one exchange, and whoever makes it knows that it did.
#[derive(Debug)]
pub struct Life(AtomicU64);

impl Default for Life {
    fn default() -> Self {
        Self::new()
    }
}

impl Life {
    /// No domain yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(VACANT))
    }

    fn word(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn change(&self, change: impl Fn(u64) -> Option<u64>) -> Result<u64, u64> {
        self.0
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, change)
    }

    /// Begins a life, paused once: until then nothing of it runs.
    pub fn begin(&self) {
        self.0.store(1, Ordering::SeqCst);
    }

    /// Ends a life for good: a place for another.
    pub fn vacate(&self) {
        self.0.store(VACANT, Ordering::SeqCst);
    }

    /// Whether its virtual CPUs may run.
    #[must_use]
    pub fn may_run(&self) -> bool {
        self.word() & STOPPED == 0
    }

    /// How far it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.word() {
            word if word & VACANT != 0 => Phase::Vacant,
            word if word & DEAD != 0 => Phase::Dead,
            word if word & DYING != 0 => Phase::Dying,
            _ => Phase::Alive,
        }
    }

    /// Whether there is a domain, and nobody takes it down.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.phase() == Phase::Alive
    }

    /// Whether a toolstack has paused it.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.word() & PAUSES != 0
    }

    /// Pauses it once more.
    ///
    /// # Errors
    /// [`LifeError::PausedTooOften`].
    #[doc(alias = "XEN_DOMCTL_pausedomain")]
    pub fn pause(&self) -> Result<(), LifeError> {
        let more = |word| (word & PAUSES != PAUSES).then_some(word + 1);
        self.change(more)
            .map(|_| ())
            .map_err(|_| LifeError::PausedTooOften)
    }

    /// Takes one pause back; whether it may run now.
    ///
    /// # Errors
    /// [`LifeError::NotPaused`].
    #[doc(alias = "XEN_DOMCTL_unpausedomain")]
    pub fn unpause(&self) -> Result<bool, LifeError> {
        let less = |word| (word & PAUSES != 0).then(|| word - 1);
        self.change(less)
            .map(|before| (before - 1) & STOPPED == 0)
            .map_err(|_| LifeError::NotPaused)
    }

    /// It ends by itself, with a reason; `true` for whoever was first. A reason that it has announced
    /// before takes the place of this one.
    #[doc(alias = "SCHEDOP_shutdown")]
    pub fn shut_down(&self, reason: u8) -> bool {
        self.change(|word| {
            let reason = if word & ANNOUNCED == 0 {
                u64::from(reason)
            } else {
                word >> ANNOUNCED_SHIFT & 0xff
            };
            (word & (SHUT_DOWN | VACANT) == 0)
                .then_some(word & !REASON | reason << REASON_SHIFT | SHUT_DOWN)
        })
        .is_ok()
    }

    /// Says what the reason will be when it ends.
    #[doc(alias = "SCHEDOP_shutdown_code")]
    pub fn announce(&self, reason: u8) {
        let announced = |word: u64| {
            let others = word & !(0xff << ANNOUNCED_SHIFT);
            Some(others | u64::from(reason) << ANNOUNCED_SHIFT | ANNOUNCED)
        };
        let _ = self.change(announced);
    }

    /// Why it ended by itself, if it did.
    #[must_use]
    pub fn shutdown_reason(&self) -> Option<u8> {
        let word = self.word();
        (word & SHUT_DOWN != 0).then_some((word >> REASON_SHIFT & 0xff) as u8)
    }

    /// Goes on after it ended by itself; whether it may run now.
    #[doc(alias = "XEN_DOMCTL_resumedomain")]
    pub fn resume(&self) -> bool {
        let before = self.0.fetch_and(!(SHUT_DOWN | ANNOUNCED), Ordering::SeqCst);
        before & SHUT_DOWN != 0 && before & (STOPPED & !SHUT_DOWN) == 0
    }

    /// Begins to take it down; `true` for whoever was first. There is no way back.
    #[doc(alias = "XEN_DOMCTL_destroydomain")]
    pub fn begin_end(&self) -> bool {
        self.0.fetch_or(DYING, Ordering::SeqCst) & DYING == 0
    }

    /// All that it had of its own is given back; `true` for whoever was first.
    pub fn set_dead(&self) -> bool {
        self.0.fetch_or(DEAD, Ordering::SeqCst) & DEAD == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Errno, Life, LifeError, MAX_PAUSES, Phase};

    fn alive() -> Life {
        let life = Life::new();
        life.begin();
        life
    }

    #[test]
    fn a_place_without_a_domain_never_runs() {
        let life = Life::new();
        assert_eq!(life.phase(), Phase::Vacant);
        assert!(!life.may_run());
        assert!(!life.shut_down(0));
        life.begin();
        life.vacate();
        assert_eq!((life.phase(), life.may_run()), (Phase::Vacant, false));
    }

    #[test]
    fn it_begins_paused_and_pauses_are_counted() {
        let life = alive();
        assert!(life.is_paused() && !life.may_run());
        life.pause().expect("room");
        assert_eq!(life.unpause(), Ok(false));
        assert_eq!(life.unpause(), Ok(true));
        assert!(life.may_run());
        assert_eq!(life.unpause(), Err(LifeError::NotPaused));
        assert_eq!(Errno::from(LifeError::NotPaused), Errno::EINVAL);
        for _ in 0..MAX_PAUSES {
            life.pause().expect("room");
        }
        assert_eq!(life.pause(), Err(LifeError::PausedTooOften));
        assert_eq!(Errno::from(LifeError::PausedTooOften), Errno::EOVERFLOW);
        assert_eq!(life.shutdown_reason(), None);
    }

    #[test]
    fn an_end_has_the_first_reason_and_can_be_undone() {
        let life = alive();
        assert_eq!(life.unpause(), Ok(true));
        assert!(life.shut_down(2));
        assert!(!life.shut_down(3));
        assert_eq!(life.shutdown_reason(), Some(2));
        assert!(!life.may_run());
        assert!(life.resume());
        assert!(life.may_run() && life.shutdown_reason().is_none());
        // To resume what runs changes nothing.
        assert!(!life.resume());
        assert!(life.may_run());
    }

    #[test]
    fn what_was_announced_becomes_the_reason() {
        let life = alive();
        life.announce(1);
        assert_eq!(life.shutdown_reason(), None);
        assert!(life.shut_down(3));
        assert_eq!(life.shutdown_reason(), Some(1));
        assert!(!life.resume(), "it is paused still");
        assert!(life.shut_down(3));
        assert_eq!(life.shutdown_reason(), Some(3), "said once, for one end");
    }

    #[test]
    fn to_be_taken_down_is_for_good() {
        let life = alive();
        assert!(life.begin_end());
        assert!(!life.begin_end());
        assert_eq!(life.phase(), Phase::Dying);
        assert_eq!(life.unpause(), Ok(false));
        assert!(!life.resume() && !life.may_run());
        assert!(life.set_dead());
        assert!(!life.set_dead());
        assert_eq!(life.phase(), Phase::Dead);
    }

    #[test]
    fn a_pause_while_it_ends_is_still_one() {
        let life = alive();
        assert!(life.shut_down(0));
        assert_eq!(life.unpause(), Ok(false));
        assert!(life.resume());
        assert_eq!(life.phase(), Phase::Alive);
    }
}
