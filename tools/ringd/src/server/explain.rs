//! What a domain is waiting for.

use ringwall_abi::event_channel::PortStatus;
use ringwall_abi::xen::Virq;
use ringwall_abi::{DomainId, Errno, Port};
use ringwall_api::{DeviceState, EventChannel, Explanation, Result, State};

use super::{devices, target, vcpus};
use crate::daemon::Daemon;
use crate::domain::{shutdown_reason, state};
use crate::failure::OrFail as _;

/// Ports that are looked at, at most.
const PORTS: u32 = 4096;
/// Free ports in a row after which no more are looked at.
const GAP: u32 = 64;

/// Looks at all that a domain may wait for.
pub(super) fn explain(daemon: &Daemon, name: &str) -> Result<Explanation> {
    let target = target::find(daemon, name)?;
    let info = daemon.hypervisor.domain_info(target.id).or_fail()?;
    let mut explanation = Explanation {
        id: target.id.raw(),
        name: target.name,
        state: state(info.flags),
        findings: Vec::new(),
        vcpu: vcpus::list(daemon, target.id)?,
        event_channels: channels(daemon, target.id)?,
        disk: devices::disks(daemon, target.id)?,
        net: devices::nets(daemon, target.id)?,
    };
    let reason = shutdown_reason(info.flags).map(|reason| reason.name());
    explanation.findings = findings(&explanation, reason);
    Ok(explanation)
}

fn findings(found: &Explanation, reason: Option<&str>) -> Vec<String> {
    let mut lines = Vec::new();
    let name = &found.name;
    match found.state {
        State::Paused => lines.push(format!("it is paused: ringctl unpause {name} lets it run")),
        State::Dying => {
            lines.push("it is being destroyed; dom0 may still map its memory".to_owned())
        }
        State::Crashed | State::Shutdown => lines.push(format!(
            "it has ended ({}) and is kept: ringctl destroy {name} frees it",
            reason.unwrap_or("for an unknown reason")
        )),
        State::Running => lines.push("it runs, or waits for a CPU".to_owned()),
        State::Blocked => lines.push("all its virtual CPUs wait for events".to_owned()),
    }
    let ran = found
        .vcpu
        .iter()
        .map(|vcpu| vcpu.cpu_time_ns)
        .fold(0, u64::saturating_add);
    if ran == 0 {
        lines.push("it has never run".to_owned());
    }
    for (device, back, front) in found
        .disk
        .iter()
        .map(|disk| (&disk.device, disk.back, disk.front))
        .chain(
            found
                .net
                .iter()
                .map(|net| (&net.interface, net.back, net.front)),
        )
    {
        lines.extend(device_finding(device, back, front));
    }
    let unbound = found
        .event_channels
        .iter()
        .filter(|channel| channel.bound_to.starts_with("unbound"));
    for channel in unbound {
        lines.push(format!("nobody has bound its port {}", channel.port));
    }
    lines
}

/// What is not as it should be with a device.
fn device_finding(name: &str, back: DeviceState, front: DeviceState) -> Option<String> {
    use DeviceState::{Absent, Closed, Closing, Connected, InitWait, Initialised, Initialising};
    match (back, front) {
        (Connected, Connected) => None,
        (Absent, _) => Some(format!("{name}: dom0's end is gone")),
        (Initialising, _) => Some(format!(
            "{name}: dom0's driver has not taken it: is its module loaded?"
        )),
        (InitWait, Initialising) => {
            Some(format!("{name}: the guest's driver has not taken it yet"))
        }
        (InitWait | Initialised, _) => Some(format!(
            "{name}: dom0's end waits for the guest's, which is {}",
            front.name()
        )),
        (Closing, _) => Some(format!(
            "{name}: dom0 closes it, and the guest's end is {}",
            front.name()
        )),
        (Closed, _) => Some(format!("{name}: it is closed")),
        (_, Closed | Closing) => Some(format!("{name}: the guest has closed it")),
        _ => Some(format!(
            "{name}: dom0's end is {}, the guest's is {}",
            back.name(),
            front.name()
        )),
    }
}

fn channels(daemon: &Daemon, domain: DomainId) -> Result<Vec<EventChannel>> {
    let mut channels = Vec::new();
    let mut free = 0;
    for port in 1..PORTS {
        let (status, vcpu) = match daemon.hypervisor.port_status(domain, Port::new(port)) {
            Ok(found) => found,
            // Past the last one.
            Err(error) if error.is(Errno::EINVAL) => break,
            Err(error) => return Err(error).or_fail(),
        };
        let bound_to = match status {
            PortStatus::Closed => {
                free += 1;
                if free >= GAP {
                    break;
                }
                continue;
            }
            PortStatus::Unbound(remote) => format!("unbound, for domain {}", remote.raw()),
            PortStatus::Interdomain(remote, port) => {
                format!("domain {} port {}", remote.raw(), port.raw())
            }
            PortStatus::Pirq(number) => format!("interrupt {number}"),
            PortStatus::Virq(number) if number == Virq::Timer.number() => "timer".to_owned(),
            PortStatus::Virq(number) => format!("virtual interrupt {number}"),
            PortStatus::Ipi => "its own virtual CPUs".to_owned(),
        };
        free = 0;
        channels.push(EventChannel {
            port,
            vcpu: vcpu.raw(),
            bound_to,
        });
    }
    Ok(channels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_that_work_need_no_words() {
        use DeviceState::{Closed, Connected, InitWait, Initialising};
        for (back, front, expected) in [
            (Connected, Connected, None),
            (
                Initialising,
                Initialising,
                Some("xvda: dom0's driver has not taken it: is its module loaded?"),
            ),
            (
                InitWait,
                Initialising,
                Some("xvda: the guest's driver has not taken it yet"),
            ),
            (Connected, Closed, Some("xvda: the guest has closed it")),
        ] {
            assert_eq!(device_finding("xvda", back, front).as_deref(), expected);
        }
    }
}
