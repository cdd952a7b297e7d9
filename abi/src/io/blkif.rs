//! Block devices.
//!
//! Source: `public/io/blkif.h`.

use crate::shape::{flags, numbers, record};

/// Segments of a [`BlockRequest`].
#[doc(alias = "BLKIF_MAX_SEGMENTS_PER_REQUEST")]
pub const MAX_SEGMENTS: usize = 11;
/// Pages of segments of an [`IndirectRequest`].
#[doc(alias = "BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST")]
pub const MAX_INDIRECT_PAGES: usize = 8;

numbers! {
    /// What is asked of the device.
    pub enum BlockOp: u8 {
        /// Read.
        Read = 0 => "BLKIF_OP_READ",
        /// Write.
        Write = 1 => "BLKIF_OP_WRITE",
        /// Write, after what came before and before what comes behind.
        WriteBarrier = 2 => "BLKIF_OP_WRITE_BARRIER",
        /// Flush the device's cache.
        FlushDiskcache = 3 => "BLKIF_OP_FLUSH_DISKCACHE",
        /// Reserved.
        Reserved1 = 4 => "BLKIF_OP_RESERVED_1",
        /// Forget sectors: [`DiscardRequest`].
        Discard = 5 => "BLKIF_OP_DISCARD",
        /// Read or write with segments in pages of their own: [`IndirectRequest`].
        Indirect = 6 => "BLKIF_OP_INDIRECT",
    }
}

record! {
    /// A part of a page.
    #[doc(alias = "blkif_request_segment")]
    pub struct BlockSegment {
        /// The page's grant reference.
        pub gref: u32,
        /// Its first sector, of 512 bytes.
        pub first_sect: u8,
        /// Its last sector.
        pub last_sect: u8,
        #[doc(hidden)]
        pub _padding: u16,
    }

    /// Reads or writes.
    #[doc(alias = "blkif_request")]
    pub struct BlockRequest {
        /// A [`BlockOp`].
        pub operation: u8,
        /// Segments that count.
        pub nr_segments: u8,
        /// The device.
        pub handle: u16,
        #[doc(hidden)]
        pub _padding: u32,
        /// The guest's own; comes back in the response.
        pub id: u64,
        /// The first sector, of 512 bytes.
        pub sector_number: u64,
        /// The memory.
        pub seg: [BlockSegment; MAX_SEGMENTS],
    }

    /// Forgets sectors.
    #[doc(alias = "blkif_request_discard")]
    pub struct DiscardRequest {
        /// [`BlockOp::Discard`].
        pub operation: u8,
        /// How.
        pub flag: DiscardFlags,
        /// The device.
        pub handle: u16,
        #[doc(hidden)]
        pub _padding: u32,
        /// The guest's own; comes back in the response.
        pub id: u64,
        /// The first sector.
        pub sector_number: u64,
        /// How many.
        pub nr_sectors: u64,
    }

    /// Reads or writes with segments in pages of their own.
    #[doc(alias = "blkif_request_indirect")]
    pub struct IndirectRequest {
        /// [`BlockOp::Indirect`].
        pub operation: u8,
        /// [`BlockOp::Read`] or [`BlockOp::Write`].
        pub indirect_op: u8,
        /// Segments in those pages.
        pub nr_segments: u16,
        #[doc(hidden)]
        pub _padding0: u32,
        /// The guest's own; comes back in the response.
        pub id: u64,
        /// The first sector.
        pub sector_number: u64,
        /// The device.
        pub handle: u16,
        #[doc(hidden)]
        pub _padding1: u16,
        /// The pages' grant references.
        pub indirect_grefs: [u32; MAX_INDIRECT_PAGES],
        #[doc(hidden)]
        pub _padding2: u32,
    }

    /// How a request ended.
    #[doc(alias = "blkif_response")]
    pub struct BlockResponse {
        /// The request's.
        pub id: u64,
        /// The request's.
        pub operation: u8,
        #[doc(hidden)]
        pub _padding0: u8,
        /// [`Self::OKAY`], [`Self::ERROR`] or [`Self::NOT_SUPPORTED`].
        pub status: i16,
        #[doc(hidden)]
        pub _padding1: u32,
    }
}

impl BlockResponse {
    /// Done.
    #[doc(alias = "BLKIF_RSP_OKAY")]
    pub const OKAY: i16 = 0;
    /// Failed.
    #[doc(alias = "BLKIF_RSP_ERROR")]
    pub const ERROR: i16 = -1;
    /// The device can't do this.
    #[doc(alias = "BLKIF_RSP_EOPNOTSUPP")]
    pub const NOT_SUPPORTED: i16 = -2;
}

flags! {
    /// How to forget sectors.
    pub struct DiscardFlags: u8 {
        /// So that nobody can read them again.
        SECURE = 1 << 0 => "BLKIF_DISCARD_SECURE",
    }
}

flags! {
    /// What a device is: the store's `info`.
    pub struct DiskInfoFlags: u32 {
        /// A CD-ROM.
        CDROM = 1 => "VDISK_CDROM",
        /// It can be taken out.
        REMOVABLE = 2 => "VDISK_REMOVABLE",
        /// It can't be written.
        READONLY = 4 => "VDISK_READONLY",
    }
}
