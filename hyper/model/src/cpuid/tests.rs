//! What is hidden, what is shown, and what is made up.

use super::leaf::bits;
use super::{GuestCpuid, Leaf, TimeSource, TscMode, Vcpu, Xcr0, Xcr0Error};
use crate::emulate::control::{Cr4, Cr4Policy};
use crate::emulate::privileged::CpuidForm;
use crate::msr::Vendor;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

const TIME: TimeSource = TimeSource {
    tsc_khz: 2_600_000,
    multiplier: 0x6276_2762,
    shift: -1,
    offset_ns: 0x1_0000_0002,
    mode: TscMode::NeverEmulate,
    invariant: true,
};
const VCPU: Vcpu = Vcpu {
    index: 3,
    form: CpuidForm::Forced,
    cr4: Cr4::empty(),
    xcr0: Xcr0::X87,
};

fn policy() -> Cr4Policy {
    Cr4Policy::new(Cr4::all(), Cr4::PAE | Cr4::OSXSAVE)
}

/// A processor that has every feature; by AMD or by Intel.
fn everything(vendor: [u32; 3]) -> impl Fn(u32, u32) -> Leaf {
    let [ebx, ecx, edx] = vendor;
    move |leaf, subleaf| match (leaf, subleaf) {
        (0, _) => Leaf {
            eax: 0x1f,
            ebx,
            ecx,
            edx,
        },
        (0x8000_0000, _) => Leaf {
            eax: 0x8000_0028,
            ebx,
            ecx,
            edx,
        },
        (7, 0) => Leaf {
            eax: 2,
            ..Leaf::from([u32::MAX; 4])
        },
        (0xd, 0) => Leaf {
            eax: 0x602e7,
            ebx: 2696,
            ecx: 11008,
            edx: 0,
        },
        (0xd, 2) => Leaf::from([256, 576, 0, 0]),
        (0xd, 5) => Leaf::from([64, 1088, 0, 0]),
        (0xd, 6) => Leaf::from([512, 1152, 0, 0]),
        (0xd, 7) => Leaf::from([1024, 1664, 2, 0]),
        _ => Leaf::from([u32::MAX; 4]),
    }
}

const INTEL: [u32; 3] = [0x756e_6547, 0x6c65_746e, 0x4965_6e69];
const AMD: [u32; 3] = [0x6874_7541, 0x444d_4163, 0x6974_6e65];

fn ask(vendor: [u32; 3], leaf: u32, subleaf: u32, vcpu: &Vcpu) -> Leaf {
    let host = everything(vendor);
    GuestCpuid::new(&host, &policy()).leaf(leaf, subleaf, vcpu, &TIME, &host)
}

#[test]
fn what_a_guest_can_t_use_is_hidden() {
    // VME PSE MCE MTRR PGE MCA PSE36 PSN DS HTT TM PBE
    let edx_1 = bits(&[1, 3, 7, 12, 13, 14, 17, 18, 21, 28, 29, 31]);
    // DTES64 MONITOR DSCPL VMX SMX EST TM2 XTPR PDCM PCID DCA X2APIC TSC-deadline
    let ecx_1 = bits(&[2, 3, 4, 5, 6, 7, 8, 14, 15, 17, 18, 21, 24]);
    // TSC_ADJUST SGX HLE SMEP INVPCID RTM PQM MPX PQE SMAP PT
    let ebx_7 = bits(&[1, 2, 4, 7, 10, 11, 12, 14, 15, 20, 25]);
    // UMIP PKU OSPKE WAITPKG CET_SS LA57 ENQCMD PKS
    let ecx_7 = bits(&[2, 3, 4, 5, 7, 16, 29, 31]);
    // AMX-TILE AMX-BF16 AMX-INT8 CET_IBT IBRS STIBP L1D_FLUSH CORE_CAPS SSBD
    let edx_7 = bits(&[20, 22, 24, 25, 26, 27, 28, 30, 31]);
    // CMP_LEGACY SVM EXTAPIC CR8_LEGACY OSVW IBS SKINIT WDT LWP NODEID TOPOEXT PERFCTR DBEXT MWAITX
    let ecx_81 = bits(&[1, 2, 3, 4, 9, 10, 12, 13, 15, 19, 22, 23, 24, 26, 28, 29]);
    for vendor in [INTEL, AMD] {
        let [one, seven, extended] = [1, 7, 0x8000_0001].map(|leaf| ask(vendor, leaf, 0, &VCPU));
        assert_eq!((one.edx & edx_1, one.ecx & ecx_1), (0, 0));
        assert_eq!(
            (seven.ebx & ebx_7, seven.ecx & ecx_7, seven.edx & edx_7),
            (0, 0, 0)
        );
        // PAGE1GB
        assert_eq!((extended.ecx & ecx_81, extended.edx & 1 << 26), (0, 0));
        for leaf in [
            3,
            5,
            6,
            8,
            9,
            0xa,
            0xc,
            0x8000_000a,
            0x8000_001d,
            0x8000_001f,
        ] {
            assert_eq!(ask(vendor, leaf, 0, &VCPU), Leaf::ZERO, "{leaf:#x}");
        }
    }
}

