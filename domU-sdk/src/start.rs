//! The start of day: what the hypervisor has left for the guest.
//!
//! Source: `public/xen.h`, "Start-of-day memory layout".
// UNSAFETY: makes the first mappings and entries.
#![expect(unsafe_code)]

use ringwall_abi::arch_x86::SegmentBase;
use ringwall_abi::xen::{SharedInfo, StartFlags, StartInfo, VaMappingFlags};
use ringwall_abi::{GuestAddress, PAGE_SIZE, Port, VcpuId};
use spin::Once;

use crate::memory::entry::{Access, leaf};
use crate::raw::page::SharedPage;
use crate::raw::{entry, heap, registers};
use crate::{event, hypercall, memory, shutdown, trap};

/// What the guest knows of itself.
struct Start {
    info: &'static StartInfo,
    shared: SharedPage,
}

static START: Once<Start> = Once::new();

/// What the hypervisor says of the domain; `None` on a host.
#[must_use]
pub fn info() -> Option<&'static StartInfo> {
    START.get().map(|start| start.info)
}

/// The command line, up to its first zero or what is not UTF-8.
#[must_use]
pub fn command_line() -> &'static str {
    let Some(info) = info() else { return "" };
    let text = info.cmd_line.split(|byte| *byte == 0).next();
    let text = text.unwrap_or_default();
    str::from_utf8(text)
        .or_else(|error| str::from_utf8(text.get(..error.valid_up_to()).unwrap_or_default()))
        .unwrap_or_default()
}

/// Whether this is the first domain, which has the machine.
#[must_use]
pub fn is_initial_domain() -> bool {
    info().is_some_and(|info| info.flags.contains(StartFlags::INITDOMAIN))
}

/// The page shared with the hypervisor: [`SharedInfo`]; `None` on a host.
#[must_use]
pub fn shared_info() -> Option<&'static SharedPage> {
    START.get().map(|start| &start.shared)
}

/// This virtual CPU's part of the shared page.
#[must_use]
pub fn vcpu_info() -> Option<VcpuArea> {
    let page = shared_info()?;
    let offset = SharedInfo::vcpu_info_offset(registers::vcpu())?;
    Some(VcpuArea { page, offset })
}

/// A virtual CPU's part of the shared page: words at the offsets that
/// [`VcpuInfo`](ringwall_abi::xen::VcpuInfo) names.
#[derive(Clone, Copy, Debug)]
pub struct VcpuArea {
    page: &'static SharedPage,
    offset: usize,
}

impl VcpuArea {
    /// A byte of it, as [`SharedPage::u8`].
    #[must_use]
    pub fn u8(self, offset: usize) -> &'static core::sync::atomic::AtomicU8 {
        self.page.u8(self.offset + offset)
    }

    /// Four bytes of it, as [`SharedPage::u32`].
    #[must_use]
    pub fn u32(self, offset: usize) -> &'static core::sync::atomic::AtomicU32 {
        self.page.u32(self.offset + offset)
    }

    /// Eight bytes of it, as [`SharedPage::u64`].
    #[must_use]
    pub fn u64(self, offset: usize) -> &'static core::sync::atomic::AtomicU64 {
        self.page.u64(self.offset + offset)
    }
}

/// The page and the port of the console's ring, in an unprivileged domain that has one.
pub(crate) fn console_ring() -> Option<(SharedPage, Port)> {
    let info = info()?;
    if info.flags.contains(StartFlags::INITDOMAIN) {
        return None;
    }
    let (page, port) = info.domu_console();
    memory::start_page(page).map(|page| (page, port))
}

/// The page and the port of the store's ring, in a domain that has one.
#[must_use]
pub fn store_ring() -> Option<(SharedPage, Port)> {
    let info = info()?;
    let page = memory::start_page(info.store_mfn)?;
    Some((page, info.store_evtchn))
}

/// From the first instruction to a guest that has a heap, a console and handlers.
pub(crate) fn begin(info: &'static StartInfo, boot_stack_end: u64) {
    #[repr(align(4096))]
    struct Place(#[expect(dead_code, reason = "an address is made of it")] [u8; PAGE_SIZE]);
    static SHARED_INFO: Place = Place([0; PAGE_SIZE]);

    // SAFETY: no code has used GS before.
    let local = unsafe {
        hypercall::set_segment_base(
            SegmentBase::GsKernel,
            registers::local(VcpuId::new(0)).unwrap_or(0),
        )
    };
    let address = core::ptr::from_ref(&SHARED_INFO).addr() as u64;
    let frame = info.shared_info.frame();
    // SAFETY: the page that is given up holds nothing.
    let shared = unsafe {
        hypercall::update_va_mapping(
            GuestAddress::new(address),
            leaf(frame, Access::ReadWrite),
            VaMappingFlags::INVLPG,
        )
    };
    let stack = registers::entry_stack(VcpuId::new(0)).unwrap_or(0);
    // SAFETY: the stack is set aside for this.
    let stack = unsafe { hypercall::stack_switch(GuestAddress::new(stack)) };
    if local.is_err() || shared.is_err() || stack.is_err() {
        shutdown::crash();
    }
    // SAFETY: it is mapped from now on, and `SHARED_INFO` is used for nothing else.
    let shared = unsafe { SharedPage::new(address) };
    START.call_once(|| Start { info, shared });
    // No port has a handler yet. With that, upcalls may come.
    event::mask_all();
    let room = memory::begin(info, boot_stack_end);
    // SAFETY: what lies between the start-of-day structures and the end of the first mapping is
    // mapped writable, and used by nobody.
    unsafe { heap::give(room.start, room.end) };
    // A stack that overflows then faults, and does not write to what lies below it.
    // SAFETY: the page is set aside for this.
    let guard = unsafe {
        hypercall::update_va_mapping(
            GuestAddress::new(entry::stack_guard()),
            0,
            VaMappingFlags::INVLPG,
        )
    };
    if let Err(error) = guard.and_then(|()| trap::begin()) {
        panic!("the guest can't start: {error}");
    }
    event::mask::unmask();
}
