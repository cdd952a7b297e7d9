//! Memory: grows the heap, maps and protects pages, handles faults, gives memory back and gets it again,
//! shares a page with itself.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::error::Error;
use core::sync::atomic::Ordering::Relaxed;

use ringwall_sdk::abi::DomainId;
use ringwall_sdk::grant::{self, End};
use ringwall_sdk::memory::entry::Access;
use ringwall_sdk::memory::{self, Page, Window};
use ringwall_sdk::trap::probe;
use ringwall_sdk::{hypercall, println};

ringwall_sdk::entry!(main);

type Outcome = Result<(), alloc::boxed::Box<dyn Error>>;

fn main() -> Outcome {
    heap();
    mappings()?;
    balloon()?;
    grants()?;
    println!("MEMORY END");
    Ok(())
}

/// 32 MiB in one piece, which is more than the first mapping has.
fn heap() {
    let (before, _) = memory::heap_usage();
    let large: Vec<u64> = (0..4 << 20).collect();
    let sum: u64 = large.iter().step_by(4096).sum();
    let (after, used) = memory::heap_usage();
    println!(
        "MEMORY the heap grew from {} to {} MiB, {} in use; sum {sum}",
        before >> 20,
        after >> 20,
        used >> 20
    );
}

fn mappings() -> Outcome {
    let mut window = Window::new(3)?;
    let page = Page::new().ok_or(memory::Error::NoMemory)?;
    page.u64(8).store(42, Relaxed);
    window.map(1, page, Access::ReadWrite)?;
    println!(
        "MEMORY a window shows {:?}",
        probe::read(window.address(1) + 8)
    );
    println!(
        "MEMORY beside it: {}",
        outcome(probe::read(window.address(0)))
    );
    window.protect(1, Access::ReadOnly)?;
    let (index, frame) = (1, hypercall::current_reservation(DomainId::SELF)?);
    println!("MEMORY the domain has {frame} pages");
    let address = window.address(index);
    println!(
        "MEMORY a leaf entry: present {}",
        memory::tables::lookup(address) & 1
    );
    let page = window.unmap(index)?;
    println!("MEMORY unmapped: {}", outcome(probe::read(address)));
    println!(
        "MEMORY the page holds {:?}",
        page.map(|page| page.u64(8).load(Relaxed))
    );
    Ok(())
}

fn balloon() -> Outcome {
    let pages: Option<Vec<Page>> = (0..64).map(|_| Page::new()).collect();
    let before = hypercall::current_reservation(DomainId::SELF)?;
    let mut holes = Vec::new();
    for page in pages.unwrap_or_default() {
        holes.push(page.give_back()?);
    }
    let less = hypercall::current_reservation(DomainId::SELF)?;
    let mut pages = Vec::new();
    for hole in holes {
        pages.push(hole.refill().map_err(|(_, error)| error)?);
    }
    let after = hypercall::current_reservation(DomainId::SELF)?;
    println!(
        "MEMORY the balloon took {} pages and gave {} back",
        before - less,
        after - less
    );
    for page in &pages {
        page.u64(0).store(1, Relaxed);
    }
    Ok(())
}

/// A domain may grant to itself, by its own number; dom0 knows it.
fn grants() -> Outcome {
    let own = DomainId::DOM0;
    let page = Arc::new(Page::new().ok_or(memory::Error::NoMemory)?);
    page.u32(0).store(7, Relaxed);
    let grant = grant::share(&page, own, Access::ReadWrite)?;
    let copy = Page::new().ok_or(memory::Error::NoMemory)?;
    let from = End::Granted(own, grant.reference(), 0);
    grant::copy(from, End::Own(&copy, 16), 8)?;
    println!("MEMORY copied from a grant: {}", copy.u32(16).load(Relaxed));
    let mapped = grant::map(own, &[grant.reference()], Access::ReadWrite)?;
    if let Some(view) = mapped.page(0) {
        view.u32(4).store(9, Relaxed);
    }
    println!("MEMORY written by a mapping: {}", page.u32(4).load(Relaxed));
    println!("MEMORY in use: {}", grant.is_in_use());
    drop(mapped);
    println!("MEMORY revoked: {}", grant.revoke().is_ok());
    Ok(())
}

fn outcome(result: Result<u64, probe::Fault>) -> alloc::string::String {
    match result {
        Ok(value) => alloc::format!("{value}"),
        Err(fault) => alloc::format!(
            "exception {}, error code {:#x}",
            fault.vector,
            fault.error_code
        ),
    }
}
