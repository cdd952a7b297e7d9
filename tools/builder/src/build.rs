//! Building a domain, step by step.

use core::ops::Range;

use ringwall_abi::grant_table::{
    GrantEntry, GrantEntryFlags, GrantType, RESERVED_CONSOLE, RESERVED_XENSTORE,
};
use ringwall_abi::xen::{SharedInfo, VcpuInfo};
use ringwall_abi::{DomainId, Mfn, PAGE_SHIFT, Port, VcpuId};
use ringwall_image::{Element, Layout};
use zerocopy::IntoBytes as _;

use crate::frames::Frames;
use crate::kernel::Part;
use crate::tables::{bytes, write_p2m, write_tables};
use crate::undo::Unfinished;
use crate::window::{Touched, Window};
use crate::{BuildError, Initrd, KernelImage, Machine, Memory, Plan, context, start_info};

/// Bytes of a file that are copied at a time: they stay in the CPU's cache.
const CHUNK: usize = 128 << 10;

/// A page that a domain shares with the one that serves it, and the port that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// The page's machine frame.
    pub frame: Mfn,
    /// The port in the domain, which the other may bind.
    pub port: Port,
}

/// A domain that was built. It is paused: unpause it once, and it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Built {
    /// Its number.
    pub domain: DomainId,
    /// Its console, which is also granted as reference 0.
    pub console: Ring,
    /// Its connection to the store, which is also granted as reference 1.
    pub store: Ring,
}

/// Builds a domain. If that fails, nothing of it is left.
///
/// # Errors
/// [`BuildError`]: those of [`Plan::check`] first; then what the hypervisor refuses, or files that can't be read.
pub fn build(machine: &impl Machine, plan: &Plan) -> Result<Built, BuildError> {
    plan.check(machine)?;
    let Plan { request, layout } = plan;
    let domain = machine.create_domain(&request.settings)?;
    let unfinished = Unfinished::new(machine, domain);
    machine.set_max_pages(domain, plan.page_limit())?;
    let frames = Frames::populate(machine, domain, request.pages)?;
    let port = |remote| machine.allocate_unbound_port(domain, remote);
    let store = Ring {
        frame: ring_frame(&frames, layout.xenstore())?,
        port: port(request.store_domain)?,
    };
    let console = Ring {
        frame: ring_frame(&frames, layout.console())?,
        port: port(request.console_domain)?,
    };
    let built = Built {
        domain,
        console,
        store,
    };
    let shared_info = machine.shared_info_frame(domain)?;
    fill(machine, plan, &frames, shared_info, &built)?;
    mask_upcalls(&machine.map_frames(domain, &[shared_info])?)?;
    grant_rings(&machine.map_grant_table(domain)?, plan, &built)?;
    if let Some(page) = request.kernel.facts().hypercall_page {
        let offset = page
            .raw()
            .wrapping_sub(request.kernel.facts().virt_base.raw());
        let frame = frames.get(ringwall_abi::Pfn::new(offset >> PAGE_SHIFT))?;
        machine.fill_hypercall_page(domain, frame)?;
    }
    // The kernel finds its first root pinned, and unpins it when it has its own.
    let root = frames.get(layout.page_tables().first)?;
    machine.pin_root_table(domain, root)?;
    let context = context::first_vcpu(layout, root);
    machine.set_vcpu_context(domain, VcpuId::new(0), &context)?;
    for (vcpu, cpus) in (0..request.settings.max_vcpus).zip(&request.pinning) {
        if !cpus.is_empty() {
            machine.pin_vcpu(domain, VcpuId::new(vcpu), cpus)?;
        }
    }
    unfinished.keep();
    Ok(built)
}

fn ring_frame(frames: &Frames, element: Option<Element>) -> Result<Mfn, BuildError> {
    let element = element.ok_or(BuildError::Inconsistent("a ring"))?;
    frames.get(element.first)
}

/// Writes what the domain finds in its memory. The frames are mapped for that, and unmapped again before any of them
/// becomes a page table.
fn fill<M: Machine>(
    machine: &M,
    plan: &Plan,
    frames: &Frames,
    shared_info: Mfn,
    built: &Built,
) -> Result<(), BuildError> {
    let Plan { request, layout } = plan;
    let unclean = unclean(machine, &request.kernel, layout)?;
    let touched = touched(&request.kernel, layout, &unclean);
    let window = Window::map(machine, built.domain, frames, touched)?;
    for range in unclean {
        window.clear(range)?;
    }
    let mut buffer = vec![0; CHUNK];
    for part in request.kernel.parts() {
        load_part(&window, &request.kernel, part, &mut buffer)?;
    }
    if let (Some(initrd), Some(element)) = (&request.initrd, layout.initrd()) {
        load_initrd(&window, initrd, bytes(element), &mut buffer)?;
    }
    write_p2m(&window, frames, layout)?;
    write_tables(&window, frames, layout)?;
    for element in [layout.start_info()]
        .into_iter()
        .chain(layout.xenstore())
        .chain(layout.console())
    {
        window.clear(bytes(element))?;
    }
    let info = start_info::make(
        &layout.start_info_fields(),
        shared_info,
        built.console,
        built.store,
        &request.command_line,
    );
    window.write(bytes(layout.start_info()).start, info.as_bytes())
}

