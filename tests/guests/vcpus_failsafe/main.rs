//! A virtual CPU that runs again after another one has its data segments loaded anew. Where its tables no longer hold
//! one, the register is null, and the failsafe callback hears of it, with the selectors as they were:
//! `public/callback.h` and `public/arch-x86/xen.h`; Linux zeroes what is wrong, and goes on.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, Ordering};

use guests::attempt::page::Page;
use guests::attempt::tables::{DATA, local};
use guests::attempt::{self, Gate, Level, mmuext, needs};
use guests::sdk::abi::callback::CallbackType;
use guests::sdk::abi::xen::{MmuExtCommand, MmuextOp};
use guests::sdk::hypercall::yield_now;
use guests::sdk::memory::entry::Access;
use guests::{Check, code, ensure, equal, skip, vcpus};

guests::rule!(check);

static STOP: AtomicBool = AtomicBool::new(false);

/// Loads a register, takes the LDT away, lets the other one run, as often as RBX says, and reads the register.
macro_rules! losing {
    ($register:literal, $($load:expr),+) => {
        code!(
            $($load,)+
            "mov eax, 26",
            "mov rdi, r14",
            "mov esi, 1",
            "xor edx, edx",
            "mov r10d, 0x7ff0",
            "syscall",
            "5:",
            "mov eax, 29",
            "xor edi, edi",
            "syscall",
            "dec ebx",
            "jnz 5b",
            concat!("mov eax, ", $register),
        )
    };
}

fn set_ldt(address: u64, entries: u64) -> Check {
    let operation = MmuextOp::new(MmuExtCommand::SetLdt, address, entries);
    needs("MMUEXT_SET_LDT", mmuext(&[operation]))
}

fn check() -> Check {
    let other = vcpus::start(|| {
        while !STOP.load(Ordering::SeqCst) {
            yield_now();
        }
    })?;
    attempt::take()?;
    let page = Page::new()?;
    page.write(3, DATA);
    needs("a read-only mapping", page.protect(Access::ReadOnly))?;
    let take_away = MmuextOp::new(MmuExtCommand::SetLdt, 0, 0);
    let codes = [
        ("ds", losing!("ds", "mov ds, r15d")),
        ("es", losing!("es", "mov es, r15d")),
        ("fs", losing!("fs", "mov fs, r15d")),
        // The user's: the kernel's base is one that the SDK needs.
        (
            "gs",
            losing!("gs", "mov eax, 25", "mov edi, 3", "mov rsi, r15", "syscall"),
        ),
    ];
    for (index, (name, code)) in codes.into_iter().enumerate() {
        set_ldt(page.address(), 4)?;
        let mut entry = code.at(Level::Kernel);
        (entry.r15, entry.r14, entry.rbx) = (local(3), guests::address(&take_away), 200);
        let exit = entry.go();
        if exit.ended(&code) {
            ensure!(exit.rax == local(3), "{name} is lost, and nobody is told");
            skip!("{name} was never loaded anew: the other virtual CPU did not run in between");
        }
        ensure!(
            exit.gate == Gate::Callback(CallbackType::Failsafe),
            "{name} that is lost: {exit}"
        );
        equal(name, exit.frame_data[index] & 0xffff, local(3))?;
        equal("the register", exit.data[index] & 0xffff, 0)?;
        exit.has_frame_of(&entry)?;
    }
    STOP.store(true, Ordering::SeqCst);
    other.join();
    Ok(())
}
