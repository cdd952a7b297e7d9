//! The options, taken together.

use super::{
    Complaints, Consoles, Dom0Memory, Dom0Vcpus, LogLevel, LogLevels, RebootMethod, Scheduler,
    SerialPort, Timestamps,
};

/// What the command line says. Later options count for more than earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an option of its own"
)]
pub struct Options<'a> {
    /// `dom0_mem=`
    pub dom0_memory: Dom0Memory,
    /// `dom0_max_vcpus=`
    pub dom0_vcpus: Dom0Vcpus,
    /// `com1=`
    pub com1: Option<SerialPort>,
    /// `com2=`
    pub com2: Option<SerialPort>,
    /// `console=`; by default the first serial port and the screen.
    pub consoles: Consoles,
    /// `sync_console`: wait until output is out.
    pub sync_console: bool,
    /// `console_timestamps=`
    pub timestamps: Timestamps,
    /// `conring_size=`: size of the log ring in bytes, a power of two, 16 KiB by default.
    pub log_ring_size: u64,
    /// `loglvl=`: the hypervisor's own messages; by default up to warnings.
    pub log: LogLevels,
    /// `guest_loglvl=`: messages that guests provoke; by default warnings at a limited rate.
    pub guest_log: LogLevels,
    /// `reboot=`
    pub reboot: RebootMethod,
    /// `noreboot`: halt after a crash instead.
    pub halt_on_crash: bool,
    /// `maxcpus=`, at least 1; with `nosmp` it is 1. `None` for no limit.
    pub max_cpus: Option<u32>,
    /// `sched=`
    pub scheduler: Scheduler,
    /// `watchdog`: an NMI looks whether CPUs still run.
    pub watchdog: bool,
    /// `smep`: use SMEP where the CPU has it.
    pub smep: bool,
    /// `smap`: use SMAP where the CPU has it.
    pub smap: bool,
    /// What stands after ` -- `: more for dom0's command line.
    pub dom0_arguments: Option<&'a str>,
    /// What could not be used.
    pub complaints: Complaints<'a>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            dom0_memory: Dom0Memory::default(),
            dom0_vcpus: Dom0Vcpus::default(),
            com1: None,
            com2: None,
            consoles: Consoles::COM1.union(Consoles::VGA),
            sync_console: false,
            timestamps: Timestamps::None,
            log_ring_size: 16 << 10,
            log: LogLevels {
                always: LogLevel::Warning,
                limited: LogLevel::Warning,
            },
            guest_log: LogLevels {
                always: LogLevel::None,
                limited: LogLevel::Warning,
            },
            reboot: RebootMethod::Any,
            halt_on_crash: false,
            max_cpus: None,
            scheduler: Scheduler::Credit2,
            watchdog: false,
            smep: true,
            smap: true,
            dom0_arguments: None,
            complaints: Complaints::default(),
        }
    }
}
