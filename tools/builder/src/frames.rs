//! The machine frames of a domain, by its own frame numbers.

use ringwall_abi::{DomainId, Mfn, Pfn};

use crate::{BuildError, Machine};

/// Orders of the extents that memory is asked for in: 2 MiB, 64 KiB, single pages. Each is tried for what is left
/// when the one before ran out.
const ORDERS: [u32; 3] = [9, 4, 0];
/// Extents of one request: the hypervisor is asked for at most 1 GiB at once.
const EXTENTS_AT_ONCE: usize = 512;

/// The machine frame behind each frame number, from 0 on without a gap.
#[derive(Debug)]
pub(crate) struct Frames {
    list: Vec<Mfn>,
}

impl Frames {
    /// Takes memory for `pages` pages.
    pub(crate) fn populate(
        machine: &impl Machine,
        domain: DomainId,
        pages: u64,
    ) -> Result<Self, BuildError> {
        let capacity = usize::try_from(pages).unwrap_or(usize::MAX);
        let mut list = Vec::new();
        let short = |list: &Vec<Mfn>| BuildError::Memory {
            wanted: pages,
            available: list.len() as u64,
        };
        list.try_reserve_exact(capacity)
            .map_err(|_| short(&Vec::new()))?;
        for order in ORDERS {
            loop {
                let next = list.len() as u64;
                let whole = (pages - next) >> order;
                let count = usize::try_from(whole)
                    .map_or(EXTENTS_AT_ONCE, |whole| whole.min(EXTENTS_AT_ONCE));
                if count == 0 {
                    break;
                }
                let extents: Vec<Pfn> = (0..count as u64)
                    .map(|index| Pfn::new(next + (index << order)))
                    .collect();
                let got = machine.populate(domain, order, &extents)?.frames;
                for first in &got {
                    list.extend((0..1 << order).map(|offset| Mfn::new(first.raw() + offset)));
                }
                if got.len() < count {
                    break;
                }
            }
        }
        if (list.len() as u64) < pages {
            return Err(short(&list));
        }
        Ok(Self { list })
    }

    /// The frame behind a frame number.
    pub(crate) fn get(&self, frame: Pfn) -> Result<Mfn, BuildError> {
        usize::try_from(frame.raw())
            .ok()
            .and_then(|index| self.list.get(index))
            .copied()
            .ok_or(BuildError::Inconsistent("a frame"))
    }

    /// All of them, by frame number.
    pub(crate) fn list(&self) -> &[Mfn] {
        &self.list
    }
}
