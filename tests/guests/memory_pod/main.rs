//! `XENMEM_get_pod_target` and `_set_pod_target` are of what is populated on demand: `public/memory.h`. Of a PV domain nothing
//! is: Ringwall says how many pages it has, and that none are promised; Xen refuses. More than the domain may have is
//! `EINVAL`.
#![no_std]
#![no_main]

use guests::control::NOBODY;
use guests::domain::Domain;
use guests::sdk::abi::Errno;
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::memory::MemoryOp;
use guests::sdk::hypercall::{pod_target, set_pod_target};
use guests::{Answer, Check, ask, equal, refused};

guests::rule!(check);

fn check() -> Check {
    let mut domain = Domain::new(1)?;
    domain.populate(9)?;
    for target in [pod_target(domain.id()), set_pod_target(domain.id(), 9)] {
        match target {
            Ok(target) => {
                equal("its pages", target.tot_pages, 9)?;
                let promised = [target.pod_entries, target.pod_cache_pages];
                equal("promised", promised, [0, 0])?;
            }
            Err(error) => {
                let answer = Answer::from(Err::<(), _>(error));
                let errnos = &[Errno::EINVAL, Errno::EOPNOTSUPP, Errno::ENOSYS];
                refused("a target", answer, errnos)?;
            }
        }
    }
    let much = set_pod_target(domain.id(), 1 << 40);
    let errnos = &[Errno::EINVAL, Errno::EOPNOTSUPP, Errno::ENOSYS];
    refused("more than it may have", much.into(), errnos)?;
    let errnos = &[Errno::ESRCH, Errno::ENOSYS];
    refused("nobody's", pod_target(NOBODY).into(), errnos)?;
    refused("nobody's", set_pod_target(NOBODY, 1).into(), errnos)?;
    for operation in [MemoryOp::GetPodTarget, MemoryOp::SetPodTarget] {
        let answer = ask(Hypercall::MemoryOp, [u64::from(operation.number()), 0x10]);
        refused(operation, answer, &[Errno::EFAULT, Errno::ENOSYS])?;
    }
    Ok(())
}
