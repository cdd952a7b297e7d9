//! A watchpoint on what `mov ss` loads is held back until the next instruction is done: SDM vol. 3A, 6.8.3. Where that one
//! enters the hypervisor, the #DB must not be one of the hypervisor's: Lesson 48. The guest has its call, its exception, or
//! the #DB, and nobody ends. QEMU's TCG does not hold it back.
#![no_std]
#![no_main]

use guests::attempt::page::Page;
use guests::attempt::{self, Gate, Level, needs};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::callback::CallbackType;
use guests::{Check, ask, code, ensure};

guests::rule!(check);

/// A watchpoint for reads and writes of two bytes at DR0, for this task.
const WATCH: u64 = 0b0111 << 16 | 0x301;

fn check() -> Check {
    attempt::take()?;
    let page = Page::new()?;
    let dr = |register, value| ask(Hypercall::SetDebugreg, [register, value]);
    needs("DR0", dr(0, page.address()))?;
    let codes = [
        code!("mov ss, word ptr [r15]", "syscall"),
        code!("mov ss, word ptr [r15]", "int3"),
        code!("mov ss, word ptr [r15]", "int 0x80"),
        code!("mov ss, word ptr [r15]", "ud2"),
        code!("mov ss, word ptr [r15]", "mov rax, [0x10]"),
        code!("mov ss, word ptr [r15]", "mov rax, cr0"),
    ];
    for level in Level::ALL {
        for code in &codes {
            let mut entry = code.at(level);
            // The test's own write is not to be caught.
            needs("DR7", dr(7, 0))?;
            page.write(0, entry.ss | 3);
            needs("DR7", dr(7, WATCH))?;
            entry.r15 = page.address();
            entry.rax = Hypercall::XenVersion.number().into();
            let exit = entry.go();
            ensure!(
                exit.ended(code)
                    || matches!(
                        exit.gate,
                        Gate::Vector(1 | 3 | 6 | 13 | 14 | 0x80)
                            | Gate::Callback(CallbackType::Syscall)
                    ),
                "{level:?}: {exit}"
            );
            exit.has_state_of_a_handler()?;
        }
    }
    needs("DR7", dr(7, 0))
}
