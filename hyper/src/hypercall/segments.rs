//! `stack_switch` (3) and `set_segment_base` (25).
//!
//! `stack_switch`: selector (always the flat one), top of the kernel's stack. `set_segment_base`:
//! which base, its value; for the last one a selector of `gs` in user mode. Results: 0; `EINVAL` for
//! an address that is not canonical or is the hypervisor's, or an unknown base.

use ringwall_abi::Errno;
use ringwall_abi::arch_x86::SegmentBase;
use ringwall_hw::cpu::local;
use ringwall_hw::cpu::msr::GuestBase;
use ringwall_hw::guest::selectors;
use ringwall_model::segment::Selector;

use super::{Call, Result};

pub(super) fn stack_switch(call: &mut Call<'_>) -> Result {
    let top = kernel_stack(call.number(1)).ok_or(Errno::EINVAL)?;
    local::current().guest.kernel_stack.set(top);
    Ok(0)
}

/// The top of a kernel stack as the entry code takes it: aligned, and such that no frame pushed below
/// it lies in the hypervisor's slots.
pub(crate) fn kernel_stack(top: u64) -> Option<u64> {
    const FRAME: u64 = 128;
    let top = top & !15;
    let outside = ringwall_hw::layout::outside_hypervisor;
    let good = ringwall_abi::is_canonical(top) && outside(top) && outside(top.wrapping_sub(FRAME));
    good.then_some(top)
}

pub(super) fn set_segment_base(call: &mut Call<'_>) -> Result {
    let value = call.number(1);
    let base = SegmentBase::from_number(call.number(0) & 0xffff_ffff).ok_or(Errno::EINVAL)?;
    let outcome = match base {
        SegmentBase::Fs => GuestBase::Fs.set(value),
        // The hypercall comes from kernel mode, whose base is in force.
        SegmentBase::GsUser => GuestBase::OtherGs.set(value),
        SegmentBase::GsKernel => GuestBase::Gs.set(value),
        SegmentBase::GsUserSelector => {
            load_user_gs(value);
            Ok(())
        }
    };
    match outcome {
        Ok(()) => Ok(0),
        Err(()) => Err(Errno::EINVAL.into()),
    }
}

/// Loads a selector as user mode's `gs`: its base becomes that mode's, the kernel's stays.
fn load_user_gs(value: u64) {
    let kernel = GuestBase::Gs.get();
    #[expect(clippy::cast_possible_truncation, reason = "a selector has 16 bits")]
    let selector = Selector::new(value as u16).for_data().raw();
    // A selector that can't be loaded is null, as the CPU does on the way to user mode.
    let _ = selectors::load_gs(selector);
    let user = GuestBase::Gs.get();
    // Both values were in the registers before: they are canonical.
    let _ = GuestBase::Gs.set(kernel);
    let _ = GuestBase::OtherGs.set(user);
}
