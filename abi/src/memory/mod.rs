//! Memory: reservations, maps, the physical map.
//!
//! Source: `public/memory.h`.

mod e820;
mod map;
mod ops;
mod physmap;
mod reservation;
mod resource;

pub use e820::{E820Entry, E820Type};
pub use map::{
    ForeignMemoryMap, MachphysMapping, MachphysMfnList, MemoryMap, ReservedDeviceMemory,
    ReservedDeviceMemoryMap, VirtualMemoryRange, VnumaTopologyInfo,
};
pub use ops::MemoryOp;
pub use physmap::{
    AddToPhysmap, AddToPhysmapBatch, GRANT_TABLE_STATUS_INDEX, MapSpace, RemoveFromPhysmap,
};
pub use reservation::{MemoryDomain, MemoryExchange, MemoryFlags, MemoryReservation, PodTarget};
pub use resource::{AcquireResource, ResourceType};
