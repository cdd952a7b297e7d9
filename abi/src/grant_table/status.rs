//! The result of one operation on a grant table.

use core::fmt;

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $number:literal => $header:literal, $message:literal;)+) => {
        /// How one operation ended, in its `status`.
        ///
        /// Source: `public/grant_table.h`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(i16)]
        pub enum GrantStatus {
            $(#[doc = $message] #[doc(alias = $header)] $name = $number,)+
        }

        impl GrantStatus {
            /// Every status, with its name in the header.
            pub const TABLE: &'static [(Self, &'static str)] = &[$((Self::$name, $header),)+];

            /// What the number names, or `None` where the ABI knows none.
            #[must_use]
            pub const fn from_number(number: i16) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)+
                    _ => None,
                }
            }

            /// The number.
            #[must_use]
            pub const fn number(self) -> i16 {
                self as i16
            }
        }

        impl fmt::Display for GrantStatus {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $message,)+
                })
            }
        }
    };
}

statuses! {
    Okay = 0 => "GNTST_okay", "done";
    GeneralError = -1 => "GNTST_general_error", "refused for a reason that has no number";
    BadDomain = -2 => "GNTST_bad_domain", "no such domain";
    BadReference = -3 => "GNTST_bad_gntref", "the reference grants nothing of the kind";
    BadHandle = -4 => "GNTST_bad_handle", "no mapping has this handle";
    BadVirtualAddress = -5 => "GNTST_bad_virt_addr", "the virtual address can't be used";
    BadDeviceAddress = -6 => "GNTST_bad_dev_addr", "the device address is not the page's";
    NoDeviceSpace = -7 => "GNTST_no_device_space", "the IOMMU has no room";
    PermissionDenied = -8 => "GNTST_permission_denied", "the caller may not do that";
    BadPage = -9 => "GNTST_bad_page", "the page can't be used";
    BadCopyArgument = -10 => "GNTST_bad_copy_arg", "the copy leaves its page";
    AddressTooBig = -11 => "GNTST_address_too_big", "the page lies too high";
    TryAgain = -12 => "GNTST_eagain", "not now: to be tried again";
    NoSpace = -13 => "GNTST_no_space", "no room for one more";
}
