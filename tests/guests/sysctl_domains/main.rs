//! `XEN_SYSCTL_getdomaininfolist` tells of the domains from a number on, in order, of as many as there is room for:
//! `public/sysctl.h`. `XEN_DOMCTL_getdomaininfo` tells of one, or of the next above: `public/domctl.h`.
#![no_std]
#![no_main]

use guests::control::{domctl_of, sysctl};
use guests::domain::Domain;
use guests::sdk::abi::domctl::{DomctlOp, GetDomainInfo};
use guests::sdk::abi::sysctl::{GetDomainInfoList, SysctlOp};
use guests::sdk::abi::{DomainId, Errno, GuestAddress};
use guests::{Check, Verdict, address_mut, ensure, equal, granted, refused};

guests::rule!(check);

const ROOM: usize = 4;

fn list(first: DomainId, room: u32) -> Result<(u32, [GetDomainInfo; ROOM]), Verdict> {
    let mut domains = [GetDomainInfo {
        domain: DomainId::new(0x5a5a),
        ..GetDomainInfo::default()
    }; ROOM];
    let mut request = GetDomainInfoList {
        first_domain: first,
        max_domains: room,
        buffer: GuestAddress::new(address_mut(&mut domains)),
        ..GetDomainInfoList::default()
    };
    granted(
        "getdomaininfolist",
        sysctl(SysctlOp::GetDomainInfoList, &mut request),
    )?;
    Ok((request.num_domains, core::hint::black_box(domains)))
}

fn check() -> Check {
    let one = Domain::new(1)?;
    let two = Domain::new(1)?;
    let (count, domains) = list(DomainId::DOM0, 4)?;
    equal("domains", count, 3)?;
    let mut ids = [one.id(), two.id()];
    ids.sort_unstable();
    equal(
        "their numbers",
        domains.map(|domain| domain.domain),
        [DomainId::DOM0, ids[0], ids[1], DomainId::new(0x5a5a)],
    )?;
    ensure!(
        domains[0].tot_pages > 1000,
        "dom0 has {} pages",
        domains[0].tot_pages
    );
    let (count, domains) = list(DomainId::DOM0, 1)?;
    equal(
        "room for one",
        (count, domains[1].domain),
        (1, DomainId::new(0x5a5a)),
    )?;
    let (count, domains) = list(DomainId::new(1), 4)?;
    equal(
        "from above dom0 on",
        (count, domains[0].domain),
        (2, ids[0]),
    )?;
    let above = DomainId::new(ids[1].raw() + 1);
    equal("above all", list(above, 4)?.0, 0)?;
    equal("room for none", list(DomainId::DOM0, 0)?.0, 0)?;
    let mut request = GetDomainInfoList {
        max_domains: 1,
        buffer: GuestAddress::new(0x10),
        ..GetDomainInfoList::default()
    };
    let answer = sysctl(SysctlOp::GetDomainInfoList, &mut request);
    refused("no list", answer, &[Errno::EFAULT])?;

    let mut info = GetDomainInfo::default();
    let (answer, id) = domctl_of(DomctlOp::GetDomainInfo, DomainId::new(1), &mut info);
    granted("the next above", answer)?;
    equal("the next above", (id, info.domain), (ids[0], ids[0]))?;
    let (answer, _) = domctl_of(DomctlOp::GetDomainInfo, above, &mut info);
    refused("nobody above", answer, &[Errno::ESRCH])
}
