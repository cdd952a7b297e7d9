//! Notes as kernels had them before ELF notes: a string in the section `__xen_guest`.
//!
//! `NAME=VALUE` pairs, separated by commas. Two values differ in meaning from the notes: the
//! hypercall page is a page number, and the paddr offset defaults to the virtual base.
//! Source: the `LEGACY` lines of `public/elfnote.h`.

use core::str;

use ringwall_abi::PAGE_SHIFT;

use super::KernelError;
use super::notes::Collector;

/// Reads the section.
pub(super) fn collect(section: &[u8]) -> Result<Collector<'_>, KernelError> {
    let text = section.split(|byte| *byte == 0).next().unwrap_or(section);
    let text = str::from_utf8(text).map_err(|_| KernelError::MalformedNote {
        name: "(__xen_guest section)",
    })?;
    let mut notes = Collector {
        found: !text.is_empty(),
        ..Collector::default()
    };
    let mut hypercall_page_number = None;
    for item in text.split(',') {
        let (name, value) = item.split_once('=').unwrap_or((item, ""));
        match name.trim() {
            "VIRT_ENTRY" => notes.entry = Some(number(value, "VIRT_ENTRY")?),
            "HYPERCALL_PAGE" => {
                hypercall_page_number = Some(number(value, "HYPERCALL_PAGE")?);
            }
            "VIRT_BASE" => notes.virt_base = Some(number(value, "VIRT_BASE")?),
            "ELF_PADDR_OFFSET" => notes.paddr_offset = Some(number(value, "ELF_PADDR_OFFSET")?),
            // `xen-3.0` and no other, or only its number.
            "XEN_VER" if value == "3.0" => notes.xen_version = Some("xen-3.0"),
            "XEN_VER" => notes.xen_version = Some(value),
            "GUEST_OS" => notes.guest_os = Some(value),
            "GUEST_VER" => notes.guest_version = Some(value),
            "LOADER" => notes.loader = Some(value),
            "PAE" => notes.pae_mode = Some(value),
            "FEATURES" => notes.features.add_names(value)?,
            "BSD_SYMTAB" => notes.bsd_symtab = true,
            _ => {}
        }
    }
    let virt_base = notes.virt_base.unwrap_or(0);
    notes.paddr_offset = notes.paddr_offset.or(Some(virt_base));
    notes.hypercall_page = hypercall_page_number
        .map(|page| {
            page.checked_mul(1 << PAGE_SHIFT)
                .and_then(|offset| virt_base.checked_add(offset))
                .ok_or(KernelError::MalformedNote {
                    name: "HYPERCALL_PAGE",
                })
        })
        .transpose()?;
    Ok(notes)
}

/// A number as C writes it: hexadecimal after `0x`, else decimal.
fn number(text: &str, name: &'static str) -> Result<u64, KernelError> {
    let text = text.trim();
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    parsed.map_err(|_| KernelError::MalformedNote { name })
}
