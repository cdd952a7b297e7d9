//! Vectors.

use std::collections::HashSet;

use crate::irq::{FIRST_DEVICE_VECTOR, LAST_DEVICE_VECTOR, Vectors};

#[test]
fn each_vector_is_given_once_and_none_that_guests_call() {
    let mut vectors = Vectors::new();
    let given: Vec<u8> = std::iter::from_fn(|| vectors.take(1)).collect();
    let distinct: HashSet<u8> = given.iter().copied().collect();
    assert_eq!(given.len(), distinct.len());
    assert_eq!(
        given.len(),
        usize::from(LAST_DEVICE_VECTOR - FIRST_DEVICE_VECTOR) + 1 - 2
    );
    assert!(!distinct.contains(&0x80) && !distinct.contains(&0x82));
    assert!(
        given
            .iter()
            .all(|vector| (FIRST_DEVICE_VECTOR..=LAST_DEVICE_VECTOR).contains(vector))
    );
}

#[test]
fn a_block_starts_where_the_low_bits_are_the_devices() {
    for count in 1..=32u8 {
        let mut vectors = Vectors::new();
        let _ = vectors.take(1);
        let step = count.next_power_of_two();
        while let Some(first) = vectors.take(count) {
            assert_eq!(first % step, 0, "{count} from {first:#x}");
            assert!(first + count - 1 <= LAST_DEVICE_VECTOR);
        }
    }
}

#[test]
fn what_is_given_back_is_taken_again() {
    let mut vectors = Vectors::new();
    let first = vectors.take(8);
    vectors.give(first.unwrap(), 8);
    assert_eq!(vectors.words(), 0);
    assert_eq!(vectors.take(8), first);
}

#[test]
fn no_block_of_none_or_too_many() {
    assert_eq!(Vectors::new().take(0), None);
    assert_eq!(Vectors::new().take(33), None);
    assert_eq!(Vectors::new().take(255), None);
}

#[test]
fn words_name_where_vectors_are_in_use() {
    let mut vectors = Vectors::new();
    assert_eq!(vectors.words(), 0);
    assert_eq!(vectors.take(1), Some(0x30));
    assert_eq!(vectors.words(), 0b10);
    assert_eq!(vectors.take(32), Some(0x40));
    assert_eq!(vectors.words(), 0b110);
}