#[test]
fn what_linux_needs_is_there() {
    // FPU TSC MSR PAE CX8 APIC CMOV FXSR SSE SSE2
    let edx_1 = bits(&[0, 4, 5, 6, 8, 9, 15, 24, 25, 26]);
    // XSAVE OSXSAVE AVX HYPERVISOR
    let ecx_1 = bits(&[26, 27, 28, 31]);
    // SYSCALL NX RDTSCP LM
    let edx_81 = bits(&[11, 20, 27, 29]);
    for vendor in [INTEL, AMD] {
        let one = ask(vendor, 1, 0, &VCPU);
        assert_eq!((one.edx & edx_1, one.ecx & ecx_1), (edx_1, ecx_1));
        assert_eq!(one.ebx >> 16, 0x0301, "one logical processor, APIC id 3");
        assert_eq!(ask(vendor, 0x8000_0001, 0, &VCPU).edx & edx_81, edx_81);
        assert_eq!(ask(vendor, 0x8000_0007, 0, &VCPU).edx, 1 << 8);
        assert_eq!(ask(vendor, 7, 0, &VCPU).ebx & 1, 1, "FSGSBASE");
    }
    // FPU TSC MSR PAE CX8 APIC CMOV FXSR: AMD repeats them.
    let repeated = bits(&[0, 4, 5, 6, 8, 9, 15, 24]);
    assert_eq!(ask(AMD, 0x8000_0001, 0, &VCPU).edx & repeated, repeated);
    assert_eq!(ask(INTEL, 0x8000_0001, 0, &VCPU).edx & 0x3ff, 0);
}

#[test]
fn osxsave_is_cr4_s_but_for_a_kernel_that_asks_by_the_prefix() {
    let host = everything(INTEL);
    for fixed in [Cr4::PAE, Cr4::PAE | Cr4::OSXSAVE] {
        let policy = Cr4Policy::new(Cr4::all(), fixed);
        let cpuid = GuestCpuid::new(&host, &policy);
        for asked in [Cr4::empty(), Cr4::OSXSAVE] {
            for form in [CpuidForm::Forced, CpuidForm::Plain] {
                let cr4 = policy.read(policy.write(asked.bits()));
                let leaf = cpuid.leaf(1, 0, &Vcpu { form, cr4, ..VCPU }, &TIME, &host);
                let expected = form == CpuidForm::Forced || cr4.contains(Cr4::OSXSAVE);
                assert_eq!(leaf.ecx >> 27 & 1 != 0, expected, "{cr4:?} {form:?}");
            }
        }
    }
}

