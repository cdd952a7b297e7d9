//! Finds a disk, says what it is, writes to it, reads back, and restores what was there.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;

use ringwall_sdk::block::{Block, BlockError, Writes};
use ringwall_sdk::xenbus::{Store, StoreError};
use ringwall_sdk::{println, time};

ringwall_sdk::entry!(main);

/// Bytes at the disk's end that are tried.
const TRIED: usize = 1 << 20;

/// Prints one line with the verdict.
fn main() {
    match run() {
        Ok(()) => println!("BLOCK OK"),
        Err(error) => println!("BLOCK FAILED: {error}"),
    }
}

fn run() -> Result<(), BlockError> {
    let store = Store::open().map_err(store_error)?;
    let disks = Block::list(&store)?;
    println!("disks: {disks:?}");
    let Some(first) = disks.first() else {
        return Err(BlockError::OutOfRange);
    };
    let mut disk = Block::connect(&store, *first)?;
    let geometry = *disk.geometry();
    println!(
        "disk {first}: {} MiB, sectors of {} bytes{}{}{}",
        geometry.bytes() >> 20,
        geometry.sector_bytes,
        match geometry.writes {
            Writes::Allowed => "",
            Writes::Refused => ", read-only",
        },
        if geometry.flush { ", flushes" } else { "" },
        if geometry.discard { ", discards" } else { "" },
    );
    let place = geometry.bytes().saturating_sub(TRIED as u64);
    let mut before = vec![0; TRIED];
    timed("read", || disk.read(place, &mut before))?;
    if geometry.writes == Writes::Allowed {
        let pattern: Vec<u8> = (0..=250).cycle().take(TRIED).collect();
        timed("written", || disk.write(place, &pattern))?;
        if geometry.flush {
            disk.flush()?;
        }
        let mut after = vec![0; TRIED];
        disk.read(place, &mut after)?;
        let kept = after == pattern;
        disk.write(place, &before)?;
        if !kept {
            println!("what was written is not what is read");
            return Err(BlockError::Failed);
        }
    }
    // What it can't do is refused, and the disk works on.
    match disk.read(geometry.bytes(), &mut [0; 4096]) {
        Err(BlockError::OutOfRange) => {}
        _ => return Err(BlockError::Failed),
    }
    disk.close()
}

/// Prints what an operation on [`TRIED`] bytes took.
fn timed(what: &str, act: impl FnOnce() -> Result<(), BlockError>) -> Result<(), BlockError> {
    let start = time::monotonic_ns();
    act()?;
    let microseconds = (time::monotonic_ns() - start) / 1000;
    println!("1 MiB {what} in {microseconds} us");
    Ok(())
}

fn store_error(error: StoreError) -> BlockError {
    BlockError::Device(error.into())
}
