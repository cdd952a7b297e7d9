//! User mode: address spaces of their own, and code that runs in them until it calls or faults.
//!
//! User code has a root table of its own, in which the kernel is not mapped; the hypervisor changes the
//! root with the mode.
// UNSAFETY: makes root tables, and enters user code.
#![expect(unsafe_code)]

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ringwall_abi::PAGE_SIZE;
use ringwall_abi::arch_x86::{FLAT_USER_CS64, FLAT_USER_SS};
use ringwall_abi::xen::{MmuExtCommand, MmuextOp};

use crate::memory::entry::{Access, Level, leaf};
use crate::memory::tables::{self, Table};
use crate::memory::{Error, Page};
use crate::raw::entry;
use crate::trap::{self, Frame};
use crate::{event, hypercall};

/// The address behind the last of user code: the lower half.
const END: u64 = 0x8000_0000_0000;
/// RFLAGS of user code: upcalls are on, and a bit that is always set.
const FLAGS: u64 = 0x202;

/// An address space of user code, and the pages that are mapped in it.
#[derive(Debug)]
pub struct AddressSpace {
    root: Table,
    tables: Vec<Table>,
    pages: BTreeMap<u64, Page>,
}

/// Why user code was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It made a system call; its registers have the arguments.
    SystemCall,
    /// It raised an exception or a soft interrupt.
    Trap {
        /// The vector.
        vector: u64,
        /// The error code, or 0.
        error_code: u64,
        /// The address of a page fault.
        address: u64,
    },
    /// An event came, whose handler has run.
    Event,
}

/// The registers of user code.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    /// The registers; selectors and flags that user code can't have are put right at each run.
    pub registers: Frame,
}

impl Context {
    /// Code that starts at `rip` with its stack at `rsp`, and all other registers zero.
    #[must_use]
    pub fn new(rip: u64, rsp: u64) -> Self {
        let mut registers = Frame::default();
        (registers.rip, registers.rsp, registers.rflags) = (rip, rsp, FLAGS);
        Self { registers }
    }

    /// Runs it in an address space until it is left.
    ///
    /// # Errors
    ///
    /// The hypervisor's answer to the address space.
    pub fn run(&mut self, space: &AddressSpace) -> Result<Exit, Error> {
        let load = MmuextOp::new(MmuExtCommand::NewUserBaseptr, space.root.frame().raw(), 0);
        let masked = event::mask::mask();
        // SAFETY: the kernel does not run under the user's root.
        unsafe { hypercall::mmuext_op(&[load]) }?;
        self.registers.set_selectors(FLAT_USER_CS64, FLAT_USER_SS);
        self.registers.rflags |= FLAGS;
        // SAFETY: the selectors are user code's, and its root is loaded.
        unsafe { entry::run_user(&mut self.registers) };
        let address = trap::fault_address();
        // Events that have come since are handled when `masked` goes.
        let exit = match self.registers.vector() {
            trap::SYSCALL => Exit::SystemCall,
            trap::EVENT => {
                event::dispatch();
                Exit::Event
            }
            vector => Exit::Trap {
                vector,
                error_code: self.registers.error_code(),
                address,
            },
        };
        let none = MmuextOp::new(MmuExtCommand::NewUserBaseptr, 0, 0);
        // SAFETY: no user code runs.
        unsafe { hypercall::mmuext_op(&[none]) }?;
        drop(masked);
        Ok(exit)
    }
}

impl AddressSpace {
    /// An empty one.
    ///
    /// # Errors
    ///
    /// [`Error::NoMemory`], or the hypervisor's answer.
    pub fn new() -> Result<Self, Error> {
        let root = Table::new()?;
        let pin = MmuextOp::new(MmuExtCommand::PinL4Table, root.frame().raw(), 0);
        // SAFETY: the table is empty.
        unsafe { hypercall::mmuext_op(&[pin]) }?;
        Ok(Self {
            root,
            tables: Vec::new(),
            pages: BTreeMap::new(),
        })
    }

    /// Maps a page, which is the address space's until it is unmapped.
    ///
    /// # Errors
    ///
    /// [`Error::BadAddress`] for one that is not a page's of the lower half, [`Error::InUse`], or the
    /// hypervisor's answer.
    pub fn map(&mut self, address: u64, page: Page, access: Access) -> Result<(), Error> {
        if address >= END || !address.is_multiple_of(PAGE_SIZE as u64) {
            return Err(Error::BadAddress);
        }
        if self.pages.contains_key(&address) {
            return Err(Error::InUse);
        }
        let slot = tables::make_slot(self.root.frame(), address, &mut self.tables)?;
        // SAFETY: the kernel does not run under this root.
        unsafe { tables::write(slot, leaf(page.frame(), access)) }?;
        self.pages.insert(address, page);
        Ok(())
    }

    /// Unmaps a page.
    ///
    /// # Errors
    ///
    /// [`Error::NotMapped`], or the hypervisor's answer.
    pub fn unmap(&mut self, address: u64) -> Result<Page, Error> {
        if !self.pages.contains_key(&address) {
            return Err(Error::NotMapped);
        }
        let slot = tables::slot(self.root.frame(), address, Level::L1).ok_or(Error::NotMapped)?;
        // SAFETY: the kernel does not run under this root.
        unsafe { tables::write(slot, 0) }?;
        let flush = MmuextOp::new(MmuExtCommand::TlbFlushAll, 0, 0);
        // SAFETY: nothing but translations is dropped.
        unsafe { hypercall::mmuext_op(&[flush]) }?;
        self.pages.remove(&address).ok_or(Error::NotMapped)
    }

    /// A page that is mapped.
    #[must_use]
    pub fn page(&self, address: u64) -> Option<&Page> {
        self.pages.get(&address)
    }
}

impl Drop for AddressSpace {
    fn drop(&mut self) {
        let unpin = MmuextOp::new(MmuExtCommand::UnpinTable, self.root.frame().raw(), 0);
        // SAFETY: it is loaded only while `run` borrows it.
        let unpinned = unsafe { hypercall::mmuext_op(&[unpin]) };
        if unpinned.is_err() {
            // Still a table: so must what it maps stay.
            core::mem::forget(core::mem::take(&mut self.pages));
        }
    }
}
