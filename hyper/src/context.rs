//! The state in which a virtual CPU starts, as `vcpu_guest_context` has it.

use core::sync::atomic::Ordering;

use ringwall_abi::arch_x86::{
    CpuUserRegs, FLAT_RING3_CS64, TrapFlags, VcpuContextFlags, VcpuGuestContext,
};
use ringwall_abi::{Errno, GuestAddress, Mfn, PAGE_SIZE};
use ringwall_hw::guest::selectors::DataSelectors;
use ringwall_model::emulate::control::{GuestCr4, TaskSwitched, read_cr0};
use ringwall_model::emulate::debug::DebugRegisters;
use ringwall_model::emulate::flags;
use ringwall_model::memory::{Level, TypeReference};
use ringwall_model::segment::Selector;

use crate::hypercall::{Result, Stop, code_address, kernel_stack, set_gdt_frames};
use crate::machine::memory;
use crate::trap::{RingLayout, cr4_policy};
use crate::vcpu::{Handler, State, Vcpu};
use zerocopy::FromZeros as _;

/// Descriptors of an LDT at most.
const MAX_LDT_ENTRIES: u64 = 8192;

/// Gives a virtual CPU that has none its state.
///
/// # Errors
/// `EEXIST` if it has one; `EINVAL` for an address that is not canonical or is the hypervisor's, an LDT
/// that can't be one, a root that can't be one, user mode without a root, debug registers that a guest may not have, or
/// frames that are no pages of descriptors.
pub(crate) fn initialise(vcpu: &'static Vcpu, context: &VcpuGuestContext) -> Result<()> {
    if vcpu.initialised.load(Ordering::Acquire) {
        return Err(Errno::EEXIST.into());
    }
    let layout = RingLayout;
    let address = |address: u64| code_address(address).ok_or(Stop::Errno(Errno::EINVAL));
    let base = |base: u64| {
        if ringwall_abi::is_canonical(base) {
            Ok(base)
        } else {
            Err(Stop::Errno(Errno::EINVAL))
        }
    };
    let registers = &context.user_regs;
    if !ringwall_abi::is_canonical(registers.rip) {
        return Err(Errno::EINVAL.into());
    }
    for trap in &context.trap_ctxt {
        address(trap.address.raw())?;
    }
    let ldt = (context.ldt_base, context.ldt_ents);
    if ldt.1 != 0
        && (address(ldt.0).is_err()
            || !ldt.0.is_multiple_of(PAGE_SIZE as u64)
            || ldt.1 > MAX_LDT_ENTRIES)
    {
        return Err(Errno::EINVAL.into());
    }
    let (event, failsafe, syscall) = (
        address(context.event_callback_eip)?,
        address(context.failsafe_callback_eip)?,
        address(context.syscall_callback_eip)?,
    );
    let (fs, gs_kernel, gs_user) = (
        base(context.fs_base)?,
        base(context.gs_base_kernel)?,
        base(context.gs_base_user)?,
    );
    let stack = kernel_stack(context.kernel_sp).ok_or(Errno::EINVAL)?;
    let entries = usize::try_from(context.gdt_ents).unwrap_or(usize::MAX);
    let pages = entries.div_ceil(512);
    let frames = context
        .gdt_frames
        .get(..pages)
        .filter(|frames| frames.len() <= 14)
        .ok_or(Errno::EINVAL)?;
    let mut gdt = [Mfn::new(0); 14];
    for (slot, frame) in gdt.iter_mut().zip(frames) {
        *slot = Mfn::new(*frame);
    }
    let in_kernel = context.flags.contains(VcpuContextFlags::IN_KERNEL);
    // User mode without a root of its own would run on frame 0, whatever is there.
    if !in_kernel && context.ctrlreg[1] == 0 {
        return Err(Errno::EINVAL.into());
    }
    let cr4 = cr4_policy().read(GuestCr4::default());
    let debug = DebugRegisters::from_context(&context.debugreg, cr4).map_err(|_| Errno::EINVAL)?;
    set_gdt_frames(vcpu, gdt.get(..pages).unwrap_or(&[]), entries)?;
    let root = VcpuGuestContext::cr3_to_mfn(context.ctrlreg[3]);
    let user_root = VcpuGuestContext::cr3_to_mfn(context.ctrlreg[1]);
    let mut guard = vcpu.state.lock();
    let state = &mut *guard;
    if vcpu.initialised.load(Ordering::Acquire) {
        return Err(Errno::EEXIST.into());
    }
    let kernel_root = memory().get_root(root, vcpu.domain().id(), &mut state.unfinished)?;
    let user_root = if context.ctrlreg[1] == 0 {
        None
    } else {
        match memory().get_root(user_root, vcpu.domain().id(), &mut state.unfinished) {
            Ok(user_root) => Some(user_root),
            Err(error) => {
                memory().release_root(kernel_root, &mut state.unfinished);
                return Err(error.into());
            }
        }
    };
    state.kernel_root = Some(kernel_root);
    state.user_root = user_root;
    for (handler, trap) in state.traps.iter_mut().zip(&context.trap_ctxt) {
        *handler = Handler {
            address: code_address(trap.address.raw()).unwrap_or(0),
            masks_events: trap.flags.bits() & 4 != 0,
            dpl: trap.flags.dpl(),
        };
    }
    state.debug = debug;
    if context.flags.contains(VcpuContextFlags::I387_VALID) {
        state.fpu.set_legacy_image(&context.fpu_ctxt);
    }
    state.kernel_mode = in_kernel;
    state.kernel_stack = stack;
    // The ABI has no other place for the I/O privilege of a new virtual CPU.
    state.iopl = (registers.rflags >> 12 & 3) as u8;
    state.event_callback = event;
    state.failsafe_callback = failsafe;
    state.syscall_target = syscall;
    state.syscall_masks_events = context
        .flags
        .contains(VcpuContextFlags::SYSCALL_DISABLES_EVENTS);
    state.failsafe_masks_events = context
        .flags
        .contains(VcpuContextFlags::FAILSAFE_DISABLES_EVENTS);
    let selector = |raw: u16| Selector::new(raw).for_data().raw();
    state.selectors = DataSelectors {
        ds: selector(registers.ds),
        es: selector(registers.es),
        fs: selector(registers.fs),
        gs: selector(registers.gs),
    };
    state.fs_base = fs;
    (state.gs_base, state.other_gs_base) = if state.kernel_mode {
        (gs_kernel, gs_user)
    } else {
        (gs_user, gs_kernel)
    };
    let code = |raw: u16, flat: u64| {
        Selector::new(raw)
            .for_code_or_stack()
            .map_or(flat, |selector| selector.raw().into())
    };
    let frame = &mut state.frame;
    frame.r15 = registers.r15;
    frame.r14 = registers.r14;
    frame.r13 = registers.r13;
    frame.r12 = registers.r12;
    frame.rbp = registers.rbp;
    frame.rbx = registers.rbx;
    frame.r11 = registers.r11;
    frame.r10 = registers.r10;
    frame.r9 = registers.r9;
    frame.r8 = registers.r8;
    frame.rax = registers.rax;
    frame.rcx = registers.rcx;
    frame.rdx = registers.rdx;
    frame.rsi = registers.rsi;
    frame.rdi = registers.rdi;
    frame.rip = registers.rip;
    frame.rsp = registers.rsp;
    frame.cs = code(registers.cs, layout.kernel_cs());
    frame.ss = code(registers.ss, layout.kernel_ss());
    frame.rflags = flags::on_exit(registers.rflags);
    frame.exit_by_iret();
    vcpu.initialised.store(true, Ordering::Release);
    Ok(())
}

