//! The policy as toolstacks list and set it.

use super::leaf::{Leaf, bits};

/// A leaf's number, and its subleaf where it has any.
pub type Place = (u32, Option<u32>);

/// Leaves with subleaves: how many of these a list has.
const WITH_SUBLEAVES: [(u32, u32); 4] = [(4, 6), (7, 3), (0xb, 2), (0xd, 63)];
/// The last basic leaf, the hypervisor's two lists, the last extended leaf.
const BASIC: u32 = 0xd;
const HYPERVISOR: [u32; 2] = [0x4000_0000, 0x4000_0100];
const EXTENDED: core::ops::RangeInclusive<u32> = 0x8000_0000..=0x8000_0021;

/// Every place of a list, in order.
pub fn places() -> impl Iterator<Item = Place> {
    let basic = (0..=BASIC).flat_map(|leaf| {
        let count = WITH_SUBLEAVES
            .iter()
            .find(|(number, _)| *number == leaf)
            .map(|(_, count)| *count);
        let plain = count.is_none().then_some((leaf, None));
        let numbered = (0..count.unwrap_or(0)).map(move |subleaf| (leaf, Some(subleaf)));
        plain.into_iter().chain(numbered)
    });
    let others = HYPERVISOR.into_iter().chain(EXTENDED);
    basic.chain(others.map(|leaf| (leaf, None)))
}

/// What a leaf that a toolstack sets is, against the one that guests get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The same features.
    Fits,
    /// It has a feature that guests don't get.
    TooMuch,
    /// It hides one, which is not done.
    Hides,
}

/// Compares the features of two leaves, and how many leaves there are. Others than features, such as caches and topology, guests get as
/// they are whatever is set. HTT, CMP_LEGACY and ITSC say what a toolstack makes of the topology and of
/// migration, and are not compared.
#[must_use]
pub fn compare(place: Place, set: &Leaf, offered: &Leaf) -> Verdict {
    const ALL: u32 = u32::MAX;
    const HTT: u32 = bits(&[28]);
    /// OSXSAVE is the guest's own.
    const OSXSAVE: u32 = bits(&[27]);
    const CMP_LEGACY: u32 = bits(&[1]);
    const ITSC: u32 = bits(&[8]);
    // Of each range the first leaf says which is the last.
    if let (0 | 0x8000_0000, None) = place
        && set.eax > offered.eax
    {
        return Verdict::TooMuch;
    }
    let [a, b, c, d] = match place {
        (1, _) => [0, 0, !OSXSAVE, !HTT],
        (7, Some(0)) => [0, ALL, ALL, ALL],
        (7, Some(1)) => [ALL, 0, 0, 0],
        (7, Some(2)) => [0, 0, 0, ALL],
        (0xd, Some(1)) => [ALL, 0, 0, 0],
        (0x8000_0001, _) => [0, 0, !CMP_LEGACY, ALL],
        (0x8000_0007, _) => [0, 0, 0, !ITSC],
        (0x8000_0008, _) => [0, ALL, 0, 0],
        (0x8000_0021, _) => [ALL, 0, 0, 0],
        _ => [0; 4],
    };
    let words = [
        (set.eax & a, offered.eax & a),
        (set.ebx & b, offered.ebx & b),
        (set.ecx & c, offered.ecx & c),
        (set.edx & d, offered.edx & d),
    ];
    if words.iter().any(|(set, offered)| set & !offered != 0) {
        Verdict::TooMuch
    } else if words.iter().any(|(set, offered)| offered & !set != 0) {
        Verdict::Hides
    } else {
        Verdict::Fits
    }
}

/// The words of a feature set, each by its leaf and register (0: EAX), in the order of the ABI
/// (`public/arch-x86/cpufeatureset.h`).
pub const FEATURE_WORDS: [(Place, usize); 13] = [
    ((1, None), 3),
    ((1, None), 2),
    ((0x8000_0001, None), 3),
    ((0x8000_0001, None), 2),
    ((0xd, Some(1)), 0),
    ((7, Some(0)), 1),
    ((7, Some(0)), 2),
    ((0x8000_0007, None), 3),
    ((0x8000_0008, None), 1),
    ((7, Some(0)), 3),
    ((7, Some(1)), 0),
    ((0x8000_0021, None), 0),
    ((7, Some(1)), 1),
];

#[cfg(test)]
mod tests {
    use super::{FEATURE_WORDS, Leaf, Verdict, compare, places};

    #[test]
    fn places_are_in_order_and_each_is_there_once() {
        let list: Vec<_> = places().collect();
        assert!(list.is_sorted());
        assert!(list.windows(2).all(|pair| pair[0] != pair[1]));
        assert!(list.contains(&(0xd, Some(62))) && list.contains(&(0x8000_0021, None)));
        assert!(!list.contains(&(7, None)) && !list.contains(&(1, Some(0))));
        for (place, _) in FEATURE_WORDS {
            assert!(list.contains(&place), "{place:x?}");
        }
    }

    #[test]
    fn features_are_compared_and_nothing_else() {
        let offered = Leaf::from([0xf0f0; 4]);
        let check = |place, set: [u32; 4], expected| {
            assert_eq!(compare(place, &Leaf::from(set), &offered), expected);
        };
        check((1, None), [0, 0, 0xf0f0, 0xf0f0], Verdict::Fits);
        check((1, None), [0, 0, 0xf0f0, 0xf0f1], Verdict::TooMuch);
        check((1, None), [0, 0, 0xf0f0, 0xf0e0], Verdict::Hides);
        check((1, None), [0, 0, 0xf0f1, 0], Verdict::TooMuch);
        check((1, None), [0, 0, 0xf0f0, 0x1000_f0f0], Verdict::Fits);
        check((4, Some(0)), [u32::MAX; 4], Verdict::Fits);
        for first in [0, 0x8000_0000] {
            check((first, None), [0xf0f0, 9, 9, 9], Verdict::Fits);
            check((first, None), [1, 9, 9, 9], Verdict::Fits);
            check((first, None), [0xf0f1, 9, 9, 9], Verdict::TooMuch);
        }
        check((7, Some(1)), [0xf0f0, 9, 9, 9], Verdict::Fits);
        check((0x8000_0001, None), [0, 0, 0xf0f2, 0xf0f0], Verdict::Fits);
    }
}
