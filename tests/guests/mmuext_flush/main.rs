//! The flushes of `mmuext_op`: of one address or all, on this virtual CPU, on some or on all: `public/xen.h`. After one,
//! what an entry says is what is seen. An address that is not canonical does nothing (lesson 11); a set of virtual
//! CPUs that can't be read harms nobody. Caches are flushed for the privileged domain.
#![no_std]
#![no_main]

use core::sync::atomic::Ordering;

use guests::memory::{extended, set_leaf};
use guests::page::page;
use guests::sdk::abi::Errno;
use guests::sdk::abi::xen::MmuExtCommand::{
    FlushCache, FlushCacheGlobal, InvlpgAll, InvlpgLocal, InvlpgMulti, TlbFlushAll, TlbFlushLocal,
    TlbFlushMulti,
};
use guests::sdk::memory::entry::{Access, leaf};
use guests::{Check, address, ensure, equal, granted};

guests::rule!(check);

fn check() -> Check {
    let (place, own) = page()?;
    let (other, frame) = page()?;
    place.u64(0).store(1, Ordering::SeqCst);
    other.u64(0).store(2, Ordering::SeqCst);
    let cpus = 1_u64;
    for command in [
        TlbFlushLocal,
        InvlpgLocal,
        TlbFlushMulti,
        InvlpgMulti,
        TlbFlushAll,
        InvlpgAll,
    ] {
        let set = match command {
            TlbFlushMulti | InvlpgMulti => address(&cpus),
            _ => 0,
        };
        for (target, value) in [(frame, 2), (own, 1)] {
            place.u64(0).load(Ordering::SeqCst);
            let entry = leaf(target, Access::ReadWrite);
            granted("without a flush", set_leaf(place.address(), entry, 0))?;
            granted(command, extended(command, place.address(), set))?;
            equal(command, place.u64(0).load(Ordering::SeqCst), value)?;
        }
    }
    for odd in [0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
        let _ = extended(InvlpgLocal, odd, 0);
    }
    // A hypervisor that flushes more than it is asked to need not read the set.
    for command in [TlbFlushMulti, InvlpgMulti] {
        for bad in [0x8000_0000_0000_0000, 0xffff_8300_0000_0000] {
            let answer = extended(command, place.address(), bad);
            ensure!(
                answer.is_ok() || answer.is_one_of(&[Errno::EFAULT, Errno::EINVAL]),
                "{command}: {answer}"
            );
        }
    }
    // Caches are the privileged domain's to flush, which drives devices.
    for command in [FlushCache, FlushCacheGlobal] {
        granted(command, extended(command, 0, 0))?;
    }
    Ok(())
}
