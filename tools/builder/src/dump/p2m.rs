//! A running domain's own list of its frames, which is not to be trusted.
//!
//! The guest keeps it for its tools: a page with the frames of pages that have the frames of the list's pages.
//! Source: `pfn_to_mfn_frame_list_list` of `public/arch-x86/xen.h`.

use ringwall_abi::{ENTRIES_PER_TABLE, Mfn, PAGE_SIZE};

/// Entries from here on are marks of the guest, not frames: the uppermost two bits are Linux's.
const FIRST_MARK: u64 = 1 << 62;
/// Numbers of frames that the three levels can name.
pub(super) const MAX_PAGES: u64 = (ENTRIES_PER_TABLE as u64).pow(3);

/// A page of the domain by its machine frame, or `None` where it has none such.
pub(super) trait Pages {
    fn page(&self, frame: Mfn) -> Option<Box<[u8; PAGE_SIZE]>>;
}

/// Each frame number below `end` that has a frame, with it. What can't be read has none; the work is bounded by
/// [`MAX_PAGES`], and by what pages the domain has.
pub(super) fn read(pages: &impl Pages, top: Mfn, end: u64) -> Vec<(u64, Mfn)> {
    let span = ENTRIES_PER_TABLE as u64;
    let mut list = Vec::new();
    // The first frame number of each page of the list.
    let leaves = entries(pages, top)
        .into_iter()
        .flatten()
        .zip((0..end).step_by(ENTRIES_PER_TABLE * ENTRIES_PER_TABLE))
        .filter_map(|(middle, first)| Some((entries(pages, middle)?, first)))
        .flat_map(|(leaves, first)| {
            leaves
                .into_iter()
                .zip((first..end).step_by(ENTRIES_PER_TABLE))
        });
    for (leaf, first) in leaves {
        let frames = entries(pages, leaf).into_iter().flatten();
        let numbers = first..end.min(first + span);
        list.extend(
            numbers
                .zip(frames)
                .filter(|(_, frame)| frame.raw() != 0 && frame.raw() < FIRST_MARK),
        );
    }
    list
}

/// The words of a page, if it can be read.
fn entries(pages: &impl Pages, frame: Mfn) -> Option<Vec<Mfn>> {
    let page = (frame.raw() < FIRST_MARK).then(|| pages.page(frame))??;
    let (words, _) = page.as_chunks::<8>();
    let frames = words.iter().map(|word| Mfn::new(u64::from_le_bytes(*word)));
    Some(frames.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    impl Pages for BTreeMap<u64, Vec<u64>> {
        fn page(&self, frame: Mfn) -> Option<Box<[u8; PAGE_SIZE]>> {
            let words = self.get(&frame.raw())?;
            let mut page = Box::new([0xff; PAGE_SIZE]);
            for (place, word) in page.as_chunks_mut::<8>().0.iter_mut().zip(words) {
                *place = word.to_le_bytes();
            }
            Some(page)
        }
    }

    #[test]
    fn holes_and_marks_are_left_out() {
        let leaf: Vec<u64> = (0..512).map(|index| 1000 + index).collect();
        let other = vec![u64::MAX, 1 << 62, 7, 0];
        let pages = BTreeMap::from([
            (1, vec![2]),
            (2, vec![3, u64::MAX, 4, 99]),
            (3, leaf),
            (4, other),
        ]);
        let list = read(&pages, Mfn::new(1), 100_000);
        assert_eq!(list.len(), 513);
        assert_eq!(list[511], (511, Mfn::new(1511)));
        assert_eq!(list[512], (2 * 512 + 2, Mfn::new(7)));
        assert_eq!(read(&pages, Mfn::new(1), 3).len(), 3);
    }

    #[test]
    fn a_list_that_leads_nowhere_is_empty() {
        let pages: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        assert!(read(&pages, Mfn::new(1), MAX_PAGES).is_empty());
        assert!(read(&pages, Mfn::INVALID, MAX_PAGES).is_empty());
    }
}
