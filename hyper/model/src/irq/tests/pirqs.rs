//! PIRQs, operation by operation.

use ringwall_abi::Errno;

use super::{device, msi, msix};
use crate::event::Pirq;
use crate::irq::{Arrival, DeviceMessage, Error, Pirqs, Polarity, Signal, Source, Trigger};

const LEVEL_HIGH: Signal = Signal {
    trigger: Trigger::Level,
    polarity: Polarity::ActiveHigh,
};

fn pirqs() -> Pirqs {
    Pirqs::new(64, 24).unwrap()
}

fn map_pin(pirqs: &mut Pirqs, gsi: u32) -> crate::irq::Line {
    pirqs.map_pin(gsi).unwrap().unwrap()
}

fn pirq(number: u32) -> Pirq {
    Pirq::new(number)
}

#[test]
fn a_pin_has_the_pirq_of_its_number_and_signals_as_its_bus_does() {
    let mut pirqs = pirqs();
    let check = |line: crate::irq::Line, gsi, signal| {
        assert_eq!(line.source, Source::Pin { gsi, signal });
    };
    check(map_pin(&mut pirqs, 4), 4, Signal::ISA);
    check(map_pin(&mut pirqs, 16), 16, Signal::PCI);
    assert_eq!(pirqs.map_pin(4), Ok(None), "once");
}

#[test]
fn a_pin_signals_as_it_was_set_before_or_after_it_is_mapped() {
    let mut pirqs = pirqs();
    assert_eq!(pirqs.set_signal(9, LEVEL_HIGH), Ok(None));
    assert!(map_pin(&mut pirqs, 9).needs_end());
    let _ = pirqs.map_pin(10);
    assert!(
        pirqs
            .set_signal(10, LEVEL_HIGH)
            .unwrap()
            .unwrap()
            .needs_end()
    );
    assert!(pirqs.line(pirq(10)).unwrap().needs_end());
}

#[test]
fn a_bound_pin_keeps_its_signal() {
    let mut pirqs = pirqs();
    let _ = pirqs.map_pin(10);
    let _ = pirqs.connect(pirq(10));
    assert_eq!(pirqs.set_signal(10, LEVEL_HIGH), Err(Error::Bound));
    assert!(pirqs.set_signal(10, Signal::ISA).is_ok());
    assert!(!pirqs.line(pirq(10)).unwrap().needs_end());
}

#[test]
fn a_kept_pin_is_nobody_elses() {
    let mut pirqs = pirqs();
    assert_eq!(pirqs.keep_pin(4), Ok(()));
    assert_eq!(pirqs.map_pin(4), Ok(None));
    assert_eq!(pirqs.set_signal(4, LEVEL_HIGH), Ok(None));
    assert_eq!(pirqs.connect(pirq(4)), Err(Error::Kept));
    assert_eq!(pirqs.unmap(pirq(4)), Err(Error::NotMapped));
    assert_eq!(pirqs.vector_words(), 0);
}

#[test]
fn numbers_beyond_the_tables_are_refused() {
    let mut pirqs = pirqs();
    for number in [64, 65, u32::MAX] {
        assert_eq!(pirqs.line(pirq(number)), Err(Error::BadPirq));
        assert_eq!(pirqs.connect(pirq(number)), Err(Error::BadPirq));
        assert_eq!(pirqs.disconnect(pirq(number)), Err(Error::BadPirq));
        assert_eq!(pirqs.end(pirq(number)), Err(Error::BadPirq));
        assert_eq!(pirqs.unmap(pirq(number)), Err(Error::BadPirq));
        assert_eq!(
            pirqs.map_messages(msi(0, 1), Some(pirq(number))),
            Err(Error::BadPirq)
        );
    }
    for number in [24, 64, u32::MAX] {
        assert_eq!(pirqs.map_pin(number), Err(Error::BadPirq));
        assert_eq!(pirqs.set_signal(number, LEVEL_HIGH), Err(Error::BadPirq));
        assert_eq!(pirqs.keep_pin(number), Err(Error::BadPirq));
    }
}

