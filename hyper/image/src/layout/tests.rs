//! Tests of layouts.

use std::collections::HashMap;

use proptest::prelude::*;
use ringwall_abi::{GuestAddress, PAGE_SIZE, Pfn};

use super::{Access, Layout, LayoutError, Request, Rings, Role, TableEntry};

const PAGE: u64 = PAGE_SIZE as u64;
const MIB: u64 = 1 << 20;

/// As Debian's Linux 6.1, with 512 MiB.
fn linux() -> Request {
    Request {
        virt_base: GuestAddress::new(0xffff_ffff_8000_0000),
        entry: GuestAddress::new(0xffff_ffff_8307_91c0),
        kernel: 16 * MIB..74 * MIB,
        init_p2m: Some(GuestAddress::new(0x80_0000_0000)),
        mod_start_pfn: true,
        initrd_size: 0,
        pages: 512 * MIB / PAGE,
        rings: Rings::Absent,
    }
}

/// The frame that an address leads to, as the processor finds it.
fn walk(
    entries: &HashMap<(Pfn, u16), TableEntry>,
    root: Pfn,
    address: u64,
) -> Option<(Pfn, Access)> {
    let mut table = root;
    for level in (1..=4_u8).rev() {
        let shift = 12 + 9 * (u32::from(level) - 1);
        let index = u16::try_from(address >> shift & 511).unwrap();
        let entry = entries.get(&(table, index))?;
        assert_eq!(entry.level, level);
        if level == 1 {
            return Some((entry.target, entry.access));
        }
        table = entry.target;
    }
    None
}

/// All that the ABI promises of a layout.
fn check(layout: &Layout, request: &Request) {
    let base = request.virt_base.raw();
    let region = layout.region();
    let region_pages = layout.region_pages();
    assert_eq!(region.start.raw(), base);
    assert_eq!(region.end.raw() % (4 * MIB), 0);
    assert_eq!(region.end.raw() - base, region_pages * PAGE);
    assert!(layout.stack().end().raw() * PAGE + 512 * 1024 <= region_pages * PAGE);
    assert!(layout.boot_pages() <= request.pages);

    // Packed, in order, and where the region maps them.
    let mut end = layout.kernel().first.raw();
    for element in layout.elements() {
        let first = element.first.raw();
        let mapped = first < region_pages;
        assert!(element.pages > 0);
        assert!(first == end || first == region_pages, "{element:?}");
        end = element.end().raw();
        match element.role {
            Role::P2m if request.init_p2m.is_some() => {
                assert!(!mapped && element.address == request.init_p2m);
            }
            Role::P2mTables => assert!(!mapped && element.address.is_none()),
            Role::Initrd if request.mod_start_pfn => assert!(!mapped && element.address.is_none()),
            _ => {
                let address = GuestAddress::new(base + first * PAGE);
                assert!(mapped && element.address == Some(address), "{element:?}");
            }
        }
    }

    // Each entry once, each table used.
    let mut entries = HashMap::new();
    let mut last_level = 0;
    for entry in layout.table_entries() {
        assert!(entry.level >= last_level);
        last_level = entry.level;
        assert!(
            entries.insert((entry.table, entry.index), entry).is_none(),
            "{entry:?}"
        );
    }
    let tables = layout.page_tables();
    let mut targets: Vec<_> = entries
        .values()
        .filter(|e| e.level > 1)
        .map(|e| e.target)
        .collect();
    targets.push(tables.first);
    targets.sort();
    let p2m_tables = layout.p2m_tables().into_iter();
    let all = [tables].into_iter().chain(p2m_tables);
    let expected: Vec<_> = all
        .flat_map(|e| (e.first.raw()..e.end().raw()).map(Pfn::new))
        .collect();
    assert_eq!(targets, expected);

    // Everything is mapped, exactly once, and tables are read-only.
    let mut leaves = 0;
    for page in 0..region_pages {
        let (frame, access) = walk(&entries, tables.first, base + page * PAGE).unwrap();
        assert_eq!(frame, Pfn::new(page));
        assert_eq!(access == Access::ReadOnly, tables.contains(frame));
        leaves += 1;
    }
    let p2m = layout.p2m();
    if request.init_p2m.is_some() {
        for page in 0..p2m.pages {
            let address = p2m.address.unwrap().raw() + page * PAGE;
            let target = Pfn::new(p2m.first.raw() + page);
            assert_eq!(
                walk(&entries, tables.first, address),
                Some((target, Access::ReadWrite))
            );
            leaves += 1;
        }
    }
    assert_eq!(
        entries.values().filter(|entry| entry.level == 1).count(),
        leaves
    );

    // start_info says the same.
    let fields = layout.start_info_fields();
    assert_eq!(fields.nr_pt_frames, tables.pages);
    assert_eq!(Some(fields.mfn_list), p2m.address);
    assert!(p2m.pages * PAGE >= request.pages * 8);
    if let Some(initrd) = layout.initrd() {
        assert_eq!(fields.mod_start_is_pfn, request.mod_start_pfn);
        assert!(initrd.pages * PAGE >= request.initrd_size);
    }
}

