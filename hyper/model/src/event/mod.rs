//! Event channels.
//!
//! A domain's [`Ports`] say what each port is bound to; the pending and mask bits themselves lie
//! in pages that the guest can write, behind [`SharedBits`]. The 2-level ABI only: the FIFO
//! subfunctions (`init_control`, `expand_array`, `set_priority`) are left to the dispatcher's
//! `-ENOSYS`, upon which guests fall back to it.
//!
//! **Locks.** A channel's state is one atomic word, so sending and raising take no lock and may
//! be called from an interrupt handler. Everything that opens or closes a port holds its own
//! domain's lock, *never another domain's*: the far end of a connection changes by a single
//! compare-exchange. `hyper/docs/0002-events-and-grants.md` has the argument.
//!
//! A send, whose two domains the caller finds:
//! ```ignore
//! if let Some(target) = domain.ports.target(port)? {
//!     let receiver = domains.find(target.domain())?;
//!     let effect = receiver.ports.deliver(target, &receiver.bits);
//!     receiver.apply(effect); // kick or wake `effect.notify`, look at pollers
//! }
//! ```

mod bind;
mod channel;
mod close;
mod deliver;
mod error;
mod line;
mod open;
mod ports;
mod state;
mod table;
#[cfg(test)]
mod tests;

pub use deliver::{Effect, SharedBits, Target};
pub use error::Error;
pub use line::{Pirq, PirqLines, VIRQS, Virq};
pub use ports::{Ports, Status};
pub use state::State;
pub use table::PORTS;
