//! Numbers of domains.

use ringwall_abi::DomainId;

/// The number of the next domain: the first free one after `last`, around the end and never 0. A number
/// is used again as late as possible, since tools remember them.
///
/// `None` where all are taken. It asks at most once more than there are domains.
#[must_use]
pub fn next_id(last: DomainId, taken: impl Fn(DomainId) -> bool) -> Option<DomainId> {
    let count = DomainId::FIRST_RESERVED.raw() - 1;
    let start = last.raw() % DomainId::FIRST_RESERVED.raw();
    (0..count)
        .map(|step| DomainId::new((start + step) % count + 1))
        .find(|&id| !taken(id))
}

#[cfg(test)]
mod tests {
    use super::{DomainId, next_id};

    const LAST: u16 = DomainId::FIRST_RESERVED.raw() - 1;

    #[test]
    fn the_next_free_number_follows_the_last_one() {
        let check = |last: u16, taken: &[u16], expected: Option<u16>| {
            let id = next_id(DomainId::new(last), |id| taken.contains(&id.raw()));
            assert_eq!(id.map(DomainId::raw), expected, "after {last}");
        };
        check(0, &[], Some(1));
        check(1, &[], Some(2));
        check(4, &[5, 6, 8], Some(7));
        check(LAST - 1, &[], Some(LAST));
        check(LAST, &[], Some(1));
        check(LAST, &[1, 2], Some(3));
        // Whatever it is told, the answer is an ordinary domain's.
        check(u16::MAX, &[], Some(u16::MAX % (LAST + 1) + 1));
    }

    #[test]
    fn there_may_be_none() {
        assert_eq!(next_id(DomainId::new(9), |_| true), None);
        let only = DomainId::new(9);
        assert_eq!(next_id(only, |id| id != only), Some(only));
    }
}
