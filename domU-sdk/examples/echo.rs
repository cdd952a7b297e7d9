//! The console: repeats each line that is typed, until an empty one.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::string::String;

use ringwall_sdk::abi::VcpuId;
use ringwall_sdk::abi::xen::Virq;
use ringwall_sdk::event::{self, Channel};
use ringwall_sdk::{console, hypercall, println};

ringwall_sdk::entry!(main);

fn main() -> hypercall::Result<()> {
    // An unprivileged domain has a ring with a port; the privileged one an interrupt.
    let typed = match console::port() {
        Some(_) => None,
        None => Some(Channel::virq(Virq::Console, VcpuId::new(0))?),
    };
    let port = typed.as_ref().map(Channel::port).or(console::port());
    println!("ECHO ready: type lines, and an empty one to end");
    let mut line = String::new();
    let mut buffer = [0; 64];
    loop {
        let count = console::read(&mut buffer);
        if count == 0 {
            event::wait(port.as_slice(), None)?;
            continue;
        }
        for byte in buffer.iter().take(count) {
            match byte {
                b'\r' | b'\n' if line.is_empty() => {
                    println!("ECHO END");
                    return Ok(());
                }
                b'\r' | b'\n' => {
                    println!("ECHO {line}");
                    line.clear();
                }
                byte => line.push(char::from(*byte)),
            }
        }
    }
}
