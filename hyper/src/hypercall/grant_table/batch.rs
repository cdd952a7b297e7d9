//! Lists of requests, worked through in steps.

use ringwall_abi::Errno;
use ringwall_model::memory::Machine;
use zerocopy::{FromBytes, Immutable, IntoBytes};

use crate::hypercall::{Call, Result, Stop, read_element, write_element};
use crate::machine::MACHINE;

/// Requests of a group: as many are done between two looks at what else waits.
pub(super) const GROUP: usize = 16;

/// A request as the guest wrote it, and what becomes of it.
pub(super) trait Record: FromBytes + IntoBytes + Immutable {}

impl<T: FromBytes + IntoBytes + Immutable> Record for T {}

/// Does each request of the list, which gets its outcome written into it.
pub(super) fn each<T: Record>(
    call: &mut Call<'_>,
    mut act: impl FnMut(&Call<'_>, &mut T) -> Result<()>,
) -> Result {
    steps::<T>(call, 1, |call, first, _| {
        let list = call.address(1);
        let mut request: T = read_element(list, first)?;
        call.vcpu.counters.grants.count();
        act(call, &mut request)?;
        write_element(list, first, &request)
    })
}

/// Does the requests of the list in groups, of at most [`GROUP`], which share one flush.
pub(super) fn groups<T: Record>(
    call: &mut Call<'_>,
    mut act: impl FnMut(&Call<'_>, &mut [T]),
) -> Result {
    steps::<T>(call, GROUP as u64, |call, first, count| {
        let list = call.address(1);
        let mut group: [T; GROUP] = core::array::from_fn(|_| T::new_zeroed());
        let mut requests = group.iter_mut().zip(first..first + count);
        let mut outcome = Ok(());
        let mut length = 0;
        for (request, index) in &mut requests {
            match read_element(list, index) {
                Ok(value) => {
                    call.vcpu.counters.grants.count();
                    *request = value;
                }
                Err(stop) => {
                    outcome = Err(stop);
                    break;
                }
            }
            length += 1;
        }
        let group = group.get_mut(..length).unwrap_or_default();
        act(call, group);
        // Each outcome is told, whatever became of the others.
        for (request, index) in group.iter().zip(first..) {
            outcome = outcome.and(write_element(list, index, request));
        }
        outcome
    })
}

/// Does the one request of an operation that is never called with more.
pub(super) fn one<T: Record>(
    call: &mut Call<'_>,
    act: impl FnMut(&Call<'_>, &mut T) -> Result<()>,
) -> Result {
    if call.word(2) == 1 {
        each(call, act)
    } else {
        Err(Errno::EINVAL.into())
    }
}

/// Calls `act` with the first and the length of one group after the other.
fn steps<T>(
    call: &mut Call<'_>,
    group: u64,
    mut act: impl FnMut(&Call<'_>, u64, u64) -> Result<()>,
) -> Result {
    let count = u64::from(call.word(2));
    if count > i32::MAX.unsigned_abs().into() {
        return Err(Errno::EINVAL.into());
    }
    let mut done = 0;
    while done < count {
        let length = group.min(count - done);
        act(call, done, length)?;
        done += length;
        if done < count && MACHINE.should_preempt() {
            let bytes = done * size_of::<T>() as u64;
            call.arguments[1] = call.number(1).wrapping_add(bytes);
            call.arguments[2] = count - done;
            return Err(Stop::Resume);
        }
    }
    Ok(0)
}
