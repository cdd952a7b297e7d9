//! Which leaf becomes what.

use super::features;
use super::hypervisor::{self, TimeSource};
use super::leaf::Leaf;
use super::topology;
use super::xsave::{self, Xcr0};
use crate::emulate::control::{Cr4, Cr4Policy};
use crate::emulate::privileged::CpuidForm;
use crate::msr::Vendor;

/// The highest basic leaf that a guest is told of.
const LAST_BASIC: u32 = 0xd;
const FIRST_EXTENDED: u32 = 0x8000_0000;
/// The highest extended leaf that a guest is told of.
const LAST_EXTENDED: u32 = 0x8000_0021;
/// Addresses are translated by four levels of tables.
const VIRTUAL_ADDRESS_BITS: u32 = 48;

/// The vCPU that executes CPUID, as far as the answer depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vcpu {
    /// Its number in its domain; also its APIC id.
    pub index: u32,
    /// How it asked.
    pub form: CpuidForm,
    /// Its CR4, as it reads it ([`Cr4Policy::read`]).
    pub cr4: Cr4,
    /// Its XCR0.
    pub xcr0: Xcr0,
}

/// What the guests of this machine see of its processor.
///
/// `host` is always the processor's own CPUID, of leaf and subleaf; it may be executed or remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuestCpuid {
    vendor: Vendor,
    last_basic: u32,
    last_extended: u32,
    machine_address_bits: u8,
    has_fsgsbase: bool,
    has_rdtscp: bool,
    has_rdpid: bool,
    has_arch_capabilities: bool,
    /// `None` without XSAVE.
    xcr0: Option<Xcr0>,
}

impl GuestCpuid {
    /// Looks at the processor once.
    pub fn new(host: &impl Fn(u32, u32) -> Leaf, cr4: &Cr4Policy) -> Self {
        let basic = host(0, 0);
        let last_extended = match host(FIRST_EXTENDED, 0).eax {
            last if last < FIRST_EXTENDED => FIRST_EXTENDED,
            last => last.min(LAST_EXTENDED),
        };
        let within = |leaf: u32| {
            if leaf
                <= if leaf < FIRST_EXTENDED {
                    basic.eax
                } else {
                    last_extended
                }
            {
                host(leaf, 0)
            } else {
                Leaf::ZERO
            }
        };
        let leaf_1 = within(1);
        let leaf_7 = within(7);
        let leaf_d = within(0xd);
        let address_bits = within(0x8000_0008).eax.to_le_bytes()[0];
        let has_xsave = leaf_1.ecx & features::XSAVE != 0 && basic.eax >= 0xd;
        let xcr0 = has_xsave.then(|| {
            let mut components = u64::from(leaf_d.eax);
            if leaf_7.ebx & features::AVX512F == 0 {
                components &= !Xcr0::AVX512.bits();
            }
            Xcr0::offered_of(components)
        });
        let can_enable = |bit: Cr4| cr4.read(cr4.write(bit.bits())).contains(bit);
        Self {
            vendor: Vendor::from_signature(basic.ebx, basic.edx, basic.ecx),
            last_basic: basic.eax.min(LAST_BASIC),
            last_extended,
            machine_address_bits: if address_bits == 0 { 36 } else { address_bits },
            has_fsgsbase: leaf_7.ebx & features::FSGSBASE != 0 && can_enable(Cr4::FSGSBASE),
            has_rdtscp: within(0x8000_0001).edx & features::RDTSCP != 0,
            has_rdpid: leaf_7.ecx & features::RDPID != 0,
            has_arch_capabilities: leaf_7.edx & features::ARCH_CAPABILITIES != 0,
            xcr0: xcr0.filter(|_| can_enable(Cr4::OSXSAVE)),
        }
    }

    /// The processor's vendor.
    #[must_use]
    pub const fn vendor(&self) -> Vendor {
        self.vendor
    }

    /// The components that a guest may enable in XCR0, or `None` where it has no XSAVE.
    #[must_use]
    pub const fn xcr0(&self) -> Option<Xcr0> {
        self.xcr0
    }

    /// Whether a guest can read TSC_AUX.
    #[must_use]
    pub const fn has_tsc_aux(&self) -> bool {
        self.has_rdtscp || self.has_rdpid
    }

    /// Whether a guest is told of the MSR ARCH_CAPABILITIES.
    #[must_use]
    pub const fn has_arch_capabilities(&self) -> bool {
        self.has_arch_capabilities
    }

    /// The answer to a guest's CPUID. What lies beyond the last leaf is answered as the processor's
    /// vendor does: with the last basic leaf by Intel, else with zeros.
    pub fn leaf(
        &self,
        leaf: u32,
        subleaf: u32,
        vcpu: &Vcpu,
        time: &TimeSource,
        host: &impl Fn(u32, u32) -> Leaf,
    ) -> Leaf {
        match leaf {
            hypervisor::FIRST..=hypervisor::LAST_RESERVED => hypervisor::leaf(
                leaf - hypervisor::FIRST,
                subleaf,
                time,
                self.machine_address_bits,
                self.has_rdtscp,
            ),
            _ if leaf <= self.last_basic => self.basic(leaf, subleaf, vcpu, host),
            _ if leaf >= FIRST_EXTENDED && leaf <= self.last_extended => {
                self.extended(leaf, time, host)
            }
            _ if self.vendor == Vendor::Intel => self.basic(self.last_basic, subleaf, vcpu, host),
            _ => Leaf::ZERO,
        }
    }

