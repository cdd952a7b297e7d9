//! The smallest guest: says hello, and ends.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;

use ringwall_sdk::{hypercall, println, start};

ringwall_sdk::entry!(main);

fn main() -> hypercall::Result<()> {
    let (major, minor) = hypercall::xen_version()?;
    println!("Hello from a guest of Xen's ABI {major}.{minor}!");
    let pages = start::info().map_or(0, |info| info.nr_pages);
    println!(
        "I have {pages} pages, and the command line {:?}.",
        start::command_line()
    );
    let squares: Vec<u64> = (1..=8).map(|number| number * number).collect();
    println!("My heap holds {squares:?}.");
    Ok(())
}