#[test]
fn what_is_not_mapped_can_only_be_mapped() {
    let mut pirqs = pirqs();
    for number in [3, 40] {
        assert_eq!(pirqs.connect(pirq(number)), Err(Error::NotMapped));
        assert_eq!(pirqs.disconnect(pirq(number)), Err(Error::NotMapped));
        assert_eq!(pirqs.end(pirq(number)), Err(Error::NotMapped));
        assert_eq!(pirqs.unmap(pirq(number)), Err(Error::NotMapped));
    }
    assert_eq!(pirqs.arrive(0x30), Arrival::Unknown);
}

#[test]
fn messages_have_pirqs_from_the_top() {
    let mut pirqs = pirqs();
    assert_eq!(pirqs.map_messages(msix(8, 0), None).unwrap().0, pirq(63));
    assert_eq!(pirqs.map_messages(msix(8, 1), None).unwrap().0, pirq(62));
    assert_eq!(pirqs.reserve(), Ok(pirq(61)));
    assert_eq!(pirqs.map_messages(msi(16, 4), None).unwrap().0, pirq(57));
    assert_eq!(
        pirqs.map_messages(msi(24, 1), Some(pirq(61))).unwrap().0,
        pirq(61)
    );
}

#[test]
fn several_msi_have_successive_pirqs_and_vectors() {
    let mut pirqs = pirqs();
    let (first, line) = pirqs.map_messages(msi(8, 4), None).unwrap();
    assert_eq!(line.vector % 4, 0);
    for index in 0..4 {
        let next = pirqs.line(pirq(first.raw() + u32::from(index))).unwrap();
        assert_eq!(next.vector, line.vector + index);
        let message = DeviceMessage::Msi {
            device: device(8),
            index,
            count: 4,
        };
        assert_eq!(next.source, Source::Message(message));
    }
}

#[test]
fn several_msi_go_together_and_only_when_none_is_bound() {
    let mut pirqs = pirqs();
    let (first, line) = pirqs.map_messages(msi(8, 4), None).unwrap();
    let second = pirq(first.raw() + 1);
    assert_eq!(pirqs.unmap(second), Err(Error::BadMessage));
    let _ = pirqs.connect(second);
    assert_eq!(pirqs.unmap(first), Err(Error::Bound));
    assert_eq!(pirqs.unused_message_of(device(8)), None);
    let _ = pirqs.disconnect(second);
    assert_eq!(pirqs.unused_message_of(device(8)), Some(first));
    assert_eq!(pirqs.unmap(first), Ok(line));
    assert_eq!(pirqs.messages_of(device(8)).count(), 0);
    assert_eq!(pirqs.arrive(line.vector + 3), Arrival::Unknown);
    assert_eq!(pirqs.vector_words(), 0);
}

#[test]
fn a_device_has_msi_or_distinct_entries() {
    let mut pirqs = pirqs();
    assert!(pirqs.map_messages(msix(8, 0), None).is_ok());
    assert_eq!(pirqs.map_messages(msix(8, 0), None), Err(Error::Mapped));
    assert_eq!(pirqs.map_messages(msi(8, 1), None), Err(Error::Mapped));
    assert!(pirqs.map_messages(msix(8, 1), None).is_ok());
    assert!(pirqs.map_messages(msi(16, 1), None).is_ok());
    assert_eq!(pirqs.map_messages(msix(16, 0), None), Err(Error::Mapped));
}

#[test]
fn a_wanted_pirq_must_be_no_pins_and_stand_for_nothing() {
    let mut pirqs = pirqs();
    let check = |pirqs: &mut Pirqs, message, wanted, expected| {
        assert_eq!(
            pirqs.map_messages(message, Some(pirq(wanted))).err(),
            expected
        );
    };
    check(&mut pirqs, msi(8, 1), 23, Some(Error::BadPirq));
    check(&mut pirqs, msi(8, 1), 30, None);
    check(&mut pirqs, msi(16, 1), 30, Some(Error::Mapped));
    check(&mut pirqs, msi(16, 2), 29, Some(Error::Mapped));
    check(&mut pirqs, msi(16, 2), 63, Some(Error::BadPirq));
    check(&mut pirqs, msi(16, 2), 62, None);
}

