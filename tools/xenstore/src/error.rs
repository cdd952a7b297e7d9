//! Why a request failed.

use core::fmt;

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident => $wire:literal, $cause:literal;)+) => {
        /// Why a request failed; on the wire it is the errno's name.
        ///
        /// Source: `public/io/xs_wire.h`, which has all the names that may be sent.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Error {
            $($(#[$doc])* #[doc(alias = $wire)] $name,)+
        }

        impl Error {
            /// Every error.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The errno's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)+
                }
            }

            const fn cause(self) -> &'static str {
                match self {
                    $(Self::$name => $cause,)+
                }
            }
        }
    };
}

errors! {
    /// A malformed request, path or number.
    Invalid => "EINVAL", "the request or its path is malformed";
    /// The node's permissions, or the caller's rights, don't allow it.
    Access => "EACCES", "the permissions don't allow it";
    /// The same watch is there already.
    Exists => "EEXIST", "it exists already";
    /// No such node, watch, transaction or domain.
    NotFound => "ENOENT", "there is no such node";
    /// Memory ran out, or what keeps the store over a restart has no room.
    Memory => "ENOMEM", "memory ran out";
    /// The caller has as many as it may: nodes, transactions, permissions, bytes of a value.
    Quota => "ENOSPC", "the caller's quota is used up";
    /// The domain's ring or event channel could not be reached.
    Io => "EIO", "the domain could not be reached";
    /// No such request.
    Unknown => "ENOSYS", "there is no such request";
    /// A transaction within a transaction.
    Busy => "EBUSY", "transactions don't nest";
    /// Another change came between: the transaction is to be tried again.
    Again => "EAGAIN", "another change came between";
    /// The answer is longer than a message, or there are too many watches.
    TooBig => "E2BIG", "that is too much";
    /// Only the control domain may give a node to another owner.
    Owner => "EPERM", "only the control domain may change a node's owner";
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.cause(), self.name())
    }
}

impl core::error::Error for Error {}

/// What a request comes to.
pub type Result<T> = core::result::Result<T, Error>;

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that clients know: `xsd_errors` in the header.
    const HEADER: [&str; 16] = [
        "EINVAL",
        "EACCES",
        "EEXIST",
        "EISDIR",
        "ENOENT",
        "ENOMEM",
        "ENOSPC",
        "EIO",
        "ENOTEMPTY",
        "ENOSYS",
        "EROFS",
        "EBUSY",
        "EAGAIN",
        "EISCONN",
        "E2BIG",
        "EPERM",
    ];

    #[test]
    fn clients_know_every_name() {
        for error in Error::ALL {
            assert!(HEADER.contains(&error.name()), "{error}");
        }
    }
}
