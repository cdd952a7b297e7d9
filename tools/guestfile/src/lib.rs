//! Guest files: what a domain is made of, written down by its user.
//!
//! Two formats become one typed [`Guest`]: TOML, which is Ringwall's own, and the classic file of
//! `xl`. [`Source::read`] tells them apart. `README.md` next to this crate documents every key.
//!
//! - [`Problem`] is an error with the line and the column it was found at;
//! - [`Parsed::warnings`] are lines about keys that don't apply;
//! - [`apply`] takes `key=value` from a command line, over what the file says.
#![forbid(unsafe_code)]

mod cpus;
mod disk;
mod document;
mod fields;
mod guest;
mod net;
mod overrides;
mod policy;
mod problem;
mod size;
mod source;
mod value;
mod vdev;
mod xl;

pub use cpus::{Affinity, CpuSet};
pub use disk::{Access, Disk};
pub use fields::{FIELDS, Field};
pub use guest::{Guest, LIMITS, Limits};
pub use net::{Mac, Net};
pub use overrides::apply;
pub use policy::{Action, Policies};
pub use problem::{Place, Problem};
pub use size::parse_kib;
pub use source::{Format, Parsed, Source};
pub use vdev::VirtualDevice;
