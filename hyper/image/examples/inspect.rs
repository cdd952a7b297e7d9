//! Prints what a kernel file holds and how a domain with it would be laid out.
//!
//! `cargo run -p ringwall-image --example inspect -- VMLINUZ [PAGES [INITRD]]`

use std::error::Error;
use std::time::Instant;
use std::{env, fs};

use ringwall_image::{Features, Kernel, Layout, Payload, Request};

/// The most that a kernel may unpack to, in bytes.
const LIMIT: usize = 1 << 30;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments
        .next()
        .ok_or("usage: inspect VMLINUZ [PAGES [INITRD]]")?;
    let pages = arguments
        .next()
        .map_or(Ok(128 << 10), |pages| pages.parse())?;
    let initrd_size = arguments
        .next()
        .map_or(Ok(0), |path| fs::metadata(path).map(|m| m.len()))?;

    let file = fs::read(&path)?;
    let payload = Payload::find(&file)?;
    let start = Instant::now();
    let image = payload.unpack(LIMIT)?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{path}: {}, {} bytes, unpacked {} bytes in {:.3} s ({:.0} MB/s)",
        payload.compression(),
        payload.data().len(),
        image.len(),
        seconds,
        image.len() as f64 / seconds / 1e6
    );

    let kernel = Kernel::parse(&image)?;
    println!("{:#x?}", kernel.notes());
    let features = kernel.notes().features;
    for number in 0..u32::BITS {
        if let Some(name) = Features::name(number)
            && features.supported >> number & 1 != 0
        {
            let mark = if features.required >> number & 1 != 0 {
                "!"
            } else {
                ""
            };
            println!("feature {mark}{name}");
        }
    }
    for segment in kernel.segments() {
        println!(
            "segment {:#x}-{:#x}, {:#x} bytes of it from the file",
            segment.start,
            segment.end(),
            segment.bytes.len()
        );
    }

    let layout = Layout::new(Request {
        initrd_size,
        ..Request::new(&kernel, pages)
    })?;
    println!("region {:x?}", layout.region());
    for element in layout.elements() {
        let address = element
            .address
            .map_or(String::from("not mapped"), |a| format!("{a:#x}"));
        println!(
            "pfn {:#8x}-{:#8x} at {address}: {}",
            element.first,
            element.end(),
            element.role
        );
    }
    println!("{:#x?}", layout.start_info_fields());
    println!(
        "entry {:#x}, stack {:#x}",
        layout.entry(),
        layout.stack_pointer()
    );
    println!("{} page-table entries", layout.table_entries().count());
    Ok(())
}
