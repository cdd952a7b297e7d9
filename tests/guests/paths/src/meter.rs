//! How a path is measured, and what came of it.

use crate::call::Refused;
use crate::console::line;
use crate::machine::{self, Timed};

/// How often each path is taken: the least is what counts, as interrupts come between.
const ROUNDS: usize = 40;

/// The result of a path.
pub(crate) type Cost = Result<u64, Refused>;

/// The least ticks of some rounds, without the frame around the operation.
pub(crate) fn least(mut operation: impl FnMut(usize) -> Result<Timed, Refused>) -> Cost {
    let overhead = minimum(|_| Ok(machine::nothing().ticks))?;
    let ticks = minimum(|round| operation(round).map(|timed| timed.ticks))?;
    Ok(ticks.saturating_sub(overhead))
}

/// The least of some rounds.
pub(crate) fn minimum(mut operation: impl FnMut(usize) -> Cost) -> Cost {
    let mut best = u64::MAX;
    for round in 0..ROUNDS {
        best = best.min(operation(round)?);
    }
    Ok(best)
}

/// Prints what a path takes.
pub(crate) fn report(name: &str, cost: Cost) {
    match cost {
        Ok(ticks) => line!("PATH {name} {ticks}"),
        Err(Refused(errno)) => line!("PATH {name} refused {errno}"),
    }
}
