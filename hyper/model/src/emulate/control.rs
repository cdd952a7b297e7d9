//! Control registers as a guest sees them.
//!
//! A guest owns CR0.TS and a few bits of CR4; CR2 is a field of its vCPU, CR3 names its root table.
//! The processor's own CR4 is a function of what the guest asked for and of what the hypervisor
//! needs ([`Cr4Policy::real`]); it is never read back.

use bitflags::bitflags;
use ringwall_abi::{Mfn, PAGE_SHIFT};

bitflags! {
    /// CR0 (SDM vol. 3A, 2.5).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Cr0: u64 {
        /// Protected mode.
        const PE = 1 << 0;
        /// WAIT heeds TS.
        const MP = 1 << 1;
        /// No FPU.
        const EM = 1 << 2;
        /// Task switched: FPU instructions trap.
        const TS = 1 << 3;
        /// 387.
        const ET = 1 << 4;
        /// FPU errors by #MF.
        const NE = 1 << 5;
        /// Write protection also for ring 0.
        const WP = 1 << 16;
        /// Alignment checks possible.
        const AM = 1 << 18;
        /// Not write-through.
        const NW = 1 << 29;
        /// Cache disabled.
        const CD = 1 << 30;
        /// Paging.
        const PG = 1 << 31;
    }
}

bitflags! {
    /// CR4 (SDM vol. 3A, 2.5).
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
    pub struct Cr4: u64 {
        /// Virtual-8086 extensions.
        const VME = 1 << 0;
        /// Protected-mode virtual interrupts.
        const PVI = 1 << 1;
        /// RDTSC only in ring 0.
        const TSD = 1 << 2;
        /// Debugging extensions: I/O breakpoints, no DR4 and DR5.
        const DE = 1 << 3;
        /// Large pages (of 32-bit paging).
        const PSE = 1 << 4;
        /// Physical address extension.
        const PAE = 1 << 5;
        /// Machine checks.
        const MCE = 1 << 6;
        /// Global pages.
        const PGE = 1 << 7;
        /// RDPMC in ring 3.
        const PCE = 1 << 8;
        /// FXSAVE and SSE.
        const OSFXSR = 1 << 9;
        /// SSE exceptions by #XM.
        const OSXMMEXCPT = 1 << 10;
        /// SGDT and the like only in ring 0.
        const UMIP = 1 << 11;
        /// Five levels of page tables.
        const LA57 = 1 << 12;
        /// VMX.
        const VMXE = 1 << 13;
        /// RDFSBASE and the like in ring 3.
        const FSGSBASE = 1 << 16;
        /// Process-context identifiers.
        const PCIDE = 1 << 17;
        /// XSAVE.
        const OSXSAVE = 1 << 18;
        /// No execution of user pages in ring 0.
        const SMEP = 1 << 20;
        /// No access to user pages in ring 0.
        const SMAP = 1 << 21;
        /// Protection keys.
        const PKE = 1 << 22;

        /// The bits that a guest may decide, where the processor has them.
        const GUEST = Self::TSD.bits() | Self::DE.bits() | Self::FSGSBASE.bits()
            | Self::OSXSAVE.bits();
        /// The bits that are on for every guest and that it sees.
        const SEEN = Self::PAE.bits() | Self::OSFXSR.bits() | Self::OSXMMEXCPT.bits();
    }
}

/// A guest changed a bit that it doesn't own: #GP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTheGuests;

/// The state of the FPU as CR0.TS has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskSwitched {
    /// TS is clear: the FPU can be used.
    Clear,
    /// TS is set: the first FPU instruction traps with #NM.
    Set,
}

impl TaskSwitched {
    const fn of(cr0: u64) -> Self {
        if cr0 & Cr0::TS.bits() == 0 {
            Self::Clear
        } else {
            Self::Set
        }
    }
}

/// CR0 as every guest sees it, but for TS.
const GUEST_CR0: u64 = Cr0::PE.bits()
    | Cr0::MP.bits()
    | Cr0::ET.bits()
    | Cr0::NE.bits()
    | Cr0::WP.bits()
    | Cr0::AM.bits()
    | Cr0::PG.bits();

/// What a guest reads from CR0.
#[must_use]
pub const fn read_cr0(task_switched: TaskSwitched) -> u64 {
    match task_switched {
        TaskSwitched::Clear => GUEST_CR0,
        TaskSwitched::Set => GUEST_CR0 | Cr0::TS.bits(),
    }
}

/// A guest's write to CR0: the new state of TS.
///
/// # Errors
/// [`NotTheGuests`] where any other bit would change.
pub const fn write_cr0(value: u64) -> Result<TaskSwitched, NotTheGuests> {
    if value & !Cr0::TS.bits() == GUEST_CR0 {
        Ok(TaskSwitched::of(value))
    } else {
        Err(NotTheGuests)
    }
}

/// A guest's LMSW: the new state of TS.
///
/// # Errors
/// [`NotTheGuests`] where MP or EM would change. LMSW can't clear PE, so that bit doesn't matter.
pub const fn lmsw(value: u16) -> Result<TaskSwitched, NotTheGuests> {
    let written = Cr0::MP.bits() | Cr0::EM.bits() | Cr0::TS.bits();
    write_cr0(GUEST_CR0 & !written | value as u64 & written)
}

