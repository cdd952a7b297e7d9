//! From the boot loader's memory to the hypervisor's address space.
// UNSAFETY: loads the first root table of the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::PAGE_SIZE;
use ringwall_model::memory::Frame;

use super::early::EarlyMemory;
use super::paging::{self, Access, PageSize, Tables};
use super::{frames, words};
use crate::cpu::control;
use crate::cpu::features::{Features, features};
use crate::layout::{DIRECT_MAP_START, FRAME_TABLE_START, M2P_START, M2P_WRITE_START};
use crate::symbols::{self, Section};

/// Why the address space could not be made.
#[derive(Clone, Copy, Debug)]
pub struct OutOfMemory;

const LARGE: u64 = 2 << 20;
const PAGE: u64 = PAGE_SIZE as u64;

/// Builds the hypervisor's page tables, frame table and machine-to-physical table, and moves to them.
///
/// Called once, on the boot tables.
///
/// # Errors
/// No room below 4 GiB for the tables.
pub fn build(memory: &mut EarlyMemory) -> Result<(), OutOfMemory> {
    let no_execute = features().contains(Features::NX);
    let tables = Tables::new(no_execute, &mut || page(memory)).ok_or(OutOfMemory)?;
    let mut tables = tables;
    let mut build = || -> Option<()> {
        map_direct(&mut tables, memory)?;
        map_image(&mut tables, memory)?;
        let frame = size_of::<Frame>() as u64;
        map_table(
            &mut tables,
            memory,
            frame,
            &[(FRAME_TABLE_START, Access::WRITE)],
        )?;
        map_table(
            &mut tables,
            memory,
            8,
            &[(M2P_START, Access::GUEST), (M2P_WRITE_START, Access::WRITE)],
        )
    };
    build().ok_or(OutOfMemory)?;
    let root = tables.root();
    paging::publish(tables);
    // SAFETY: 1. the tables map the image and, by the direct map, the boot stack; 2. they are kept for good.
    unsafe { control::load_root(root) };
    frames::publish(memory.ram());
    Ok(())
}

/// A zeroed page for a table. The boot tables map everything that `take` hands out.
fn page(memory: &mut EarlyMemory) -> Option<u64> {
    let address = memory.take(PAGE, PAGE)?;
    words::clear_early(address, PAGE);
    Some(address)
}

/// All RAM, and all below it and between its ranges up to the next large page.
fn map_direct(tables: &mut Tables, memory: &mut EarlyMemory) -> Option<()> {
    let access = Access::WRITE | Access::NO_EXECUTE;
    let first = (0, LARGE);
    for index in 0..=memory.ram().len() {
        let (start, end) = match index
            .checked_sub(1)
            .and_then(|index| memory.ram().get(index))
        {
            Some(range) => (
                range.start / LARGE * LARGE,
                range.end.next_multiple_of(LARGE),
            ),
            None => first,
        };
        let mut address = start;
        while address < end {
            tables.map(
                DIRECT_MAP_START + address,
                address,
                PageSize::Large,
                access,
                &mut || page(memory),
            )?;
            address += LARGE;
        }
    }
    Some(())
}

fn map_image(tables: &mut Tables, memory: &mut EarlyMemory) -> Option<()> {
    let entry = symbols::entry_page();
    let sections = [
        (symbols::text(), Access::empty()),
        (symbols::constants(), Access::NO_EXECUTE),
        (
            Section {
                start: entry,
                end: entry + PAGE,
            },
            Access::NO_EXECUTE,
        ),
        (symbols::data(), Access::WRITE | Access::NO_EXECUTE),
        (symbols::names(), Access::NO_EXECUTE),
    ];
    for (section, access) in sections {
        let mut address = section.start / PAGE * PAGE;
        while address < section.end {
            tables.map(
                address,
                symbols::physical(address),
                PageSize::Small,
                access,
                &mut || page(memory),
            )?;
            address += PAGE;
        }
    }
    Some(())
}

/// Backs a table of `item` bytes per frame, by large pages, for all RAM, at each of the addresses.
fn map_table(
    tables: &mut Tables,
    memory: &mut EarlyMemory,
    item: u64,
    views: &[(u64, Access)],
) -> Option<()> {
    let mut mapped_to = 0;
    for index in 0.. {
        let Some(&range) = memory.ram().get(index) else {
            break;
        };
        let start = (range.start / PAGE * item).max(mapped_to);
        let end = range.end / PAGE * item;
        let mut offset = start / PAGE * PAGE;
        while offset < end {
            // Whole large pages where the table is long, small ones at its ends.
            let large = offset.is_multiple_of(LARGE) && end - offset >= LARGE;
            let (size, kind) = if large {
                (LARGE, PageSize::Large)
            } else {
                (PAGE, PageSize::Small)
            };
            let physical = memory.take(size, size)?;
            words::clear_early(physical, size);
            for &(base, access) in views {
                let access = access | Access::NO_EXECUTE;
                tables.map(base + offset, physical, kind, access, &mut || page(memory))?;
            }
            offset += size;
        }
        mapped_to = offset;
    }
    Some(())
}
