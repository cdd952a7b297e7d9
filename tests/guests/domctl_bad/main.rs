//! `domctl` refuses another version of its interface with `EACCES`, an operation that is none with `ENOSYS` (Xen with
//! `EINVAL`, for some), a request that
//! can't be read with `EFAULT`, and a domain that there is not with `ESRCH`: `public/domctl.h`. Lesson 55: none of its
//! operations, on whatever structure, ends the hypervisor.
#![no_std]
#![no_main]

use guests::control::{NOBODY, NOWHERE, domctl_bare};
use guests::sdk::abi::domctl::{DomctlOp, DomctlRequest, INTERFACE_VERSION};
use guests::sdk::abi::{DomainId, Errno, Hypercall};
use guests::sdk::hypercall;
use guests::{Check, ask, ensure, equal, refused};

guests::rule!(check);

/// By the SDK's wrapper.
fn request(cmd: u32, version: u32, domain: DomainId) -> Option<Errno> {
    let mut request = DomctlRequest {
        cmd,
        interface_version: version,
        domain,
        ..DomctlRequest::default()
    };
    #[expect(unsafe_code, reason = "asks for what is refused")]
    // SAFETY: what the request names, which is nothing, is not written.
    let result = unsafe { hypercall::domctl(&mut request) };
    result.err().and_then(hypercall::Error::errno)
}

fn check() -> Check {
    let info = DomctlOp::GetDomainInfo.number();
    let domain = DomainId::DOM0;
    for version in [0, INTERFACE_VERSION - 1, INTERFACE_VERSION + 1, u32::MAX] {
        equal(
            "the version",
            request(info, version, domain),
            Some(Errno::EACCES),
        )?;
    }
    for operation in [6, 23, 200, 999, u32::MAX] {
        let answer = request(operation, INTERFACE_VERSION, domain);
        ensure!(
            matches!(
                answer,
                Some(Errno::ENOSYS | Errno::EINVAL | Errno::EOPNOTSUPP)
            ),
            "operation {operation}: {answer:?}"
        );
    }
    for place in NOWHERE {
        refused(
            "no request",
            ask(Hypercall::Domctl, [place]),
            &[Errno::EFAULT],
        )?;
    }
    for (operation, _) in DomctlOp::TABLE {
        let operation = *operation;
        // It makes one.
        if operation == DomctlOp::CreateDomain {
            continue;
        }
        let answer = domctl_bare(operation, NOBODY);
        let errnos = [Errno::ESRCH, Errno::ENOSYS, Errno::EOPNOTSUPP];
        refused(format_args!("{operation} of nobody"), answer, &errnos)?;
    }
    Ok(())
}
