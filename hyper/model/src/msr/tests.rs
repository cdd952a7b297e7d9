//! What Linux needs, and that all else faults.

use super::{Guest, PAT, Read, Role, Vendor, Write, read, write};
use crate::emulate::Canonical;
use ringwall_abi::Mfn;

const INTEL: Guest = Guest {
    role: Role::Hardware,
    vendor: Vendor::Intel,
    vcpu: 0,
    efer: 0x1d01,
    has_tsc_aux: true,
    has_arch_capabilities: true,
};
const AMD: Guest = Guest {
    vendor: Vendor::Amd,
    has_arch_capabilities: false,
    ..INTEL
};
const DOMU: Guest = Guest {
    role: Role::Ordinary,
    vcpu: 1,
    has_tsc_aux: false,
    ..AMD
};
const OTHER: Guest = Guest {
    vendor: Vendor::Other,
    ..DOMU
};
const EVERYTHING: Read = Read::Host { mask: u64::MAX };

#[test]
fn what_is_read_without_a_fault_handler_can_be_read() {
    let cases = [
        (0xc000_0100, INTEL, Read::FsBase),
        (0xc000_0101, AMD, Read::GsBase),
        (0xc000_0102, OTHER, Read::KernelGsBase),
        (0x10, DOMU, Read::Tsc),
        (0xc000_0103, INTEL, Read::TscAux),
        (0xc000_0103, DOMU, Read::Fault),
        // SVME and whatever else is the hypervisor's are hidden.
        (0xc000_0080, INTEL, Read::Value(0xd01)),
        (0x277, OTHER, Read::Value(0x0000_0501_0007_0406)),
        (0x1b, INTEL, Read::Value(0xfee0_0900)),
        (0x1b, DOMU, Read::Value(0xfee0_0800)),
        (0x8b, AMD, EVERYTHING),
        (0xfe, INTEL, Read::Value(0)),
        (0x1a0, INTEL, Read::Value(0x80_1801)),
        (0x1a0, AMD, Read::Fault),
        (0xc001_0015, AMD, Read::Value(1 << 24)),
        (0xc001_0015, INTEL, Read::Fault),
        (0xc001_001f, DOMU, Read::Value(0)),
        (0xc001_001a, AMD, EVERYTHING),
        (0xc001_001a, DOMU, Read::Fault),
        (0x10a, AMD, Read::Fault),
    ];
    for (register, guest, expected) in cases {
        assert_eq!(read(register, &guest), expected, "{register:#x} {guest:?}");
    }
    let Read::Host { mask } = read(0x10a, &INTEL) else {
        panic!("ARCH_CAPABILITIES")
    };
    // IBRS_ALL, TSX_CTRL and the other bits that stand for a register are not shown.
    assert_eq!(
        mask & (1 << 1 | 1 << 7 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 18),
        0
    );
}

#[test]
fn what_is_written_without_a_fault_handler_can_be_written() {
    let base = 0xffff_8880_0000_0000;
    let canonical = Canonical::new(base).expect("canonical");
    let cases = [
        (0xc000_0100, base, INTEL, Write::FsBase(canonical)),
        (0xc000_0101, base, AMD, Write::GsBase(canonical)),
        (0xc000_0102, base, OTHER, Write::KernelGsBase(canonical)),
        (0xc000_0100, 1 << 47, INTEL, Write::Fault),
        (0xc000_0101, 1 << 63, INTEL, Write::Fault),
        (0xc000_0102, 0xffff_7fff_ffff_ffff, INTEL, Write::Fault),
        (0xc000_0103, 0xfff, INTEL, Write::TscAux(0xfff)),
        (0xc000_0103, 1 << 32, INTEL, Write::Fault),
        (0xc000_0103, 0, DOMU, Write::Fault),
        (0x277, PAT, INTEL, Write::Ignore),
        (0x277, 0x0007_0406_0007_0406, INTEL, Write::Fault),
        (0xc000_0080, 0xd01, INTEL, Write::Ignore),
        (0xc000_0080, 0x501, INTEL, Write::Fault),
        (0x8b, 0, INTEL, Write::Ignore),
        (0x8b, 1, INTEL, Write::Fault),
        (0xc001_001f, 1 << 46, DOMU, Write::Ignore),
        (0xc001_1029, 2, AMD, Write::Ignore),
        (0xc001_1029, 2, INTEL, Write::Fault),
        // STAR, LSTAR, SYSENTER_CS.
        (0xc000_0081, 0, INTEL, Write::Fault),
        (0xc000_0082, 0, INTEL, Write::Fault),
        (0x174, 0, INTEL, Write::Fault),
        (
            0x4000_0000,
            0x1234_5000,
            INTEL,
            Write::HypercallPage(Mfn::new(0x12345)),
        ),
        (0x4000_0000, 0x1234_5001, INTEL, Write::Fault),
    ];
    for (register, value, guest, expected) in cases {
        assert_eq!(
            write(register, value, &guest),
            expected,
            "{register:#x} {value:#x}"
        );
    }
}

#[test]
fn what_is_not_listed_faults() {
    let ranges = [
        0..0x2000_u32,
        0x4000_0000..0x4000_2000,
        0xc000_0000..0xc001_2000,
    ];
    for guest in [INTEL, AMD, DOMU, OTHER] {
        let readable = ranges.iter().cloned().flatten();
        let readable = readable.filter(|r| read(*r, &guest) != Read::Fault).count();
        assert!(readable <= 21, "{readable} {guest:?}");
        for register in ranges.iter().cloned().flatten() {
            // No register changes the processor's own: at most a base, TSC_AUX, or nothing at all.
            let written = write(register, 0x1_0000_0001, &guest);
            assert!(matches!(
                (register, written),
                (_, Write::Fault)
                    | (0xc000_0100..=0xc000_0102, _)
                    | (0xc001_001f | 0xc001_1029, Write::Ignore)
            ));
        }
    }
}

#[test]
fn vendors_are_known_by_their_signature() {
    let word = |text: &[u8; 4]| u32::from_le_bytes(*text);
    let cases = [
        (*b"Genu", *b"ineI", *b"ntel", Vendor::Intel),
        (*b"Auth", *b"enti", *b"cAMD", Vendor::Amd),
        (*b"Hygo", *b"nGen", *b"uine", Vendor::Amd),
        (*b"Cent", *b"aurH", *b"auls", Vendor::Other),
    ];
    for (ebx, edx, ecx, vendor) in cases {
        assert_eq!(
            Vendor::from_signature(word(&ebx), word(&edx), word(&ecx)),
            vendor
        );
    }
}
