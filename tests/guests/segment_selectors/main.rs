//! Data segment registers take the guest's own selectors and the flat ones, and null; the hypervisor's are #GP. `mov gs`
//! gives the base of the descriptor: SDM vol. 2, MOV; `public/arch-x86/xen-x86_64.h`. Lesson 41.
#![no_std]
#![no_main]

use guests::attempt::tables::{DATA, global, load_gdt};
use guests::attempt::{self, Level, Raised, ends, raises};
use guests::sdk::abi::arch_x86::FLAT_RING3_DS32;
use guests::{Check, code, ensure};

guests::rule!(check);

/// Where the segment of the first descriptor starts: inside the guest's code, below 4 GiB it can't be.
const BASE: u64 = 0x1234_5000;

fn check() -> Check {
    attempt::take()?;
    let based = DATA | (BASE & 0xff_ffff) << 16 | (BASE >> 24) << 56;
    load_gdt(&[DATA, based])?;
    let code = code!(
        "mov ds, edi",
        "mov es, edi",
        "mov fs, edi",
        "mov eax, ds",
        "mov ebx, es",
        "mov edx, fs",
        "xor ecx, ecx",
        "mov ds, ecx",
        "mov es, ecx",
        "mov fs, ecx",
    );
    for level in Level::ALL {
        for selector in [global(1), FLAT_RING3_DS32.into(), 0, 3] {
            let mut entry = code.at(level);
            entry.rdi = selector;
            let exit = ends(&code, &entry)?;
            ensure!(
                [exit.rax, exit.rbx, exit.rdx] == [selector; 3],
                "{level:?}: {selector:#x} became {:#x}, {:#x} and {:#x}",
                exit.rax,
                exit.rbx,
                exit.rdx
            );
        }
        let hypervisor = code!("mov es, edi");
        for selector in [0xe010, 0xe013, 0xe008, 0xe040] {
            let mut entry = hypervisor.at(level);
            entry.rdi = selector;
            raises(&hypervisor, &entry, Raised::by(13).error(selector & !3))?;
        }
        let far = code!("mov fs, edi", "mov eax, fs:[0x10]");
        let mut entry = far.at(level);
        entry.rdi = global(2);
        let exit = entry.go();
        ensure!(
            exit.gate == attempt::Gate::Vector(14) && attempt::fault_address() == BASE + 0x10,
            "{level:?}: fs has another base: {exit}, cr2 {:#x}",
            attempt::fault_address()
        );
    }
    Ok(())
}