/// What a guest may do with CR4 on this processor, and what the hypervisor keeps on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cr4Policy {
    /// The bits that are on whoever runs.
    fixed: Cr4,
    /// The bits that guests may decide.
    offered: Cr4,
}

/// A guest's CR4: holds only bits that the guest may decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct GuestCr4(Cr4);

impl GuestCr4 {
    /// The bits that the guest decided.
    #[must_use]
    pub const fn bits(self) -> Cr4 {
        self.0
    }
}

impl Cr4Policy {
    /// The policy of a processor whose CR4 has the bits `supported`, for a hypervisor that keeps
    /// `fixed` on. What is fixed, the guest doesn't decide.
    #[must_use]
    pub const fn new(supported: Cr4, fixed: Cr4) -> Self {
        let offered = Cr4::GUEST.intersection(supported).difference(fixed);
        Self {
            fixed: fixed.union(Cr4::SEEN),
            offered,
        }
    }

    /// A guest's write to CR4. Bits that it doesn't decide are ignored: kernels write back what
    /// they believe to be there, with features that they found in CPUID.
    #[must_use]
    pub const fn write(&self, value: u64) -> GuestCr4 {
        GuestCr4(Cr4::from_bits_truncate(value).intersection(self.offered))
    }

    /// What the guest reads from CR4: its own bits and those that are on for every guest, without
    /// what the hypervisor has on for itself.
    #[must_use]
    pub const fn read(&self, guest: GuestCr4) -> Cr4 {
        let seen = Cr4::SEEN.union(Cr4::GUEST.intersection(self.fixed));
        seen.union(guest.0)
    }

    /// The value for the processor while this guest runs.
    #[must_use]
    pub const fn real(&self, guest: GuestCr4) -> Cr4 {
        self.fixed.union(guest.0.intersection(self.offered))
    }
}

/// CR3 as a guest reads it: its kernel's root table, as a machine address, or `None` for a frame
/// that no address reaches.
#[must_use]
pub const fn read_cr3(root: Mfn) -> Option<u64> {
    match root.address() {
        Some(address) => Some(address.raw()),
        None => None,
    }
}

/// The root table that a guest's write to CR3 names. Low bits (PCD, PWT, a PCID) are ignored.
///
/// # Errors
/// [`NotTheGuests`] where bits above the physical address are set.
pub const fn write_cr3(value: u64) -> Result<Mfn, NotTheGuests> {
    if value >> 52 == 0 {
        Ok(Mfn::new(value >> PAGE_SHIFT))
    } else {
        Err(NotTheGuests)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Cr0, Cr4, Cr4Policy, NotTheGuests, TaskSwitched, lmsw, read_cr0, read_cr3, write_cr0,
        write_cr3,
    };
    use ringwall_abi::Mfn;

    #[test]
    fn of_cr0_only_ts_may_change() {
        let now = read_cr0(TaskSwitched::Clear);
        assert_eq!(now, 0x8005_0033);
        for bit in 0..64 {
            let result = write_cr0(now ^ 1 << bit);
            let expected = if bit == 3 {
                Ok(TaskSwitched::Set)
            } else {
                Err(NotTheGuests)
            };
            assert_eq!(result, expected, "bit {bit}");
        }
        assert_eq!(write_cr0(now), Ok(TaskSwitched::Clear));
        assert_eq!(
            write_cr0(read_cr0(TaskSwitched::Set)),
            Ok(TaskSwitched::Set)
        );
    }

    #[test]
    fn lmsw_changes_only_ts() {
        let cases = [
            (0x0033, Ok(TaskSwitched::Clear)),
            (0x003b, Ok(TaskSwitched::Set)),
            (0x0032, Ok(TaskSwitched::Clear)),
            (0xfffa, Ok(TaskSwitched::Set)),
            (0x0031, Err(NotTheGuests)),
            (0x0037, Err(NotTheGuests)),
        ];
        for (value, expected) in cases {
            assert_eq!(lmsw(value), expected, "{value:#x}");
        }
    }

    #[test]
    fn real_cr4_is_fixed_bits_and_the_guest_s_own() {
        let fixed = Cr4::PAE | Cr4::PGE | Cr4::SMEP | Cr4::SMAP | Cr4::OSXSAVE;
        let policy = Cr4Policy::new(Cr4::all() - Cr4::FSGSBASE, fixed);
        for bit in 0..64 {
            let asked = 1_u64 << bit;
            let mine = Cr4::from_bits_truncate(asked) & (Cr4::TSD | Cr4::DE);
            let guest = policy.write(asked);
            assert_eq!(policy.real(guest), fixed | Cr4::SEEN | mine, "bit {bit}");
            let seen = Cr4::SEEN | Cr4::OSXSAVE;
            assert_eq!(policy.read(guest), seen | mine, "bit {bit}");
        }
        assert_eq!(policy.write(u64::MAX).bits(), Cr4::TSD | Cr4::DE);
    }

    #[test]
    fn cr3_is_a_machine_frame() {
        assert_eq!(write_cr3(0x1234_5018), Ok(Mfn::new(0x12345)));
        assert_eq!(write_cr3(1 << 63), Err(NotTheGuests));
        assert_eq!(read_cr3(Mfn::new(0x12345)), Some(0x1234_5000));
        assert_eq!(read_cr3(Mfn::new(1 << 60)), None);
        assert!(Cr0::from_bits(read_cr0(TaskSwitched::Set)).is_some());
    }
}
