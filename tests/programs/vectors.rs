//! `vectors THREADS ROUNDS`: vector registers hold their values while other threads use theirs.

use std::arch::asm;
use std::{env, process, thread};

/// Sixteen registers of 32 bytes.
#[derive(PartialEq)]
#[repr(C, align(32))]
struct Registers([u8; 512]);

fn main() {
    let number = |index| env::args().nth(index).and_then(|text| text.parse().ok());
    let (threads, rounds) = (number(1).unwrap_or(4), number(2).unwrap_or(1000));
    let avx = is_x86_feature_detected!("avx");
    println!("{}", if avx { "AVX" } else { "SSE" });
    let workers: Vec<_> = (0..threads)
        .map(|seed: u64| thread::spawn(move || (0..rounds).all(|round| keeps(avx, seed, round))))
        .collect();
    let kept = workers
        .into_iter()
        .all(|worker| worker.join().unwrap_or(false));
    println!("{}", if kept { "kept" } else { "lost" });
    process::exit(i32::from(!kept));
}

/// Whether one round leaves every register as it was.
fn keeps(avx: bool, seed: u64, round: u64) -> bool {
    let mut from = Registers([0; 512]);
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ round;
    for (index, byte) in from.0.iter_mut().enumerate() {
        state = state
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(0x1405_7b7e_f767_814f);
        // SSE leaves the upper halves out, on both sides.
        *byte = if avx || index % 32 < 16 {
            state.to_be_bytes()[0]
        } else {
            0
        };
    }
    let mut to = Registers([0; 512]);
    if avx {
        // SAFETY: the CPU and the system have AVX.
        unsafe { through_avx(&from, &mut to) }
    } else {
        through_sse(&from, &mut to);
    }
    from == to
}

/// All 32 bytes of the sixteen registers.
#[target_feature(enable = "avx")]
fn through_avx(from: &Registers, to: &mut Registers) {
    // SAFETY: reads and writes the two arguments alone, 16 registers each at most; the system call
    // (24, sched_yield) touches no memory.
    unsafe {
        asm!(
            "vmovdqu ymm0, [rsi + 0]",
            "vmovdqu ymm1, [rsi + 32]",
            "vmovdqu ymm2, [rsi + 64]",
            "vmovdqu ymm3, [rsi + 96]",
            "vmovdqu ymm4, [rsi + 128]",
            "vmovdqu ymm5, [rsi + 160]",
            "vmovdqu ymm6, [rsi + 192]",
            "vmovdqu ymm7, [rsi + 224]",
            "vmovdqu ymm8, [rsi + 256]",
            "vmovdqu ymm9, [rsi + 288]",
            "vmovdqu ymm10, [rsi + 320]",
            "vmovdqu ymm11, [rsi + 352]",
            "vmovdqu ymm12, [rsi + 384]",
            "vmovdqu ymm13, [rsi + 416]",
            "vmovdqu ymm14, [rsi + 448]",
            "vmovdqu ymm15, [rsi + 480]",
            "mov r8d, 8",
            "2: mov eax, 24",
            "syscall",
            "mov ecx, 2000",
            "3: dec ecx",
            "jnz 3b",
            "dec r8d",
            "jnz 2b",
            "vmovdqu [rdi + 0], ymm0",
            "vmovdqu [rdi + 32], ymm1",
            "vmovdqu [rdi + 64], ymm2",
            "vmovdqu [rdi + 96], ymm3",
            "vmovdqu [rdi + 128], ymm4",
            "vmovdqu [rdi + 160], ymm5",
            "vmovdqu [rdi + 192], ymm6",
            "vmovdqu [rdi + 224], ymm7",
            "vmovdqu [rdi + 256], ymm8",
            "vmovdqu [rdi + 288], ymm9",
            "vmovdqu [rdi + 320], ymm10",
            "vmovdqu [rdi + 352], ymm11",
            "vmovdqu [rdi + 384], ymm12",
            "vmovdqu [rdi + 416], ymm13",
            "vmovdqu [rdi + 448], ymm14",
            "vmovdqu [rdi + 480], ymm15",
            in("rsi") from, in("rdi") to,
            out("rax") _, out("rcx") _, out("r8") _, out("r11") _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
            out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
            out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            options(nostack),
        );
    }
}

/// The lower 16 bytes.
fn through_sse(from: &Registers, to: &mut Registers) {
    // SAFETY: reads and writes the two arguments alone, 16 registers each at most; the system call
    // (24, sched_yield) touches no memory.
    unsafe {
        asm!(
            "movdqu xmm0, [rsi + 0]",
            "movdqu xmm1, [rsi + 32]",
            "movdqu xmm2, [rsi + 64]",
            "movdqu xmm3, [rsi + 96]",
            "movdqu xmm4, [rsi + 128]",
            "movdqu xmm5, [rsi + 160]",
            "movdqu xmm6, [rsi + 192]",
            "movdqu xmm7, [rsi + 224]",
            "movdqu xmm8, [rsi + 256]",
            "movdqu xmm9, [rsi + 288]",
            "movdqu xmm10, [rsi + 320]",
            "movdqu xmm11, [rsi + 352]",
            "movdqu xmm12, [rsi + 384]",
            "movdqu xmm13, [rsi + 416]",
            "movdqu xmm14, [rsi + 448]",
            "movdqu xmm15, [rsi + 480]",
            "mov r8d, 8",
            "2: mov eax, 24",
            "syscall",
            "mov ecx, 2000",
            "3: dec ecx",
            "jnz 3b",
            "dec r8d",
            "jnz 2b",
            "movdqu [rdi + 0], xmm0",
            "movdqu [rdi + 32], xmm1",
            "movdqu [rdi + 64], xmm2",
            "movdqu [rdi + 96], xmm3",
            "movdqu [rdi + 128], xmm4",
            "movdqu [rdi + 160], xmm5",
            "movdqu [rdi + 192], xmm6",
            "movdqu [rdi + 224], xmm7",
            "movdqu [rdi + 256], xmm8",
            "movdqu [rdi + 288], xmm9",
            "movdqu [rdi + 320], xmm10",
            "movdqu [rdi + 352], xmm11",
            "movdqu [rdi + 384], xmm12",
            "movdqu [rdi + 416], xmm13",
            "movdqu [rdi + 448], xmm14",
            "movdqu [rdi + 480], xmm15",
            in("rsi") from, in("rdi") to,
            out("rax") _, out("rcx") _, out("r8") _, out("r11") _,
            out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _,
            out("xmm4") _, out("xmm5") _, out("xmm6") _, out("xmm7") _,
            out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
            out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _,
            options(nostack),
        );
    }
}
