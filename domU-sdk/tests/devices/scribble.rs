//! What a lying back end writes over a shared page.

use proptest::prelude::*;
use ringwall_abi::PAGE_SIZE;
use ringwall_sdk::SharedPage;

/// Bytes, and where they go.
#[derive(Clone, Debug)]
pub(crate) struct Scribble {
    offset: usize,
    bytes: Vec<u8>,
}

impl Scribble {
    pub(crate) fn apply(&self, page: &SharedPage) {
        let end = (self.offset + self.bytes.len()).min(PAGE_SIZE);
        let bytes = &self.bytes[..end - self.offset];
        page.write(self.offset, bytes).unwrap();
    }
}

/// Up to `most` scribbles: anywhere, on the indices at the start of rings and behind the store's two,
/// as numbers small enough to be believed, and as anything.
pub(crate) fn some(most: usize) -> impl Strategy<Value = Vec<Scribble>> {
    let anywhere = (0..PAGE_SIZE, prop::collection::vec(any::<u8>(), 1..200));
    let place = prop_oneof![
        (0..4_usize).prop_map(|word| word * 4),
        (0..8_usize).prop_map(|word| 2048 + word * 4),
        (0..32_usize).prop_map(|entry| 64 + entry * 8),
    ];
    let number = prop_oneof![0..200_u32, any::<u32>()];
    let indices =
        (place, number).prop_map(|(offset, number)| (offset, number.to_le_bytes().to_vec()));
    let scribble =
        prop_oneof![anywhere, indices].prop_map(|(offset, bytes)| Scribble { offset, bytes });
    prop::collection::vec(scribble, 1..most)
}