#[test]
fn counts_that_devices_cannot_have_are_refused() {
    let mut pirqs = pirqs();
    for count in [0, 3, 255] {
        assert_eq!(
            pirqs.map_messages(msi(8, count), None),
            Err(Error::BadMessage)
        );
    }
    let second = DeviceMessage::Msi {
        device: device(8),
        index: 1,
        count: 2,
    };
    assert_eq!(pirqs.map_messages(second, None), Err(Error::BadMessage));
    assert_eq!(pirqs.map_messages(msi(8, 64), None), Err(Error::Full));
}

#[test]
fn pirqs_run_out_before_anything_changes() {
    let mut pirqs = Pirqs::new(26, 24).unwrap();
    assert!(pirqs.map_messages(msix(8, 0), None).is_ok());
    let words = pirqs.vector_words();
    assert_eq!(pirqs.map_messages(msi(16, 2), None), Err(Error::Full));
    assert_eq!(pirqs.vector_words(), words);
    assert!(pirqs.reserve().is_ok());
    assert_eq!(pirqs.reserve(), Err(Error::Full));
}

#[test]
fn vectors_run_out() {
    let mut pirqs = Pirqs::new(4096, 0).unwrap();
    let full = (0..4096).find_map(|entry| pirqs.map_messages(msix(8, entry), None).err());
    assert_eq!(full, Some(Error::Full));
}

#[test]
fn a_level_is_held_until_it_is_ended_and_an_edge_never() {
    let mut pirqs = pirqs();
    let _ = pirqs.set_signal(11, LEVEL_HIGH);
    let level = map_pin(&mut pirqs, 11).vector;
    let edge = map_pin(&mut pirqs, 1).vector;
    let (message, line) = pirqs.map_messages(msi(8, 1), None).unwrap();
    for number in [pirq(11), pirq(1), message] {
        let _ = pirqs.connect(number);
    }
    assert!(matches!(pirqs.arrive(level), Arrival::Hold(number, _) if number == pirq(11)));
    assert!(pirqs.line(pirq(11)).unwrap().is_held);
    assert!(pirqs.end(pirq(11)).unwrap().is_some());
    assert_eq!(pirqs.end(pirq(11)), Ok(None), "once");
    assert_eq!(pirqs.arrive(edge), Arrival::Raise(pirq(1)));
    assert_eq!(pirqs.end(pirq(1)), Ok(None));
    assert_eq!(pirqs.arrive(line.vector), Arrival::Raise(message));
}

#[test]
fn nobody_listens_before_a_bind_and_after_a_close() {
    let mut pirqs = pirqs();
    let vector = map_pin(&mut pirqs, 16).vector;
    assert_eq!(pirqs.arrive(vector), Arrival::Dropped);
    let _ = pirqs.connect(pirq(16));
    assert!(matches!(pirqs.arrive(vector), Arrival::Hold(..)));
    let _ = pirqs.disconnect(pirq(16));
    assert_eq!(pirqs.arrive(vector), Arrival::Dropped);
    assert_eq!(
        pirqs.end(pirq(16)),
        Ok(None),
        "a close forgets what was held"
    );
}

#[test]
fn guests_are_told_why() {
    let cases = [
        (Error::BadPirq, Errno::EINVAL),
        (Error::NotMapped, Errno::EINVAL),
        (Error::BadMessage, Errno::EINVAL),
        (Error::Mapped, Errno::EEXIST),
        (Error::Bound, Errno::EBUSY),
        (Error::Kept, Errno::EBUSY),
        (Error::Full, Errno::ENOSPC),
        (Error::OutOfMemory, Errno::ENOMEM),
    ];
    for (error, errno) in cases {
        assert_eq!(Errno::from(error), errno);
    }
}