#[test]
fn without_xsave_nothing_of_avx_is_left() {
    let host = everything(INTEL);
    let policy = Cr4Policy::new(Cr4::all() - Cr4::OSXSAVE - Cr4::FSGSBASE, Cr4::PAE);
    let cpuid = GuestCpuid::new(&host, &policy);
    let ask = |leaf, subleaf| cpuid.leaf(leaf, subleaf, &VCPU, &TIME, &host);
    assert_eq!(cpuid.xcr0(), None);
    assert_eq!(ask(0xd, 0), Leaf::ZERO);
    assert_eq!(ask(1, 0).ecx & bits(&[12, 26, 27, 28, 29]), 0);
    assert_eq!(
        ask(7, 0).ebx & bits(&[0, 5, 16, 17, 21, 26, 27, 28, 30, 31]),
        0
    );
    assert_eq!(ask(7, 1).eax & bits(&[4, 5]), 0);
    assert_eq!(ask(0x8000_0001, 0).ecx & bits(&[11, 16]), 0);
}

#[test]
fn xsave_areas_are_as_large_as_what_is_enabled() {
    let avx = Xcr0::X87 | Xcr0::SSE | Xcr0::AVX;
    let cases = [
        (Xcr0::X87, 576, 576),
        (Xcr0::X87 | Xcr0::SSE, 576, 576),
        (avx, 832, 832),
        (avx | Xcr0::AVX512, 2688, 2432),
    ];
    for (xcr0, standard, compacted) in cases {
        let vcpu = Vcpu { xcr0, ..VCPU };
        let zero = ask(INTEL, 0xd, 0, &vcpu);
        assert_eq!(
            zero,
            Leaf {
                eax: 0xe7,
                ebx: standard,
                ecx: 2688,
                edx: 0
            },
            "{xcr0:?}"
        );
        let one = ask(INTEL, 0xd, 1, &vcpu);
        assert_eq!(
            one,
            Leaf {
                eax: 7,
                ebx: compacted,
                ecx: 0,
                edx: 0
            },
            "{xcr0:?}"
        );
    }
    assert_eq!(ask(INTEL, 0xd, 2, &VCPU), Leaf::from([256, 576, 0, 0]));
    assert_eq!(ask(INTEL, 0xd, 7, &VCPU), Leaf::from([1024, 1664, 2, 0]));
    for subleaf in [3, 4, 8, 9, 17, 18, 63, 64, u32::MAX] {
        assert_eq!(ask(INTEL, 0xd, subleaf, &VCPU), Leaf::ZERO, "{subleaf}");
    }
}

#[test]
fn xcr0_takes_consistent_values_alone() {
    let offered = Xcr0::all();
    for value in 0..0x400_u64 {
        let has = |bit: u32| value >> bit & 1 != 0;
        let avx512 = [5, 6, 7].map(has);
        let good = has(0)
            && (!has(2) || has(1))
            && (avx512 == [false; 3] || avx512 == [true; 3] && has(2))
            && !(has(3) || has(4) || has(8) || has(9));
        assert_eq!(Xcr0::checked(value, offered).is_ok(), good, "{value:#x}");
    }
    assert_eq!(Xcr0::checked(7, Xcr0::X87 | Xcr0::SSE), Err(Xcr0Error));
    assert_eq!(Xcr0::checked(1 << 63 | 1, offered), Err(Xcr0Error));
}

#[test]
fn the_hypervisor_s_leaves_are_as_the_header_has_them() {
    let cases = [
        (0, 0, [0x4000_0005, 0x566e_6558, 0x6558_4d4d, 0x4d4d_566e]),
        (1, 0, [0x0004_0011, 0, 0, 0]),
        (2, 0, [1, 0x4000_0000, 1, 0]),
        (3, 0, [0b110, 2, 2_600_000, 0]),
        (3, 1, [2, 1, 0x6276_2762, u32::MAX]),
        (3, 2, [2_600_000, 0, 0, 0]),
        (3, 3, [0; 4]),
        (4, 0, [0; 4]),
        (5, 0, [0, 255, 0, 0]),
        (6, 0, [0; 4]),
        (0xff, 0, [0; 4]),
    ];
    for (index, subleaf, expected) in cases {
        let leaf = ask(AMD, 0x4000_0000 + index, subleaf, &VCPU);
        assert_eq!(leaf, Leaf::from(expected), "{index} {subleaf}");
    }
}

