//! `callback_op` registers entry points by type; addresses that are none, or the hypervisor's, are `EINVAL`, types and
//! operations that there are not `ENOSYS`. The NMI's alone can be unregistered; the others are `EINVAL`:
//! `public/callback.h`.
#![no_std]
#![no_main]

use guests::attempt::{self, gate_of, register};
use guests::sdk::abi::callback::{
    CallbackFlags, CallbackOp, CallbackRegister, CallbackType, CallbackUnregister,
};
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::{Answer, Check, address, ask, ensure, unless_xen};

guests::rule!(check);

fn set(kind: u16, entry: u64) -> Answer {
    let argument = CallbackRegister {
        kind,
        flags: CallbackFlags::MASK_EVENTS,
        address: GuestAddress::new(entry),
        ..CallbackRegister::default()
    };
    ask(
        Hypercall::CallbackOp,
        [CallbackOp::Register as u64, address(&argument)],
    )
}

fn unset(kind: u16) -> Answer {
    let argument = CallbackUnregister {
        kind,
        ..CallbackUnregister::default()
    };
    ask(
        Hypercall::CallbackOp,
        [CallbackOp::Unregister as u64, address(&argument)],
    )
}

fn check() -> Check {
    attempt::take()?;
    for kind in [
        CallbackType::Event,
        CallbackType::Failsafe,
        CallbackType::Syscall,
    ] {
        let answer = set(kind.number(), 0x0000_8000_0000_0000);
        ensure!(answer.is(Errno::EINVAL), "{kind:?} at no address: {answer}");
        unless_xen!(
            set(kind.number(), 0xffff_8200_0000_0000).is(Errno::EINVAL),
            "{kind:?} in the hypervisor's memory is taken, and fails at its first use"
        );

        let answer = unset(kind.number());
        ensure!(
            answer.is(Errno::EINVAL),
            "{kind:?} is unregistered: {answer}"
        );
    }
    let entry = gate_of(CallbackType::Event).raw();
    for kind in [3, 6, 8, 0xffff] {
        let answer = set(kind, entry);
        ensure!(answer.is(Errno::ENOSYS), "type {kind}: {answer}");
        let answer = unset(kind);
        ensure!(
            answer.is(Errno::ENOSYS),
            "unregistering type {kind}: {answer}"
        );
    }
    register(CallbackType::Nmi, CallbackFlags::empty())?;
    let answer = unset(CallbackType::Nmi.number());
    ensure!(answer.is_ok(), "the NMI's is not unregistered: {answer}");
    let operation = ask(Hypercall::CallbackOp, [2, address(&0_u64)]);
    ensure!(operation.is(Errno::ENOSYS), "operation 2: {operation}");
    let unreadable = ask(
        Hypercall::CallbackOp,
        [CallbackOp::Register as u64, 0x10_0000_0000],
    );
    ensure!(
        unreadable.is(Errno::EFAULT),
        "an unreadable argument: {unreadable}"
    );
    Ok(())
}
