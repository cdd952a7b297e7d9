//! RFLAGS, and what of it a guest decides.

use bitflags::bitflags;

bitflags! {
    /// RFLAGS (SDM vol. 1, 3.4.3).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Rflags: u64 {
        /// Carry.
        const CF = 1 << 0;
        /// Always set.
        const FIXED = 1 << 1;
        /// Even parity of the low byte.
        const PF = 1 << 2;
        /// Carry from bit 3.
        const AF = 1 << 4;
        /// Zero.
        const ZF = 1 << 6;
        /// Sign.
        const SF = 1 << 7;
        /// Single step.
        const TF = 1 << 8;
        /// Interrupts enabled.
        const IF = 1 << 9;
        /// String instructions go down.
        const DF = 1 << 10;
        /// Signed overflow.
        const OF = 1 << 11;
        /// I/O privilege level.
        const IOPL = 3 << 12;
        /// Nested task.
        const NT = 1 << 14;
        /// No instruction breakpoint on the next instruction.
        const RF = 1 << 16;
        /// Virtual-8086 mode.
        const VM = 1 << 17;
        /// Alignment check.
        const AC = 1 << 18;
        /// Virtual interrupt flag.
        const VIF = 1 << 19;
        /// Virtual interrupt pending.
        const VIP = 1 << 20;
        /// CPUID can be executed.
        const ID = 1 << 21;

        /// The flags that arithmetic writes.
        const STATUS = Self::CF.bits() | Self::PF.bits() | Self::AF.bits() | Self::ZF.bits()
            | Self::SF.bits() | Self::OF.bits();
        /// The flags that a guest decides in what it returns to.
        const GUEST = Self::STATUS.bits() | Self::TF.bits() | Self::DF.bits() | Self::RF.bits()
            | Self::AC.bits() | Self::ID.bits();
    }
}

/// The RFLAGS with which the processor enters a guest that asked for `requested`: interrupts on,
/// IOPL 0, and nothing of NT, VM, VIF, VIP and the reserved bits.
///
/// Every way into a guest takes its flags from here, whoever set them (`iret` hypercall, a new
/// vCPU's context, a trap frame).
#[must_use]
pub const fn on_exit(requested: u64) -> u64 {
    requested & Rflags::GUEST.bits() | Rflags::FIXED.bits() | Rflags::IF.bits()
}

/// The RFLAGS with which a guest's exception or event handler starts, interrupted with `saved`: as
/// a processor's gate does, without TF, RF and AC, as SYSCALL's mask would be.
#[must_use]
pub const fn on_bounce(saved: u64) -> u64 {
    let cleared = Rflags::TF.bits() | Rflags::RF.bits() | Rflags::AC.bits();
    on_exit(saved & !cleared)
}

/// The RFLAGS that a guest finds in its bounce frame: the interrupted ones with IF as its own event
/// mask has it. The I/O privilege level is not shown: that takes `VMASST_TYPE_architectural_iopl`
/// (public/xen.h).
#[must_use]
pub const fn in_frame(saved: u64, events: Events) -> u64 {
    let enabled = match events {
        Events::Enabled => Rflags::IF.bits(),
        Events::Masked => 0,
    };
    saved & !(Rflags::IF.bits() | Rflags::IOPL.bits()) | enabled
}

/// Whether a vCPU accepts event upcalls: what stands for the interrupt flag under the PV ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Events {
    /// `evtchn_upcall_mask` is 0.
    Enabled,
    /// `evtchn_upcall_mask` is not 0.
    Masked,
}

impl Events {
    /// What the interrupt flag of an RFLAGS image asks for.
    #[must_use]
    pub const fn requested_by(rflags: u64) -> Self {
        if rflags & Rflags::IF.bits() == 0 {
            Self::Masked
        } else {
            Self::Enabled
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Events, Rflags, in_frame, on_bounce, on_exit};

    #[test]
    fn each_bit_of_a_guest_s_rflags_is_decided_by_one_rule() {
        for bit in 0..64 {
            let asked = 1 << bit;
            let forced = (Rflags::FIXED | Rflags::IF).bits();
            let kept = Rflags::GUEST.bits() & asked;
            assert_eq!(on_exit(asked), forced | kept, "bit {bit}");
            let bounced = kept & !(Rflags::TF | Rflags::RF | Rflags::AC).bits();
            assert_eq!(on_bounce(asked), forced | bounced, "bit {bit}");
        }
        assert_eq!(on_exit(u64::MAX), 0x250fd7 & !0x5000 | 0x202);
    }

    #[test]
    fn a_frame_shows_the_event_mask_as_if() {
        assert_eq!(in_frame(0x3246, Events::Masked), 0x46);
        assert_eq!(in_frame(0x1046, Events::Enabled), 0x246);
        for flags in [0, 0x200, u64::MAX] {
            let events = Events::requested_by(flags);
            assert_eq!(in_frame(flags, events) & 0x200, flags & 0x200);
        }
    }
}
