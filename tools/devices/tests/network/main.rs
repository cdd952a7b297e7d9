//! Networks, in network namespaces of this machine.

mod cards;
mod default;
mod namespace;
mod services;
