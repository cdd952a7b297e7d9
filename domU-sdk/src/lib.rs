//! For those who write or port a guest kernel: a `no_std` library for PV guests of Ringwall and Xen.
//!
//! The same kernel boots on both, as dom0 or as domU. This is all of one:
//!
//! ```ignore
//! #![no_std]
//! #![no_main]
//!
//! ringwall_sdk::entry!(main);
//!
//! fn main() {
//!     ringwall_sdk::println!("Hello!");
//! }
//! ```
//!
//! `cargo xtask guest NAME` builds it, `cargo xtask run --guest NAME` boots it, and
//! `cargo xtask new-guest PATH` starts one of your own. Before `main` the guest has a stack with a page
//! below it that faults, a heap (the crate `alloc` works), a console, and handlers of exceptions that say
//! what happened. A panic prints where, and crashes the domain.
//!
//! - [`start`]: what the hypervisor says of the domain
//! - [`console`]: [`print!`], [`println!`], and what was typed
//! - [`trap`]: exceptions and soft interrupts
//! - [`event`]: event channels
//! - [`memory`]: frames, addresses, page tables
//! - [`xenbus`]: the store, and what the toolstack asks for
//! - [`block`], [`net`]: disks and networks, whose back ends are not trusted; [`ring`] and [`device`] are
//!   what they are made of
//! - [`grant`]: memory that a domain lets another use
//! - [`time`]: the clock, timers
//! - [`vcpu`]: code for the other virtual CPUs
//! - [`user`]: address spaces and code of user mode
//! - [`shutdown`]: the end
//! - [`hypercall`]: all hypercalls, typed
//! - [`sync`]: a lock that keeps events out
//!
//! `unsafe` stands in five places: `raw` has what Rust can not say; [`hypercall`] lends its arguments to the
//! hypervisor; [`memory`] and [`grant`] map; [`start`], [`trap`], [`vcpu`] and [`user`] make entries on `raw`'s code.
//! Everything else is safe, the front ends too, and so are guests that call no `unsafe` function.
#![no_std]
#![cfg_attr(
    not(target_os = "none"),
    allow(
        dead_code,
        reason = "on a host nothing starts the guest, and no hypervisor enters it"
    )
)]

extern crate alloc;

pub mod block;
pub mod console;
pub mod device;
mod end;
pub mod event;
pub mod grant;
pub mod hypercall;
pub mod memory;
pub mod net;
mod panic;
mod raw;
pub mod ring;
pub mod shutdown;
pub mod start;
pub mod sync;
pub mod time;
pub mod trap;
pub mod user;
pub mod vcpu;
pub mod xenbus;

pub use end::Termination;
pub use panic::Backtrace;
pub use raw::page::SharedPage;
pub use ringwall_abi as abi;

/// Makes a function the guest's `main`: `fn()`, or `fn() -> Result<(), E>`, whose error is
/// printed before the domain crashes. When it returns, the domain ends: [`shutdown::end`].
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        fn ringwall_sdk_main() {
            $crate::Termination::end($main())
        }
    };
}
