//! The privileged domain's operations, each with the structure of its union.

use core::sync::atomic::AtomicU64;

use ringwall_sdk::abi::domctl::{self, DomctlOp, DomctlRequest};
use ringwall_sdk::abi::physdev::PhysdevOp;
use ringwall_sdk::abi::platform::{self, PlatformOp, PlatformRequest};
use ringwall_sdk::abi::sysctl::{self, SysctlOp, SysctlRequest};
use ringwall_sdk::abi::xen::ControlBitmap;
use ringwall_sdk::abi::{DomainId, GuestAddress, Hypercall};
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::{Answer, address, address_mut, ask};

/// A domain that there is not.
pub const NOBODY: DomainId = DomainId::new(1234);
/// Addresses at which no argument can be: unmapped, not canonical, the hypervisor's.
pub const NOWHERE: [u64; 3] = [0x10, 0x8000_0000_0000_0000, 0xffff_8300_0000_0000];

/// Copies a structure into a union.
fn put<T: IntoBytes + Immutable>(body: &mut [u64; 16], value: &T) {
    let bytes = body.as_mut_bytes();
    for (place, byte) in bytes.iter_mut().zip(value.as_bytes()) {
        *place = *byte;
    }
}

/// Copies a structure out of a union.
fn take<T: FromBytes>(body: &[u64; 16], value: &mut T) {
    if let Ok((taken, _)) = T::read_from_prefix(body.as_bytes()) {
        *value = taken;
    }
}

/// Makes a `domctl` on a domain; the structure is written back.
pub fn domctl<T: FromBytes + IntoBytes + Immutable>(
    operation: DomctlOp,
    domain: DomainId,
    value: &mut T,
) -> Answer {
    domctl_of(operation, domain, value).0
}

/// The same, with the domain that the answer names.
pub fn domctl_of<T: FromBytes + IntoBytes + Immutable>(
    operation: DomctlOp,
    domain: DomainId,
    value: &mut T,
) -> (Answer, DomainId) {
    let mut request = DomctlRequest {
        cmd: operation.number(),
        interface_version: domctl::INTERFACE_VERSION,
        domain,
        ..DomctlRequest::default()
    };
    put(&mut request.body, value);
    let answer = ask(Hypercall::Domctl, [address_mut(&mut request)]);
    take(&request.body, value);
    (answer, request.domain)
}

/// Makes a `domctl` that has no structure.
pub fn domctl_bare(operation: DomctlOp, domain: DomainId) -> Answer {
    domctl(operation, domain, &mut [0_u64; 16])
}

/// Makes a `sysctl`; the structure is written back.
pub fn sysctl<T: FromBytes + IntoBytes + Immutable>(operation: SysctlOp, value: &mut T) -> Answer {
    let mut request = SysctlRequest {
        cmd: operation.number(),
        interface_version: sysctl::INTERFACE_VERSION,
        ..SysctlRequest::default()
    };
    put(&mut request.body, value);
    let answer = ask(Hypercall::Sysctl, [address_mut(&mut request)]);
    take(&request.body, value);
    answer
}

/// Makes a `platform_op`; the structure is written back.
pub fn platform<T: FromBytes + IntoBytes + Immutable>(
    operation: PlatformOp,
    value: &mut T,
) -> Answer {
    let mut request = PlatformRequest {
        cmd: operation.number(),
        interface_version: platform::INTERFACE_VERSION,
        ..PlatformRequest::default()
    };
    put(&mut request.body, value);
    let answer = ask(Hypercall::PlatformOp, [address_mut(&mut request)]);
    take(&request.body, value);
    answer
}

/// Makes a `physdev_op` on its structure.
pub fn physdev<T>(operation: PhysdevOp, argument: &mut T) -> Answer {
    let arguments = [u64::from(operation.number()), address_mut(argument)];
    ask(Hypercall::PhysdevOp, arguments)
}

/// A bitmap of 64 bits at a word.
#[must_use]
pub fn bitmap(word: &AtomicU64) -> ControlBitmap {
    ControlBitmap {
        bitmap: GuestAddress::new(address(word)),
        bits: 64,
        ..ControlBitmap::default()
    }
}
