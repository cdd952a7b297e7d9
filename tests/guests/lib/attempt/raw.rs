//! The way into a piece of code, and out of it.
// UNSAFETY: assembly, what it writes, and frames on the stacks where the hypervisor has pushed them.
#![expect(unsafe_code)]

use core::arch::global_asm;
use core::cell::UnsafeCell;

use ringwall_sdk::abi::{GuestAddress, Hypercall};

use super::{Entry, Gate};

/// Gates: the vectors, and the callbacks behind them.
pub(super) const GATES: usize = 256 + Gate::CALLBACKS.len();
/// Bytes of each stack.
const STACK_SIZE: usize = 8192;

/// What the gates leave, in the order in which the assembly writes it.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Left {
    pub(super) gate: u64,
    /// Where the hypervisor's frame starts.
    pub(super) frame: u64,
    pub(super) rax: u64,
    pub(super) rbx: u64,
    pub(super) rdx: u64,
    pub(super) rsi: u64,
    pub(super) rdi: u64,
    pub(super) rbp: u64,
    pub(super) r8: u64,
    pub(super) r9: u64,
    pub(super) r10: u64,
    pub(super) r12: u64,
    pub(super) r13: u64,
    pub(super) r14: u64,
    pub(super) r15: u64,
    /// The handler's own.
    pub(super) rflags: u64,
    pub(super) cs: u64,
    pub(super) ss: u64,
    /// DS, ES, FS, GS.
    pub(super) data: [u64; 4],
}

/// Memory that assembly and the hypervisor write.
#[repr(C, align(4096))]
struct Place<T>(UnsafeCell<T>);

// SAFETY: these guests have one virtual CPU that makes attempts, one at a time.
unsafe impl<T> Sync for Place<T> {}

static EXIT: Place<[u64; 22]> = Place(UnsafeCell::new([0; 22]));
/// The stack pointer to go back to; 0 while no attempt is made.
static RESUME: Place<u64> = Place(UnsafeCell::new(0));
/// The stacks: of the hypercall that enters, of the code, and of the kernel's entries from user code.
static STACKS: Place<[[u8; STACK_SIZE]; 3]> = Place(UnsafeCell::new([[0; STACK_SIZE]; 3]));

global_asm!(
    include_str!("entry.S"),
    RESUME = sym RESUME,
    EXIT = sym EXIT,
    STACKS = sym STACKS,
    IRET_STACK_END = const STACK_SIZE,
    IRET = const Hypercall::Iret as u32,
    GATES = const GATES,
    SURPRISE = sym surprise,
);

unsafe extern "C" {
    fn guests_enter(entry: *const Entry);
    fn guests_gates();
}

/// Enters the code, and returns what the gate has left that it took.
pub(super) fn enter(entry: &Entry) -> Left {
    // SAFETY: the assembly keeps the registers that the C ABI says it keeps. What the code does to this
    // guest's memory is the test's own care: it is nobody else's, and ends with its verdict.
    unsafe { guests_enter(entry) };
    // SAFETY: the gate has written all of it, and nobody else does.
    unsafe { EXIT.0.get().cast::<Left>().read_volatile() }
}

/// The words of the frame that the hypervisor has pushed.
pub(super) fn frame(address: u64) -> [u64; 11] {
    let mut words = [0; 11];
    for (index, word) in words.iter_mut().enumerate() {
        let place = address + index as u64 * 8;
        // What lies above a short frame may be another page.
        if index >= 7 && place & 0xfff == 0 {
            break;
        }
        // SAFETY: the frame has at least seven words; the others lie in the same page.
        *word = unsafe { (place as *const u64).read_volatile() };
    }
    words
}

/// The address of a gate.
pub(super) fn gate(number: u64) -> GuestAddress {
    GuestAddress::new(guests_gates as *const () as u64 + number * 16)
}

/// Where the code's stack ends, and that of the entries from user code.
pub(super) fn stack_ends() -> [u64; 2] {
    let start = STACKS.0.get().expose_provenance() as u64;
    [start + 2 * STACK_SIZE as u64, start + 3 * STACK_SIZE as u64]
}

/// A gate was taken when no attempt was made.
extern "C" fn surprise() -> ! {
    // SAFETY: as in `enter`.
    let left = unsafe { EXIT.0.get().cast::<Left>().read_volatile() };
    panic!(
        "gate {} was taken outside of an attempt: {:#x?}",
        left.gate,
        frame(left.frame)
    );
}