#[test]
fn beyond_the_last_leaf_vendors_differ() {
    for leaf in [0xe, 0x1f, 0x3fff_ffff, 0x4000_0100, 0x8000_0022, u32::MAX] {
        assert_eq!(ask(AMD, leaf, 0, &VCPU), Leaf::ZERO, "{leaf:#x}");
        assert_eq!(
            ask(INTEL, leaf, 2, &VCPU),
            ask(INTEL, 0xd, 2, &VCPU),
            "{leaf:#x}"
        );
    }
}

#[test]
fn each_vcpu_is_a_package() {
    for index in [0, 1, 255, 256] {
        let vcpu = Vcpu { index, ..VCPU };
        assert_eq!(ask(INTEL, 1, 0, &vcpu).ebx >> 24, index & 0xff);
        assert_eq!(ask(INTEL, 0xb, 0, &vcpu), Leaf::from([0, 1, 0x100, index]));
        assert_eq!(ask(INTEL, 0xb, 1, &vcpu), Leaf::from([0, 1, 0x201, index]));
        assert_eq!(ask(INTEL, 0xb, 2, &vcpu), Leaf::from([0, 0, 2, index]));
        assert_eq!(ask(INTEL, 4, 0, &vcpu).eax >> 14, 0);
        assert_eq!(ask(INTEL, 0x8000_0008, 0, &vcpu).ecx, 0);
    }
}

#[test]
fn the_policy_knows_what_msrs_depend_on() {
    let host = everything(AMD);
    let cpuid = GuestCpuid::new(&host, &policy());
    assert_eq!(cpuid.vendor(), Vendor::Amd);
    assert!(cpuid.has_tsc_aux() && cpuid.has_arch_capabilities());
    let poor = |leaf, _| Leaf {
        eax: if leaf == 0 { 1 } else { 0 },
        ..Leaf::ZERO
    };
    let cpuid = GuestCpuid::new(&poor, &policy());
    assert!(!cpuid.has_tsc_aux() && !cpuid.has_arch_capabilities());
    assert_eq!(cpuid.xcr0(), None);
}

proptest! {
    #[test]
    fn any_processor_s_leaves_are_only_ever_reduced(
        words: [u32; 4],
        leaf in proptest::sample::select(vec![1_u32, 7, 0x8000_0001, 0x8000_0008]),
        subleaf in 0_u32..4,
        any_leaf: u32,
        last in any::<u32>(),
    ) {
        let host = |leaf, _| match leaf {
            0 => Leaf { eax: last, ..Leaf::from(words) },
            0x8000_0000 => Leaf { eax: 0x8000_0008, ..Leaf::from(words) },
            _ => Leaf::from(words),
        };
        let cpuid = GuestCpuid::new(&host, &policy());
        let seen = cpuid.leaf(leaf, subleaf, &VCPU, &TIME, &host);
        let own = host(leaf, subleaf);
        prop_assert_eq!(seen.edx & !own.edx, 0);
        if leaf != 1 {
            prop_assert_eq!(seen.ebx & !own.ebx, 0);
            prop_assert_eq!(seen.ecx & !own.ecx, 0);
        } else {
            // HYPERVISOR, and OSXSAVE.
            prop_assert_eq!(seen.ecx & !own.ecx & !(1 << 31 | 1 << 27), 0);
        }
        let _ = cpuid.leaf(any_leaf, subleaf, &VCPU, &TIME, &host);
        prop_assert!(cpuid.xcr0().is_none_or(|xcr0| xcr0.contains(Xcr0::X87)));
    }
}
