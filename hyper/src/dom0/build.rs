//! Building dom0.

use core::sync::atomic::Ordering;

use ringwall_abi::xen::DomainHandle;
use ringwall_abi::{DomainId, Mfn, PAGE_SHIFT, PAGE_SIZE, VcpuId};
use ringwall_hw::boot::{BootInformation, Module};
use ringwall_hw::cpu::local;
use ringwall_hw::guest::mode;
use ringwall_hw::log;
use ringwall_hw::memory::device::module_bytes;
use ringwall_hw::memory::write_frame_word;
use ringwall_image::{Access, Kernel, Layout, Payload, Request};
use ringwall_model::domain::{Limits, MAX_VCPUS};
use ringwall_model::emulate::flags;
use ringwall_model::memory::{Entry, Error, Flags, Level};
use ringwall_model::options::Options;

use super::error::BuildError;
use super::pages::Pages;
use super::start_info;
use crate::domain::{self, Domain, Power};
use crate::hypercall::{OFFERED_FEATURES, write_hypercall_page};
use crate::machine::memory;
use crate::trap::RingLayout;
use crate::{irq, pool, schedule};

/// A dom0 kernel has at most this many bytes unpacked.
const MAX_KERNEL: usize = 1 << 30;
const MIB: u64 = 1 << 20;

/// Builds dom0 from the modules: the kernel, and an initrd if there is one. It is ready to run then.
pub(crate) fn build(
    information: &'static BootInformation,
    options: &Options<'_>,
) -> Result<(), BuildError> {
    let (kernel_module, initrd) = match information.modules() {
        [] => return Err(BuildError::OutOfMemory("its kernel, which is missing")),
        [kernel] => (kernel, None),
        [kernel, initrd, ..] => (kernel, Some(initrd)),
    };
    let payload = Payload::find(module_bytes(kernel_module))?;
    log!(
        Info,
        "dom0 kernel: {} KiB, {}",
        (kernel_module.end - kernel_module.start) >> 10,
        payload.compression()
    );
    let before = pool::free_frames();
    let file = payload.unpack(MAX_KERNEL)?;
    let scratch = before.saturating_sub(pool::free_frames());
    let kernel = Kernel::parse(&file)?;
    if let Some(feature) = kernel.notes().features.first_missing(OFFERED_FEATURES) {
        return Err(BuildError::Feature(feature));
    }
    let released = frames_of(kernel_module);
    let initrd_frames = initrd.map_or(0, |initrd| {
        (initrd.end - initrd.start).div_ceil(PAGE_SIZE as u64)
    });
    let available = pool::free_frames() + scratch + (released.end - released.start) + initrd_frames;
    let size = options.dom0_memory.resolve(available)?;
    let mut request = Request::new(&kernel, size.pages);
    request.initrd_size = initrd.map_or(0, |initrd| initrd.end - initrd.start);
    if initrd_frames >= size.pages {
        return Err(BuildError::InitrdTooLarge(
            request.initrd_size.div_ceil(MIB),
            size.pages >> 8,
        ));
    }
    let layout = Layout::new(request)?;
    let no_memory = |_| BuildError::OutOfMemory("the domain itself");
    let vcpus = options.dom0_vcpus.resolve(1).clamp(1, MAX_VCPUS);
    let domain = domain::create(
        Some(DomainId::DOM0),
        Power::Privileged,
        Limits::privileged(vcpus),
        DomainHandle::default(),
        size.max_pages.unwrap_or(u64::MAX),
    )
    .map_err(no_memory)?;
    let mut pages = Pages::new(domain, size.pages)?;
    load_kernel(&mut pages, &kernel, &layout)?;
    // The unpacked file's memory becomes dom0's.
    drop(file);
    give_back(kernel_module);
    fill(&mut pages, &layout, size.pages, initrd)?;
    let command_line = arguments(kernel_module, information, options);
    let fields = layout.start_info_fields();
    let start_info = layout.start_info();
    pages.clear(start_info.first.raw() << PAGE_SHIFT..start_info.end().raw() << PAGE_SHIFT);
    start_info::write(
        &pages,
        start_info.first.raw() << PAGE_SHIFT,
        domain,
        &fields,
        command_line,
    );
    write_tables(&pages, &layout);
    start_vcpus(domain, &pages, &layout)?;
    log!(
        Info,
        "dom0: {} MiB, {} virtual CPUs, kernel at {:#x}, entry {:#x}",
        size.pages >> 8,
        domain.vcpu_count(),
        layout.region().start.raw(),
        layout.entry().raw()
    );
    mode::fill_io_bitmap(local::current(), irq::is_port_denied);
    Ok(())
}

/// The kernel's arguments: those of its module, or else what follows ` -- ` on the hypervisor's own
/// line.
fn arguments<'a>(
    module: &'a Module,
    information: &BootInformation,
    options: &Options<'a>,
) -> &'a str {
    let line = module.command_line.as_str().trim();
    let rest = match information.modules_are_named() {
        true => line.split_once(' ').map_or("", |(_, rest)| rest.trim()),
        false => line,
    };
    if rest.is_empty() {
        options.dom0_arguments.unwrap_or("")
    } else {
        rest
    }
}