/// The state of a virtual CPU that does not run, as [`initialise`] takes it.
pub(crate) fn describe(vcpu: &Vcpu) -> VcpuGuestContext {
    let layout = RingLayout;
    let state = vcpu.state.lock();
    let mut context = VcpuGuestContext::new_zeroed();
    context.fpu_ctxt = state.fpu.legacy_image();
    context.flags = VcpuContextFlags::I387_VALID;
    let flags = [
        (state.kernel_mode, VcpuContextFlags::IN_KERNEL),
        (
            state.failsafe_masks_events,
            VcpuContextFlags::FAILSAFE_DISABLES_EVENTS,
        ),
        (
            state.syscall_masks_events,
            VcpuContextFlags::SYSCALL_DISABLES_EVENTS,
        ),
        (vcpu.up.load(Ordering::Relaxed), VcpuContextFlags::ONLINE),
    ];
    for (on, flag) in flags {
        context.flags.set(flag, on);
    }
    registers(&state, &mut context.user_regs);
    context.user_regs.saved_upcall_mask = vcpu.is_masked().into();
    for ((trap, handler), vector) in context.trap_ctxt.iter_mut().zip(&state.traps).zip(0..) {
        let masks = if handler.masks_events { 4 } else { 0 };
        trap.vector = vector;
        trap.flags = TrapFlags::from_bits_retain(handler.dpl | masks);
        trap.cs = FLAT_RING3_CS64;
        trap.address = GuestAddress::new(handler.address);
    }
    context.ldt_ents = state.ldt_entries.into();
    context.gdt_ents = state.gdt_entries.into();
    for (slot, page) in context.gdt_frames.iter_mut().zip(&state.gdt) {
        *slot = page.as_ref().map_or(0, |page| page.mfn().raw());
    }
    context.kernel_ss = layout.kernel_ss();
    context.kernel_sp = state.kernel_stack;
    let task_switched = if state.task_switched {
        TaskSwitched::Set
    } else {
        TaskSwitched::Clear
    };
    let root = |root: &Option<TypeReference<Level>>| {
        root.as_ref()
            .map_or(0, |root| VcpuGuestContext::mfn_to_cr3(root.mfn()))
    };
    let cr4 = cr4_policy().read(state.cr4);
    let [cr0, cr1, _, cr3, cr4_place, ..] = &mut context.ctrlreg;
    *cr0 = read_cr0(task_switched);
    *cr1 = root(&state.user_root);
    *cr3 = root(&state.kernel_root);
    *cr4_place = cr4.bits();
    for (value, index) in context.debugreg.iter_mut().zip(0..) {
        *value = state.debug.get(index, cr4).unwrap_or(0);
    }
    context.event_callback_eip = state.event_callback;
    context.failsafe_callback_eip = state.failsafe_callback;
    context.syscall_callback_eip = state.syscall_target;
    context.vm_assist = vcpu.domain().assists().load(Ordering::Relaxed);
    context.fs_base = state.fs_base;
    (context.gs_base_kernel, context.gs_base_user) = if state.kernel_mode {
        (state.gs_base, state.other_gs_base)
    } else {
        (state.other_gs_base, state.gs_base)
    };
    context
}

fn registers(state: &State, registers: &mut CpuUserRegs) {
    let frame = &state.frame;
    #[expect(clippy::cast_possible_truncation, reason = "selectors have 16 bits")]
    let (cs, ss) = (frame.cs as u16, frame.ss as u16);
    registers.r15 = frame.r15;
    registers.r14 = frame.r14;
    registers.r13 = frame.r13;
    registers.r12 = frame.r12;
    registers.rbp = frame.rbp;
    registers.rbx = frame.rbx;
    registers.r11 = frame.r11;
    registers.r10 = frame.r10;
    registers.r9 = frame.r9;
    registers.r8 = frame.r8;
    registers.rax = frame.rax;
    registers.rcx = frame.rcx;
    registers.rdx = frame.rdx;
    registers.rsi = frame.rsi;
    registers.rdi = frame.rdi;
    registers.rip = frame.rip;
    registers.rsp = frame.rsp;
    registers.cs = cs;
    registers.ss = ss;
    registers.rflags = frame.rflags | u64::from(state.iopl) << 12;
    registers.ds = state.selectors.ds;
    registers.es = state.selectors.es;
    registers.fs = state.selectors.fs;
    registers.gs = state.selectors.gs;
}
