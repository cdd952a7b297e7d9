//! `EVTCHNOP_bind_vcpu` moves a port to another virtual CPU: interdomain ports, unbound ones, PIRQs and
//! global virtual interrupts. Those of one virtual CPU alone, and IPIs, stay: `EINVAL`. A virtual CPU that
//! is none is `ENOENT`. `public/event_channel.h`.
#![no_std]
#![no_main]

use guests::events::{NO_PORT, event, ipi, unbound, virq};
use guests::sdk::abi::event_channel::{BindVcpu, EventChannelOp};
use guests::sdk::abi::xen::Virq;
use guests::sdk::abi::{Errno, Port, VcpuId};
use guests::{Answer, Check, granted, refused};

guests::rule!(check);

fn bind(port: Port, vcpu: u32) -> Answer {
    let mut argument = BindVcpu {
        port,
        vcpu: VcpuId::new(vcpu),
    };
    event(EventChannelOp::BindVcpu, &mut argument)
}

fn check() -> Check {
    granted("unbound", bind(unbound()?, 0))?;
    granted("global", bind(virq(Virq::Console)?, 0))?;
    refused("an IPI", bind(ipi()?, 0), &[Errno::EINVAL])?;
    refused("a timer", bind(virq(Virq::Timer)?, 0), &[Errno::EINVAL])?;
    refused("no port", bind(NO_PORT, 0), &[Errno::EINVAL])?;
    refused("no virtual CPU", bind(unbound()?, 4095), &[Errno::ENOENT])
}
