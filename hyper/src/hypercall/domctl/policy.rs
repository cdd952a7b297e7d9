//! What CPUID tells a domain: the same to all.

use ringwall_abi::Errno;
use ringwall_abi::arch_x86::NO_SUBLEAF;
use ringwall_abi::domctl::CpuPolicy;
use ringwall_model::cpuid::Verdict;

use super::body;
use crate::domain::Domain;
use crate::hypercall::{Call, Result, cpu_policy};

/// Nothing is wrong.
const NONE: u32 = u32::MAX;

/// `XEN_DOMCTL_get_cpu_policy`: the leaves; there are no MSRs in it.
///
/// # Errors
/// `ENOBUFS` where there is no room for them.
pub(super) fn get(call: &Call<'_>) -> Result {
    let mut request: CpuPolicy = body::read(call)?;
    request.nr_leaves = cpu_policy::list(request.leaves, request.nr_leaves)?;
    request.nr_msrs = 0;
    body::write(call, &request)
}

/// `XEN_DOMCTL_set_cpu_policy`: takes a policy that has the features that guests get.
///
/// # Errors
/// `EINVAL` for the caller itself, a feature that guests don't get, or MSRs; `EOPNOTSUPP` to hide one.
/// The leaf is told in the request.
pub(super) fn set(call: &Call<'_>, domain: &'static Domain) -> Result {
    call.other_domain(domain.id())?;
    let mut request: CpuPolicy = body::read(call)?;
    if request.nr_msrs != 0 {
        return Err(Errno::EINVAL.into());
    }
    let misfit = cpu_policy::first_misfit(request.leaves, request.nr_leaves)?;
    (request.err_leaf, request.err_subleaf) = misfit
        .map_or((NONE, NONE), |((leaf, subleaf), _)| {
            (leaf, subleaf.unwrap_or(NO_SUBLEAF))
        });
    request.err_msr = NONE;
    body::write(call, &request)?;
    match misfit {
        None | Some((_, Verdict::Fits)) => Ok(0),
        Some((_, Verdict::TooMuch)) => Err(Errno::EINVAL.into()),
        Some((_, Verdict::Hides)) => Err(Errno::EOPNOTSUPP.into()),
    }
}
