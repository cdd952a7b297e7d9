//! What CPUID tells guests of the processor.

use ringwall_abi::sysctl::SysctlCpuPolicy;
use ringwall_abi::{Errno, GuestAddress};
use ringwall_model::cpuid::FEATURE_WORDS;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use super::body;
use crate::hypercall::{Call, Result, cpu_policy, write_element};

/// What there is of policies and feature sets: 1, what the hypervisor has; 2 and 4, what PV domains get.
/// It is the same. The CPU's own, and what HVM domains get, there is not.
const KNOWN: [u32; 3] = [1, 2, 4];

/// `XEN_SYSCTL_get_cpu_policy`. Without lists, how long they are.
///
/// # Errors
/// `EOPNOTSUPP` for a policy that there is not; `ENOBUFS` where there is no room.
pub(super) fn get(call: &Call<'_>) -> Result {
    let mut request: SysctlCpuPolicy = body::read(call)?;
    if !request.leaves.is_null() && !KNOWN.contains(&request.index) {
        return Err(Errno::EOPNOTSUPP.into());
    }
    request.nr_leaves = cpu_policy::list(request.leaves, request.nr_leaves)?;
    request.nr_msrs = 0;
    body::write(call, &request)
}

/// `xen_sysctl_cpu_featureset` of `public/sysctl.h`.
#[repr(C)]
#[derive(FromBytes, IntoBytes, Immutable)]
struct FeatureSet {
    index: u32,
    nr_features: u32,
    features: GuestAddress,
}

/// `XEN_SYSCTL_get_cpu_featureset`: the words that there is room for; without a list, how many there are.
///
/// # Errors
/// `EOPNOTSUPP` for a set that there is not; `ENOBUFS` for room for fewer words than there are: those that it
/// has room for are there.
pub(super) fn features(call: &Call<'_>) -> Result {
    let mut request: FeatureSet = body::read(call)?;
    let count = u32::try_from(FEATURE_WORDS.len()).unwrap_or(u32::MAX);
    if request.features.is_null() {
        request.nr_features = count;
        return body::write(call, &request);
    }
    if !KNOWN.contains(&request.index) {
        return Err(Errno::EOPNOTSUPP.into());
    }
    request.nr_features = request.nr_features.min(count);
    let words = FEATURE_WORDS.iter().zip(0..u64::from(request.nr_features));
    for ((place, register), index) in words {
        let leaf = cpu_policy::leaf(*place);
        let registers = [leaf.eax, leaf.ebx, leaf.ecx, leaf.edx];
        let word = registers.get(*register).copied().unwrap_or(0);
        write_element(request.features, index, &word)?;
    }
    body::write(call, &request)?;
    if request.nr_features < count {
        return Err(Errno::ENOBUFS.into());
    }
    Ok(0)
}
