//! `XEN_SYSCTL_get_cpu_policy` and `_get_cpu_featureset` tell what CPUID says to PV domains; without lists, how long they
//! are: `public/sysctl.h`. A policy that there is not is refused, and no more is written than there is room for.
#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec;

use guests::control::sysctl;
use guests::sdk::abi::arch_x86::{CpuidLeaf, MsrEntry};
use guests::sdk::abi::sysctl::{SysctlCpuPolicy, SysctlOp};
use guests::sdk::abi::{Errno, GuestAddress};
use guests::{Check, address_mut, ensure, equal, granted, refused};

guests::rule!(check);

/// The usual of PV domains.
const PV: u32 = 4;

fn check() -> Check {
    let mut request = SysctlCpuPolicy {
        index: PV,
        ..SysctlCpuPolicy::default()
    };
    granted("how many", sysctl(SysctlOp::GetCpuPolicy, &mut request))?;
    let count = usize::try_from(request.nr_leaves).unwrap_or(0);
    ensure!((3..1000).contains(&count), "{count} leaves");
    let msrs = usize::try_from(request.nr_msrs).unwrap_or(0);
    let mut leaves = vec![CpuidLeaf::default(); count + 1];
    let mut registers = vec![MsrEntry::default(); msrs + 1];
    let marked = CpuidLeaf {
        leaf: 0x5a5a,
        ..CpuidLeaf::default()
    };
    leaves[count] = marked;
    request.leaves = GuestAddress::new(address_mut(leaves.as_mut_slice()));
    request.msrs = GuestAddress::new(address_mut(registers.as_mut_slice()));
    let full = request;
    granted("the policy", sysctl(SysctlOp::GetCpuPolicy, &mut request))?;
    equal("behind it", leaves[count], marked)?;
    let first = leaves
        .iter()
        .find(|leaf| leaf.leaf == 1)
        .copied()
        .unwrap_or_default();
    ensure!(first.d >> 5 & 1 == 1, "no leaf says that there are MSRs");
    let mut short = full;
    short.nr_leaves = 1;
    refused(
        "room for one",
        sysctl(SysctlOp::GetCpuPolicy, &mut short),
        &[Errno::ENOBUFS],
    )?;
    let mut odd = full;
    odd.index = 99;
    let answer = sysctl(SysctlOp::GetCpuPolicy, &mut odd);
    refused("no policy", answer, &[Errno::EINVAL, Errno::EOPNOTSUPP])?;

    // `index`, `nr_features`, and the list's address.
    let mut words = [0x5a5a_u32; 32];
    let mut features = [2_u64, 0];
    granted(
        "how many words",
        sysctl(SysctlOp::GetCpuFeatureset, &mut features),
    )?;
    let room = features[0] >> 32;
    ensure!((2..32).contains(&room), "{room} words");
    let place = address_mut(&mut words);
    features = [2 | 2 << 32, place];
    let answer = sysctl(SysctlOp::GetCpuFeatureset, &mut features);
    refused("room for two, which are there", answer, &[Errno::ENOBUFS])?;
    let words = core::hint::black_box(words);
    equal("the first word, which is of leaf 1", words[0] >> 5 & 1, 1)?;
    equal("behind them", words[2], 0x5a5a)?;
    features = [99 | 2 << 32, place];
    let answer = sysctl(SysctlOp::GetCpuFeatureset, &mut features);
    refused("no set", answer, &[Errno::EINVAL, Errno::EOPNOTSUPP])
}
