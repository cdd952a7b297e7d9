//! What keeps the state while the server is killed and started again.
//!
//! A file in a directory of a memory file system (nothing is synced: a machine's restart ends all that is in the
//! store) has the state as a whole, and behind it each [`Record`](crate::engine::Record) since. It is mapped, so
//! that a record costs a copy and no system call, and what was copied survives the process. A record counts once
//! its checksum fits, and whoever kept one may act on it: an answer is sent after its record is there. When the
//! file is full, the state as a whole is written to another one, which takes its place by a rename.
//!
//! - `map`: the file as memory
//! - `file`: its format
//! - `directory`: where it lies, who may use it, and what is in it at the start

mod directory;
mod file;
mod map;
mod sys;

pub(crate) use directory::{Journal, Recovered};
