//! The operations of translated guests are `EACCES` for those that are not: `XENMEM_add_to_physmap` and its kin:
//! `public/memory.h`. The machine-to-physical table's own frames are nobody's to map: Lesson 17. Nothing is shared behind a
//! domain's back, and none is told so.
#![no_std]
#![no_main]

use guests::memory::NOBODYS;
use guests::sdk::abi::memory::{
    AddToPhysmap, AddToPhysmapBatch, MachphysMfnList, MapSpace, MemoryOp,
};
use guests::sdk::abi::{DomainId, Errno, GuestAddress, Hypercall, Mfn, Pfn};
use guests::sdk::hypercall::{add_to_physmap, add_to_physmap_batch, remove_from_physmap};
use guests::{Check, address_mut, ask, equal, granted, refused, unless_xen};

guests::rule!(check);

fn check() -> Check {
    let (mut index, mut number, mut error) = (0_u64, 5_u64, 0_i32);
    #[expect(unsafe_code, reason = "maps that are refused")]
    // SAFETY: a PV guest has no such map.
    let answers = unsafe {
        [
            (
                "add_to_physmap",
                add_to_physmap(AddToPhysmap {
                    domid: DomainId::SELF,
                    space: MapSpace::SharedInfo.number(),
                    gpfn: Pfn::new(5),
                    ..AddToPhysmap::default()
                }),
            ),
            (
                "add_to_physmap_batch",
                add_to_physmap_batch(AddToPhysmapBatch {
                    domid: DomainId::SELF,
                    space: 0,
                    size: 1,
                    foreign_domid: DomainId::new(0),
                    idxs: GuestAddress::new(address_mut(&mut index)),
                    gpfns: GuestAddress::new(address_mut(&mut number)),
                    errs: GuestAddress::new(address_mut(&mut error)),
                }),
            ),
            (
                "remove_from_physmap",
                remove_from_physmap(DomainId::SELF, Pfn::new(NOBODYS.raw())),
            ),
        ]
    };
    for (what, answer) in answers {
        // Xen looks for the frame to remove first.
        refused(what, answer.into(), &[Errno::EACCES, Errno::ENOENT])?;
    }
    let mut frames = [Mfn::new(0); 4];
    let mut list = MachphysMfnList {
        max_extents: 4,
        extent_start: GuestAddress::new(address_mut(&mut frames)),
        ..MachphysMfnList::default()
    };
    let mut ask_for = |operation: MemoryOp| {
        let arguments = [u64::from(operation.number()), address_mut(&mut list)];
        ask(Hypercall::MemoryOp, arguments)
    };
    let answer = ask_for(MemoryOp::MachphysMfnList);
    unless_xen!(
        answer.is(Errno::ENOSYS),
        "machphys_mfn_list: {answer}; frames of the hypervisor's that a guest can name"
    );
    let compat = ask_for(MemoryOp::MachphysCompatMfnList);
    unless_xen!(
        compat.is(Errno::ENOSYS),
        "machphys_compat_mfn_list: {compat}; there are no 32-bit guests"
    );
    for operation in [
        MemoryOp::GetSharingFreedPages,
        MemoryOp::GetSharingSharedPages,
    ] {
        let answer = ask(Hypercall::MemoryOp, [u64::from(operation.number()), 0]);
        equal(operation, granted(operation, answer)?, 0)?;
    }
    Ok(())
}
