//! Privileged instructions of a guest, done for it.

use ringwall_abi::GuestAddress;
use ringwall_hw::cpu::features::{Features, cpuid, features};
use ringwall_hw::cpu::{control, fixed_cr4, local, msr};
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::guest::{fpu, mode};
use ringwall_hw::memory::guest;
use ringwall_hw::port;
use ringwall_model::cpuid::{GuestCpuid, Leaf, TimeSource, TscMode, Vcpu as CpuidVcpu, Xcr0};
use ringwall_model::emulate::control::{self as guest_control, Cr4, Cr4Policy, TaskSwitched};
use ringwall_model::emulate::privileged::{
    ControlRegister, CpuidForm, Instruction, Privileged, WordOperand, pair, set_pair,
};
use ringwall_model::emulate::{
    Register, RegisterFile, RegisterPart, SegmentBases, Width, step_over,
};
use ringwall_model::msr as policy;
use spin::Once;

use crate::hypercall::Stop;
use crate::vcpu::Vcpu;
use crate::{clock, irq};

/// The guest gets its #GP.
pub(super) struct Refused;

/// How far an instruction came.
enum Progress {
    /// To its end.
    Done,
    /// Something else waits: the guest executes it again.
    Again,
}

static CR4: Once<Cr4Policy> = Once::new();
static CPUID: Once<GuestCpuid> = Once::new();

fn host(leaf: u32, subleaf: u32) -> Leaf {
    cpuid(leaf, subleaf).into()
}

/// What guests may do with CR4.
pub(crate) fn cr4_policy() -> &'static Cr4Policy {
    CR4.call_once(|| {
        let fsgsbase = features().contains(Features::FSGSBASE);
        let supported = Cr4::TSD
            | Cr4::DE
            | if fsgsbase {
                Cr4::FSGSBASE
            } else {
                Cr4::empty()
            };
        let xsave = features().contains(Features::XSAVE);
        let supported = supported | if xsave { Cr4::OSXSAVE } else { Cr4::empty() };
        Cr4Policy::new(
            supported,
            Cr4::from_bits_truncate(fixed_cr4() & !Cr4::OSXSAVE.bits()),
        )
    })
}

fn guest_cpuid() -> &'static GuestCpuid {
    CPUID.call_once(|| GuestCpuid::new(&host, cr4_policy()))
}

