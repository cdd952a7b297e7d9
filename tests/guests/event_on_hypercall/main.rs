//! A kernel that unmasks upcalls by itself has to look whether one waits, and any hypercall then delivers it: the callback
//! is entered behind the hypercall, whose result is in rax, on the kernel's own stack. `public/xen.h`,
//! `evtchn_upcall_pending`.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering::SeqCst;
use guests::attempt::{self, Gate, Level, needs};
use guests::sdk::abi::callback::CallbackType;
use guests::sdk::abi::event_channel::{BindIpi, EventChannelOp, Send};
use guests::sdk::abi::xen::{SharedInfo, VcpuInfo};
use guests::sdk::abi::{Hypercall, VcpuId};
use guests::sdk::start;
use guests::{Check, Verdict, address, address_mut, ask, code, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let mut bind = BindIpi {
        vcpu: VcpuId::new(0),
        ..BindIpi::default()
    };
    let arguments = [EventChannelOp::BindIpi as u64, address_mut(&mut bind)];
    needs(
        "EVTCHNOP_bind_ipi",
        ask(Hypercall::EventChannelOp, arguments),
    )?;
    let page = start::shared_info().ok_or_else(|| Verdict::error("no shared page"))?;
    let port = bind.port.raw();
    let word = (port / 64) as usize * 8;
    page.u64(SharedInfo::EVTCHN_MASK + word)
        .fetch_and(!(1 << (port % 64)), SeqCst);
    let vcpu = start::vcpu_info().ok_or_else(|| Verdict::error("no vcpu_info"))?;
    attempt::set_mask(true);
    let send = Send { port: bind.port };
    let arguments = [EventChannelOp::Send as u64, address(&send)];
    needs("EVTCHNOP_send", ask(Hypercall::EventChannelOp, arguments))?;
    // The mask is cleared, nothing happens; then xen_version is called.
    let code = code!(
        "mov byte ptr [rbx], 0",
        "nop",
        "xor edi, edi",
        "mov eax, 17",
        "syscall",
        "nop"
    );
    let mut entry = code.at(Level::Kernel);
    entry.rbx = core::ptr::from_ref(vcpu.u8(VcpuInfo::UPCALL_MASK)).addr() as u64;
    let exit = entry.go();
    ensure!(
        exit.gate == Gate::Callback(CallbackType::Event) && exit.rip == code.end - 1,
        "unmasking and a hypercall end by {exit}"
    );
    ensure!(exit.rax == 4 << 16 | 17, "the result is {:#x}", exit.rax);
    ensure!(
        exit.masked && !exit.frame_says_masked() && exit.rsp == entry.rsp,
        "the callback's frame: {exit}"
    );
    exit.has_state_of_a_handler()
}
