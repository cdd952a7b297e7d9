//! `check`: whether a file can be a guest's kernel, and fits. Needs no ringd.

use std::fs;
use std::path::Path;

use ringwall_api::{Check, Failure, Kind, MemoryPart, Result};
use ringwall_guestfile::{Guest, Source, apply};
use ringwall_image::{Kernel, Layout, Payload, Request, Rings};

use crate::output::{Output, Table, memory};

/// The largest kernel that is unpacked, in bytes.
const UNPACKED_LIMIT: usize = 512 << 20;
const PAGE_KIB: u64 = 4;

/// Checks a guest file, or a kernel alone; status 5 if it is not right.
pub(super) fn run(output: &Output, file: &Path, overrides: &[String]) -> Result<u8> {
    let check = if is_kernel(file)? {
        let mut guest = Guest {
            kernel: file.to_path_buf(),
            name: "kernel".to_owned(),
            ..Guest::default()
        };
        apply(&mut guest, Path::new("."), overrides).map_err(bad)?;
        let says_memory = overrides.iter().any(|text| text.starts_with("memory="));
        let mut check = check(&guest)?;
        check.memory_kib = check.memory_kib.filter(|_| says_memory);
        check
    } else {
        let parsed = Source::open(file)
            .map_err(bad)?
            .read(overrides)
            .map_err(bad)?;
        parsed.warnings.iter().for_each(|line| output.warning(line));
        check(&parsed.guest)?
    };
    if output.json {
        let value = serde_json::to_value(&check);
        output.json(&value.map_err(|error| Failure::new(Kind::Failed, error.to_string()))?)?;
    } else {
        show(output, &check)?;
    }
    match check.problems.first() {
        None => Ok(0),
        Some(_) if output.json => Ok(Kind::BadInput.status()),
        Some(problem) => Err(Failure::new(Kind::BadInput, problem.clone())),
    }
}

/// Checks a guest's kernel, RAM disk and memory.
pub(super) fn check(guest: &Guest) -> Result<Check> {
    let shown = guest.kernel.display();
    let file = fs::read(&guest.kernel)
        .map_err(|error| bad(format!("the kernel {shown} can't be read: {error}")))?;
    let ramdisk_size = match &guest.ramdisk {
        None => 0,
        Some(ramdisk) => {
            let shown = ramdisk.display();
            let metadata = fs::metadata(ramdisk)
                .map_err(|error| bad(format!("the RAM disk {shown} can't be read: {error}")))?;
            if !metadata.is_file() {
                return Err(bad(format!("the RAM disk {shown} is no file")));
            }
            metadata.len()
        }
    };
    let payload = Payload::find(&file).map_err(|error| bad(format!("{shown}: {error}")))?;
    let unpacked = payload
        .unpack(UNPACKED_LIMIT)
        .map_err(|error| bad(format!("{shown}: {error}")))?;
    let kernel = Kernel::parse(&unpacked).map_err(|error| bad(format!("{shown}: {error}")))?;
    let notes = kernel.notes();
    let request = Request {
        initrd_size: ramdisk_size,
        rings: Rings::Present,
        ..Request::new(&kernel, guest.memory_kib / PAGE_KIB)
    };
    let names = [notes.guest_os, notes.guest_version];
    let names: Vec<_> = names.into_iter().flatten().collect();
    let mut check = Check {
        kernel: shown.to_string(),
        compression: payload.compression().to_string(),
        guest: names.join(" "),
        entry: format!("{:#x}", notes.entry.raw()),
        parts: Vec::new(),
        needed_kib: 0,
        memory_kib: Some(guest.memory_kib),
        good: true,
        problems: Vec::new(),
    };
    match Layout::new(request) {
        Ok(layout) => {
            let parts = layout.elements().map(|element| MemoryPart {
                what: element.role.to_string(),
                kib: element.pages * PAGE_KIB,
            });
            check.parts = parts.collect();
            check.needed_kib = layout.boot_pages() * PAGE_KIB;
        }
        Err(error) => {
            check.good = false;
            check.problems.push(format!("{shown}: {error}"));
        }
    }
    Ok(check)
}

fn show(output: &Output, check: &Check) -> Result<()> {
    for (name, value) in [
        ("kernel", &check.kernel),
        ("packed", &check.compression),
        ("guest", &check.guest),
        ("entry", &check.entry),
    ] {
        output.line(&format!("{:10}{value}", format!("{name}:")))?;
    }
    if check.parts.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["AT ITS START", ">SIZE"]);
    for part in &check.parts {
        table.row([part.what.clone(), memory(part.kib)]);
    }
    table.row(["all, with gaps".to_owned(), memory(check.needed_kib)]);
    if let Some(kib) = check.memory_kib {
        table.row(["of the guest's memory".to_owned(), memory(kib)]);
    }
    table.print(output)
}

/// Whether the file starts as a kernel does; a guest file is text.
fn is_kernel(file: &Path) -> Result<bool> {
    let shown = file.display();
    let bytes = fs::read(file).map_err(|error| bad(format!("{shown} can't be read: {error}")))?;
    let start = bytes.get(..4096.min(bytes.len())).unwrap_or_default();
    // Text has no control characters but those of white space.
    Ok(start
        .iter()
        .any(|byte| *byte < 0x20 && !b"\t\n\r\x0c".contains(byte)))
}

fn bad(message: impl ToString) -> Failure {
    Failure::new(Kind::BadInput, message.to_string())
}
