//! Xen's notes in a kernel.
//!
//! Source: `public/elfnote.h`.

use core::str;

use ringwall_abi::GuestAddress;

use super::{Features, KernelError};

/// Where the notes were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoteSource {
    /// ELF notes.
    Elf,
    /// The string in the section `__xen_guest`.
    XenGuestSection,
}

/// What a kernel says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notes<'a> {
    /// Where this was found.
    pub source: NoteSource,
    /// Virtual address at which the first vCPU starts.
    pub entry: GuestAddress,
    /// Virtual address of the page to be filled with hypercall stubs.
    pub hypercall_page: Option<GuestAddress>,
    /// Virtual address at which frame 0 is to be mapped.
    pub virt_base: GuestAddress,
    /// What to take from the file's physical addresses to get pseudo-physical ones, in bytes.
    pub paddr_offset: u64,
    /// Where the kernel wants the p2m list, if not after the initrd.
    pub init_p2m: Option<GuestAddress>,
    /// Whether the kernel takes an initrd that is not mapped, by its frame number.
    pub mod_start_pfn: bool,
    /// Features supported and required.
    pub features: Features,
    /// The interface the kernel was built for, `xen-3.0` for all there are.
    pub xen_version: Option<&'a str>,
    /// The operating system.
    pub guest_os: Option<&'a str>,
    /// The operating system's version.
    pub guest_version: Option<&'a str>,
    /// The kind of loader.
    pub loader: Option<&'a str>,
    /// For 32-bit kernels: how it uses PAE.
    pub pae_mode: Option<&'a str>,
    /// Whether the kernel wants its symbol table loaded.
    pub bsd_symtab: bool,
    /// The lowest address at which the hypervisor's hole may begin; for 32-bit kernels.
    pub hv_start_low: Option<GuestAddress>,
    /// Mask and value that tell entries, not present, that hold a valid frame number.
    pub l1_mfn_valid: Option<(u64, u64)>,
    /// Whether the kernel goes on when a suspend is cancelled.
    pub suspend_cancel: bool,
}

/// Notes as they are found, one after the other.
#[derive(Default)]
pub(super) struct Collector<'a> {
    pub(super) found: bool,
    pub(super) entry: Option<u64>,
    pub(super) hypercall_page: Option<u64>,
    pub(super) virt_base: Option<u64>,
    pub(super) paddr_offset: Option<u64>,
    pub(super) init_p2m: Option<u64>,
    pub(super) mod_start_pfn: bool,
    pub(super) features: Features,
    pub(super) xen_version: Option<&'a str>,
    pub(super) guest_os: Option<&'a str>,
    pub(super) guest_version: Option<&'a str>,
    pub(super) loader: Option<&'a str>,
    pub(super) pae_mode: Option<&'a str>,
    pub(super) bsd_symtab: bool,
    pub(super) hv_start_low: Option<u64>,
    pub(super) l1_mfn_valid: Option<(u64, u64)>,
    pub(super) suspend_cancel: bool,
}

impl<'a> Collector<'a> {
    /// Takes one ELF note of the owner `Xen`. Unknown types are passed over, as the kernel may know
    /// of notes that are newer than this.
    pub(super) fn add(&mut self, kind: u64, content: &'a [u8]) -> Result<(), KernelError> {
        self.found = true;
        match kind {
            1 => self.entry = Some(number(content, "ENTRY")?),
            2 => self.hypercall_page = Some(number(content, "HYPERCALL_PAGE")?),
            3 => self.virt_base = Some(number(content, "VIRT_BASE")?),
            4 => self.paddr_offset = Some(number(content, "PADDR_OFFSET")?),
            5 => self.xen_version = Some(string(content, "XEN_VERSION")?),
            6 => self.guest_os = Some(string(content, "GUEST_OS")?),
            7 => self.guest_version = Some(string(content, "GUEST_VERSION")?),
            8 => self.loader = Some(string(content, "LOADER")?),
            9 => self.pae_mode = Some(string(content, "PAE_MODE")?),
            10 => self.features.add_names(string(content, "FEATURES")?)?,
            11 => self.bsd_symtab = string(content, "BSD_SYMTAB")?.starts_with("yes"),
            12 => self.hv_start_low = Some(number(content, "HV_START_LOW")?),
            13 => self.l1_mfn_valid = Some(pair(content, "L1_MFN_VALID")?),
            14 => self.suspend_cancel = number(content, "SUSPEND_CANCEL")? != 0,
            15 => self.init_p2m = Some(number(content, "INIT_P2M")?),
            16 => self.mod_start_pfn = number(content, "MOD_START_PFN")? != 0,
            17 => {
                let bits = number(content, "SUPPORTED_FEATURES")? & u64::from(u32::MAX);
                self.features.supported |= u32::try_from(bits).unwrap_or(0);
            }
            _ => {}
        }
        Ok(())
    }

    /// What all notes together say.
    pub(super) fn finish(self, source: NoteSource) -> Result<Notes<'a>, KernelError> {
        if !self.found {
            return Err(KernelError::NoXenNotes);
        }
        let entry = self.entry.ok_or(KernelError::NoEntry)?;
        if self.xen_version.is_some_and(|version| version != "xen-3.0") {
            return Err(KernelError::WrongXenVersion);
        }
        Ok(Notes {
            source,
            entry: GuestAddress::new(entry),
            hypercall_page: self.hypercall_page.map(GuestAddress::new),
            virt_base: GuestAddress::new(self.virt_base.unwrap_or(0)),
            paddr_offset: self.paddr_offset.unwrap_or(0),
            init_p2m: self.init_p2m.map(GuestAddress::new),
            mod_start_pfn: self.mod_start_pfn,
            features: self.features,
            xen_version: self.xen_version,
            guest_os: self.guest_os,
            guest_version: self.guest_version,
            loader: self.loader,
            pae_mode: self.pae_mode,
            bsd_symtab: self.bsd_symtab,
            hv_start_low: self.hv_start_low.map(GuestAddress::new),
            l1_mfn_valid: self.l1_mfn_valid,
            suspend_cancel: self.suspend_cancel,
        })
    }
}

/// A number of 1, 2, 4 or 8 bytes, little-endian.
fn number(content: &[u8], name: &'static str) -> Result<u64, KernelError> {
    if !matches!(content.len(), 1 | 2 | 4 | 8) {
        return Err(KernelError::MalformedNote { name });
    }
    Ok(content
        .iter()
        .rev()
        .fold(0, |high, byte| high << 8 | u64::from(*byte)))
}

/// Text up to the first NUL.
fn string<'a>(content: &'a [u8], name: &'static str) -> Result<&'a str, KernelError> {
    let text = content.split(|byte| *byte == 0).next().unwrap_or(content);
    str::from_utf8(text).map_err(|_| KernelError::MalformedNote { name })
}

/// The first of a list of pairs of 8-byte numbers.
fn pair(content: &[u8], name: &'static str) -> Result<(u64, u64), KernelError> {
    let malformed = KernelError::MalformedNote { name };
    let (mask, rest) = content.split_at_checked(8).ok_or(malformed)?;
    let value = rest.get(..8).ok_or(malformed)?;
    Ok((number(mask, name)?, number(value, name)?))
}