fn frames_of(module: &Module) -> core::ops::Range<u64> {
    module.start.div_ceil(PAGE_SIZE as u64)..module.end / PAGE_SIZE as u64
}

/// Copies the kernel's segments to their place.
fn load_kernel(pages: &mut Pages, kernel: &Kernel<'_>, layout: &Layout) -> Result<(), BuildError> {
    let element = layout.kernel();
    pages.allocate(0..element.end().raw())?;
    for segment in kernel.segments() {
        let end_of_bytes = segment.start + segment.bytes.len() as u64;
        pages.write(segment.start, segment.bytes);
        pages.clear(end_of_bytes..segment.start + segment.size);
    }
    if let Some(page) = kernel.notes().hypercall_page {
        let offset = page.raw().wrapping_sub(kernel.notes().virt_base.raw());
        if let Some(mfn) = pages.mfn(offset >> PAGE_SHIFT) {
            write_hypercall_page(mfn);
        }
    }
    Ok(())
}

/// Gives a module's memory to the pool.
fn give_back(module: &Module) {
    for mfn in frames_of(module) {
        if let Ok(block) = memory().take_back(Mfn::new(mfn), 0) {
            pool::free(block);
        }
    }
}

/// Puts memory behind all other frames, and what belongs into them.
fn fill(
    pages: &mut Pages,
    layout: &Layout,
    count: u64,
    initrd: Option<&Module>,
) -> Result<(), BuildError> {
    let mut next = layout.kernel().end().raw();
    if let (Some(element), Some(module)) = (layout.initrd(), initrd) {
        let (first, end) = (element.first.raw(), element.end().raw());
        pages.allocate(next..first)?;
        let start = module.start / PAGE_SIZE as u64;
        if module.start % PAGE_SIZE as u64 == 0 {
            // The module's frames become dom0's, without a copy.
            pages.adopt(element.first, start..start + (end - first))?;
            pages.clear((first << PAGE_SHIFT) + (module.end - module.start)..end << PAGE_SHIFT);
        } else {
            pages.allocate(first..end)?;
            pages.write(first << PAGE_SHIFT, module_bytes(module));
            give_back(module);
        }
        next = end;
    }
    pages.allocate(next..count)?;
    pages.write_list(layout.p2m().first);
    Ok(())
}

/// Writes the first page tables.
fn write_tables(pages: &Pages, layout: &Layout) {
    for element in [Some(layout.page_tables()), layout.p2m_tables()]
        .into_iter()
        .flatten()
    {
        pages.clear(element.first.raw() << PAGE_SHIFT..element.end().raw() << PAGE_SHIFT);
    }
    let common = Flags::PRESENT | Flags::USER | Flags::ACCESSED | Flags::DIRTY;
    for entry in layout.table_entries() {
        let flags = match entry.access {
            Access::ReadOnly => common,
            Access::ReadWrite => common | Flags::WRITE,
        };
        if let (Some(table), Some(target)) =
            (pages.mfn(entry.table.raw()), pages.mfn(entry.target.raw()))
        {
            write_frame_word(table, entry.index.into(), Entry::map(target, flags).raw());
        }
    }
}

/// Makes dom0's virtual CPUs, and lets the first one run.
fn start_vcpus(domain: &'static Domain, pages: &Pages, layout: &Layout) -> Result<(), BuildError> {
    const NO_MEMORY: BuildError = BuildError::OutOfMemory("its virtual CPUs");
    domain::make_vcpus(domain).map_err(|_| NO_MEMORY)?;
    let first = domain.vcpu(VcpuId::new(0)).ok_or(NO_MEMORY)?;
    let root = pages
        .mfn(layout.page_tables().first.raw())
        .ok_or(NO_MEMORY)?;
    {
        let mut guard = first.state.lock();
        let state = &mut *guard;
        // The kernel finds its first root pinned, and unpins it when it has its own.
        while let Err(error) = memory().pin(root, Level::L4, domain.id(), &mut state.unfinished) {
            if error != Error::Preempted {
                return Err(BuildError::Tables(error));
            }
        }
        let root = memory()
            .get_root(root, domain.id(), &mut state.unfinished)
            .map_err(BuildError::Tables)?;
        state.kernel_root = Some(root);
        let rings = RingLayout;
        let frame = &mut state.frame;
        frame.rip = layout.entry().raw();
        frame.rsp = layout.stack_pointer().raw();
        frame.rsi = layout
            .start_info()
            .address
            .map_or(0, |address| address.raw());
        frame.cs = rings.kernel_cs();
        frame.ss = rings.kernel_ss();
        frame.rflags = flags::on_exit(0);
        frame.exit_by_iret();
    }
    first.initialised.store(true, Ordering::Release);
    first.up.store(true, Ordering::Release);
    domain.life().unpause().map_err(|_| NO_MEMORY)?;
    schedule::start(first);
    Ok(())
}
