//! `XEN_DOMCTL_get_cpu_policy` lists the leaves of CPUID that a domain gets, as far as there is room (`ENOBUFS` where there
//! is not), and `XEN_DOMCTL_set_cpu_policy` takes a list: what the CPU does not have is `EINVAL`, and so is the caller's own:
//! `public/domctl.h`. Lesson 33: no more is written than there is room for.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec;
use alloc::vec::Vec;

use guests::control::domctl;
use guests::domain::Domain;
use guests::sdk::abi::arch_x86::{CpuidLeaf, MsrEntry};
use guests::sdk::abi::domctl::{CpuPolicy, DomctlOp};
use guests::sdk::abi::{DomainId, Errno, GuestAddress};
use guests::{Answer, Check, address_mut, ensure, equal, granted, refused};

guests::rule!(check);

/// More than any policy has.
const ROOM: usize = 200;

struct Lists {
    leaves: Vec<CpuidLeaf>,
    msrs: Vec<MsrEntry>,
}

impl Lists {
    fn ask(
        &mut self,
        operation: DomctlOp,
        domain: DomainId,
        leaves: u32,
        msrs: u32,
    ) -> (Answer, CpuPolicy) {
        let mut request = CpuPolicy {
            nr_leaves: leaves,
            nr_msrs: msrs,
            leaves: GuestAddress::new(address_mut(self.leaves.as_mut_slice())),
            msrs: GuestAddress::new(address_mut(self.msrs.as_mut_slice())),
            ..CpuPolicy::default()
        };
        let answer = domctl(operation, domain, &mut request);
        (answer, request)
    }
}

fn check() -> Check {
    let domain = Domain::new(1)?;
    let mut lists = Lists {
        leaves: vec![CpuidLeaf::default(); ROOM],
        msrs: vec![MsrEntry::default(); ROOM],
    };
    let (get, set) = (DomctlOp::GetCpuPolicy, DomctlOp::SetCpuPolicy);
    let (answer, policy) = lists.ask(get, domain.id(), 200, 200);
    granted("get_cpu_policy", answer)?;
    let count = policy.nr_leaves;
    ensure!((3..200).contains(&count), "{count} leaves");
    let used = usize::try_from(count).unwrap_or(0);
    ensure!(
        lists.leaves[..used]
            .iter()
            .any(|leaf| leaf.leaf == 1 && leaf.d >> 5 & 1 == 1),
        "no leaf says that there are MSRs"
    );
    ensure!(
        lists.leaves[used..]
            .iter()
            .all(|leaf| *leaf == CpuidLeaf::default()),
        "more was written than it says"
    );
    let marked = CpuidLeaf {
        leaf: 0x5a5a,
        ..CpuidLeaf::default()
    };
    lists.leaves[1] = marked;
    let (answer, _) = lists.ask(get, domain.id(), 1, 200);
    refused("room for one leaf", answer, &[Errno::ENOBUFS])?;
    equal("what is behind the room", lists.leaves[1], marked)?;

    granted("get_cpu_policy", lists.ask(get, domain.id(), 200, 200).0)?;
    granted("its own policy", lists.ask(set, domain.id(), count, 0).0)?;
    let own = lists.ask(set, DomainId::DOM0, count, 0).0;
    refused("the caller's", own, &[Errno::EINVAL])?;
    for leaf in &mut lists.leaves {
        // The highest leaf of the vendor: more than there are.
        if leaf.leaf == 0 {
            leaf.a = 0x4000;
        }
    }
    let (answer, told) = lists.ask(set, domain.id(), count, 0);
    refused("more leaves than there are", answer, &[Errno::EINVAL])?;
    equal("the leaf that is wrong", told.err_leaf, 0)
}
