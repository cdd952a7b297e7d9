//! A guest starts with the FPU as after a reset: control word 0x37f, MXCSR 0x1f80, all registers empty or zero; nothing is
//! left there of anyone else. What it puts there stays over hypercalls, exceptions and sleep: SDM vol. 1, 8.1 and 11.6;
//! Lesson 50.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, ends};
use guests::sdk::abi::Hypercall;
use guests::sdk::abi::sched::SchedOp;
use guests::sdk::time;
use guests::{Check, ask, code, ensure};

guests::rule!(check);

#[repr(C, align(16))]
struct Area([u64; 64]);

fn check() -> Check {
    attempt::take()?;
    let mut area = Area([!0; 64]);
    let save = code!("fxsave64 [rdi]");
    let mut entry = save.at(Level::Kernel);
    entry.rdi = guests::address_mut(&mut area);
    ends(&save, &entry)?;
    let [control, ..] = read(&area);
    ensure!(
        control & 0xffff == 0x37f,
        "the control word is {:#x}",
        control & 0xffff
    );
    ensure!(
        read(&area)[3] & 0xffff_ffff == 0x1f80,
        "MXCSR is {:#x}",
        read(&area)[3]
    );
    let words = read(&area);
    for (index, word) in words.iter().enumerate().take(52).skip(4) {
        // Of each pair of the first eight only ten bytes are written.
        let mask = if index < 20 && index % 2 == 1 {
            0xffff
        } else {
            !0
        };
        ensure!(word & mask == 0, "word {index} of the state is {word:#x}");
    }
    let load = code!(
        "movq xmm0, rdi",
        "movq xmm15, rsi",
        "fninit",
        "fldpi",
        "mov dword ptr [rsp - 8], 0x9fc0",
        "ldmxcsr [rsp - 8]",
    );
    let mut entry = load.at(Level::User);
    (entry.rdi, entry.rsi) = (0x1111_2222_3333_4444, 0x5555_6666_7777_8888);
    ends(&load, &entry)?;
    // Other things happen: hypercalls, exceptions, sleep.
    let until = time::monotonic_ns() + 2_000_000;
    let timer = ask(Hypercall::SetTimerOp, [until]);
    ensure!(timer.is_ok(), "set_timer_op: {timer}");
    while time::monotonic_ns() < until {
        let _ = ask(Hypercall::SchedOp, [SchedOp::Yield as u64, 0]);
    }
    let look = code!(
        "movq rax, xmm0",
        "movq rbx, xmm15",
        "stmxcsr [rsp - 8]",
        "mov edx, [rsp - 8]",
        "fstp tbyte ptr [rsp - 32]",
        "mov rsi, [rsp - 32]",
    );
    let exit = ends(&look, &look.at(Level::Kernel))?;
    ensure!(
        [exit.rax, exit.rbx] == [entry.rdi, entry.rsi],
        "xmm0 is {:#x}, xmm15 {:#x}",
        exit.rax,
        exit.rbx
    );
    ensure!(exit.rdx == 0x9fc0, "MXCSR is {:#x}", exit.rdx);
    ensure!(
        exit.rsi == 0xc90f_daa2_2168_c235,
        "the FPU's top is {:#x}, not pi",
        exit.rsi
    );
    Ok(())
}

/// The words, as the code has written them.
fn read(area: &Area) -> [u64; 64] {
    core::hint::black_box(area).0
}
