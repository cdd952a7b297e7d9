//! The answer to one CPUID.

/// What CPUID puts into EAX, EBX, ECX and EDX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "each field is the register's own name")]
pub struct Leaf {
    pub eax: u32,
    pub ebx: u32,
    pub ecx: u32,
    pub edx: u32,
}

impl Leaf {
    /// A leaf that says nothing.
    pub const ZERO: Self = Self {
        eax: 0,
        ebx: 0,
        ecx: 0,
        edx: 0,
    };
}

impl From<[u32; 4]> for Leaf {
    fn from([eax, ebx, ecx, edx]: [u32; 4]) -> Self {
        Self { eax, ebx, ecx, edx }
    }
}

/// A word with these bits set, each 0..=31.
pub(super) const fn bits(numbers: &[u32]) -> u32 {
    let mut word = 0;
    let mut rest = numbers;
    while let [number, tail @ ..] = rest {
        word |= 1 << *number;
        rest = tail;
    }
    word
}
