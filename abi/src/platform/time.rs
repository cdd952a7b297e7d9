//! The wall clock.

use crate::shape::record;

record! {
    /// Sets the wall clock, in 32 bits of seconds.
    ///
    /// Source: `public/platform.h`.
    #[doc(alias = "xenpf_settime32")]
    pub struct Settime32 {
        /// Seconds since 1970.
        pub secs: u32,
        /// Nanoseconds of that second.
        pub nsecs: u32,
        /// The system time at which it was so, in nanoseconds.
        pub system_time: u64,
    }

    /// Sets the wall clock.
    ///
    /// Source: `public/platform.h`.
    #[doc(alias = "xenpf_settime64")]
    pub struct Settime64 {
        /// Seconds since 1970.
        pub secs: u64,
        /// Nanoseconds of that second.
        pub nsecs: u32,
        /// Must be 0.
        pub mbz: u32,
        /// The system time at which it was so, in nanoseconds.
        pub system_time: u64,
    }
}
