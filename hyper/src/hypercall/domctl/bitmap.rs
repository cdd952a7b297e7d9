//! Sets of CPUs as bitmaps of the guest's.

use ringwall_abi::Errno;
use ringwall_abi::xen::ControlBitmap;
use ringwall_hw::memory::guest;
use ringwall_model::sched::{CPUS, CpuId, CpuSet};

use crate::hypercall::Result;

const BYTES: usize = CPUS as usize / 8;

/// Reads a set; CPUs beyond what a set holds are none.
pub(in crate::hypercall) fn read(bitmap: &ControlBitmap) -> Result<CpuSet> {
    let mut bytes = [0u8; BYTES];
    let bits = bitmap.bits.min(CPUS);
    let length = bits.div_ceil(8) as usize;
    guest::copy_in(bytes.get_mut(..length).unwrap_or(&mut []), bitmap.bitmap)?;
    let is_in = |cpu: &u32| {
        let byte = bytes.get(*cpu as usize / 8).copied().unwrap_or(0);
        byte >> (cpu % 8) & 1 != 0
    };
    let cpus = (0..bits).filter(is_in).map(CpuId::new);
    Ok(cpus.fold(CpuSet::EMPTY, CpuSet::with))
}

/// Writes a set, as far as the bitmap goes; what lies beyond [`CPUS`] is cleared.
pub(in crate::hypercall) fn write(bitmap: &ControlBitmap, set: &CpuSet) -> Result<()> {
    let mut bytes = [0u8; BYTES];
    for cpu in (0..bitmap.bits.min(CPUS)).filter(|cpu| set.contains(CpuId::new(*cpu))) {
        if let Some(byte) = bytes.get_mut(cpu as usize / 8) {
            *byte |= 1 << (cpu % 8);
        }
    }
    let length = bitmap.bits.div_ceil(8);
    for index in 0..u64::from(length) {
        let byte = usize::try_from(index)
            .ok()
            .and_then(|index| bytes.get(index));
        let place = bitmap.bitmap.checked_add(index).ok_or(Errno::EFAULT)?;
        // Toolstacks pass a few bytes; a long bitmap ends where the set does.
        let Some(byte) = byte else { break };
        guest::write(place, byte)?;
    }
    Ok(())
}
