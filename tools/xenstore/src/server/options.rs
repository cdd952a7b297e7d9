//! What a server is started with.

use std::path::PathBuf;

use crate::quota::Quota;

/// Where a server listens, what it keeps where, and what it allows.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The socket for processes of the control domain. Debian's clients look for
    /// `/var/run/xenstored/socket`. None: only domains and handles reach the store.
    pub socket: Option<PathBuf>,
    /// A directory of its own in a memory file system, where the state outlives the process. None: it doesn't.
    pub directory: Option<PathBuf>,
    /// Limits of domains. A state that is found keeps those that it was made with.
    pub quota: Quota,
}