#[test]
fn linux_is_laid_out_as_the_abi_says() {
    let request = Request {
        initrd_size: 20 * MIB + 1,
        ..linux()
    };
    let layout = Layout::new(request.clone()).unwrap();
    check(&layout, &request);
    let fields = layout.start_info_fields();
    let region_pages = 76 * MIB / PAGE;
    assert_eq!(layout.region_pages(), region_pages);
    assert_eq!(
        layout.start_info().address,
        Some(GuestAddress::new(0xffff_ffff_84a0_0000))
    );
    // One L4, one L3, one L2, and an L1 for each 2 MiB.
    assert_eq!(fields.nr_pt_frames, 3 + 38);
    assert_eq!(fields.mod_start, region_pages);
    assert_eq!(fields.mod_len, 20 * MIB + 1);
    assert_eq!(fields.first_p2m_pfn, region_pages + 20 * MIB / PAGE + 1);
    // The list, an L1, an L2 and an L3.
    assert_eq!(fields.nr_p2m_frames, 256 + 3);
}

#[test]
fn without_notes_everything_is_in_the_region() {
    let request = Request {
        init_p2m: None,
        mod_start_pfn: false,
        initrd_size: 5 * MIB,
        rings: Rings::Present,
        ..linux()
    };
    let layout = Layout::new(request.clone()).unwrap();
    check(&layout, &request);
    let roles: Vec<_> = layout.elements().map(|element| element.role).collect();
    assert_eq!(
        roles,
        [
            Role::Kernel,
            Role::Initrd,
            Role::P2m,
            Role::StartInfo,
            Role::Xenstore,
            Role::Console,
            Role::PageTables,
            Role::Stack
        ]
    );
    let fields = layout.start_info_fields();
    assert_eq!(
        Some(fields.mod_start),
        layout.initrd().unwrap().address.map(GuestAddress::raw)
    );
    assert_eq!((fields.first_p2m_pfn, fields.nr_p2m_frames), (0, 0));
}

#[test]
fn a_p2m_list_beside_the_region_shares_its_tables() {
    // Just above the region, in the same L3 and L2; the region ends in the middle of an L2.
    let request = Request {
        virt_base: GuestAddress::new(0),
        init_p2m: Some(GuestAddress::new(76 * MIB)),
        entry: GuestAddress::new(16 * MIB),
        ..linux()
    };
    let layout = Layout::new(request.clone()).unwrap();
    check(&layout, &request);
    assert_eq!(layout.p2m_tables().unwrap().pages, 1);
}

