//! A page that is cut into equal pieces.
//!
//! It begins with its books. Nothing is kept in a free piece, so that who writes to one that is not his any more
//! changes nobody's list.
// UNSAFETY: the books lie in memory that the page's address leads to.
#![expect(unsafe_code)]

use core::ptr::NonNull;

/// Bytes of a page.
pub(super) const PAGE: usize = 4096;
/// Size of the smallest pieces in bytes; class `n` has pieces of `SMALLEST << n`.
pub(super) const SMALLEST: usize = 16;
/// How many classes there are. A page of the last one has three pieces; the next would have one.
pub(super) const CLASSES: usize = 7;

/// At the start of the page, in place of the first pieces.
struct Books {
    /// A bit for each piece that is free.
    free: [u64; PAGE / SMALLEST / 64],
    /// The neighbours on the list of its class.
    next: Option<Page>,
    previous: Option<Page>,
}

/// A page that was cut: there is one owner, the [`Lists`](super::lists::Lists) that did it, behind a lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Page(NonNull<Books>);

// SAFETY: the books are reached under the lock of the lists alone.
unsafe impl Send for Page {}

impl Page {
    /// Cuts a page, all of whose pieces are free.
    ///
    /// # Safety
    /// `address` is that of a page of memory that is the caller's until it is not used as a `Page` any more.
    pub(super) unsafe fn cut(address: NonNull<u8>, class: usize) -> Self {
        let pieces = (PAGE / SMALLEST) >> class;
        let taken = size_of::<Books>().div_ceil(SMALLEST << class);
        let mut free = [0; PAGE / SMALLEST / 64];
        for piece in taken..pieces {
            free[piece / 64] |= 1 << (piece % 64);
        }
        let page = Self(address.cast());
        let books = Books {
            free,
            next: None,
            previous: None,
        };
        // SAFETY: the page is the caller's, aligned, and larger than the books.
        unsafe { page.0.write(books) };
        page
    }

    /// The page that a piece is of.
    ///
    /// # Safety
    /// `piece` came from [`Self::take`], and the page has not been given back since.
    pub(super) unsafe fn of(piece: NonNull<u8>) -> Self {
        let books = piece.as_ptr().map_addr(|address| address & !(PAGE - 1));
        // SAFETY: a piece is never the first one of its page, which is not at address 0.
        Self(unsafe { NonNull::new_unchecked(books) }.cast())
    }

    /// Its address.
    pub(super) fn address(self) -> NonNull<u8> {
        self.0.cast()
    }

    /// A look at the books, or a change of them. `act` reaches no page.
    fn books<R>(self, act: impl FnOnce(&mut Books) -> R) -> R {
        // SAFETY: 1. the books were written by `cut`, and the page is still ours; 2. whoever has pages holds the
        // lock of their lists, and nobody else refers to these books while `act` does.
        act(unsafe { &mut *self.0.as_ptr() })
    }

    /// Takes a free piece of its class; `None` if there is none.
    pub(super) fn take(self, class: usize) -> Option<NonNull<u8>> {
        let piece = self.books(|books| {
            let mut words = books.free.iter_mut().zip(0..);
            let (word, index) = words.find(|(word, _)| **word != 0)?;
            let piece = index * 64 + word.trailing_zeros() as usize;
            *word &= *word - 1;
            Some(piece)
        })?;
        // SAFETY: a piece with a bit lies within the page.
        Some(unsafe { self.address().add(piece * (SMALLEST << class)) })
    }

    /// Makes a piece free again.
    pub(super) fn put(self, class: usize, piece: NonNull<u8>) {
        let number = (piece.addr().get() % PAGE) / (SMALLEST << class);
        self.books(|books| {
            if let Some(word) = books.free.get_mut(number / 64) {
                debug_assert!(*word & 1 << (number % 64) == 0, "a piece was freed twice");
                *word |= 1 << (number % 64);
            }
        });
    }

    /// How many pieces are free.
    pub(super) fn free_pieces(self) -> usize {
        let free = self.books(|books| books.free);
        free.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// How many pieces a page of a class has for others.
    pub(super) const fn pieces(class: usize) -> usize {
        ((PAGE / SMALLEST) >> class) - size_of::<Books>().div_ceil(SMALLEST << class)
    }
}

/// Pages that have free pieces.
#[derive(Clone, Copy)]
pub(super) struct List(Option<Page>);

impl List {
    pub(super) const EMPTY: Self = Self(None);

    pub(super) const fn first(self) -> Option<Page> {
        self.0
    }

    pub(super) fn push(&mut self, page: Page) {
        let first = self.0.replace(page);
        page.books(|books| (books.next, books.previous) = (first, None));
        if let Some(first) = first {
            first.books(|books| books.previous = Some(page));
        }
    }

    /// Takes off a page that is on it.
    pub(super) fn remove(&mut self, page: Page) {
        let (next, previous) = page.books(|books| (books.next, books.previous));
        match previous {
            Some(previous) => previous.books(|books| books.next = next),
            None => self.0 = next,
        }
        if let Some(next) = next {
            next.books(|books| books.previous = previous);
        }
    }
}
