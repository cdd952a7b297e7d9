//! With RFLAGS.NT set, a hypercall, a system call of user code, a soft interrupt and an exception work as without it: no
//! handler has it, and the hypervisor's own `iretq` does not fault by it. SDM vol. 3A, 6.12.1.4: an `iret` with NT is #GP in
//! 64-bit mode. Lesson 47: the flag, and `int 0x80` without a handler, came up in the hypervisor itself.
#![no_std]
#![no_main]

use guests::attempt::{self, Gate, Level, ends, needs};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::callback::CallbackType;
use guests::{Check, ask, code, ensure};

guests::rule!(check);

/// Sets NT in whatever comes next.
macro_rules! nested {
    ($($line:expr),+) => {
        code!("pushfq", "or qword ptr [rsp], 0x4000", "popfq", $($line),+)
    };
}

fn check() -> Check {
    attempt::take()?;
    let call = nested!(
        "mov eax, 17",
        "xor edi, edi",
        "xor esi, esi",
        "syscall",
        "mov rbx, rax"
    );
    let exit = ends(&call, &call.at(Level::Kernel))?;
    ensure!(
        exit.rbx == 4 << 16 | 17,
        "a hypercall with NT answers {:#x}",
        exit.rbx
    );
    exit.has_state_of_a_handler()?;
    let exit = call.at(Level::User).go();
    ensure!(
        exit.gate == Gate::Callback(CallbackType::Syscall),
        "a system call with NT: {exit}"
    );
    exit.has_state_of_a_handler()?;
    let breakpoint = nested!("int3");
    let fault = nested!("mov rax, [0x10]");
    for level in Level::ALL {
        for (code, vector) in [(&breakpoint, 3), (&fault, 14)] {
            let exit = code.at(level).go();
            ensure!(exit.gate == Gate::Vector(vector), "{level:?}: {exit}");
            exit.has_state_of_a_handler()?;
        }
    }
    // No handler of 0x80: no table clears all, and two come back.
    needs("no handlers", ask(Hypercall::SetTrapTable, [0]))?;
    for vector in [6, 13] {
        attempt::set_trap(vector, attempt::default_flags(vector))?;
    }
    let interrupt = nested!("int 0x80");
    for level in Level::ALL {
        let exit = interrupt.at(level).go();
        ensure!(
            exit.gate == Gate::Vector(13),
            "int 0x80 with NT, {level:?}: {exit}"
        );
        exit.has_state_of_a_handler()?;
    }
    Ok(())
}
