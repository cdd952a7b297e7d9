//! User mode: code in an address space of its own, which calls the kernel, faults, and is stopped by a timer.
#![no_std]
#![no_main]

extern crate alloc;

use core::error::Error;
use core::sync::atomic::AtomicBool;
use core::sync::atomic::Ordering::Relaxed;

use ringwall_sdk::memory::entry::Access;
use ringwall_sdk::memory::{self, Page};
use ringwall_sdk::user::{AddressSpace, Context, Exit};
use ringwall_sdk::{event, println, time};

ringwall_sdk::entry!(main);

/// Where the code is mapped.
const CODE: u64 = 0x40_0000;

/// The timer has gone off.
static TIME_IS_UP: AtomicBool = AtomicBool::new(false);

/// Calls the kernel, writes to memory, calls again, and loops.
const PROGRAM: [u8; 20] = [
    0xbf, 0x05, 0x00, 0x00, 0x00, // mov edi, 5
    0x01, 0xc7, // add edi, eax
    0x0f, 0x05, // syscall
    0x89, 0x04, 0x25, 0x00, 0x10, 0x00, 0x00, // mov [0x1000], eax
    0x0f, 0x05, // syscall
    0xeb, 0xfe, // jmp .
];

fn main() -> Result<(), alloc::boxed::Box<dyn Error>> {
    let code = Page::new().ok_or(memory::Error::NoMemory)?;
    for (offset, byte) in PROGRAM.iter().enumerate() {
        code.u8(offset).store(*byte, Relaxed);
    }
    let mut space = AddressSpace::new()?;
    space.map(CODE, code, Access::ReadOnly)?;
    let mut context = Context::new(CODE, 0);
    context.registers.rax = 37;
    let exit = context.run(&space)?;
    println!("USER {exit:?} with {}", context.registers.rdi);
    context.registers.rax = 99;
    let exit = context.run(&space)?;
    println!("USER {exit:?}");
    space.map(
        0x1000,
        Page::new().ok_or(memory::Error::NoMemory)?,
        Access::ReadWrite,
    )?;
    let exit = context.run(&space)?;
    let word = space.page(0x1000).map(|page| page.u32(0).load(Relaxed));
    println!("USER {exit:?}, wrote {word:?}");
    // It loops now, until a timer takes the CPU from it.
    time::at(time::monotonic_ns() + 5_000_000, || {
        println!("USER time is up");
        TIME_IS_UP.store(true, Relaxed);
    })?;
    loop {
        // A timer that goes off between the look and the user code would be missed: so upcalls come
        // only in user code.
        let masked = event::mask::mask();
        if TIME_IS_UP.load(Relaxed) {
            break;
        }
        let exit = context.run(&space)?;
        drop(masked);
        if exit != Exit::Event {
            println!("USER {exit:?}, and no event");
        }
    }
    let page = space.unmap(0x1000)?;
    drop((space, page));
    println!("USER END");
    Ok(())
}
