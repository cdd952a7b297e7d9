//! What the privileged domain asks of the platform.
//!
//! Source: `public/platform.h`.

mod acpi;
mod cpu;
mod firmware;
mod ops;
mod time;

pub use acpi::{EnterAcpiSleep, SetProcessorPminfo, SleepFlags};
pub use cpu::{
    CoreParking, CpuHotadd, CpuOnline, GetIdletime, MemoryHotadd, PcpuFlags, PcpuInfo, PcpuVersion,
    ResourceEntry, ResourceOp, SymbolData,
};
pub use firmware::{
    AppleProperties, DiskInfo, DiskMbrSignature, EfiConfig, EfiInfo, EfiMemory, EfiPciRom,
    EfiRuntimeCall, EfiRuntimeFunction, EfiVendor, FirmwareInfo, FirmwareInfoType, VbeDdcInfo,
};
pub use ops::{
    AddMemtype, ChangeFreq, DelMemtype, INTERFACE_VERSION, MicrocodeUpdate, PlatformOp,
    PlatformOpHeader, PlatformQuirk, PlatformRequest, ReadMemtype,
};
pub use time::{Settime32, Settime64};
