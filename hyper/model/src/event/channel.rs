//! One port's state.

use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use ringwall_abi::{DomainId, Port, VcpuId};

use super::state::Word;

/// One port: what it is bound to and which virtual CPU hears of it.
///
/// Who may change the word: the owner, under its lock, in every way; another domain, without a
/// lock, only between `Unbound` for that domain and `Interdomain` with it. So under the owner's
/// lock the *remote domain* in the word stands still, and the kind does apart from these two.
#[derive(Debug)]
pub(super) struct Channel {
    word: AtomicU64,
    vcpu: AtomicU32,
}

impl Channel {
    pub(super) const fn new() -> Self {
        Self {
            word: AtomicU64::new(Word::FREE.0),
            vcpu: AtomicU32::new(0),
        }
    }

    pub(super) fn word(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    pub(super) fn vcpu(&self) -> VcpuId {
        VcpuId::new(self.vcpu.load(Ordering::Relaxed))
    }

    pub(super) fn set_vcpu(&self, vcpu: VcpuId) {
        self.vcpu.store(vcpu.raw(), Ordering::Relaxed);
    }

    /// Makes a free port an open one; the caller holds the owner's lock.
    pub(super) fn publish(&self, word: Word, vcpu: VcpuId) {
        // The vCPU first: whoever sees the word sees who is to be notified.
        self.set_vcpu(vcpu);
        self.word.store(word.0, Ordering::Release);
    }

    /// Frees the port whatever it is, and says what it was; the caller holds the owner's lock.
    pub(super) fn take(&self) -> Word {
        Word(self.word.swap(Word::FREE.0, Ordering::AcqRel))
    }

    /// Frees the port if it is still as it was seen.
    pub(super) fn take_if(&self, seen: Word) -> bool {
        self.exchange(seen, Word::FREE)
    }

    /// `by` connects its port to this one. False where this one does not wait for `by`.
    pub(super) fn connect(&self, by: DomainId, port: Port) -> bool {
        self.exchange(Word::unbound(by), Word::interdomain(by, port))
    }

    /// `by` closes its port, which was connected to this one. Nothing happens where this one was
    /// closed first.
    pub(super) fn disconnect(&self, by: DomainId, port: Port) {
        self.exchange(Word::interdomain(by, port), Word::unbound(by));
    }

    fn exchange(&self, from: Word, to: Word) -> bool {
        self.word
            .compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok()
    }
}
