//! PIRQs under any sequence of operations.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{msi, msix};
use crate::event::Pirq;
use crate::irq::{Arrival, Error, Pirqs, Signal};

#[derive(Clone, Debug)]
enum Step {
    MapPin(u32),
    SetLevel(u32),
    MapMsi(u8, u8, Option<u32>),
    MapMsix(u8, u16, Option<u32>),
    Reserve,
    Unmap(u32),
    Connect(u32),
    Disconnect(u32),
    Arrive(u8),
    End(u32),
}

const PIRQS: u32 = 48;
const PINS: u32 = 20;

fn step() -> impl Strategy<Value = Step> {
    let pirq = || 0..PIRQS + 2;
    let wanted = || prop::option::weighted(0.2, 0..PIRQS + 2);
    prop_oneof![
        (0..PINS + 2).prop_map(Step::MapPin),
        (0..PINS + 2).prop_map(Step::SetLevel),
        (0..4u8, 0..=33u8, wanted()).prop_map(|(a, b, c)| Step::MapMsi(a, b, c)),
        (0..4u8, 0..4u16, wanted()).prop_map(|(a, b, c)| Step::MapMsix(a, b, c)),
        Just(Step::Reserve),
        pirq().prop_map(Step::Unmap),
        pirq().prop_map(Step::Connect),
        pirq().prop_map(Step::Disconnect),
        any::<u8>().prop_map(Step::Arrive),
        pirq().prop_map(Step::End),
    ]
}

/// Does a step; nothing may panic, whatever it answers.
fn apply(pirqs: &mut Pirqs, step: &Step) {
    match *step {
        Step::MapPin(gsi) => _ = pirqs.map_pin(gsi),
        Step::SetLevel(gsi) => _ = pirqs.set_signal(gsi, Signal::PCI),
        Step::MapMsi(device, count, wanted) => {
            _ = pirqs.map_messages(msi(device, count), wanted.map(Pirq::new));
        }
        Step::MapMsix(device, entry, wanted) => {
            _ = pirqs.map_messages(msix(device, entry), wanted.map(Pirq::new));
        }
        Step::Reserve => _ = pirqs.reserve(),
        Step::Unmap(pirq) => _ = pirqs.unmap(Pirq::new(pirq)),
        Step::Connect(pirq) => _ = pirqs.connect(Pirq::new(pirq)),
        Step::Disconnect(pirq) => _ = pirqs.disconnect(Pirq::new(pirq)),
        Step::Arrive(vector) => _ = pirqs.arrive(vector),
        Step::End(pirq) => _ = pirqs.end(Pirq::new(pirq)),
    }
}

/// Each mapped PIRQ has a vector of its own, and an interrupt finds its way back to it alone.
fn check(pirqs: &mut Pirqs) {
    let mut vectors = HashSet::new();
    for number in 0..PIRQS {
        let pirq = Pirq::new(number);
        let Ok(line) = pirqs.line(pirq) else { continue };
        assert!(vectors.insert(line.vector), "{:#x} twice", line.vector);
        assert!(line.is_bound || !line.is_held);
        let expected = match (line.is_bound, line.needs_end()) {
            (false, _) => Arrival::Dropped,
            (true, false) => Arrival::Raise(pirq),
            (true, true) => Arrival::Hold(
                pirq,
                crate::irq::Line {
                    is_held: true,
                    ..line
                },
            ),
        };
        assert_eq!(pirqs.arrive(line.vector), expected);
        if !line.is_held {
            let _ = pirqs.end(pirq);
        }
    }
    for vector in (0..=255).filter(|vector| !vectors.contains(vector)) {
        assert_eq!(pirqs.arrive(vector), Arrival::Unknown);
    }
}

proptest! {
    #[test]
    fn every_interrupt_finds_its_pirq(steps in prop::collection::vec(step(), 0..60)) {
        let mut pirqs = Pirqs::new(PIRQS, PINS).unwrap();
        for step in &steps {
            apply(&mut pirqs, step);
            check(&mut pirqs);
        }
    }

    #[test]
    fn what_is_unmapped_leaves_nothing_behind(steps in prop::collection::vec(step(), 0..60)) {
        let mut pirqs = Pirqs::new(PIRQS, PINS).unwrap();
        for step in &steps {
            apply(&mut pirqs, step);
        }
        for pirq in (0..PIRQS).map(Pirq::new) {
            let _ = pirqs.disconnect(pirq);
        }
        for pirq in (0..PIRQS).map(Pirq::new) {
            prop_assert!(matches!(pirqs.unmap(pirq), Ok(_) | Err(Error::NotMapped)));
        }
        prop_assert_eq!(pirqs.vector_words(), 0);
    }
}
