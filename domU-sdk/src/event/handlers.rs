//! What is done about events.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::sync::atomic::Ordering;

use ringwall_abi::xen::VcpuInfo;
use ringwall_abi::{Port, VcpuId};

use super::ports::{self, WORDS};
use crate::raw::registers;
use crate::sync::Lock;
use crate::{hypercall, start};

/// What is done about a port's events.
pub type Handler = dyn Fn(Port) + Send + Sync;

struct Entry {
    handler: Arc<Handler>,
    vcpu: VcpuId,
}

static HANDLERS: Lock<BTreeMap<u32, Entry>> = Lock::new(BTreeMap::new());

/// Calls a handler for each event of a port from now on, on the virtual CPU that the port is bound to, with
/// upcalls masked; in place of the one before. Unmasks the port.
///
/// # Errors
///
/// `EINVAL` for a port that is closed.
pub fn listen(port: Port, handler: impl Fn(Port) + Send + Sync + 'static) -> hypercall::Result<()> {
    let status = hypercall::event_status(ringwall_abi::DomainId::SELF, port)?;
    let entry = Entry {
        handler: Arc::new(handler),
        vcpu: status.vcpu,
    };
    let before = HANDLERS.lock().insert(port.raw(), entry);
    // Not under the lock: a handler's state may be anything.
    drop(before);
    ports::unmask_port(port)
}

/// Masks a port and forgets its handler, which may still be running on another virtual CPU.
pub fn unlisten(port: Port) {
    ports::mask_port(port);
    let before = HANDLERS.lock().remove(&port.raw());
    drop(before);
}

/// Takes note that a port is bound to another virtual CPU.
pub(super) fn moved(port: Port, vcpu: VcpuId) {
    if let Some(entry) = HANDLERS.lock().get_mut(&port.raw()) {
        entry.vcpu = vcpu;
    }
}

/// Handles what is pending on this virtual CPU.
pub(crate) fn dispatch() {
    let Some(info) = start::vcpu_info() else {
        return;
    };
    let vcpu = registers::vcpu();
    loop {
        // Clear before test: a send between the two would be lost.
        info.u8(VcpuInfo::UPCALL_PENDING).store(0, Ordering::SeqCst);
        let selected = info.u64(VcpuInfo::PENDING_SEL).swap(0, Ordering::SeqCst);
        if selected == 0 {
            return;
        }
        for word in bits(selected).filter(|word| *word < WORDS) {
            for bit in bits(ports::open(word)) {
                let number = u32::try_from(word * 64 + bit).unwrap_or(0);
                handle(Port::new(number), vcpu);
            }
        }
    }
}

fn handle(port: Port, vcpu: VcpuId) {
    let handler = {
        let handlers = HANDLERS.lock();
        match handlers.get(&port.raw()) {
            Some(entry) if entry.vcpu == vcpu => Some(entry.handler.clone()),
            // Another virtual CPU's: its own upcall comes.
            Some(_) => return,
            None => None,
        }
    };
    match handler {
        Some(handler) => {
            ports::clear(port);
            handler(port);
        }
        // It stays pending for whoever polls, and says so once.
        None => ports::mask_port(port),
    }
}

/// The numbers of the bits that are set.
fn bits(mut word: u64) -> impl Iterator<Item = usize> {
    core::iter::from_fn(move || {
        let bit = word.trailing_zeros();
        word &= word.checked_sub(1)?;
        Some(bit as usize)
    })
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn bits_are_numbered_from_the_lowest() {
        for (word, numbers) in [(0, &[][..]), (1, &[0]), (0b1010, &[1, 3]), (1 << 63, &[63])] {
            assert_eq!(bits(word).collect::<Vec<_>>(), numbers, "{word:#x}");
        }
    }
}
