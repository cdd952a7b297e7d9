//! `nmi_op` registers a handler of NMIs for virtual CPU 0 of the privileged domain: `public/nmi.h`. An address
//! that is not canonical is refused; unregistering what is not there is no error; an operation that is none is
//! `ENOSYS`.
#![no_std]
#![no_main]

use guests::sdk::abi::nmi::NmiOp;
use guests::sdk::abi::{Errno, GuestAddress, Hypercall};
use guests::sdk::hypercall::{register_nmi, unregister_nmi};
use guests::{Answer, Check, ask, granted, refused};

guests::rule!(check);

fn nmi(operation: u64, argument: u64) -> Answer {
    ask(Hypercall::NmiOp, [operation, argument])
}

fn check() -> Check {
    let register = u64::from(NmiOp::RegisterCallback.number());
    let unregister = u64::from(NmiOp::UnregisterCallback.number());
    #[expect(unsafe_code, reason = "an entry that is refused")]
    // SAFETY: there is no code.
    let bad = unsafe { register_nmi(GuestAddress::new(0x8000_0000_0000_0000)) };
    refused("not canonical", bad.into(), &[Errno::EINVAL])?;
    refused("no argument", nmi(register, 0x10), &[Errno::EFAULT])?;
    #[expect(unsafe_code, reason = "an entry")]
    // SAFETY: no NMI comes before it is unregistered.
    let good = unsafe { register_nmi(GuestAddress::new(guests::code!("ud2").start)) };
    granted("an address of code", good.into())?;
    granted("unregister", nmi(unregister, 0))?;
    granted("unregister again", unregister_nmi().into())?;
    for operation in [2, 99] {
        refused("no operation", nmi(operation, 0), &[Errno::ENOSYS])?;
    }
    Ok(())
}