/// Does a privileged instruction for the guest's kernel, or user code that has the right.
pub(super) fn emulate(
    vcpu: &'static Vcpu,
    frame: &mut GuestFrame,
    instruction: &Instruction,
) -> Result<(), Refused> {
    vcpu.counters.emulated_instructions.count();
    let in_kernel = mode::in_kernel(local::current());
    let length = instruction.length;
    match instruction.operation {
        Privileged::Cpuid(form) => do_cpuid(vcpu, frame, form),
        Privileged::In { port, width } => {
            let value = read_port(vcpu, port.number(frame), width)?;
            RegisterPart::low(Register::Rax, width).write(frame, value.into());
        }
        Privileged::Out { port, width } => {
            let value = RegisterPart::low(Register::Rax, width).read(frame);
            write_port(vcpu, port.number(frame), width, value)?;
        }
        Privileged::InString(operation) => {
            if let Some(address) = operation.address(frame, &bases()) {
                let value = read_port(vcpu, operation.port(frame), operation.width())?;
                let bytes = value.to_le_bytes();
                let part = bytes.get(..byte_count(operation.width())?).ok_or(Refused)?;
                guest::copy_out(GuestAddress::new(address), part).map_err(|_| Refused)?;
                operation.advance(frame, length);
                return Ok(());
            }
        }
        Privileged::OutString(operation) => {
            if let Some(address) = operation.address(frame, &bases()) {
                let mut bytes = [0; 4];
                let part = bytes
                    .get_mut(..byte_count(operation.width())?)
                    .ok_or(Refused)?;
                guest::copy_in(part, GuestAddress::new(address)).map_err(|_| Refused)?;
                let value = u32::from_le_bytes(bytes);
                write_port(vcpu, operation.port(frame), operation.width(), value.into())?;
                operation.advance(frame, length);
                return Ok(());
            }
        }
        Privileged::Smsw(WordOperand::Register(part)) => {
            part.write(frame, guest_control::read_cr0(task_switched(vcpu)));
        }
        _ if !in_kernel => return Err(Refused),
        // They trap where the guest set CR4.TSD, which is to keep them from its user code.
        Privileged::Rdtsc => set_pair(frame, control::tsc()),
        Privileged::Rdtscp => {
            set_pair(frame, control::tsc());
            frame.set(Register::Rcx, vcpu.state.lock().tsc_aux.into());
        }
        // The event mask is what counts; Linux uses these only before it knows that.
        Privileged::Cli | Privileged::Sti => {}
        Privileged::Hlt => crate::hypercall::block(vcpu),
        Privileged::Clts => set_task_switched(vcpu, TaskSwitched::Clear),
        Privileged::ReadControl { from, to } => {
            let value = read_control(vcpu, from)?;
            frame.set(to, value);
        }
        Privileged::WriteControl { to, from } => match write_control(vcpu, to, frame.get(from))? {
            Progress::Done => {}
            Progress::Again => return Ok(()),
        },
        Privileged::ReadDebug { from, to } => {
            let state = vcpu.state.lock();
            let cr4 = cr4_policy().read(state.cr4);
            frame.set(to, state.debug.get(from, cr4).map_err(|_| Refused)?);
        }
        Privileged::WriteDebug { to, from } => {
            set_debug_register(vcpu, to, frame.get(from)).map_err(|_| Refused)?;
        }
        Privileged::Lmsw(WordOperand::Register(part)) => {
            let value = u16::try_from(part.read(frame) & 0xffff).map_err(|_| Refused)?;
            set_task_switched(vcpu, guest_control::lmsw(value).map_err(|_| Refused)?);
        }
        Privileged::Lmsw(WordOperand::Memory(_)) | Privileged::Smsw(WordOperand::Memory(_)) => {
            return Err(Refused);
        }
        Privileged::Invlpg(operand) => {
            let address = operand.address(frame, length, &bases());
            if ringwall_hw::layout::outside_hypervisor(address) {
                control::invalidate_page(address);
            }
        }
        Privileged::Invd | Privileged::Wbinvd => {
            if vcpu.domain().is_privileged() {
                control::write_back_caches();
            }
        }
        Privileged::Rdmsr => {
            let value = read_msr(vcpu, register_number(frame))?;
            set_pair(frame, value);
        }
        Privileged::Wrmsr => write_msr(vcpu, register_number(frame), pair(frame))?,
        Privileged::Xgetbv => {
            if frame.get(Register::Rcx) & 0xffff_ffff != 0 || !features().contains(Features::XSAVE)
            {
                return Err(Refused);
            }
            set_pair(frame, vcpu.state.lock().fpu.components());
        }
        Privileged::Xsetbv => {
            let value = pair(frame);
            if frame.get(Register::Rcx) & 0xffff_ffff != 0 || !fpu::is_valid_xcr0(value) {
                return Err(Refused);
            }
            vcpu.state.lock().fpu.set_components(value);
        }
        Privileged::Rdpmc | Privileged::Swapgs => return Err(Refused),
    }
    step_over(frame, length);
    Ok(())
}

fn bases() -> SegmentBases {
    SegmentBases {
        fs: msr::GuestBase::Fs.get(),
        gs: msr::GuestBase::Gs.get(),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "ecx is the low half of rcx"
)]
fn register_number(frame: &GuestFrame) -> u32 {
    frame.rcx as u32
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "leaf and subleaf are the low halves"
)]
fn do_cpuid(vcpu: &Vcpu, frame: &mut GuestFrame, form: CpuidForm) {
    let (leaf, subleaf) = (frame.rax as u32, frame.rcx as u32);
    let (cr4, xcr0) = {
        let state = vcpu.state.lock();
        (cr4_policy().read(state.cr4), state.fpu.components())
    };
    let asker = CpuidVcpu {
        index: vcpu.id().raw(),
        form,
        cr4,
        xcr0: Xcr0::from_bits_truncate(xcr0),
    };
    let answer = answer(leaf, subleaf, &asker);
    frame.rax = answer.eax.into();
    frame.rbx = answer.ebx.into();
    frame.rcx = answer.ecx.into();
    frame.rdx = answer.edx.into();
}

