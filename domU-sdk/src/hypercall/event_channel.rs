//! `event_channel_op`: event channels.
// UNSAFETY: lends its own arguments to the hypervisor.
#![expect(unsafe_code)]

use ringwall_abi::event_channel::{
    AllocUnbound, BindInterdomain, BindIpi, BindPirq, BindPirqFlags, BindVcpu, BindVirq, Close,
    EventChannelOp, EventChannelStatus, ExpandArray, InitControl, Reset, Send, SetPriority, Unmask,
};
use ringwall_abi::xen::Virq;
use ringwall_abi::{DomainId, Hypercall, Mfn, Pfn, Port, VcpuId};

use super::{Result, address_mut, call};

const NO_PORT: Port = Port::new(0);

/// Makes an operation with its argument, which the hypervisor may write.
///
/// None of those below reaches memory but its argument.
fn operation<T>(operation: EventChannelOp, argument: &mut T) -> Result<()> {
    let arguments = [operation as u64, address_mut(argument)];
    // SAFETY: the hypervisor reads and writes the argument, which has the operation's type.
    unsafe { call(Hypercall::EventChannelOp, arguments) }.map(|_| ())
}

/// Makes a port of `domain` that `remote` may bind.
///
/// # Errors
///
/// `EPERM` for another domain's port without the right to it, `ENOSPC` where there is no port left, `ESRCH`
/// for a domain that does not exist.
pub fn event_alloc_unbound(domain: DomainId, remote: DomainId) -> Result<Port> {
    let mut argument = AllocUnbound {
        dom: domain,
        remote_dom: remote,
        port: NO_PORT,
    };
    operation(EventChannelOp::AllocUnbound, &mut argument).map(|()| argument.port)
}

/// Binds a new port to a port of another domain that waits for it. It is pending at once.
///
/// # Errors
///
/// `EINVAL` where that port does not wait for the caller, `ESRCH`, `ENOSPC`.
pub fn event_bind_interdomain(remote: DomainId, remote_port: Port) -> Result<Port> {
    let mut argument = BindInterdomain {
        remote_dom: remote,
        _padding: 0,
        remote_port,
        local_port: NO_PORT,
    };
    operation(EventChannelOp::BindInterdomain, &mut argument).map(|()| argument.local_port)
}

/// Binds a virtual interrupt to a new port.
///
/// # Errors
///
/// `EEXIST` where it is bound, `ENOENT` for a virtual CPU that does not exist, `EINVAL` for one that does not
/// have such an interrupt of its own, `EPERM` for those of the privileged domain.
pub fn event_bind_virq(virq: Virq, vcpu: VcpuId) -> Result<Port> {
    let mut argument = BindVirq {
        virq: virq.number(),
        vcpu,
        port: NO_PORT,
    };
    operation(EventChannelOp::BindVirq, &mut argument).map(|()| argument.port)
}

/// Binds a physical interrupt to a new port.
///
/// # Errors
///
/// `EPERM` for one that the domain may not use, `EEXIST` where it is bound, `EINVAL`.
pub fn event_bind_pirq(pirq: u32, flags: BindPirqFlags) -> Result<Port> {
    let mut argument = BindPirq {
        pirq,
        flags,
        port: NO_PORT,
    };
    operation(EventChannelOp::BindPirq, &mut argument).map(|()| argument.port)
}

/// Makes a port by which virtual CPUs of the domain signal `vcpu`.
///
/// # Errors
///
/// `ENOENT` for a virtual CPU that does not exist, `ENOSPC`.
pub fn event_bind_ipi(vcpu: VcpuId) -> Result<Port> {
    let mut argument = BindIpi {
        vcpu,
        port: NO_PORT,
    };
    operation(EventChannelOp::BindIpi, &mut argument).map(|()| argument.port)
}

/// Closes a port.
///
/// # Errors
///
/// `EINVAL` where it is closed.
pub fn event_close(port: Port) -> Result<()> {
    operation(EventChannelOp::Close, &mut Close { port })
}

/// Sends an event to the other end of a port.
///
/// # Errors
///
/// `EINVAL` for a port that is closed or has no other end.
pub fn event_send(port: Port) -> Result<()> {
    operation(EventChannelOp::Send, &mut Send { port })
}

/// What a port is: [`EventChannelStatus::port_status`].
///
/// # Errors
///
/// `EINVAL` for a number that can be no port, `EPERM` for another domain, `ESRCH`.
pub fn event_status(domain: DomainId, port: Port) -> Result<EventChannelStatus> {
    let mut argument = EventChannelStatus {
        dom: domain,
        _padding: 0,
        port,
        status: 0,
        vcpu: VcpuId::new(0),
        detail: [0; 2],
    };
    operation(EventChannelOp::Status, &mut argument).map(|()| argument)
}

/// Sets which virtual CPU gets a port's events.
///
/// # Errors
///
/// `EINVAL` for a port that is closed or bound to its virtual CPU, `ENOENT` for one that does not exist.
pub fn event_bind_vcpu(port: Port, vcpu: VcpuId) -> Result<()> {
    operation(EventChannelOp::BindVcpu, &mut BindVcpu { port, vcpu })
}

/// Unmasks a port, with an upcall where it is pending.
///
/// # Errors
///
/// `EINVAL` for a port that is closed.
pub fn event_unmask(port: Port) -> Result<()> {
    operation(EventChannelOp::Unmask, &mut Unmask { port })
}

/// Closes all ports of a domain.
///
/// # Errors
///
/// `EPERM` for another domain, `ESRCH`.
pub fn event_reset(domain: DomainId) -> Result<()> {
    operation(EventChannelOp::Reset, &mut Reset { dom: domain })
}

/// Sets the priority of a port of the FIFO ABI.
///
/// # Errors
///
/// `ENOSYS` where the domain has two levels of ports, `EINVAL`.
pub fn event_set_priority(port: Port, priority: u32) -> Result<()> {
    operation(
        EventChannelOp::SetPriority,
        &mut SetPriority { port, priority },
    )
}

/// Gives a virtual CPU its queues of the FIFO ABI, and has the domain's ports work by it from the first one
/// on; how many bits of an event's word are the link.
///
/// This crate looks at two levels of ports: it gets no events any more.
///
/// # Safety
///
/// The frame must be the guest's for good, and be reached by atomics alone.
///
/// # Errors
///
/// `ENOSYS` where there are two levels of ports alone, as on Ringwall; `EINVAL` for a place that is not
/// fit, `ENOENT` for a virtual CPU that does not exist.
pub unsafe fn event_init_control(vcpu: VcpuId, frame: Mfn, offset: u32) -> Result<u8> {
    let mut argument = InitControl {
        // A PV guest's frames have the machine's numbers.
        control_gfn: Pfn::new(frame.raw()),
        offset,
        vcpu,
        ..InitControl::default()
    };
    operation(EventChannelOp::InitControl, &mut argument).map(|()| argument.link_bits)
}

/// Gives the FIFO ABI one more page of events' words.
///
/// # Safety
///
/// As of [`event_init_control`].
///
/// # Errors
///
/// `ENOSYS` where there are two levels of ports alone, as on Ringwall or before [`event_init_control`];
/// `ENOSPC` where there are pages for all ports.
pub unsafe fn event_expand_array(frame: Mfn) -> Result<()> {
    let mut argument = ExpandArray {
        array_gfn: Pfn::new(frame.raw()),
    };
    operation(EventChannelOp::ExpandArray, &mut argument)
}
