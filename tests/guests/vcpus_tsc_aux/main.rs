//! Where CPUID shows RDTSCP, each virtual CPU has its own TSC_AUX: what it writes by `wrmsr` is what its RDTSCP and
//! `rdmsr` read, whoever ran in between. SDM vol. 2, RDTSCP, and vol. 4. Its upper half is reserved: #GP. Where CPUID does
//! not show it, the register is not there.
#![no_std]
#![no_main]

use core::sync::atomic::{AtomicBool, Ordering};

use guests::attempt::{self, Level, Raised, ends, raises};
use guests::sdk::hypercall::yield_now;
use guests::{Check, code, equal, skip, vcpus};

guests::rule!(check);

const TSC_AUX: u64 = 0xc000_0103;
static STOP: AtomicBool = AtomicBool::new(false);

fn check() -> Check {
    let cpuid = code!("ud2", ".ascii \"xen\"", "cpuid");
    let read = code!("rdmsr");
    let write = code!("wrmsr");
    attempt::take()?;
    let mut leaf = cpuid.at(Level::Kernel);
    leaf.rax = 0x8000_0001;
    let features = ends(&cpuid, &leaf)?.rdx;
    let mut write_entry = write.at(Level::Kernel);
    (write_entry.rcx, write_entry.rax) = (TSC_AUX, 0x17);
    let mut read_entry = read.at(Level::Kernel);
    read_entry.rcx = TSC_AUX;
    if features >> 27 & 1 == 0 {
        leaf.rax = 7;
        if ends(&cpuid, &leaf)?.rcx >> 22 & 1 != 0 {
            skip!("this CPU has RDPID without RDTSCP");
        }
        raises(&read, &read_entry, Raised::by(13).error(0))?;
        return raises(&write, &write_entry, Raised::by(13).error(0));
    }
    // The second one writes another value whenever it runs.
    let other = vcpus::start(|| {
        while !STOP.load(Ordering::SeqCst) {
            set_other();
            yield_now();
        }
    })?;
    ends(&write, &write_entry)?;
    let stamp = code!("rdtscp");
    for _ in 0..100 {
        yield_now();
        for level in Level::ALL {
            equal("RDTSCP", ends(&stamp, &stamp.at(level))?.rcx, 0x17)?;
        }
        let exit = ends(&read, &read_entry)?;
        equal("rdmsr", [exit.rax, exit.rdx], [0x17, 0])?;
    }
    write_entry.rdx = 1;
    raises(&write, &write_entry, Raised::by(13).error(0))?;
    equal(
        "RDTSCP after it",
        ends(&stamp, &stamp.at(Level::User))?.rcx,
        0x17,
    )?;
    STOP.store(true, Ordering::SeqCst);
    other.join();
    Ok(())
}

/// `wrmsr` of another value.
#[expect(unsafe_code, reason = "the instruction")]
fn set_other() {
    // SAFETY: nothing reads the register but this test.
    unsafe {
        core::arch::asm!("wrmsr", in("ecx") 0xc000_0103_u32, in("eax") 0x99, in("edx") 0, options(nostack));
    }
}
