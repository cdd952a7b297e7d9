//! How code was left.

use core::fmt;

use ringwall_sdk::abi::arch_x86::{FLAT_KERNEL_CS, FLAT_KERNEL_SS};
use ringwall_sdk::abi::callback::CallbackType;

use super::raw::{self, Left};
use super::{Code, Entry, Gate};
use crate::{Check, Verdict, ensure};

const TRAP_FLAG: u64 = 1 << 8;
const INTERRUPT_FLAG: u64 = 1 << 9;
const IOPL: u64 = 3 << 12;
const NESTED_TASK: u64 = 1 << 14;
const VIRTUAL_8086: u64 = 1 << 17;
const RESUME_FLAG: u64 = 1 << 16;
const INVALID_OPCODE: u8 = 6;

/// What is raised: by which vector, with which error code, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The vector.
    pub vector: u8,
    /// The error code, of those that have one.
    pub error: Option<u64>,
    /// The saved instruction pointer: bytes from the code's start.
    pub at: u64,
}

impl Raised {
    /// This vector, without an error code, at the code's first instruction.
    #[must_use]
    pub const fn by(vector: u8) -> Self {
        Self {
            vector,
            error: None,
            at: 0,
        }
    }

    /// With an error code.
    #[must_use]
    pub const fn error(self, code: u64) -> Self {
        Self {
            error: Some(code),
            ..self
        }
    }

    /// At so many bytes from the code's start.
    #[must_use]
    pub const fn at(self, bytes: u64) -> Self {
        Self { at: bytes, ..self }
    }
}

/// How code was left: the gate, the registers, the frame, and the handler's own state.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the names are the CPU's")]
pub struct Exit {
    pub gate: Gate,
    pub error: Option<u64>,
    pub rax: u64,
    pub rbx: u64,
    pub rcx: u64,
    pub rdx: u64,
    pub rsi: u64,
    pub rdi: u64,
    pub rbp: u64,
    pub r8: u64,
    pub r9: u64,
    pub r10: u64,
    pub r11: u64,
    pub r12: u64,
    pub r13: u64,
    pub r14: u64,
    pub r15: u64,
    pub rip: u64,
    /// The selector; from bit 32 on whether upcalls were masked.
    pub cs: u64,
    pub rflags: u64,
    pub rsp: u64,
    pub ss: u64,
    /// DS, ES, FS and GS of the failsafe callback's frame.
    pub frame_data: [u64; 4],
    /// Where the frame was pushed.
    pub frame: u64,
    /// Of the handler.
    pub handler_rflags: u64,
    pub handler_cs: u64,
    pub handler_ss: u64,
    /// DS, ES, FS and GS in the handler.
    pub data: [u64; 4],
    /// Whether upcalls were masked in the handler.
    pub masked: bool,
}

/// Vectors whose exceptions push an error code. Source: SDM vol. 3A, table 6-1.
const fn has_error_code(vector: u8) -> bool {
    matches!(vector, 8 | 10..=14 | 17 | 21)
}

impl Exit {
    pub(super) fn new(left: &Left, masked: bool) -> Self {
        let gate = match left.gate {
            vector @ 0..=255 => Gate::Vector(u8::try_from(vector).unwrap_or(0)),
            other => {
                let index = usize::try_from(other - 256).unwrap_or(0);
                let kind = Gate::CALLBACKS.get(index);
                Gate::Callback(kind.copied().unwrap_or(CallbackType::Event))
            }
        };
        let words = raw::frame(left.frame);
        let [rcx, r11, w2, w3, w4, w5, w6, w7, w8, w9, w10] = words;
        let (error, frame_data, [rip, cs, rflags, rsp, ss]) = match gate {
            Gate::Vector(vector) if has_error_code(vector) => {
                (Some(w2), [0; 4], [w3, w4, w5, w6, w7])
            }
            Gate::Callback(CallbackType::Failsafe) => {
                (None, [w2, w3, w4, w5], [w6, w7, w8, w9, w10])
            }
            _ => (None, [0; 4], [w2, w3, w4, w5, w6]),
        };
        Self {
            gate,
            error,
            rax: left.rax,
            rbx: left.rbx,
            rcx,
            rdx: left.rdx,
            rsi: left.rsi,
            rdi: left.rdi,
            rbp: left.rbp,
            r8: left.r8,
            r9: left.r9,
            r10: left.r10,
            r11,
            r12: left.r12,
            r13: left.r13,
            r14: left.r14,
            r15: left.r15,
            rip,
            cs,
            rflags,
            rsp,
            ss,
            frame_data,
            frame: left.frame,
            handler_rflags: left.rflags,
            handler_cs: left.cs,
            handler_ss: left.ss,
            data: left.data,
            masked,
        }
    }

