//! Memory maps: the machine's, and that of each domain.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ringwall_abi::memory::{E820Entry, ForeignMemoryMap, MemoryMap as Request};
use ringwall_abi::{Errno, GuestAddress};
use ringwall_hw::boot::Region;
use spin::{Mutex, Once};

use crate::hypercall::{Call, Result, read_element, write_element};

/// Most entries of a domain's map: what a BIOS has room for.
const MAX_ENTRIES: usize = 128;

/// The machine's, as its firmware told it to the boot loader.
static MACHINE: Once<Box<[E820Entry]>> = Once::new();

/// A domain's map of its physical memory, empty where none was set.
#[derive(Default)]
pub(crate) struct MemoryMap(Mutex<Box<[E820Entry]>>);

impl MemoryMap {
    /// Forgets it.
    pub(crate) fn clear(&self) {
        *self.0.lock() = Box::default();
    }
}

/// Keeps the machine's map, once, at boot.
pub(crate) fn set_machine_map(regions: &[Region]) {
    let entry = |region: &Region| E820Entry {
        address: region.start,
        size: region.end - region.start,
        kind: region.kind.number(),
    };
    MACHINE.call_once(|| regions.iter().map(entry).collect());
}

/// `XENMEM_memory_map`: the caller's own.
///
/// # Errors
/// `ENOSYS` where none was set: the guest then knows its memory by its size alone.
pub(super) fn own(call: &Call<'_>) -> Result {
    let map = call.domain().memory_map().0.lock();
    if map.is_empty() {
        return Err(Errno::ENOSYS.into());
    }
    answer(call, &map)
}

/// `XENMEM_machine_memory_map`: for the privileged. What the hypervisor has for itself stays RAM
/// in it, as guests take what is no RAM for devices.
pub(super) fn machine(call: &Call<'_>) -> Result {
    call.require_privilege()?;
    answer(call, MACHINE.get().map_or(&[], |map| map))
}

/// `XENMEM_set_memory_map`: for the privileged.
///
/// # Errors
/// `EINVAL` for more than 128 entries; `ENOMEM`.
pub(super) fn set(call: &Call<'_>) -> Result {
    call.require_privilege()?;
    let request: ForeignMemoryMap = call.read(1)?;
    let domain = call.domain_named(request.domid)?;
    let map = read(request.map.buffer, request.map.nr_entries)?;
    *domain.memory_map().0.lock() = map;
    Ok(0)
}

fn read(buffer: GuestAddress, count: u32) -> Result<Box<[E820Entry]>> {
    let room = usize::try_from(count)
        .ok()
        .filter(|&room| room <= MAX_ENTRIES);
    let mut map = Vec::new();
    map.try_reserve_exact(room.ok_or(Errno::EINVAL)?)
        .map_err(|_| Errno::ENOMEM)?;
    for index in 0..u64::from(count) {
        map.push(read_element(buffer, index)?);
    }
    Ok(map.into_boxed_slice())
}

/// Writes as many entries as there is room for, and how many; without a buffer, how many there are.
fn answer(call: &Call<'_>, map: &[E820Entry]) -> Result {
    let mut request: Request = call.read(1)?;
    if request.buffer.is_null() {
        request.nr_entries = number(map.len());
    } else {
        request.nr_entries = request.nr_entries.min(number(map.len()));
        for (entry, index) in map.iter().zip(0..u64::from(request.nr_entries)) {
            write_element(request.buffer, index, entry)?;
        }
    }
    call.write(1, &request)?;
    Ok(0)
}

fn number(entries: usize) -> u32 {
    u32::try_from(entries).unwrap_or(u32::MAX)
}
