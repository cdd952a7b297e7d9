//! Entry from guests and exit to them.

mod asm;
mod fixup;
mod frame;

pub(crate) use asm::{entry_syscall_offset, entry_syscall32_offset, exit_offset, trap_addresses};
pub(crate) use fixup::on_fault;
pub use frame::{GuestFrame, SYSCALL_VECTOR};
