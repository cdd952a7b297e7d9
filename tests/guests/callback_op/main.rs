//! `callback_op` registers where the kernel is entered: an address that is not canonical or the hypervisor's
//! is `EINVAL`, a kind that is none `ENOSYS`, an operation that is none `ENOSYS`: `public/callback.h`. A failed
//! registration leaves the entry that there was. Lesson 45.
#![no_std]
#![no_main]

use guests::events::{ipi, send, set_masked};
use guests::sdk::abi::callback::{CallbackFlags, CallbackOp, CallbackRegister, CallbackType};
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::sdk::hypercall::{set_callbacks, unregister_callback};
use guests::{Answer, Check, address, ask, granted, refused, unless_xen};

guests::rule!(check);

fn register(kind: u16, place: u64) -> Answer {
    let argument = CallbackRegister {
        kind,
        flags: CallbackFlags::MASK_EVENTS,
        address: GuestAddress::new(place),
        ..CallbackRegister::default()
    };
    let operation = u64::from(CallbackOp::Register.number());
    ask(Hypercall::CallbackOp, [operation, address(&argument)])
}

fn check() -> Check {
    for kind in [
        CallbackType::Event,
        CallbackType::Failsafe,
        CallbackType::Syscall,
        CallbackType::Sysenter,
        CallbackType::Syscall32,
    ] {
        refused(
            kind,
            register(kind.number(), 0x8000_0000_0000_0000),
            &[Errno::EINVAL],
        )?;
    }
    for kind in [6, 8, 99, u16::MAX] {
        refused("no kind", register(kind, 0x1000), &[Errno::ENOSYS])?;
    }
    for operation in [2, 99] {
        let answer = ask(Hypercall::CallbackOp, [operation, address(&[0_u64; 4])]);
        refused("no operation", answer, &[Errno::ENOSYS])?;
    }
    let unreadable = ask(
        Hypercall::CallbackOp,
        [u64::from(CallbackOp::Register.number()), 0x10],
    );
    refused("no argument", unreadable, &[Errno::EFAULT])?;
    // The older form, and taking an entry back, by the SDK's calls.
    let bad = GuestAddress::new(0x8000_0000_0000_0000);
    #[expect(unsafe_code, reason = "entries that are refused")]
    // SAFETY: none of the three can be an entry.
    let answer = Answer::from(unsafe { set_callbacks(bad, bad, bad) });
    unless_xen!(
        answer.is(Errno::EINVAL),
        "set_callbacks: {answer}; none of the three was taken, and nobody is told"
    );
    let event = unregister_callback(CallbackType::Event);
    refused("no event entry", event.into(), &[Errno::EINVAL])?;
    // The event entry is still the SDK's: it is taken here, and comes back.
    let port = ipi()?;
    set_masked(port, false);
    granted("an event by the old entry", send(port)).map(|_| ())
}
