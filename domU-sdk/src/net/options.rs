//! What a front end wants of a network.

/// Who checks and completes the checksums of TCP and UDP in what is received.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checksums {
    /// The back end completes them; the front end's stack can check all.
    #[default]
    Complete,
    /// Frames from the back end's own domain come without: their [`Checked`](super::Checked) says so.
    /// Saves both ends the work, and is only for stacks that look at it.
    Offloaded,
}

/// Which multicast frames come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Multicast {
    /// All that there are.
    #[default]
    All,
    /// Those of [`Net::join`](super::Net::join), where the back end can tell them; else all.
    Joined,
}

/// What a front end wants of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetOptions {
    /// Checksums of what is received.
    pub checksums: Checksums,
    /// Multicast frames.
    pub multicast: Multicast,
    /// Pages for frames that come, 1 to 256. At least 18 for back ends of Linux.
    pub receive_pages: u16,
    /// Pages for frames that go, 1 to 256.
    pub send_pages: u16,
}

impl Default for NetOptions {
    fn default() -> Self {
        Self {
            checksums: Checksums::Complete,
            multicast: Multicast::All,
            receive_pages: 128,
            send_pages: 64,
        }
    }
}
