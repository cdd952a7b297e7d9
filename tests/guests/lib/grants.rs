//! Grant tables by their raw operations.

use core::sync::atomic::Ordering;

use ringwall_sdk::SharedPage;
use ringwall_sdk::abi::grant_table::{
    GrantEntryFlags, GrantMapFlags, GrantOp, GrantStatus, MapGrantRef, SetupTable, UnmapGrantRef,
};
use ringwall_sdk::abi::{DomainId, GuestAddress, Hypercall, Mfn};
use ringwall_sdk::memory::entry::Access;

use crate::page::{map, page};
use crate::{Answer, Check, Verdict, address_mut, ask, equal, granted};

/// Bits of an entry that grants access.
pub const ACCESS: u16 = 1;
/// The same, to read alone.
pub const READ_ONLY: u16 = ACCESS | GrantEntryFlags::READONLY.bits();

/// Makes an operation on one element.
pub fn grant<T>(operation: GrantOp, argument: &mut T) -> Answer {
    grant_list(operation, core::slice::from_mut(argument))
}

/// Makes an operation on all elements.
pub fn grant_list<T>(operation: GrantOp, list: &mut [T]) -> Answer {
    let arguments = [
        u64::from(operation.number()),
        address_mut(list),
        list.len() as u64,
    ];
    ask(Hypercall::GrantTableOp, arguments)
}

/// The first page of this domain's grant table.
pub struct Table(&'static SharedPage);

impl Table {
    /// Sets the table up and maps its first page.
    ///
    /// # Errors
    ///
    /// What was refused.
    pub fn new() -> Result<Self, Verdict> {
        let mut frame = 0_u64;
        let mut argument = SetupTable {
            dom: DomainId::SELF,
            nr_frames: 1,
            frame_list: GuestAddress::new(address_mut(&mut frame)),
            ..SetupTable::default()
        };
        let answer = grant(GrantOp::SetupTable, &mut argument);
        granted("setup_table", answer)?;
        status("setup_table", argument.status, GrantStatus::Okay)?;
        let (place, _) = page()?;
        map(place, Mfn::new(frame), Access::ReadWrite)?;
        Ok(Self(place))
    }

    /// Grants a frame to this domain itself.
    pub fn set(&self, reference: u32, flags: u16, frame: Mfn) {
        self.set_for(reference, flags, DomainId::DOM0, frame);
    }

    /// Grants a frame; the flags are written last, as the ABI has it.
    pub fn set_for(&self, reference: u32, flags: u16, domain: DomainId, frame: Mfn) {
        let offset = reference as usize * 8;
        let low = u32::try_from(frame.raw()).unwrap_or(u32::MAX);
        self.0.u32(offset + 4).store(low, Ordering::SeqCst);
        self.0.u16(offset + 2).store(domain.raw(), Ordering::SeqCst);
        self.0.u16(offset).store(flags, Ordering::SeqCst);
    }

    /// The flags of an entry, with what the hypervisor says there of its use.
    #[must_use]
    pub fn flags(&self, reference: u32) -> GrantEntryFlags {
        let word = self.0.u16(reference as usize * 8);
        GrantEntryFlags::from_bits_retain(word.load(Ordering::SeqCst))
    }
}

/// Maps a grant of this domain at an address.
pub fn map_grant(reference: u32, flags: GrantMapFlags, place: u64) -> MapGrantRef {
    let mut argument = MapGrantRef {
        host_addr: place,
        flags,
        reference,
        // By its number: a granter is a domain like any other, and Xen takes no DOMID_SELF here.
        dom: DomainId::DOM0,
        ..MapGrantRef::default()
    };
    let answer = grant(GrantOp::MapGrantRef, &mut argument);
    if answer.0 != 0 {
        // The list itself was refused.
        argument.status = i16::MIN;
    }
    argument
}

/// Takes a mapping back; the status.
pub fn unmap_grant(handle: u32, place: u64) -> i16 {
    let mut argument = UnmapGrantRef {
        host_addr: place,
        handle,
        ..UnmapGrantRef::default()
    };
    let answer = grant(GrantOp::UnmapGrantRef, &mut argument);
    if answer.0 == 0 {
        argument.status
    } else {
        i16::MIN
    }
}

/// Goes on if the status is this one.
///
/// # Errors
///
/// The rule is broken: both statuses.
pub fn status(what: impl core::fmt::Display, found: i16, expected: GrantStatus) -> Check {
    one_status(what, found, &[expected])
}

/// Goes on if the status is one of these.
///
/// # Errors
///
/// The rule is broken: what came, and what should have.
pub fn one_status(what: impl core::fmt::Display, found: i16, expected: &[GrantStatus]) -> Check {
    if expected.iter().any(|status| status.number() == found) {
        return Ok(());
    }
    let found = GrantStatus::from_number(found).map_or_else(
        || alloc::format!("status {found}"),
        |status| alloc::format!("{status:?}"),
    );
    equal(what, found, alloc::format!("{expected:?}"))
}
