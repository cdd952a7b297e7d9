//! `grant_table_op` (20): memory that a domain lets another use.
//!
//! Arguments: a [`GrantOp`](ringwall_abi::grant_table::GrantOp), a list of its structures, and how
//! many there are.
//!
//! Result: 0, also where an element failed: each has a status of its own. Errors: `EFAULT` where
//! the list is not the caller's; `EINVAL` where an operation that takes one structure got another
//! number of them, or more than a signed number holds; `ENOSYS` for an operation that is unknown
//! or refused: transfer, swap, dump, and what belongs to version 2.
//!
//! Anybody may call it. Lists are preempted between two elements: pointer and length in the
//! arguments move on.
//!
//! What is decided, and in which order, stands in [`ringwall_model::grant`].

mod batch;
mod copy;
mod dispatch;
mod entries;
mod held;
mod map;
mod slot;
mod state;
mod table;
mod unmap;

pub(super) use dispatch::handle;
pub(crate) use state::GrantTable;
pub(super) use table::{grown_frames, max_frames};
