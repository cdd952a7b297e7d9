//! The hypervisor's own ports are not the guest's, whatever its I/O privilege: what is read there is all ones, what is
//! written goes nowhere. The interrupt controllers of the PC are among them, and the serial console.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, ends, needs};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::physdev::{PhysdevOp, SetIopl};
use guests::{Check, address, ask, code, ensure};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    let argument = SetIopl { iopl: 3 };
    let arguments = [PhysdevOp::SetIopl as u64, address(&argument)];
    needs("PHYSDEVOP_set_iopl", ask(Hypercall::PhysdevOp, arguments))?;
    let code = code!(
        "mov edx, edi",
        "xor eax, eax",
        "in al, dx",
        "not al",
        "out dx, al",
        "not al"
    );
    for level in Level::ALL {
        // Both interrupt controllers, and the line status of the serial port.
        for port in [0x20, 0x21, 0xa0, 0xa1, 0x3fd] {
            let mut entry = code.at(level);
            entry.rdi = port;
            let exit = ends(&code, &entry)?;
            ensure!(
                exit.rax & 0xff == 0xff,
                "{level:?}: port {port:#x} gives {:#x}",
                exit.rax
            );
        }
    }
    Ok(())
}
