//! Pieces of code to try.
// UNSAFETY: reads the bytes of the guest's own code.
#![expect(unsafe_code)]

use alloc::vec::Vec;

use ringwall_sdk::abi::arch_x86::{FLAT_KERNEL_CS, FLAT_KERNEL_SS, FLAT_USER_CS64, FLAT_USER_SS};

use super::{Entry, Level, raw};

/// A piece of code that is not part of what surrounds it: [`code!`](crate::code).
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The address of its first byte.
    pub start: u64,
    /// The address behind it, where an invalid instruction stands.
    pub end: u64,
}

/// Makes a [`Code`] of lines of assembly. Behind them stands `ud2`, by which code leaves that has
/// nothing else to leave by.
#[macro_export]
macro_rules! code {
    ($($line:expr),+ $(,)?) => {{
        let (start, end): (u64, u64);
        // SAFETY: two addresses are taken; the code between them is jumped over.
        unsafe {
            ::core::arch::asm!(
                "lea {start}, [rip + 2f]",
                "lea {end}, [rip + 3f]",
                "jmp 4f",
                "2:",
                $($line,)+
                "3:",
                "ud2",
                "4:",
                start = out(reg) start,
                end = out(reg) end,
                options(nostack, preserves_flags),
            );
        }
        $crate::attempt::Code { start, end }
    }};
}

impl Code {
    /// An entry into the code at a level, with its flat selectors, an empty stack, zeroes in all other
    /// registers, and upcalls masked.
    #[must_use]
    pub fn at(&self, level: Level) -> Entry {
        let (cs, ss) = match level {
            Level::Kernel => (FLAT_KERNEL_CS & !3, FLAT_KERNEL_SS & !3),
            Level::User => (FLAT_USER_CS64, FLAT_USER_SS),
        };
        Entry {
            rip: self.start,
            cs: cs.into(),
            ss: ss.into(),
            rflags: 1 << 1,
            rsp: raw::stack_ends()[0],
            ..Entry::default()
        }
    }

    /// How many bytes from its start its last instruction begins, which has so many bytes.
    #[must_use]
    pub const fn last(&self, bytes: u64) -> u64 {
        self.end - self.start - bytes
    }

    /// Its bytes, and the `ud2` behind it.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        (self.start..self.end + 2)
            // SAFETY: the guest's own code, which is readable and does not change.
            .map(|address| unsafe { (address as *const u8).read() })
            .collect()
    }
}