/// Pseudo-physical addresses that have to be zeros and may not be: none on a hypervisor whose frames are.
fn unclean(
    machine: &impl Machine,
    kernel: &KernelImage,
    layout: &Layout,
) -> Result<Vec<Range<u64>>, BuildError> {
    if machine.frames_are_clean()? {
        return Ok(Vec::new());
    }
    let zeros = kernel.parts().iter().map(|part| {
        let length = part.bytes.end - part.bytes.start;
        part.start + length..part.start + part.size
    });
    Ok(zeros.chain([bytes(layout.stack())]).collect())
}

/// The frames that hold something.
fn touched(kernel: &KernelImage, layout: &Layout, unclean: &[Range<u64>]) -> Touched {
    let mut touched = Touched::default();
    for part in kernel.parts() {
        let length = part.bytes.end - part.bytes.start;
        touched.add_bytes(part.start..part.start + length);
    }
    for range in unclean {
        touched.add_bytes(range.clone());
    }
    let elements = [
        Some(layout.p2m()),
        Some(layout.start_info()),
        Some(layout.page_tables()),
        layout.initrd(),
        layout.p2m_tables(),
        layout.xenstore(),
        layout.console(),
    ];
    for element in elements.into_iter().flatten() {
        touched.add(element.first.raw()..element.end().raw());
    }
    touched
}

fn load_part<M: Memory>(
    window: &Window<M>,
    kernel: &KernelImage,
    part: &Part,
    buffer: &mut [u8],
) -> Result<(), BuildError> {
    if let Some(bytes) = kernel.borrow(part.bytes.clone()) {
        return match bytes {
            [] => Ok(()),
            bytes => window.write(part.start, bytes),
        };
    }
    copy(
        window,
        part.start,
        part.bytes.clone(),
        buffer,
        |offset, into| {
            kernel.read(offset, into).map_err(|error| {
                BuildError::file("unpacked kernel", "in the cache".as_ref(), error)
            })
        },
    )
}

fn load_initrd<M: Memory>(
    window: &Window<M>,
    initrd: &Initrd,
    place: Range<u64>,
    buffer: &mut [u8],
) -> Result<(), BuildError> {
    let size = initrd.size();
    copy(window, place.start, 0..size, buffer, |offset, into| {
        initrd.read(offset, into)
    })?;
    window.clear(place.start + size..place.end)
}

/// Copies a file's bytes by way of the buffer.
fn copy<M: Memory>(
    window: &Window<M>,
    mut to: u64,
    mut from: Range<u64>,
    buffer: &mut [u8],
    mut read: impl FnMut(u64, &mut [u8]) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    while !from.is_empty() {
        let left = usize::try_from(from.end - from.start).unwrap_or(usize::MAX);
        let length = left.min(buffer.len());
        let chunk = buffer.get_mut(..length).unwrap_or_default();
        read(from.start, chunk)?;
        window.write(to, chunk)?;
        to += length as u64;
        from.start += length as u64;
    }
    Ok(())
}

/// Masks the events of all virtual CPUs that have a place in the shared page: kernels start so. The rest of the page
/// is the hypervisor's to fill.
fn mask_upcalls(shared_info: &impl Memory) -> Result<(), BuildError> {
    for vcpu in (0..).map_while(|vcpu| SharedInfo::vcpu_info_offset(VcpuId::new(vcpu))) {
        let offset = vcpu + VcpuInfo::UPCALL_MASK;
        shared_info
            .write(offset, &[1])
            .map_err(|_| BuildError::Inconsistent("the shared page"))?;
    }
    Ok(())
}

/// Grants the rings to those who serve them, under the references that the ABI keeps for this.
fn grant_rings(table: &impl Memory, plan: &Plan, built: &Built) -> Result<(), BuildError> {
    let rings = [
        (RESERVED_CONSOLE, built.console, plan.request.console_domain),
        (RESERVED_XENSTORE, built.store, plan.request.store_domain),
    ];
    for (reference, ring, domid) in rings {
        let high = |_| BuildError::Inconsistent("a ring's frame");
        let entry = GrantEntry {
            flags: GrantEntryFlags::from_bits_retain(GrantType::PermitAccess.number()),
            domid,
            frame: u32::try_from(ring.frame.raw()).map_err(high)?,
        };
        let offset = reference as usize * size_of::<GrantEntry>();
        table
            .write(offset, entry.as_bytes())
            .map_err(|_| BuildError::Inconsistent("the grant table"))?;
    }
    Ok(())
}
