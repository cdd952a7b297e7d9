//! `sysenter` of user code enters its callback where CPUID shows SEP; where it does not, it is an exception of the user's:
//! `public/callback.h`, `CALLBACKTYPE_sysenter`. CPUs of AMD have none in long mode: #UD.
#![no_std]
#![no_main]

use guests::attempt::{self, Gate, Level, ends};
use guests::sdk::abi::callback::CallbackType;
use guests::{Check, code, ensure};

guests::rule!(check);

const SEP: u64 = 1 << 11;

fn check() -> Check {
    attempt::take()?;
    let cpuid = code!("ud2", ".ascii \"xen\"", "cpuid");
    let mut entry = cpuid.at(Level::Kernel);
    entry.rax = 1;
    let shown = ends(&cpuid, &entry)?.rdx & SEP != 0;
    let exit = code!("sysenter").at(Level::User).go();
    let expected = if shown {
        matches!(
            exit.gate,
            Gate::Callback(CallbackType::Sysenter) | Gate::Vector(6)
        )
    } else {
        matches!(exit.gate, Gate::Vector(6 | 13))
    };
    ensure!(expected, "with SEP {shown}, sysenter ends by {exit}");
    exit.has_state_of_a_handler()
}
