//! The state in which the first virtual CPU starts.

use ringwall_abi::arch_x86::{
    CpuUserRegs, FLAT_KERNEL_CS, FLAT_KERNEL_DS, FLAT_KERNEL_SS, VcpuContextFlags, VcpuGuestContext,
};
use ringwall_abi::{GuestAddress, Mfn};
use ringwall_image::Layout;

/// Interrupts are on: bit 9 of the flags, and bit 1, which is always set. SDM vol. 1 3.4.3.
const RFLAGS: u64 = 1 << 9 | 1 << 1;
/// DR6 and DR7 after a reset. SDM vol. 3A table 10-1.
const DR6: u64 = 0xffff_0ff0;
const DR7: u64 = 0x400;

/// The state, as `public/xen.h` has it under "Start-of-day memory layout": `rsi` points to `start_info`.
pub(crate) fn first_vcpu(layout: &Layout, root: Mfn) -> VcpuGuestContext {
    let stack = layout.stack_pointer().raw();
    let mut context = VcpuGuestContext {
        flags: VcpuContextFlags::IN_KERNEL | VcpuContextFlags::ONLINE,
        user_regs: CpuUserRegs {
            rip: layout.entry().raw(),
            rsp: stack,
            rsi: layout.start_info().address.map_or(0, GuestAddress::raw),
            rflags: RFLAGS,
            cs: FLAT_KERNEL_CS,
            ss: FLAT_KERNEL_SS,
            ds: FLAT_KERNEL_DS,
            es: FLAT_KERNEL_DS,
            fs: FLAT_KERNEL_DS,
            gs: FLAT_KERNEL_DS,
            ..CpuUserRegs::default()
        },
        kernel_ss: FLAT_KERNEL_SS.into(),
        kernel_sp: stack,
        ..VcpuGuestContext::default()
    };
    let [_, _, _, cr3, ..] = &mut context.ctrlreg;
    *cr3 = VcpuGuestContext::mfn_to_cr3(root);
    let [.., dr6, dr7] = &mut context.debugreg;
    (*dr6, *dr7) = (DR6, DR7);
    context
}
