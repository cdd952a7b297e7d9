//! `syscall` of user code is #UD at the instruction, where the kernel has registered no callback: it is what a CPU does
//! whose EFER.SCE is off. `public/callback.h`.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, gate_of, needs, raises};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::callback::CallbackType;
use guests::{Check, ask, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let [event, failsafe] =
        [CallbackType::Event, CallbackType::Failsafe].map(|kind| gate_of(kind).raw());
    needs(
        "set_callbacks",
        ask(Hypercall::SetCallbacks, [event, failsafe, 0]),
    )?;
    let code = code!("syscall");
    raises(&code, &code.at(Level::User), Raised::by(6))
}
