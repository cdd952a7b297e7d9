//! Error numbers of the ABI.

use core::fmt;

use crate::Unknown;

macro_rules! errors {
    ($($name:ident = $number:literal, $cause:literal;)+) => {
        /// Why a hypercall failed. On the wire it is the negated number in `rax`.
        ///
        /// Source: `public/errno.h`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Errno {
            $(#[doc = concat!("\"", $cause, "\"")] $name = $number,)+
        }

        impl Errno {
            /// Every error, with its name.
            pub const TABLE: &'static [(Self, &'static str)] =
                &[$((Self::$name, stringify!($name)),)+];

            /// The cause in a few words.
            #[must_use]
            pub const fn cause(self) -> &'static str {
                match self {
                    $(Self::$name => $cause,)+
                }
            }

            /// What the positive number names, or `None` where it names nothing.
            #[must_use]
            pub const fn from_number(number: u64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }
        }
    };
}

errors! {
    EPERM = 1, "the caller may not do this";
    ENOENT = 2, "there is no such thing";
    ESRCH = 3, "there is no such domain";
    EINTR = 4, "interrupted";
    EIO = 5, "a device failed";
    ENXIO = 6, "there is no such device or address";
    E2BIG = 7, "too much was given";
    ENOEXEC = 8, "this can not be executed";
    EBADF = 9, "a bad handle";
    ECHILD = 10, "there is no child";
    EAGAIN = 11, "not now: to be tried again";
    ENOMEM = 12, "memory ran out";
    EACCES = 13, "access is refused";
    EFAULT = 14, "a bad guest address";
    EBUSY = 16, "in use";
    EEXIST = 17, "it exists already";
    EXDEV = 18, "it belongs to another";
    ENODEV = 19, "there is no such device";
    ENOTDIR = 20, "not a directory";
    EISDIR = 21, "a directory";
    EINVAL = 22, "an invalid argument";
    ENFILE = 23, "too many open files in all";
    EMFILE = 24, "too many open files";
    ENOSPC = 28, "no room is left";
    EROFS = 30, "it can only be read";
    EMLINK = 31, "too many links";
    EDOM = 33, "an argument is out of its domain";
    ERANGE = 34, "a value is out of range";
    EDEADLK = 35, "it would wait for itself";
    ENAMETOOLONG = 36, "a name is too long";
    ENOLCK = 37, "no locks are left";
    ENOSYS = 38, "no such hypercall or subfunction";
    ENOTEMPTY = 39, "not empty";
    ENODATA = 61, "there is no data";
    ETIME = 62, "the time is past";
    EBADMSG = 74, "a bad message";
    EOVERFLOW = 75, "a value is too large for its place";
    EILSEQ = 84, "an invalid sequence of bytes";
    ERESTART = 85, "preempted: to be resumed";
    ENOTSOCK = 88, "not a socket";
    EMSGSIZE = 90, "a message of the wrong size";
    EOPNOTSUPP = 95, "not supported";
    EADDRINUSE = 98, "the address is in use";
    EADDRNOTAVAIL = 99, "the address can not be had";
    ENOBUFS = 105, "no buffers are left";
    EISCONN = 106, "connected already";
    ENOTCONN = 107, "not connected";
    ETIMEDOUT = 110, "it took too long";
    ECONNREFUSED = 111, "the connection is refused";
}

impl Errno {
    /// The value that `rax` carries: the number, negated.
    #[must_use]
    pub const fn to_rax(self) -> i64 {
        -(self as u8 as i64)
    }

    /// The error that a value of `rax` carries, or `None` where it is a result or unknown.
    #[must_use]
    pub const fn from_rax(rax: i64) -> Option<Self> {
        if rax < 0 {
            Self::from_number(rax.unsigned_abs())
        } else {
            None
        }
    }
}

impl TryFrom<u32> for Errno {
    type Error = Unknown;

    fn try_from(number: u32) -> Result<Self, Unknown> {
        Self::from_number(number.into()).ok_or(Unknown(number.into()))
    }
}

impl fmt::Display for Errno {
    /// The cause, with the name: `an invalid argument (EINVAL)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({self:?})", self.cause())
    }
}

impl core::error::Error for Errno {}
