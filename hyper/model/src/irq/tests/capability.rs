//! Capabilities, on devices made of bytes.

use std::cell::RefCell;

use proptest::prelude::*;

use crate::irq::{ConfigSpace, Mask, Message, MsiCapability, MsixCapability};

struct Device(RefCell<[u32; 64]>);

impl ConfigSpace for Device {
    fn read(&self, register: u8) -> u32 {
        assert_eq!(register % 4, 0, "not aligned");
        self.0.borrow()[usize::from(register / 4)]
    }

    fn write(&self, register: u8, value: u32) {
        assert_eq!(register % 4, 0, "not aligned");
        self.0.borrow_mut()[usize::from(register / 4)] = value;
    }
}

/// A device with memory on, a list that starts at `first`, and these words.
fn device(first: u8, words: &[(u8, u32)]) -> Device {
    let device = Device(RefCell::new([0; 64]));
    device.write(0x04, 1 << 20 | 0b110);
    device.write(0x34, first.into());
    for &(register, value) in words {
        device.write(register, value);
    }
    device
}

const MSI: u32 = 0x05;
const MSIX: u32 = 0x11;
const LONG: u32 = 1 << 23;
const MASKABLE: u32 = 1 << 24;
const MESSAGE: Message = Message::new(3, 0x41);

#[test]
fn a_message_names_its_destination_and_vector() {
    assert_eq!(
        MESSAGE,
        Message {
            address: 0xfee0_3000,
            data: 0x41
        }
    );
    assert_eq!(
        Message::new(0xff, 0xfe),
        Message {
            address: 0xfeef_f000,
            data: 0xfe
        }
    );
}

#[test]
fn a_capability_is_found_behind_others() {
    let device = device(0x40, &[(0x40, 0x5009), (0x50, 0x6301), (0x60, MSI)]);
    assert!(MsiCapability::find(&device).is_some());
    assert_eq!(MsixCapability::find(&device), None);
}

#[test]
fn lists_that_lead_nowhere_end() {
    let none = |device: Device| assert_eq!(MsiCapability::find(&device), None);
    none(device(0, &[]));
    none(device(0x40, &[(0x40, 0x4009)])); // itself
    none(device(0x40, &[(0x40, 0x5009), (0x50, 0x4009)])); // a ring
    none(device(0x10, &[(0x10, MSI)])); // in the header
    none(device(0x40, &[(0x40, 0xf009), (0xf0, MSI)])); // over the end
    none(device(0x40, &[(0x04, 0), (0x40, MSI)])); // no list
    none(Device(RefCell::new([u32::MAX; 64]))); // no device
}

#[test]
fn msi_is_written_in_its_four_forms() {
    // Control, registers of data and mask.
    let cases = [
        (0, 0x48, None),
        (LONG, 0x4c, None),
        (MASKABLE, 0x48, Some(0x4c)),
        (LONG | MASKABLE, 0x4c, Some(0x50)),
    ];
    for (control, data, mask) in cases {
        let config = device(
            0x40,
            &[
                (0x40, MSI | control | 2 << 17 | 5 << 20),
                (0x48, 0x7777_7777),
            ],
        );
        config.write(data, 0xabcd_0000);
        let capability = MsiCapability::find(&config).unwrap();
        assert_eq!(capability.room(), 4);
        capability.set_mask(&config, 1, Mask::Masked);
        capability.program(&config, MESSAGE, 2);
        assert_eq!(
            config.read(0x40),
            MSI | control | 2 << 17 | 1 << 20,
            "two of four"
        );
        assert_eq!(config.read(0x44), 0xfee0_3000);
        assert_eq!(config.read(data), 0xabcd_0041);
        if control & LONG != 0 {
            assert_eq!(config.read(0x48), 0, "upper address");
        }
        if let Some(mask) = mask {
            assert_eq!(config.read(mask), 0b10);
            capability.set_mask(&config, 1, Mask::Open);
            assert_eq!(config.read(mask), 0);
        }
    }
}

#[test]
fn a_reserved_number_of_messages_is_taken_for_the_most() {
    let config = device(0x40, &[(0x40, MSI | 7 << 17)]);
    assert_eq!(MsiCapability::find(&config).unwrap().room(), 32);
}

#[test]
fn msix_entries_lie_in_the_region_that_the_device_says() {
    let control = MSIX | 3 << 16;
    let entry = |words: &[(u8, u32)], index| {
        let mut words = words.to_vec();
        words.push((0x40, control));
        MsixCapability::find(&device(0x40, &words))?.entry(index)
    };
    let low = [(0x44, 0x2001), (0x14, 0xfebd_0000)];
    assert_eq!(entry(&low, 0), Some(0xfebd_2000));
    assert_eq!(entry(&low, 3), Some(0xfebd_2030));
    assert_eq!(entry(&low, 4), None, "there are four");
    let long = [(0x44, 4), (0x20, 0xc), (0x24, 0x80)];
    assert_eq!(entry(&long, 1), Some(0x80_0000_0010));
}

#[test]
fn msix_tables_that_are_nowhere_are_none() {
    let none = |words: &[(u8, u32)]| {
        let mut words = words.to_vec();
        words.push((0x40, MSIX));
        assert_eq!(MsixCapability::find(&device(0x40, &words)), None);
    };
    none(&[(0x44, 0), (0x10, 0)]); // no address
    none(&[(0x44, 0), (0x10, 0xc001)]); // ports
    none(&[(0x44, 6), (0x10, 0xfebd_0000)]); // no such region
    none(&[(0x44, 5), (0x24, 0xfebd_0004)]); // 64 bits over the end
    none(&[
        (0x44, 0xffff_fff8),
        (0x10, 0xffff_fff4),
        (0x14, 0xffff_ffff),
    ]); // wraps
    none(&[(0x04, 1 << 20), (0x44, 0), (0x10, 0xfebd_0000)]); // memory off
}

proptest! {
    #[test]
    fn any_device_is_read_and_written_inside_its_space(
        words in prop::collection::vec(any::<u32>(), 64),
        id in prop::sample::select(vec![MSI, MSIX]),
        at in 16..64u8,
        index in any::<u8>(),
    ) {
        let config = Device(RefCell::new(words.try_into().unwrap()));
        config.write(0x04, 1 << 20 | 0b10);
        config.write(0x34, u32::from(at) * 4);
        config.write(at * 4, config.read(at * 4) & 0xffff_ff00 | id);
        if let Some(capability) = MsiCapability::find(&config) {
            prop_assert!((1..=32).contains(&capability.room()));
            capability.set_mask(&config, index, Mask::Masked);
            capability.program(&config, MESSAGE, capability.room());
        }
        if let Some(capability) = MsixCapability::find(&config) {
            prop_assert!(capability.entry(u16::MAX).is_none());
            let first = capability.entry(0).unwrap();
            prop_assert!(first >= capability.bar());
        }
    }
}
