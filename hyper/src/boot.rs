//! From the boot loader to dom0.

use ringwall_hw::boot::BootInformation;
use ringwall_hw::{console, log};

/// The hypervisor's first line.
pub(crate) fn start(information: &'static BootInformation) -> ! {
    console::init(console::Settings { port: 0x3f8, baud: 115_200 });
    log!(Info, "Ringwall {}", env!("CARGO_PKG_VERSION"));
    log!(Info, "command line: {}", information.command_line());
    for region in information.regions() {
        log!(Info, "{:012x}-{:012x} {:?}", region.start, region.end, region.kind);
    }
    panic!("end");
}
