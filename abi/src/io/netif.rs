//! Network devices.
//!
//! Source: `public/io/netif.h`.

use crate::shape::{flags, numbers, record};

/// Slots that a packet may need at most, and that each side has to accept.
#[doc(alias = "XEN_NETIF_NR_SLOTS_MIN")]
pub const SLOTS_MIN: usize = 18;
/// Bytes of a packet at most.
#[doc(alias = "XEN_NETIF_MAX_TX_SIZE")]
pub const MAX_TX_SIZE: usize = 0xffff;

record! {
    /// A packet, or a part of one, from the guest.
    #[doc(alias = "netif_tx_request")]
    pub struct TxRequest {
        /// The page's grant reference.
        pub gref: u32,
        /// First byte in the page.
        pub offset: u16,
        /// What it is.
        pub flags: TxFlags,
        /// The guest's own; comes back in the response.
        pub id: u16,
        /// Bytes: of the whole packet in the first part, else of this part.
        pub size: u16,
    }

    /// How sending ended.
    #[doc(alias = "netif_tx_response")]
    pub struct TxResponse {
        /// The request's.
        pub id: u16,
        /// One of [`Self::OKAY`], [`Self::NULL`], [`Self::ERROR`] and [`Self::DROPPED`].
        pub status: i16,
    }

    /// Room for a packet to the guest.
    #[doc(alias = "netif_rx_request")]
    pub struct RxRequest {
        /// The guest's own; comes back in the response.
        pub id: u16,
        #[doc(hidden)]
        pub _pad: u16,
        /// The page's grant reference.
        pub gref: u32,
    }

    /// A packet, or a part of one, to the guest.
    #[doc(alias = "netif_rx_response")]
    pub struct RxResponse {
        /// The request's.
        pub id: u16,
        /// First byte in the page.
        pub offset: u16,
        /// What it is.
        pub flags: RxFlags,
        /// Bytes, or a negative number as in [`TxResponse`].
        pub status: i16,
    }

    /// More about a packet, in a slot behind its first part.
    #[doc(alias = "netif_extra_info")]
    pub struct ExtraInfo {
        /// An [`ExtraType`].
        #[doc(alias = "type")]
        pub kind: u8,
        /// Bit 0: one more follows.
        #[doc(alias = "XEN_NETIF_EXTRA_FLAG_MORE")]
        pub flags: u8,
        /// The union. GSO: size in bytes 0 and 1, type (1 TCPv4, 2 TCPv6) in byte 2. Multicast:
        /// the address.
        #[doc(alias = "u")]
        pub body: [u8; 6],
    }
}

impl TxResponse {
    /// Sent.
    #[doc(alias = "NETIF_RSP_OKAY")]
    pub const OKAY: i16 = 0;
    /// The slot held no packet.
    #[doc(alias = "NETIF_RSP_NULL")]
    pub const NULL: i16 = 1;
    /// Failed.
    #[doc(alias = "NETIF_RSP_ERROR")]
    pub const ERROR: i16 = -1;
    /// Thrown away.
    #[doc(alias = "NETIF_RSP_DROPPED")]
    pub const DROPPED: i16 = -2;
}

flags! {
    /// Flags of a [`TxRequest`].
    pub struct TxFlags: u16 {
        /// The checksum is to be computed.
        CSUM_BLANK = 1 << 0 => "NETTXF_csum_blank",
        /// The data are known to be good.
        DATA_VALIDATED = 1 << 1 => "NETTXF_data_validated",
        /// The packet goes on in the next slot.
        MORE_DATA = 1 << 2 => "NETTXF_more_data",
        /// An [`ExtraInfo`] follows.
        EXTRA_INFO = 1 << 3 => "NETTXF_extra_info",
    }
}

flags! {
    /// Flags of an [`RxResponse`].
    pub struct RxFlags: u16 {
        /// The data are known to be good.
        DATA_VALIDATED = 1 << 0 => "NETRXF_data_validated",
        /// The checksum is not computed.
        CSUM_BLANK = 1 << 1 => "NETRXF_csum_blank",
        /// The packet goes on in the next slot.
        MORE_DATA = 1 << 2 => "NETRXF_more_data",
        /// An [`ExtraInfo`] follows.
        EXTRA_INFO = 1 << 3 => "NETRXF_extra_info",
        /// The slot is a prefix that gives the size of segments.
        GSO_PREFIX = 1 << 4 => "NETRXF_gso_prefix",
    }
}

numbers! {
    /// What an [`ExtraInfo`] tells.
    pub enum ExtraType: u8 {
        /// Nothing.
        None = 0 => "XEN_NETIF_EXTRA_TYPE_NONE",
        /// The packet is to be cut into segments.
        Gso = 1 => "XEN_NETIF_EXTRA_TYPE_GSO",
        /// A multicast address is to be received.
        McastAdd = 2 => "XEN_NETIF_EXTRA_TYPE_MCAST_ADD",
        /// A multicast address is no longer to be received.
        McastDel = 3 => "XEN_NETIF_EXTRA_TYPE_MCAST_DEL",
        /// The packet's hash.
        Hash = 4 => "XEN_NETIF_EXTRA_TYPE_HASH",
    }
}
