//! The console ring.
//!
//! Source: `public/io/console.h`.

use crate::shape::record;

record! {
    /// The page of a domain's console. Indices run freely; the place of a byte is its index
    /// modulo the ring's size.
    #[doc(alias = "xencons_interface")]
    pub struct ConsoleRing {
        /// Bytes to the domain.
        #[doc(alias = "in")]
        pub input: [u8; Self::INPUT_SIZE],
        /// Bytes from the domain.
        #[doc(alias = "out")]
        pub output: [u8; Self::OUTPUT_SIZE],
        /// What the domain has read.
        pub in_cons: u32,
        /// What was written for it.
        pub in_prod: u32,
        /// What was read from it.
        pub out_cons: u32,
        /// What the domain has written.
        pub out_prod: u32,
    }
}

impl ConsoleRing {
    /// Bytes of the ring to the domain.
    pub const INPUT_SIZE: usize = 1024;
    /// Bytes of the ring from the domain.
    pub const OUTPUT_SIZE: usize = 2048;
}