    /// Whether the code came to its end.
    #[must_use]
    pub fn ended(&self, code: &Code) -> bool {
        self.gate == Gate::Vector(INVALID_OPCODE) && self.rip == code.end
    }

    /// Whether it was left by this exception, with this error code.
    #[must_use]
    pub fn raised(&self, vector: u8, error: Option<u64>) -> bool {
        self.gate == Gate::Vector(vector) && self.error == error
    }

    /// Whether upcalls were masked when the code was left, as the frame says it.
    #[must_use]
    pub const fn frame_says_masked(&self) -> bool {
        self.cs >> 32 & 0xff != 0
    }

    /// The frame is one of this exception, and of this code as it was entered.
    pub fn is(&self, code: &Code, entry: &Entry, raised: Raised) -> Check {
        let at = self.rip.wrapping_sub(code.start);
        ensure!(
            self.raised(raised.vector, raised.error) && at == raised.at,
            "expected {raised:?}, got {self}, {at} bytes from the start"
        );
        self.has_frame_of(entry)
    }

    /// What of a frame is the same for all exceptions: selectors, stack, masks, and the handler's state.
    pub fn has_frame_of(&self, entry: &Entry) -> Check {
        let user = entry.cs & 3 == 3;
        let cs = self.cs & 0xffff_ffff;
        ensure!(cs == entry.cs, "cs is {cs:#x}, entered as {:#x}", entry.cs);
        let ss = self.ss & 0xffff;
        ensure!(
            ss | 3 == entry.ss | 3,
            "ss is {ss:#x}, entered as {:#x}",
            entry.ss
        );
        ensure!(
            self.rsp == entry.rsp,
            "rsp is {:#x}, entered as {:#x}",
            self.rsp,
            entry.rsp
        );
        let enabled = entry.rflags & INTERRUPT_FLAG;
        ensure!(
            self.rflags & INTERRUPT_FLAG == enabled && self.frame_says_masked() == (enabled == 0),
            "the frame has rflags {:#x} and cs {:#x} for rflags {:#x}",
            self.rflags,
            self.cs,
            entry.rflags
        );
        let stack = if user {
            super::entry_stack_end()
        } else {
            entry.rsp
        };
        let top = self.frame + 8 * self.frame_words();
        ensure!(
            top == stack & !15,
            "the frame ends at {top:#x}, the stack is {stack:#x}"
        );
        self.has_state_of_a_handler()
    }

    /// The handler runs with the kernel's selectors, and without the flags that are not for it.
    pub fn has_state_of_a_handler(&self) -> Check {
        let off = TRAP_FLAG | NESTED_TASK | VIRTUAL_8086 | RESUME_FLAG;
        ensure!(
            self.handler_rflags & (off | INTERRUPT_FLAG | IOPL) == INTERRUPT_FLAG,
            "the handler has rflags {:#x}",
            self.handler_rflags
        );
        ensure!(
            self.handler_cs == FLAT_KERNEL_CS.into()
                && (self.handler_ss == FLAT_KERNEL_SS.into() || self.handler_ss < 4),
            "the handler has cs {:#x} and ss {:#x}",
            self.handler_cs,
            self.handler_ss
        );
        Ok(())
    }

    const fn frame_words(&self) -> u64 {
        match self.gate {
            Gate::Callback(CallbackType::Failsafe) => 11,
            _ if self.error.is_some() => 8,
            _ => 7,
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.gate {
            Gate::Vector(vector) => write!(f, "vector {vector}")?,
            Gate::Callback(kind) => write!(f, "the {kind:?} callback")?,
        }
        if let Some(error) = self.error {
            write!(f, " with error code {error:#x}")?;
        }
        write!(
            f,
            " at {:#x}, cs {:#x}, rflags {:#x}, rsp {:#x}, ss {:#x}",
            self.rip, self.cs, self.rflags, self.rsp, self.ss
        )
    }
}

/// An exit that the check does not expect.
impl From<Exit> for Verdict {
    fn from(exit: Exit) -> Self {
        Self::failure(exit)
    }
}
