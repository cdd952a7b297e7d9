//! After `fpu_taskswitch` with 1, the first FPU or SSE instruction raises #NM (vector 7), at both levels; the
//! hypervisor clears TS for the handler, so that the second one does not: `public/xen.h`, `fpu_taskswitch`.
#![no_std]
#![no_main]

use guests::attempt::{self, Level, Raised, ends, needs, raises};
use guests::sdk::abi::Hypercall;
use guests::{Check, ask, code};

guests::rule!(check);

fn check() -> Check {
    attempt::take()?;
    for code in [code!("fninit"), code!("movaps xmm0, xmm1")] {
        for level in Level::ALL {
            let switched = ask(Hypercall::FpuTaskswitch, [1]);
            needs("fpu_taskswitch", switched)?;
            let entry = code.at(level);
            raises(&code, &entry, Raised::by(7))?;
            ends(&code, &entry)?;
        }
    }
    Ok(())
}