/// What CPUID tells a virtual CPU of its first start, as toolstacks list it.
pub(crate) fn cpuid_at_start(leaf: u32, subleaf: u32) -> Leaf {
    let asker = CpuidVcpu {
        index: 0,
        form: CpuidForm::Plain,
        cr4: Cr4::empty(),
        xcr0: Xcr0::X87,
    };
    answer(leaf, subleaf, &asker)
}

// Into `do_cpuid`, which kernels wait for; the other caller is a toolstack.
#[inline(always)]
fn answer(leaf: u32, subleaf: u32, asker: &CpuidVcpu) -> Leaf {
    let (multiplier, shift) = clock::tsc_scale();
    let time = TimeSource {
        tsc_khz: clock::tsc_khz(),
        multiplier,
        shift,
        offset_ns: 0,
        mode: TscMode::Default,
        invariant: features().contains(Features::INVARIANT_TSC),
    };
    guest_cpuid().leaf(leaf, subleaf, asker, &time, &host)
}

fn byte_count(width: Width) -> Result<usize, Refused> {
    usize::try_from(width.bytes()).map_err(|_| Refused)
}

fn port_width(width: Width) -> Result<port::Width, Refused> {
    match width {
        Width::Byte => Ok(port::Width::Byte),
        Width::Word => Ok(port::Width::Word),
        Width::Dword => Ok(port::Width::Long),
        Width::Qword => Err(Refused),
    }
}

/// What is at a port that traps: nothing, for those who may ask. The bitmap lets all others through.
fn read_port(vcpu: &Vcpu, number: u16, width: Width) -> Result<u32, Refused> {
    may_use_ports(vcpu)?;
    let width = port_width(width)?;
    if vcpu.domain().is_privileged() && ports(number, width).all(|port| !irq::is_port_denied(port))
    {
        return Ok(port::read(number, width));
    }
    Ok(u32::MAX)
}

fn write_port(vcpu: &Vcpu, number: u16, width: Width, value: u64) -> Result<(), Refused> {
    may_use_ports(vcpu)?;
    let width = port_width(width)?;
    if vcpu.domain().is_privileged() && ports(number, width).all(|port| !irq::is_port_denied(port))
    {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "at most 32 bits are written"
        )]
        port::write(number, width, value as u32);
    }
    Ok(())
}

fn ports(first: u16, width: port::Width) -> impl Iterator<Item = u16> {
    (0..width.bytes()).map(move |offset| first.wrapping_add(offset))
}

fn may_use_ports(vcpu: &Vcpu) -> Result<(), Refused> {
    let needed = if mode::in_kernel(local::current()) {
        1
    } else {
        3
    };
    if vcpu.state.lock().iopl >= needed {
        Ok(())
    } else {
        Err(Refused)
    }
}

fn task_switched(vcpu: &Vcpu) -> TaskSwitched {
    if vcpu.state.lock().task_switched {
        TaskSwitched::Set
    } else {
        TaskSwitched::Clear
    }
}

/// Sets the guest's CR0.TS.
pub(crate) fn set_task_switched(vcpu: &Vcpu, to: TaskSwitched) {
    let on = to == TaskSwitched::Set;
    vcpu.state.lock().task_switched = on;
    control::set_task_switched(on);
}

/// Sets a debug register of the running guest.
pub(crate) fn set_debug_register(
    vcpu: &Vcpu,
    index: u8,
    value: u64,
) -> Result<(), ringwall_model::emulate::debug::DebugError> {
    let mut state = vcpu.state.lock();
    let cr4 = cr4_policy().read(state.cr4);
    state.debug.set(index, value, cr4)?;
    let (addresses, dr6) = (
        state.debug.addresses().map(|address| address.raw()),
        state.debug.dr6(),
    );
    let dr7 = if state.debug.is_active() {
        state.debug.dr7()
    } else {
        0x400
    };
    control::load_debug_registers(addresses, dr6, dr7);
    Ok(())
}

