//! `explain`.

use ringwall_api::{EventChannel, Explanation, Result};

use super::{device, domain};
use crate::output::{Output, Table, state_style};

pub(super) fn show(output: &Output, explanation: Explanation) -> Result<()> {
    let state = explanation.state;
    let state = output.styled(state_style(state), state.name());
    output.line(&format!(
        "{}, domain {}: {state}",
        explanation.name, explanation.id
    ))?;
    for finding in &explanation.findings {
        output.line(&format!("- {finding}"))?;
    }
    domain::section(output, "virtual CPUs", explanation.vcpu, device::vcpus)?;
    domain::section(
        output,
        "event channels",
        explanation.event_channels,
        channels,
    )?;
    domain::section(output, "disks", explanation.disk, device::disks)?;
    domain::section(output, "network cards", explanation.net, device::nets)
}

fn channels(output: &Output, channels: Vec<EventChannel>) -> Result<()> {
    let mut table = Table::new([">PORT", ">VCPU", "BOUND TO"]);
    for channel in channels {
        table.row([
            channel.port.to_string(),
            channel.vcpu.to_string(),
            channel.bound_to,
        ]);
    }
    table.print(output)
}
