//! An event that waits is delivered as soon as upcalls are unmasked by an `iret`: the callback is entered in place of the
//! first instruction, on the stack of what is returned to, with upcalls masked; the frame shows them unmasked.
//! `public/arch-x86/xen-x86_64.h`, `iret_context`; `public/xen.h`, `evtchn_upcall_mask`.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering::SeqCst;
use guests::attempt::{self, Gate, Level, ends, needs};
use guests::sdk::abi::callback::CallbackType;
use guests::sdk::abi::event_channel::{BindIpi, EventChannelOp, Send};
use guests::sdk::abi::xen::{SharedInfo, VcpuInfo};
use guests::sdk::abi::{Hypercall, VcpuId};
use guests::sdk::start;
use guests::{Check, Verdict, address, address_mut, ask, code, ensure};

guests::rule!(check);

const INTERRUPT_FLAG: u64 = 1 << 9;

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
    let vcpu = start::vcpu_info().ok_or_else(|| Verdict::error("no vcpu_info"))?;
    let port = bind.port.raw();
    let word = (port / 64) as usize * 8;
    page.u64(SharedInfo::EVTCHN_MASK + word)
        .fetch_and(!(1 << (port % 64)), SeqCst);
    let code = code!("nop");
    for level in Level::ALL {
        attempt::set_mask(true);
        let send = Send { port: bind.port };
        let arguments = [EventChannelOp::Send as u64, address(&send)];
        needs("EVTCHNOP_send", ask(Hypercall::EventChannelOp, arguments))?;
        ensure!(
            vcpu.u8(VcpuInfo::UPCALL_PENDING).load(SeqCst) != 0,
            "the event does not wait"
        );
        // Masked: it goes on waiting.
        ends(&code, &code.at(level))?;
        let mut entry = code.at(level);
        entry.rflags |= INTERRUPT_FLAG;
        let exit = entry.go();
        ensure!(
            exit.gate == Gate::Callback(CallbackType::Event) && exit.rip == code.start,
            "{level:?}: an iret that unmasks upcalls ends by {exit}"
        );
        exit.has_frame_of(&entry)?;
        ensure!(
            exit.masked,
            "{level:?}: upcalls are not masked in the callback"
        );
        // Taken, as a kernel does it.
        vcpu.u8(VcpuInfo::UPCALL_PENDING).store(0, SeqCst);
        vcpu.u64(VcpuInfo::PENDING_SEL).store(0, SeqCst);
        page.u64(SharedInfo::EVTCHN_PENDING + word).store(0, SeqCst);
        ends(&code, &entry)?;
    }
    Ok(())
}
