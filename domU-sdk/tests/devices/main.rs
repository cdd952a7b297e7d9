//! Front ends against back ends in one process: honest ones, and ones that lie.
#![expect(
    clippy::cast_possible_truncation,
    reason = "patterns of bytes are meant to wrap"
)]

mod block;
mod block_back;
mod net;
mod net_back;
mod ring;
mod scribble;
mod smoltcp;
mod store;
mod store_back;
mod world;
