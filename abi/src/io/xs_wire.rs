//! The store's messages.
//!
//! Source: `public/io/xs_wire.h`.

use crate::shape::{numbers, record};

/// Bytes of a message behind its header, at most.
#[doc(alias = "XENSTORE_PAYLOAD_MAX")]
pub const PAYLOAD_MAX: usize = 4096;
/// Bytes of an absolute path, at most.
#[doc(alias = "XENSTORE_ABS_PATH_MAX")]
pub const ABSOLUTE_PATH_MAX: usize = 3072;
/// Bytes of a relative path, at most.
#[doc(alias = "XENSTORE_REL_PATH_MAX")]
pub const RELATIVE_PATH_MAX: usize = 2048;

numbers! {
    /// What a message is.
    pub enum MessageType: u32 {
        /// Asks the daemon for something of its own.
        Control = 0 => "XS_CONTROL",
        /// Lists a node's children.
        Directory = 1 => "XS_DIRECTORY",
        /// Reads a node.
        Read = 2 => "XS_READ",
        /// Reads a node's permissions.
        GetPerms = 3 => "XS_GET_PERMS",
        /// Watches a node.
        Watch = 4 => "XS_WATCH",
        /// Stops watching a node.
        Unwatch = 5 => "XS_UNWATCH",
        /// Starts a transaction.
        TransactionStart = 6 => "XS_TRANSACTION_START",
        /// Ends a transaction.
        TransactionEnd = 7 => "XS_TRANSACTION_END",
        /// Tells of a new domain.
        Introduce = 8 => "XS_INTRODUCE",
        /// Tells that a domain is gone.
        Release = 9 => "XS_RELEASE",
        /// Asks for a domain's home.
        GetDomainPath = 10 => "XS_GET_DOMAIN_PATH",
        /// Writes a node.
        Write = 11 => "XS_WRITE",
        /// Makes a node.
        Mkdir = 12 => "XS_MKDIR",
        /// Removes a node.
        Rm = 13 => "XS_RM",
        /// Writes a node's permissions.
        SetPerms = 14 => "XS_SET_PERMS",
        /// A watched node changed.
        WatchEvent = 15 => "XS_WATCH_EVENT",
        /// A request failed; the payload is the errno's name.
        Error = 16 => "XS_ERROR",
        /// Asks whether a domain is known.
        IsDomainIntroduced = 17 => "XS_IS_DOMAIN_INTRODUCED",
        /// Tells that a domain goes on.
        Resume = 18 => "XS_RESUME",
        /// Lets a domain act for another.
        SetTarget = 19 => "XS_SET_TARGET",
        /// Drops all watches of the caller.
        ResetWatches = 21 => "XS_RESET_WATCHES",
        /// Lists a part of a node's children.
        DirectoryPart = 22 => "XS_DIRECTORY_PART",
        /// No message.
        Invalid = 0xffff => "XS_INVALID",
    }
}

record! {
    /// How each message starts.
    #[doc(alias = "xsd_sockmsg")]
    pub struct MessageHeader {
        /// A [`MessageType`].
        #[doc(alias = "type")]
        pub kind: u32,
        /// The caller's own; comes back in the answer.
        pub req_id: u32,
        /// The transaction, or 0.
        pub tx_id: u32,
        /// Bytes that follow: at most [`PAYLOAD_MAX`].
        pub len: u32,
    }

    /// The page by which a domain reaches the store. Indices run freely; the place of a byte is
    /// its index modulo the ring's size.
    #[doc(alias = "xenstore_domain_interface")]
    pub struct StoreRing {
        /// Bytes from the domain.
        pub req: [u8; Self::SIZE],
        /// Bytes to the domain.
        pub rsp: [u8; Self::SIZE],
        /// What was read from the domain.
        pub req_cons: u32,
        /// What the domain has written.
        pub req_prod: u32,
        /// What the domain has read.
        pub rsp_cons: u32,
        /// What was written for it.
        pub rsp_prod: u32,
        /// What the store can do: bit 0 reconnects, bit 1 reports errors.
        #[doc(alias = "XENSTORE_SERVER_FEATURE_RECONNECTION")]
        #[doc(alias = "XENSTORE_SERVER_FEATURE_ERROR")]
        pub server_features: u32,
        /// 0: connected; 1: the domain wants to connect anew.
        #[doc(alias = "XENSTORE_RECONNECT")]
        pub connection: u32,
        /// 0: none; 1: communication; 2: wild indices; 3: a broken message.
        #[doc(alias = "XENSTORE_ERROR_PROTO")]
        pub error: u32,
    }
}

impl StoreRing {
    /// Bytes of each ring.
    #[doc(alias = "XENSTORE_RING_SIZE")]
    pub const SIZE: usize = 1024;
}