fn read_control(vcpu: &Vcpu, from: ControlRegister) -> Result<u64, Refused> {
    match from {
        ControlRegister::Cr0 => Ok(guest_control::read_cr0(task_switched(vcpu))),
        ControlRegister::Cr2 => Ok(vcpu
            .info_word(2)
            .map_or(0, |cr2| cr2.load(core::sync::atomic::Ordering::Relaxed))),
        ControlRegister::Cr3 => Ok(local::current().guest.kernel_root.get()),
        ControlRegister::Cr4 => Ok(cr4_policy().read(vcpu.state.lock().cr4).bits()),
        ControlRegister::Cr8 => Err(Refused),
    }
}

fn write_control(vcpu: &Vcpu, to: ControlRegister, value: u64) -> Result<Progress, Refused> {
    match to {
        ControlRegister::Cr0 => {
            set_task_switched(vcpu, guest_control::write_cr0(value).map_err(|_| Refused)?);
            Ok(Progress::Done)
        }
        ControlRegister::Cr2 => {
            if let Some(cr2) = vcpu.info_word(2) {
                cr2.store(value, core::sync::atomic::Ordering::Relaxed);
            }
            Ok(Progress::Done)
        }
        ControlRegister::Cr4 => {
            let mut state = vcpu.state.lock();
            state.cr4 = cr4_policy().write(value);
            control::set_guest_cr4(fixed_cr4() | state.cr4.bits().bits());
            Ok(Progress::Done)
        }
        ControlRegister::Cr3 => {
            let mfn = guest_control::write_cr3(value).map_err(|_| Refused)?;
            match crate::hypercall::set_kernel_root(vcpu, mfn) {
                Ok(()) => Ok(Progress::Done),
                Err(Stop::Resume) => Ok(Progress::Again),
                Err(_) => Err(Refused),
            }
        }
        ControlRegister::Cr8 => Err(Refused),
    }
}

fn asker(vcpu: &Vcpu) -> policy::Guest {
    let role = if vcpu.domain().is_privileged() {
        policy::Role::Hardware
    } else {
        policy::Role::Ordinary
    };
    policy::Guest {
        role,
        vendor: guest_cpuid().vendor(),
        vcpu: vcpu.id().raw(),
        efer: msr::read(msr::IA32_EFER).unwrap_or(0),
        has_tsc_aux: guest_cpuid().has_tsc_aux(),
        has_arch_capabilities: guest_cpuid().has_arch_capabilities(),
    }
}

fn read_msr(vcpu: &Vcpu, register: u32) -> Result<u64, Refused> {
    match policy::read(register, &asker(vcpu)) {
        policy::Read::Value(value) => Ok(value),
        policy::Read::Host { mask } => Ok(msr::read(register).ok_or(Refused)? & mask),
        policy::Read::FsBase => Ok(msr::GuestBase::Fs.get()),
        policy::Read::GsBase => Ok(msr::GuestBase::Gs.get()),
        policy::Read::KernelGsBase => Ok(msr::GuestBase::OtherGs.get()),
        policy::Read::Tsc => Ok(control::tsc()),
        policy::Read::TscAux => Ok(vcpu.state.lock().tsc_aux.into()),
        policy::Read::Fault => Err(Refused),
    }
}

fn write_msr(vcpu: &Vcpu, register: u32, value: u64) -> Result<(), Refused> {
    match policy::write(register, value, &asker(vcpu)) {
        policy::Write::FsBase(base) => msr::GuestBase::Fs.set(base.raw()).map_err(|()| Refused),
        policy::Write::GsBase(base) => msr::GuestBase::Gs.set(base.raw()).map_err(|()| Refused),
        policy::Write::KernelGsBase(base) => msr::GuestBase::OtherGs
            .set(base.raw())
            .map_err(|()| Refused),
        policy::Write::TscAux(value) => {
            vcpu.state.lock().tsc_aux = value;
            msr::set_tsc_aux(value);
            Ok(())
        }
        policy::Write::HypercallPage(mfn) => {
            crate::hypercall::fill_hypercall_page(vcpu.domain(), mfn).map_err(|_| Refused)
        }
        policy::Write::Ignore => Ok(()),
        policy::Write::Fault => Err(Refused),
    }
}
