//! `XEN_DOMCTL_getvcpuinfo` tells of one virtual CPU: up, blocked, running, for how long. One that there is not is `ESRCH`, or `EINVAL` where the
//! domain can't have it:
//! `public/domctl.h`.
#![no_std]
#![no_main]

use guests::control::domctl;
use guests::domain::Domain;
use guests::sdk::abi::domctl::{DomctlOp, GetVcpuInfo};
use guests::sdk::abi::{DomainId, Errno, VcpuId};
use guests::{Answer, Check, ensure, equal, granted, refused};

guests::rule!(check);

fn info(domain: DomainId, vcpu: u32) -> (Answer, GetVcpuInfo) {
    let mut info = GetVcpuInfo {
        vcpu: VcpuId::new(vcpu),
        ..GetVcpuInfo::default()
    };
    (domctl(DomctlOp::GetVcpuInfo, domain, &mut info), info)
}

fn check() -> Check {
    let (answer, own) = info(DomainId::DOM0, 0);
    granted("the caller", answer)?;
    equal(
        "up, running",
        [own.online, own.running, own.blocked],
        [1, 1, 0],
    )?;
    let (_, later) = info(DomainId::DOM0, 0);
    ensure!(later.cpu_time > own.cpu_time, "its time stands still");
    for vcpu in [1, 4095, u32::MAX] {
        refused(
            "no virtual CPU",
            info(DomainId::DOM0, vcpu).0,
            &[Errno::ESRCH, Errno::EINVAL],
        )?;
    }
    let domain = Domain::new(2)?;
    for vcpu in [0, 1] {
        let (answer, of_other) = info(domain.id(), vcpu);
        granted("one that is down", answer)?;
        let state = [of_other.online, of_other.running];
        equal("one that is down", state, [0, 0])?;
        equal("the time that it ran", of_other.cpu_time, 0)?;
    }
    refused(
        "no virtual CPU",
        info(domain.id(), 2).0,
        &[Errno::ESRCH, Errno::EINVAL],
    )?;
    let bare = Domain::bare(2)?;
    refused(
        "none is made",
        info(bare.id(), 0).0,
        &[Errno::ESRCH, Errno::EINVAL],
    )
}
