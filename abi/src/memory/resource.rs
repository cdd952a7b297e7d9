//! Resources whose frames a toolstack maps.

use crate::shape::{numbers, record};
use crate::{DomainId, GuestAddress};

numbers! {
    /// A kind of resource.
    ///
    /// Source: `public/memory.h`.
    pub enum ResourceType: u16 {
        /// The pages of an ioreq server.
        IoreqServer = 0 => "XENMEM_resource_ioreq_server",
        /// The pages of a grant table; `id` 0 is the table, 1 its status frames.
        GrantTable = 1 => "XENMEM_resource_grant_table",
        /// A trace buffer.
        VmtraceBuf = 2 => "XENMEM_resource_vmtrace_buf",
    }
}

record! {
    /// Asks for the frames of a resource.
    ///
    /// Source: `public/memory.h`.
    #[doc(alias = "xen_mem_acquire_resource")]
    pub struct AcquireResource {
        /// Whose resource.
        pub domid: DomainId,
        /// A [`ResourceType`].
        #[doc(alias = "type")]
        pub kind: u16,
        /// Which of that kind.
        pub id: u32,
        /// Frames of room; with 0 and no list the answer is how many there are.
        pub nr_frames: u32,
        #[doc(hidden)]
        pub _pad: u32,
        /// The first frame that is wanted.
        pub frame: u64,
        /// The list of frames, 8 bytes each.
        pub frame_list: GuestAddress,
    }
}
