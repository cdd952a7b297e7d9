//! Several domains at once.

use ringwall_abi::DomainId;
use ringwall_abi::sysctl::GetDomainInfoList;

use super::body;
use crate::domain;
use crate::hypercall::{Call, Result, domctl, write_element};

/// `XEN_SYSCTL_getdomaininfolist`: as many domains from a number on as there is room for.
pub(super) fn list(call: &Call<'_>) -> Result {
    let mut request: GetDomainInfoList = body::read(call)?;
    request.num_domains = 0;
    let mut next = Some(request.first_domain);
    while request.num_domains < request.max_domains
        && let Some(domain) = next.and_then(domain::first_from)
    {
        let described = domctl::describe(domain);
        write_element(request.buffer, request.num_domains.into(), &described)?;
        request.num_domains += 1;
        next = domain.id().raw().checked_add(1).map(DomainId::new);
    }
    body::write(call, &request)
}