    fn basic(
        &self,
        leaf: u32,
        subleaf: u32,
        vcpu: &Vcpu,
        host: &impl Fn(u32, u32) -> Leaf,
    ) -> Leaf {
        match leaf {
            0 => Leaf {
                eax: self.last_basic,
                ..host(0, 0)
            },
            1 => self.leaf_1(vcpu, host(1, 0)),
            // Cache descriptors.
            2 => host(2, 0),
            4 => topology::cache(host(4, subleaf)),
            7 => self.leaf_7(subleaf, host),
            0xb => topology::level(subleaf, vcpu.index),
            0xd => match self.xcr0 {
                Some(offered) => xsave::leaf(subleaf, offered, vcpu.xcr0, host),
                None => Leaf::ZERO,
            },
            // Serial number, MWAIT, power, cache access, performance counters: none of a guest's.
            _ => Leaf::ZERO,
        }
    }

    fn leaf_1(&self, vcpu: &Vcpu, host: Leaf) -> Leaf {
        // Brand and CLFLUSH size are the host's; one logical processor; the APIC id's low 8 bits.
        let ebx = host.ebx & 0xffff | 1 << 16 | (vcpu.index & 0xff) << 24;
        let mut ecx = host.ecx & features::LEAF_1_ECX;
        if self.xcr0.is_none() {
            ecx &= !features::XSAVE;
        } else if vcpu.form == CpuidForm::Forced || vcpu.cr4.contains(Cr4::OSXSAVE) {
            // A PV kernel asks whether it may use XSAVE by looking for OSXSAVE, before it has set
            // CR4: Linux does. So the forced form shows it from the start.
            ecx |= features::OSXSAVE;
        }
        if !self.offers(Xcr0::AVX) {
            ecx &= !features::AVX_LEAF_1_ECX;
        }
        Leaf {
            eax: host.eax,
            ebx,
            ecx: ecx | features::HYPERVISOR,
            edx: host.edx & features::LEAF_1_EDX,
        }
    }

    fn leaf_7(&self, subleaf: u32, host: &impl Fn(u32, u32) -> Leaf) -> Leaf {
        let last = host(7, 0).eax.min(2);
        if subleaf > last {
            return Leaf::ZERO;
        }
        // EAX is of subleaf 1, the others are of subleaf 0.
        let mut hidden = Leaf::ZERO;
        if !self.has_fsgsbase {
            hidden.ebx |= features::FSGSBASE;
        }
        if !self.offers(Xcr0::AVX) {
            hidden.ebx |= features::AVX_LEAF_7_EBX;
            hidden.ecx |= features::AVX_LEAF_7_ECX;
            hidden.eax |= features::AVX_LEAF_7_1_EAX;
        }
        if !self.offers(Xcr0::AVX512) {
            hidden.ebx |= features::AVX512_LEAF_7_EBX;
            hidden.ecx |= features::AVX512_LEAF_7_ECX;
            hidden.edx |= features::AVX512_LEAF_7_EDX;
            hidden.eax |= features::AVX512_LEAF_7_1_EAX;
        }
        let own = host(7, subleaf);
        match subleaf {
            0 => Leaf {
                eax: last,
                ebx: own.ebx & features::LEAF_7_EBX & !hidden.ebx,
                ecx: own.ecx & features::LEAF_7_ECX & !hidden.ecx,
                edx: own.edx & features::LEAF_7_EDX & !hidden.edx,
            },
            1 => Leaf {
                eax: own.eax & features::LEAF_7_1_EAX & !hidden.eax,
                ..Leaf::ZERO
            },
            _ => Leaf {
                edx: own.edx & features::LEAF_7_2_EDX,
                ..Leaf::ZERO
            },
        }
    }

    fn extended(&self, leaf: u32, time: &TimeSource, host: &impl Fn(u32, u32) -> Leaf) -> Leaf {
        let own = host(leaf, 0);
        match leaf {
            0x8000_0000 => Leaf {
                eax: self.last_extended,
                ..own
            },
            0x8000_0001 => self.extended_features(own),
            // Brand, first- and second-level caches, hints for code generation.
            0x8000_0002..=0x8000_0006 | 0x8000_001a => own,
            0x8000_0007 => Leaf {
                edx: own.edx
                    & if time.invariant {
                        features::INVARIANT_TSC
                    } else {
                        0
                    },
                ..Leaf::ZERO
            },
            0x8000_0008 => Leaf {
                eax: VIRTUAL_ADDRESS_BITS << 8 | u32::from(self.machine_address_bits),
                ebx: own.ebx & features::EXTENDED_8_EBX,
                ..Leaf::ZERO
            },
            0x8000_0021 => Leaf {
                eax: own.eax & features::EXTENDED_21_EAX,
                ..Leaf::ZERO
            },
            // SVM, large-page TLBs, profiling, shared caches, node ids, memory encryption.
            _ => Leaf::ZERO,
        }
    }

    fn extended_features(&self, own: Leaf) -> Leaf {
        let mut ecx = own.ecx & features::EXTENDED_ECX;
        if !self.offers(Xcr0::AVX) {
            ecx &= !features::AVX_EXTENDED_ECX;
        }
        let repeated = match self.vendor {
            Vendor::Amd => features::LEAF_1_EDX_REPEATED,
            Vendor::Intel | Vendor::Other => 0,
        };
        let edx = own.edx & (features::EXTENDED_EDX | repeated);
        // EBX: the package type, of AMD.
        Leaf {
            eax: own.eax,
            ebx: own.ebx,
            ecx,
            edx,
        }
    }

    fn offers(&self, components: Xcr0) -> bool {
        self.xcr0
            .is_some_and(|offered| offered.contains(components))
    }
}
