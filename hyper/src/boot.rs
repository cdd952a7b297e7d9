//! From the boot loader to dom0.

extern crate alloc;

use ringwall_hw::boot::BootInformation;
use ringwall_hw::console::{self, Level, Thresholds};
use ringwall_hw::cpu::{control, enter_first_guest, features, start_boot_cpu};
use ringwall_hw::memory::early::EarlyMemory;
use ringwall_hw::memory::frames;
use ringwall_hw::{acpi, heap, log, memory, panic, reset};
use ringwall_model::options::{Baud, Fault, LogLevel, Options, RebootMethod};
use spin::Once;

use crate::{clock, dom0, domain, hypercall, irq, pool, schedule, trap};
use ringwall_abi::DomainId;

static INFORMATION: Once<&'static BootInformation> = Once::new();

/// The hypervisor's command line.
pub(crate) fn command_line() -> &'static str {
    INFORMATION
        .get()
        .map_or("", |information| information.command_line())
}

/// Ends the boot with one line that names the cause.
pub(crate) fn fail(reason: core::fmt::Arguments<'_>) -> ! {
    console::emit(Level::Error, format_args!("{reason}"));
    console::emit(Level::Error, format_args!("Ringwall can't boot; halted"));
    console::go_synchronous();
    control::halt()
}

/// The hypervisor's first line, on the boot loader's stack.
pub(crate) fn start(information: &'static BootInformation) -> ! {
    INFORMATION.call_once(|| information);
    let options = Options::parse(information.command_line());
    open_console(&options);
    log!(
        Info,
        "Ringwall {} (Xen 4.17 PV ABI)",
        env!("CARGO_PKG_VERSION")
    );
    log!(Info, "command line: {}", information.command_line());
    complain(&options);
    if !information.is_known() {
        fail(format_args!(
            "not started by a multiboot 1 or 2 boot loader; use QEMU's -kernel, or GRUB's multiboot2"
        ));
    }
    if let Some(feature) = features::missing() {
        fail(format_args!(
            "this CPU has no {feature}, which Ringwall needs; choose another CPU model"
        ));
    }
    if information.modules().is_empty() {
        fail(format_args!(
            "no dom0 kernel: give one as the first module (QEMU: -initrd \"vmlinuz args,initrd.gz\")"
        ));
    }
    let mut early = EarlyMemory::new(information);
    if memory::init::build(&mut early).is_err() {
        fail(format_args!(
            "no room below 4 GiB for the hypervisor's tables; give the machine more memory"
        ));
    }
    pool::begin(early);
    start_boot_cpu(trap::HANDLERS, on_own_stack)
}

fn open_console(options: &Options<'_>) {
    let port = options.com1.as_ref();
    let baud = port.map_or(115_200, |port| match port.baud {
        Baud::Rate(rate) => rate,
        Baud::Auto => 115_200,
    });
    let io_base = port.and_then(|port| port.io_base).unwrap_or(0x3f8);
    if options
        .consoles
        .contains(ringwall_model::options::Consoles::COM1)
    {
        console::init(console::Settings {
            port: io_base,
            baud,
        });
        irq::keep_serial_ports(io_base);
    }
    let level = |level: LogLevel| match level {
        LogLevel::None => None,
        LogLevel::Error => Some(Level::Error),
        LogLevel::Warning => Some(Level::Warning),
        LogLevel::Info => Some(Level::Info),
        LogLevel::Debug | LogLevel::All => Some(Level::Debug),
    };
    console::set_thresholds(Thresholds {
        host: level(options.log.always),
        guest: level(options.guest_log.always),
    });
    panic::set_reboot(!matches!(options.reboot, RebootMethod::Never) && !options.halt_on_crash);
}

fn complain(options: &Options<'_>) {
    for complaint in options.complaints.iter() {
        match complaint.fault {
            Fault::Unused => log!(Debug, "{complaint}"),
            Fault::Unknown | Fault::Malformed { .. } => log!(Warning, "{complaint}"),
        }
    }
    if options.complaints.omitted() > 0 {
        log!(
            Warning,
            "{} more options with faults",
            options.complaints.omitted()
        );
    }
}

extern "C" fn on_own_stack() -> ! {
    let Some(information) = INFORMATION.get() else {
        control::halt()
    };
    let options = Options::parse(information.command_line());
    let free = pool::open();
    let total: u64 = frames::ram().iter().map(|range| range.length() >> 12).sum();
    log!(
        Info,
        "memory: {} MiB of RAM, {} MiB free",
        total >> 8,
        free >> 8
    );
    let tables = acpi::find(information.rsdp().map(|address| address.raw()));
    if let Some(port) = tables.as_ref().and_then(|tables| tables.reset) {
        reset::set_reset_port(port);
    }
    let serial_irq = console::is_initialized()
        .then(|| options.com1.as_ref().and_then(|port| port.irq).unwrap_or(4));
    if let Err(reason) = irq::init(tables.as_ref(), serial_irq) {
        fail(format_args!("{reason}"));
    }
    let clock = irq::apic().ok_or("no local APIC").and_then(clock::init);
    if let Err(reason) = clock.and_then(|()| schedule::init()) {
        fail(format_args!("{reason}"));
    }
    console::set_clock(clock::now_ns);
    hypercall::set_machine_map(information.regions());
    if let Err(error) = dom0::build(information, &options) {
        fail(format_args!("{error}"));
    }
    let given = domain::find(DomainId::DOM0).map_or(0, |dom0| dom0.memory().lock().total_pages());
    log!(
        Info,
        "memory: {} KiB are the hypervisor's own, {} KiB of it heap",
        total.saturating_sub(pool::free_frames() + given) * 4,
        heap::frames_in_use() * 4
    );
    enter_first_guest(schedule::reschedule)
}
