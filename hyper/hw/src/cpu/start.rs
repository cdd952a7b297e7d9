//! Bringing up a CPU, and the first step into a guest.
// UNSAFETY: fills the CPU's window and loads its tables.
#![expect(unsafe_code)]

use core::arch::asm;

use super::features::{Features, features};
use super::local::{CpuLocal, Handlers};
use super::{control, gdt, idt, msr, tss};
use crate::entry::{self, GuestFrame};
use crate::heap;
use crate::layout::{
    CPU_WINDOWS_START, DEBUG_STACK_TOP, DIRECT_MAP_START, DOUBLE_FAULT_STACK_TOP, ENTRY_OFFSET,
    FRAME_OFFSET, IO_BITMAP_OFFSET, LOCAL_OFFSET, MACHINE_CHECK_STACK_TOP, NMI_STACK_TOP,
    STACK_BOTTOM, TSS_OFFSET,
};
use crate::memory::paging::{Access, PageSize, tables};
use crate::symbols;

const PAGE: u64 = 4096;
/// EFER: SCE, LME and LMA; NXE is added where there is one.
const EFER: u64 = 1 << 0 | 1 << 8 | 1 << 10;
const EFER_NXE: u64 = 1 << 11;
/// Flags that `syscall` clears: TF, IF, DF, IOPL, NT, RF, VM, AC.
const SYSCALL_MASK: u64 = 0x7_7700;
/// CR0: PG, AM, WP, NE, ET, MP, PE.
const CR0: u64 = 1 << 31 | 1 << 18 | 1 << 16 | 1 << 5 | 1 << 4 | 1 << 1 | 1;
/// Write back, write through, UC-, UC; then write combining, write protect: the ABI's PAT.
const PAT: u64 = 0x0000_0501_0007_0406;

/// CR4 as every guest finds it; a guest may add what its policy allows.
#[must_use]
pub fn fixed_cr4() -> u64 {
    let has = |feature, bit: u32| u64::from(features().contains(feature)) << bit;
    // DE, PAE, MCE, OSFXSR, OSXMMEXCPT.
    1 << 3
        | 1 << 5
        | 1 << 6
        | 1 << 9
        | 1 << 10
        | has(Features::XSAVE, 18)
        | has(Features::SMEP, 20)
        | has(Features::SMAP, 21)
}

/// Patches `stac` and `clac` into every site. Called once, while the image is writable.
pub(crate) fn patch_smap_sites() {
    #[repr(C)]
    struct Site {
        address: u64,
        bytes: u64,
    }
    unsafe extern "C" {
        static __smap_sites_start: Site;
        static __smap_sites_end: Site;
    }
    if !features().contains(Features::SMAP) {
        return;
    }
    let (start, end) = (&raw const __smap_sites_start, &raw const __smap_sites_end);
    let count = (end.addr() - start.addr()) / size_of::<Site>();
    // SAFETY: the linker script puts all sites, and nothing else, between the two symbols.
    for site in unsafe { core::slice::from_raw_parts(start, count) } {
        let address = if site.address >= CPU_WINDOWS_START {
            site.address - CPU_WINDOWS_START - ENTRY_OFFSET + symbols::entry_page()
        } else {
            site.address
        };
        for (index, byte) in site.bytes.to_le_bytes().into_iter().take(3).enumerate() {
            // SAFETY: three bytes of no-operation that this site reserves; the boot tables map the
            // image writable, and no CPU executes them now.
            unsafe { (address as *mut u8).add(index).write_volatile(byte) };
        }
    }
}

/// Makes the window of the boot CPU, loads its tables, and goes on in `next` on its own stack.
///
/// # Panics
/// No memory for the window: the machine is too small to boot.
pub fn start_boot_cpu(handlers: Handlers, next: extern "C" fn() -> !) -> ! {
    let window = CPU_WINDOWS_START;
    #[expect(clippy::expect_used, reason = "boot, before any guest")]
    map_window(window).expect("no memory for the first CPU");
    let root = tables().lock().root();
    let local = CpuLocal::new(handlers, entry::on_fault, root, window + IO_BITMAP_OFFSET);
    // SAFETY: 1. `map_window` mapped these pages for writing; 2. nothing refers to them yet.
    unsafe {
        ((window + LOCAL_OFFSET) as *mut CpuLocal).write(local);
        ((window + TSS_OFFSET) as *mut x86::bits64::task::TaskStateSegment)
            .write_unaligned(tss::new(window));
    }
    load(window);
    // SAFETY: the stack is mapped and empty; `next` does not return.
    unsafe {
        asm!("mov rsp, {stack}", "xor ebp, ebp", "call {next}", "ud2",
            stack = in(reg) window + FRAME_OFFSET, next = in(reg) next, options(noreturn));
    }
}