#[test]
fn refusals_name_their_cause() {
    let at = |address| Request {
        virt_base: GuestAddress::new(address),
        ..linux()
    };
    let p2m = |address| Request {
        init_p2m: Some(GuestAddress::new(address)),
        ..linux()
    };
    let unmappable = |request| match Layout::new(request).unwrap_err() {
        LayoutError::Unmappable { role, .. } => Some(role),
        _ => None,
    };
    // The hypervisor's part, what is not canonical, what wraps, and what crosses into them.
    for address in [
        0xffff_8000_0000_0000,
        0xffff_87ff_ffff_f000,
        0x8000_0000_0000,
        0x7fff_ff00_0000,
        0xffff_ffff_ff00_0000,
        0xdead_0000_0000_0000,
    ] {
        assert_eq!(unmappable(at(address)), Some(Role::Kernel), "{address:#x}");
    }
    for address in [
        0xffff_8000_0000_0000,
        0x7fff_ffff_f000,
        0xffff_ffff_ffff_f000,
    ] {
        assert_eq!(unmappable(p2m(address)), Some(Role::P2m), "{address:#x}");
    }
    assert!(matches!(
        Layout::new(at(0x1001)),
        Err(LayoutError::Misaligned {
            role: Role::Kernel,
            ..
        })
    ));
    assert!(matches!(
        Layout::new(p2m(1)),
        Err(LayoutError::Misaligned {
            role: Role::P2m,
            ..
        })
    ));
    assert!(matches!(
        Layout::new(p2m(0xffff_ffff_8000_0000)),
        Err(LayoutError::Overlap { .. })
    ));
    let large = Request {
        initrd_size: u64::MAX,
        ..linux()
    };
    assert!(matches!(
        Layout::new(large),
        Err(LayoutError::TooLittleMemory { .. })
    ));
}

#[test]
fn the_smallest_memory_is_told_exactly() {
    let request = Request {
        initrd_size: 3 * MIB,
        pages: 70 * MIB / PAGE,
        ..linux()
    };
    let Err(error @ LayoutError::TooLittleMemory { kernel, initrd, .. }) = Layout::new(request)
    else {
        panic!("it fits");
    };
    assert_eq!((kernel, initrd), (74 * MIB / PAGE, 3 * MIB / PAGE));
    assert_eq!(error.to_string().lines().count(), 1);
    // Region, list and its three tables.
    let least = (76 + 3) * MIB / PAGE + 40 + 3;
    assert!(
        Layout::new(Request {
            initrd_size: 3 * MIB,
            pages: least,
            ..linux()
        })
        .is_ok()
    );
    assert!(
        Layout::new(Request {
            initrd_size: 3 * MIB,
            pages: least - 1,
            ..linux()
        })
        .is_err()
    );
}

proptest! {
    #[test]
    fn every_layout_keeps_the_abi(
        base in prop::sample::select(vec![
            0, 0x40_0000, 0x7f_ffff_f000, 0x3fff_f000, 0xffff_ffff_8000_0000,
            0xffff_8800_0000_0000, 0x7fff_0000_0000, 0xffff_ff7f_ff00_0000_u64,
        ]),
        start in 0_u64..4 * MIB,
        size in 1_u64..20 * MIB,
        p2m in prop::option::of(0_u64..1 << 36),
        mod_start_pfn: bool,
        initrd_size in 0_u64..10 * MIB,
        pages in 0_u64..20_000,
        rings: bool,
    ) {
        let request = Request {
            virt_base: GuestAddress::new(base),
            entry: GuestAddress::new(base),
            kernel: start..start + size,
            init_p2m: p2m.map(|page| GuestAddress::new(page * PAGE)),
            mod_start_pfn,
            initrd_size,
            pages,
            rings: if rings { Rings::Present } else { Rings::Absent },
        };
        match Layout::new(request.clone()) {
            Ok(layout) => check(&layout, &request),
            Err(LayoutError::TooLittleMemory { needed, available, .. }) => {
                prop_assert!(available < needed);
            }
            Err(_) => {}
        }
    }

    #[test]
    fn nothing_is_too_wild(numbers: [u64; 7], pfn: bool) {
        let [base, entry, start, end, p2m, initrd_size, pages] = numbers;
        let _ = Layout::new(Request {
            virt_base: GuestAddress::new(base & !0xfff),
            entry: GuestAddress::new(entry),
            kernel: start..end,
            init_p2m: Some(GuestAddress::new(p2m & !0xfff)),
            mod_start_pfn: pfn,
            initrd_size: initrd_size >> (end % 64),
            pages: pages >> (start % 64),
            rings: Rings::Absent,
        });
    }
}
