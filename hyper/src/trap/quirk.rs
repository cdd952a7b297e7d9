//! What emulators get wrong.

use ringwall_abi::GuestAddress;
use ringwall_hw::entry::GuestFrame;
use ringwall_hw::memory::guest;
use ringwall_model::emulate::flags;
use ringwall_model::segment::Selector;

use super::fetch::Code;

/// `iretq`.
const IRETQ: [u8; 2] = [0x48, 0xcf];

/// Does an `iretq` that stays in ring 3, which kernels use to serialize the CPU.
///
/// QEMU's TCG reads the stack of `iretq` with supervisor rights whatever the ring, so that under SMAP
/// it faults. A CPU never reports a supervisor's access from ring 3, but for descriptor tables, so
/// that real faults don't come here. Returns whether it was this.
pub(super) fn return_in_ring_3(frame: &mut GuestFrame) -> bool {
    if !Code::of_64_bit(frame).bytes().starts_with(&IRETQ) {
        return false;
    }
    let Ok([rip, cs, rflags, rsp, ss]) = guest::read::<[u64; 5]>(GuestAddress::new(frame.rsp))
    else {
        return false;
    };
    #[expect(clippy::cast_possible_truncation, reason = "a selector has 16 bits")]
    let selector = |raw: u64| Selector::new(raw as u16).for_code_or_stack();
    let (Some(cs), Some(ss)) = (selector(cs), selector(ss)) else {
        return false;
    };
    frame.rip = rip;
    frame.cs = cs.raw().into();
    frame.rflags = flags::on_exit(rflags);
    frame.rsp = rsp;
    frame.ss = ss.raw().into();
    frame.exit_by_iret();
    true
}