/// Maps stacks, bitmap and entry page; the pages between the stacks stay unmapped.
fn map_window(window: u64) -> Option<()> {
    let mut tables = tables().lock();
    let data = Access::WRITE | Access::NO_EXECUTE;
    let stacks = [
        DOUBLE_FAULT_STACK_TOP,
        NMI_STACK_TOP,
        MACHINE_CHECK_STACK_TOP,
        DEBUG_STACK_TOP,
    ];
    let stacks = stacks.into_iter().map(|top| top - PAGE);
    let rest = (STACK_BOTTOM..ENTRY_OFFSET).step_by(4096);
    for offset in stacks.chain(rest) {
        let frame = heap::table_frame()?;
        tables.map(
            window + offset,
            frame,
            PageSize::Small,
            data,
            &mut heap::table_frame,
        )?;
    }
    let entry = symbols::physical(symbols::entry_page());
    tables.map(
        window + ENTRY_OFFSET,
        entry,
        PageSize::Small,
        Access::empty(),
        &mut heap::table_frame,
    )
}

fn load(window: u64) {
    let page = || {
        #[expect(clippy::expect_used, reason = "boot, before any guest")]
        let frame = heap::table_frame().expect("no memory for descriptor tables");
        DIRECT_MAP_START + frame
    };
    let (idt_page, gdt_page) = (page(), page());
    // SAFETY: fresh pages of 4 KiB, which is the size of either table; nothing else refers to them.
    let (idt_table, gdt_table) = unsafe {
        (
            &mut *(idt_page as *mut idt::Table),
            &mut *(gdt_page as *mut gdt::Page),
        )
    };
    idt::fill(idt_table, window);
    gdt::fill(gdt_table, window + TSS_OFFSET, tss::LIMIT);
    crate::guest::descriptors::set_reserved_page(gdt_page - DIRECT_MAP_START);
    let efer = EFER
        | if features().contains(Features::NX) {
            EFER_NXE
        } else {
            0
        };
    // Selectors: `syscall` loads HYPERVISOR_CS, `sysret` FLAT_RING3_CS32 + 16 = FLAT_RING3_CS64.
    let star = u64::from(gdt::HYPERVISOR_CS) << 32 | 0xe023 << 48;
    // SAFETY: 1. both tables are filled for this CPU and kept; a first window of descriptors shows
    // the reserved page at its place; 2. the registers below are what the entry code is written for.
    unsafe {
        gdt::load(crate::guest::descriptors::boot_window());
        gdt::load_segments();
        idt::load(idt_page);
        control::set_cr0(CR0);
        control::set_cr4(fixed_cr4());
        let registers = [
            (msr::IA32_EFER, efer),
            (msr::IA32_STAR, star),
            (msr::IA32_LSTAR, window + entry::entry_syscall_offset()),
            (msr::IA32_CSTAR, window + entry::entry_syscall32_offset()),
            (msr::IA32_FMASK, SYSCALL_MASK),
            (msr::IA32_PAT, PAT),
            // `sysenter` faults: whatever firmware or a boot loader left there, no guest enters ring 0 by it.
            (msr::IA32_SYSENTER_CS, 0),
        ];
        for (number, value) in registers {
            // A CPU without one of these was refused by `features::missing`.
            let _ = msr::write(number, value);
        }
    }
}

/// Leaves the boot code for the first guest: `fill` puts its registers into the frame at the top of
/// this CPU's stack.
pub fn enter_first_guest(fill: fn(&mut GuestFrame)) -> ! {
    let window = core::ptr::from_ref(super::local::current()).addr() as u64 - LOCAL_OFFSET;
    // SAFETY: mapped, aligned; the boot code's stack lies below it, and no handler has it yet.
    fill(unsafe { &mut *((window + FRAME_OFFSET) as *mut GuestFrame) });
    // SAFETY: the exit code takes the frame at this address, in this window.
    unsafe {
        asm!("mov rsp, {frame}", "jmp {exit}", frame = in(reg) window + FRAME_OFFSET,
            exit = in(reg) window + entry::exit_offset(), options(noreturn));
    }
}
