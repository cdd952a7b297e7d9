//! Writing a domain's core.

use core::fmt;
use std::io::Write;

use ringwall_abi::arch_x86::VcpuGuestContext;
use ringwall_abi::domctl::INVALID_MAX_VCPU_ID;
use ringwall_abi::xen::SharedInfo;
use ringwall_abi::{DomainId, Errno, Mfn, PAGE_SIZE, VcpuId};
use ringwall_control::{Hypervisor, Protection};
use zerocopy::{FromBytes as _, IntoBytes as _};

use super::file::{Sizes, names, notes, start};
use super::p2m::{self, MAX_PAGES, Pages};

/// Pages that are mapped at a time.
const AT_ONCE: usize = 256;

/// Why a core can't be written.
#[derive(Debug)]
pub enum DumpError {
    /// The hypervisor refused.
    Hypervisor(ringwall_control::Error),
    /// The file can't be written.
    File(std::io::Error),
    /// The domain's kernel has not told where its list of frames is.
    NoList(DomainId),
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hypervisor(error) => write!(f, "the hypervisor refused {error}"),
            Self::File(error) => write!(f, "the core file can't be written: {error}"),
            Self::NoList(domain) => write!(
                f,
                "{domain} has no list of its frames for tools; its kernel does not make one, or has not come so far"
            ),
        }
    }
}

impl core::error::Error for DumpError {}

impl From<ringwall_control::Error> for DumpError {
    fn from(error: ringwall_control::Error) -> Self {
        Self::Hypervisor(error)
    }
}

impl From<std::io::Error> for DumpError {
    fn from(error: std::io::Error) -> Self {
        Self::File(error)
    }
}

/// A domain's frames, by mapping them.
struct Foreign<'a> {
    hypervisor: &'a Hypervisor,
    domain: DomainId,
}

impl Foreign<'_> {
    /// Copies frames into `into`, one after the other; those that can't be had are zeros.
    fn read(&self, frames: &[Mfn], into: &mut [u8]) {
        let map = |frames: &[Mfn]| {
            self.hypervisor
                .map_frames(self.domain, frames, Protection::ReadOnly)
                .ok()
        };
        if let Some(memory) = map(frames) {
            let _ = memory.read(0, into);
            return;
        }
        for (frame, page) in frames.iter().zip(into.chunks_mut(PAGE_SIZE)) {
            page.fill(0);
            if let Some(memory) = map(&[*frame]) {
                let _ = memory.read(0, page);
            }
        }
    }
}

impl Pages for Foreign<'_> {
    fn page(&self, frame: Mfn) -> Option<Box<[u8; PAGE_SIZE]>> {
        let mut page = Box::new([0; PAGE_SIZE]);
        let memory = self
            .hypervisor
            .map_frames(self.domain, &[frame], Protection::ReadOnly)
            .ok()?;
        memory.read(0, page.as_mut_slice()).ok()?;
        Some(page)
    }
}

/// Writes a domain's core: its virtual CPUs' state and all of its memory; the number of pages. Pause the domain, or
/// the core is of no one moment.
///
/// # Errors
/// [`DumpError`].
pub fn dump(
    hypervisor: &Hypervisor,
    domain: DomainId,
    to: &mut impl Write,
) -> Result<u64, DumpError> {
    let info = hypervisor.domain_info(domain)?;
    let foreign = Foreign { hypervisor, domain };
    let shared = foreign
        .page(Mfn::new(info.shared_info_frame))
        .ok_or(DumpError::NoList(domain))?;
    let arch = SharedInfo::read_from_prefix(shared.as_slice())
        .map_err(|_| DumpError::NoList(domain))?
        .0
        .arch;
    let top = arch.pfn_to_mfn_frame_list_list;
    if arch.max_pfn == 0 || top.raw() == 0 {
        return Err(DumpError::NoList(domain));
    }
    let list = p2m::read(&foreign, top, arch.max_pfn.min(MAX_PAGES));
    let contexts = contexts(hypervisor, domain, info.max_vcpu_id)?;
    let sizes = Sizes {
        vcpus: contexts.len() as u64,
        context: size_of::<VcpuGuestContext>() as u64,
        pages: list.len() as u64,
    };
    let notes = notes(&sizes, &hypervisor.version()?);
    let (head, gap) = start(&sizes, notes.len() as u64);
    to.write_all(&head)?;
    to.write_all(&notes)?;
    for context in &contexts {
        to.write_all(context.as_bytes())?;
    }
    to.write_all(shared.as_slice())?;
    for (number, frame) in &list {
        to.write_all([*number, frame.raw()].as_bytes())?;
    }
    to.write_all(&names())?;
    to.write_all(&vec![0; gap])?;
    let mut buffer = vec![0; AT_ONCE * PAGE_SIZE];
    for part in list.chunks(AT_ONCE) {
        let frames: Vec<Mfn> = part.iter().map(|(_, frame)| *frame).collect();
        let bytes = buffer
            .get_mut(..frames.len() * PAGE_SIZE)
            .unwrap_or_default();
        foreign.read(&frames, bytes);
        to.write_all(bytes)?;
    }
    Ok(list.len() as u64)
}

/// The state of each virtual CPU that was ever started.
fn contexts(
    hypervisor: &Hypervisor,
    domain: DomainId,
    highest: u32,
) -> Result<Vec<Box<VcpuGuestContext>>, DumpError> {
    let mut contexts = Vec::new();
    if highest == INVALID_MAX_VCPU_ID {
        return Ok(contexts);
    }
    for vcpu in 0..=highest {
        match hypervisor.vcpu_context(domain, VcpuId::new(vcpu)) {
            Ok(context) => contexts.push(context),
            Err(error) if error.is(Errno::ENODATA) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(contexts)
}
