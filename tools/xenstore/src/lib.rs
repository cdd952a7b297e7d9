//! The xenstore server: the store of a machine's domains, its protocol, and what keeps it over a restart.
//!
//! - [`Error`], [`Permissions`], [`Quota`], [`Path`]: the words of the protocol
//! - `message`, `request`: messages, and what they ask for
//! - `store`: the nodes; `transaction`, `watch`: views of them, and who is told of changes
//! - `engine`: the whole state, and each way in which it changes, without any I/O
//! - `journal`: what keeps that state while the server is killed and started again
//! - [`Machine`], [`RingPage`]: what the server needs of the machine; `ring`: how domains talk to it
//! - [`ControlDomain`]: dom0 as that machine
//! - [`Server`], [`Handle`]: the server, and the store for the process that it runs in
//!
//! Sources: `public/io/xs_wire.h`, and the protocol's description in Debian's `xen-doc` (`misc/xenstore.txt`,
//! `misc/xenstore-ring.txt`).

mod dom0;
mod engine;
mod error;
mod journal;
mod message;
mod path;
mod permissions;
mod quota;
mod request;
mod ring;
mod server;
mod store;
mod transaction;
mod watch;

pub use dom0::ControlDomain;
pub use error::{Error, Result};
pub use path::{INTRODUCE_DOMAIN, Path, RELEASE_DOMAIN, home};
pub use permissions::{Access, Caller, Permission, Permissions};
pub use quota::Quota;
pub use request::Introduction;
pub use ring::{Condition, Machine, News, NoDomains, RingPage};
pub use server::{Handle, Options, Server, Transaction, Watcher};
