//! References as values.
//!
//! A reference can be made by [`Memory`](super::Memory) alone, can't be copied, and must be given
//! back to it. Dropping one leaks it: the frame stays what it is until the domain ends, which is
//! the safe side. In tests a dropped reference panics.

use ringwall_abi::Mfn;

use super::entry::Level;
use super::kind::Kind;

/// A general reference: the frame keeps its owner, and is not freed.
#[derive(Debug)]
#[must_use = "a reference that is dropped is never given back"]
pub struct PageReference {
    mfn: Mfn,
}

/// A type reference, with the general one that goes with it: the frame keeps its use.
///
/// `K` says what the use is: [`Writable`], [`Descriptor`], or for a table its [`Level`].
#[derive(Debug)]
#[must_use = "a reference that is dropped is never given back"]
pub struct TypeReference<K> {
    mfn: Mfn,
    kind: K,
}

/// The use as memory that may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writable;

/// The use as a page of segment descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor;

impl From<Writable> for Kind {
    fn from(_: Writable) -> Self {
        Self::Writable
    }
}

impl From<Descriptor> for Kind {
    fn from(_: Descriptor) -> Self {
        Self::Descriptor
    }
}

impl PageReference {
    #[inline]
    pub(super) const fn forge(mfn: Mfn) -> Self {
        Self { mfn }
    }

    /// The frame.
    #[must_use]
    #[inline]
    pub const fn mfn(&self) -> Mfn {
        self.mfn
    }

    /// Ends the value without giving the reference back: something else stands for it now.
    #[inline]
    #[cfg_attr(
        not(test),
        expect(clippy::forget_non_drop, reason = "it has a drop in tests")
    )]
    pub(super) fn consume(self) -> Mfn {
        let mfn = self.mfn;
        core::mem::forget(self);
        mfn
    }
}

impl<K: Copy> TypeReference<K> {
    #[inline]
    pub(super) const fn forge(mfn: Mfn, kind: K) -> Self {
        Self { mfn, kind }
    }

    /// The frame.
    #[must_use]
    #[inline]
    pub const fn mfn(&self) -> Mfn {
        self.mfn
    }

    /// Ends the value without giving the reference back: something else stands for it now.
    #[inline]
    #[cfg_attr(
        not(test),
        expect(clippy::forget_non_drop, reason = "it has a drop in tests")
    )]
    pub(super) fn consume(self) -> Mfn {
        let mfn = self.mfn;
        core::mem::forget(self);
        mfn
    }
}

impl TypeReference<Level> {
    /// The level of the table.
    #[must_use]
    #[inline]
    pub const fn level(&self) -> Level {
        self.kind
    }
}

#[cfg(test)]
mod linear {
    //! In tests a forgotten reference is an error at once.

    fn forgotten(what: core::fmt::Arguments<'_>) {
        assert!(std::thread::panicking(), "a reference was dropped: {what}");
    }

    impl Drop for super::PageReference {
        fn drop(&mut self) {
            forgotten(format_args!("{:?}", self.mfn));
        }
    }

    impl<K> Drop for super::TypeReference<K> {
        fn drop(&mut self) {
            forgotten(format_args!("{:?}", self.mfn));
        }
    }
}
