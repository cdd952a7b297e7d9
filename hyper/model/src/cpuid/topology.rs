//! Where a vCPU sits: alone in a package of its own.
//!
//! vCPUs wander, so any sharing of cores or caches that a guest were told of would be wrong soon.

use super::leaf::Leaf;

/// Bits 31..=14 of EAX in leaf 4: how many cores and threads share.
const SHARING: u32 = 0xffff_c000;

/// Leaf 4, a cache: the host's, shared with nobody.
pub(super) const fn cache(host: Leaf) -> Leaf {
    Leaf {
        eax: host.eax & !SHARING,
        edx: host.edx & 7,
        ..host
    }
}

/// Leaf 0xb: one thread in one core.
pub(super) const fn level(subleaf: u32, vcpu: u32) -> Leaf {
    // Level types: 1 is thread, 2 is core.
    let (count, kind) = match subleaf {
        0 => (1, 1),
        1 => (1, 2),
        _ => (0, 0),
    };
    Leaf {
        eax: 0,
        ebx: count,
        ecx: kind << 8 | subleaf & 0xff,
        edx: vcpu,
    }
}
