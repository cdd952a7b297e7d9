//! Shapes: the three macros that every item of the ABI is written in.
//!
//! `record!` makes a structure whose bytes are all accounted for, so that a reply can't carry
//! stack bytes to a guest. `numbers!` makes an enum of numbers, `flags!` a set of bits; both know
//! the header's name of each member, for the log and for the tests against the C headers.

/// A structure: laid out as in C, without implicit padding, valid for any bytes; its default is
/// all zeroes.
macro_rules! record {
    ($($(#[$meta:meta])* pub struct $name:ident { $($fields:tt)* })+) => {
        $(
            $(#[$meta])*
            #[derive(
                Clone, Copy, Debug, PartialEq, Eq, ::zerocopy::FromBytes,
                ::zerocopy::IntoBytes, ::zerocopy::KnownLayout, ::zerocopy::Immutable,
            )]
            #[repr(C)]
            pub struct $name { $($fields)* }

            impl Default for $name {
                #[inline]
                fn default() -> Self {
                    ::zerocopy::FromZeros::new_zeroed()
                }
            }
        )+
    };
}

/// An enum of numbers, each with its name in the header.
macro_rules! numbers {
    (
        $(#[$meta:meta])* pub enum $name:ident: $raw:ident {
            $($(#[$doc:meta])* $variant:ident = $number:literal => $header:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr($raw)]
        pub enum $name {
            $($(#[$doc])* #[doc(alias = $header)] $variant = $number,)+
        }

        impl $name {
            /// Every number, with its name in the header.
            pub const TABLE: &'static [(Self, &'static str)] = &[$((Self::$variant, $header),)+];

            /// What the number names, or `None` where the ABI knows none.
            #[inline]
            #[must_use]
            pub const fn from_number(number: u64) -> Option<Self> {
                match number {
                    $($number => Some(Self::$variant),)+
                    _ => None,
                }
            }

            /// The number.
            #[inline]
            #[must_use]
            pub const fn number(self) -> $raw {
                self as $raw
            }

            /// The header's name.
            #[must_use]
            pub const fn header_name(self) -> &'static str {
                match self {
                    $(Self::$variant => $header,)+
                }
            }
        }

        impl TryFrom<$raw> for $name {
            type Error = $crate::Unknown;

            #[inline]
            fn try_from(number: $raw) -> Result<Self, $crate::Unknown> {
                Self::from_number(u64::from(number)).ok_or($crate::Unknown(u64::from(number)))
            }
        }

        impl From<$name> for $raw {
            #[inline]
            fn from(value: $name) -> $raw {
                value.number()
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.header_name())
            }
        }
    };
}

/// A set of bits that may stand in a structure; bits without a name are kept.
macro_rules! flags {
    (
        $(#[$meta:meta])* pub struct $name:ident: $raw:ident {
            $($(#[$($doc:tt)*])* $flag:ident = $bits:expr => $header:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Default, PartialEq, Eq, Hash, ::zerocopy::FromBytes,
            ::zerocopy::IntoBytes, ::zerocopy::KnownLayout, ::zerocopy::Immutable,
        )]
        #[repr(transparent)]
        pub struct $name($raw);

        ::bitflags::bitflags! {
            impl $name: $raw {
                $($(#[$($doc)*])* #[doc(alias = $header)] const $flag = $bits;)+
            }
        }

        impl $name {
            /// Every flag, with its name in the header.
            pub const TABLE: &'static [(Self, &'static str)] = &[$((Self::$flag, $header),)+];
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{}({:#x}", stringify!($name), self.bits())?;
                for (name, _) in self.iter_names() {
                    write!(f, " {name}")?;
                }
                f.write_str(")")
            }
        }
    };
}

pub(crate) use {flags, numbers, record};
