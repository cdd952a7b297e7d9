//! Grant tables: memory that a domain lets another use.
//!
//! Source: `public/grant_table.h`.

mod copy;
mod entry;
mod mapping;
mod ops;
mod status;
mod table;

pub use copy::{CopyFlags, GrantCopy, GrantCopyPointer};
pub use entry::{GrantEntry, GrantEntryFlags, GrantType};
pub use mapping::{GrantMapFlags, MapGrantRef, UnmapAndReplace, UnmapGrantRef};
pub use ops::{
    CacheFlush, CacheFlushFlags, DumpTable, GetStatusFrames, GetVersion, GrantOp, SwapGrantRef,
    Transfer,
};
pub use status::GrantStatus;
pub use table::{QuerySize, SetVersion, SetupTable};

/// Entries at the start of each table that the toolstack uses.
#[doc(alias = "GNTTAB_NR_RESERVED_ENTRIES")]
pub const RESERVED_ENTRIES: u32 = 8;
/// The entry of the console's page.
#[doc(alias = "GNTTAB_RESERVED_CONSOLE")]
pub const RESERVED_CONSOLE: u32 = 0;
/// The entry of the store's page.
#[doc(alias = "GNTTAB_RESERVED_XENSTORE")]
pub const RESERVED_XENSTORE: u32 = 1;
