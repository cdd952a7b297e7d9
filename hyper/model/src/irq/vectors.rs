//! Vectors for devices.

/// The lowest: those below are exceptions', or what the legacy controllers were moved to.
pub const FIRST_DEVICE_VECTOR: u8 = 0x30;
/// The highest: those above are the hypervisor's own.
pub const LAST_DEVICE_VECTOR: u8 = 0xdf;

/// `int 0x80` and `int 0x82`, by which guests call their kernels, are no device's.
const SOFT: [u8; 2] = [0x80, 0x82];

/// Which vectors devices have.
#[derive(Clone, Debug)]
pub struct Vectors {
    taken: [bool; 256],
}

impl Vectors {
    /// None is in use.
    #[must_use]
    pub const fn new() -> Self {
        Self { taken: [false; 256] }
    }

    /// Takes `count` (1..=32) successive vectors. Where it is more than one, the first is a
    /// multiple of the next power of two: a device puts its message's number into the low bits.
    pub fn take(&mut self, count: u8) -> Option<u8> {
        if !(1..=32).contains(&count) {
            return None;
        }
        let step = usize::from(count.next_power_of_two());
        let mut firsts = (FIRST_DEVICE_VECTOR..=LAST_DEVICE_VECTOR).step_by(step);
        let first = firsts.find(|&first| self.is_free(first, count))?;
        self.set(first, count, true);
        Some(first)
    }

    /// Gives vectors back.
    pub fn give(&mut self, first: u8, count: u8) {
        self.set(first, count, false);
    }

    /// In which words of 32 vectors there is one in use: bit n stands for vectors 32n..32n+32.
    #[must_use]
    pub fn words(&self) -> u8 {
        let words = self.taken.chunks(32).enumerate();
        words.fold(0, |words, (word, taken)| words | u8::from(taken.contains(&true)) << word)
    }

    fn is_free(&self, first: u8, count: u8) -> bool {
        let Some(last) = first.checked_add(count - 1) else { return false };
        last <= LAST_DEVICE_VECTOR
            && (first..=last).all(|vector| {
                !SOFT.contains(&vector) && self.taken.get(usize::from(vector)) == Some(&false)
            })
    }

    fn set(&mut self, first: u8, count: u8, taken: bool) {
        let range = usize::from(first)..usize::from(first) + usize::from(count);
        for slot in self.taken.get_mut(range).unwrap_or(&mut []) {
            *slot = taken;
        }
    }
}

impl Default for Vectors {
    fn default() -> Self {
        Self::new()
    }
}
