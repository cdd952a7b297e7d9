//! What a random call can be about: numbers that mean something to the hypervisor.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::sync::atomic::Ordering;

use guests::page::page;
use guests::sdk::SharedPage;
use guests::sdk::abi::{DomainId, Mfn};
use guests::sdk::grant;
use guests::sdk::memory::entry::Access;
use guests::sdk::memory::{Page, tables};

use guests::random::Random;

/// Pages for arguments, and to be made anything of.
const PAGES: usize = 24;
/// Words of a page.
const WORDS: u64 = 512;

/// What there is.
pub(crate) struct World {
    pages: Vec<(&'static SharedPage, Mfn)>,
    tables: Vec<Mfn>,
    domains: Vec<u64>,
}

impl World {
    /// Takes pages, and lets its peers have some of them.
    pub(crate) fn new(random: &mut Random, peers: impl Iterator<Item = u16>) -> Option<Self> {
        let pages = (0..PAGES)
            .map(|_| page().ok())
            .collect::<Option<Vec<_>>>()?;
        let root = tables::kernel_root();
        // The root, and the tables below it that are behind a page of its own.
        let levels = [
            guests::sdk::memory::entry::Level::L1,
            guests::sdk::memory::entry::Level::L2,
            guests::sdk::memory::entry::Level::L3,
        ];
        let address = pages.first()?.0.address();
        let below = levels.into_iter().filter_map(|level| {
            let slot = tables::slot(root, address, level)?;
            Some(slot.address().frame())
        });
        let tables = core::iter::once(root).chain(below).collect();
        let mut domains: Vec<u64> = peers.map(u64::from).collect();
        for domain in domains.iter().copied().chain([0]) {
            let id = DomainId::new(u16::try_from(domain).unwrap_or(0));
            for _ in 0..4 {
                let access = if random.once_in(2) {
                    Access::ReadOnly
                } else {
                    Access::ReadWrite
                };
                if let Some(page) = Page::new()
                    && let Ok(grant) = grant::share(&Arc::new(page), id, access)
                {
                    // Granted for good.
                    core::mem::forget(grant);
                }
            }
        }
        domains.extend([0, 0x7ff0, 0x7ff0, 0x7ff0, 0x7ff1, 0x7ff2, 0x7ff4, 0x7fef]);
        Some(Self {
            pages,
            tables,
            domains,
        })
    }

    /// Fills a page with what might be an argument of something.
    pub(crate) fn scribble(&mut self, random: &mut Random) {
        let index = random.index(PAGES);
        let Some((page, _)) = self.pages.get(index) else {
            return;
        };
        for word in 0..WORDS {
            let value = match random.below(3) {
                0 => self.value(random),
                1 => self.value(random) & 0xffff_ffff | self.value(random) << 32,
                // Structures that begin with an operation, and have a version or a domain next.
                _ => random.below(48) | self.domain(random) << 32,
            };
            if let Ok(offset) = usize::try_from(word * 8) {
                page.u64(offset).store(value, Ordering::Relaxed);
            }
        }
    }

    /// A domain's number.
    pub(crate) fn domain(&self, random: &mut Random) -> u64 {
        random.of(&self.domains)
    }

    /// An address for an argument: mostly one of a page's.
    pub(crate) fn pointer(&self, random: &mut Random) -> u64 {
        match random.below(16) {
            0 => 0,
            1 => random.of(&EDGES),
            2 => self.page(random) + 0x1000 - random.below(64),
            3 => random.next(),
            _ => self.page(random) + random.below(WORDS) * 8,
        }
    }

    /// A frame's number: its own, of its tables, or anybody's.
    pub(crate) fn frame(&self, random: &mut Random) -> u64 {
        match random.below(8) {
            0 => random.below(0x4_0000),
            1 => random.next() >> random.below(64),
            2 | 3 => self.tables.get(random.index(4)).map_or(0, |mfn| mfn.raw()),
            _ => self
                .pages
                .get(random.index(PAGES))
                .map_or(0, |(_, mfn)| mfn.raw()),
        }
    }

    /// Anything.
    pub(crate) fn value(&self, random: &mut Random) -> u64 {
        match random.below(9) {
            0 => random.below(4),
            1 => random.below(64),
            2 => random.of(&EDGES),
            3 => self.pointer(random),
            4 => self.frame(random),
            // An entry of a page table, or the address of one with a command in its low bits.
            5 => self.frame(random) << 12 | random.below(0x1000),
            6 => self.frame(random) << 12 | random.of(&FLAGS),
            7 => self.domain(random),
            _ => random.next() >> random.below(64),
        }
    }

    fn page(&self, random: &mut Random) -> u64 {
        let index = random.index(PAGES);
        self.pages.get(index).map_or(0, |(page, _)| page.address())
    }
}

/// Numbers at the borders of something.
const EDGES: [u64; 18] = [
    1,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 32,
    u64::MAX,
    i64::MAX as u64,
    1 << 63,
    0x7fff_ffff_f000,
    0x8000_0000_0000,
    0xffff_7fff_ffff_ffff,
    0xffff_8000_0000_0000,
    0xffff_8300_0000_0000,
    0xffff_87ff_ffff_f000,
    0xffff_8800_0000_0000,
    0xffff_ffff_ffff_f000,
    1 << 52,
    0xfff,
];

/// Flags of entries that guests may have, and some that they may not.
const FLAGS: [u64; 8] = [
    0x67,
    0x65,
    0x63,
    0x27,
    0x01,
    0xe7,
    0x1_67,
    0x8000_0000_0000_0067,
];
