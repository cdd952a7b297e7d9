//! `vcpu`, `memory`, `disk` and `net`.

use ringwall_api::{DiskInfo, Failure, Kind, MemoryInfo, NetInfo, Request, Result, VcpuInfo};
use ringwall_guestfile::{CpuSet, Disk, Net};

use super::Session;
use crate::cli::{DiskCommand, NetCommand, VcpuCommand};
use crate::output::{Output, Table, cpu_time, memory as memory_text};

pub(super) fn vcpu(session: &Session<'_>, command: VcpuCommand) -> Result<u8> {
    let request = match command {
        VcpuCommand::List { domain } => Request::VcpuList { domain },
        VcpuCommand::Pin { domain, vcpu, cpus } => {
            let cpus = match cpus.as_str() {
                "all" => None,
                cpus => Some(CpuSet::parse(cpus).map_err(usage)?.iter().collect()),
            };
            let vcpu = vcpu.0;
            Request::VcpuPin { domain, vcpu, cpus }
        }
        VcpuCommand::Set { domain, count } => Request::VcpuSet { domain, count },
    };
    session.show(request, vcpus)
}

pub(super) fn vcpus(output: &Output, vcpus: Vec<VcpuInfo>) -> Result<()> {
    let mut table = Table::new([
        ">VCPU", "STATE", ">CPU", ">TIME", "AFFINITY", ">WAITED", ">CALLS", ">FAULTS",
    ]);
    for vcpu in vcpus {
        let state = match (vcpu.online, vcpu.running, vcpu.blocked) {
            (false, _, _) => "offline",
            (_, true, _) => "running",
            (_, _, true) => "blocked",
            _ => "runnable",
        };
        let counted = vcpu.statistics.as_ref();
        let absent = || "-".to_owned();
        table.row([
            vcpu.vcpu.to_string(),
            state.to_owned(),
            vcpu.cpu.to_string(),
            cpu_time(vcpu.cpu_time_ns),
            vcpu.affinity,
            // For a CPU.
            counted.map_or_else(absent, |counted| cpu_time(counted.runnable_ns)),
            counted.map_or_else(absent, |counted| {
                counted.counters.hypercalls.sum().to_string()
            }),
            counted.map_or_else(absent, |counted| counted.counters.page_faults.to_string()),
        ]);
    }
    table.print(output)
}

pub(super) fn memory(output: &Output, info: MemoryInfo) -> Result<()> {
    let [has, target, most] =
        [info.memory_kib, info.target_kib, info.max_memory_kib].map(memory_text);
    output.line(&format!(
        "{}: has {has}, target {target}, at most {most}",
        info.name
    ))
}

pub(super) fn disk(session: &Session<'_>, command: DiskCommand) -> Result<u8> {
    let one = |output: &Output, disk: DiskInfo| disks(output, vec![disk]);
    match command {
        DiskCommand::List { domain } => session.show(Request::DiskList { domain }, disks),
        DiskCommand::Attach { domain, disk } => {
            let (mut disk, warnings) = Disk::parse(&disk).map_err(usage)?;
            warnings
                .iter()
                .for_each(|line| session.output.warning(line));
            disk.path = std::path::absolute(disk.path)?;
            session.show(Request::DiskAttach { domain, disk }, one)
        }
        DiskCommand::Detach {
            domain,
            device,
            force,
        } => {
            let request = Request::DiskDetach {
                domain,
                device,
                force,
            };
            session.show(request, one)
        }
    }
}

pub(super) fn disks(output: &Output, disks: Vec<DiskInfo>) -> Result<()> {
    let mut table = Table::new(["DEVICE", "MODE", "PATH", "BACK", "FRONT"]);
    for disk in disks {
        table.row([
            disk.device,
            disk.mode,
            disk.path,
            disk.back.name().to_owned(),
            disk.front.name().to_owned(),
        ]);
    }
    table.print(output)
}

pub(super) fn net(session: &Session<'_>, command: NetCommand) -> Result<u8> {
    let one = |output: &Output, net: NetInfo| nets(output, vec![net]);
    match command {
        NetCommand::List { domain } => session.show(Request::NetList { domain }, nets),
        NetCommand::Attach { domain, net } => {
            let (net, warnings) = Net::parse(&net).map_err(usage)?;
            warnings
                .iter()
                .for_each(|line| session.output.warning(line));
            session.show(Request::NetAttach { domain, net }, one)
        }
        NetCommand::Detach {
            domain,
            device,
            force,
        } => {
            let request = Request::NetDetach {
                domain,
                device,
                force,
            };
            session.show(request, one)
        }
    }
}

pub(super) fn nets(output: &Output, nets: Vec<NetInfo>) -> Result<()> {
    let mut table = Table::new([
        ">INDEX",
        "MAC",
        "BRIDGE",
        "INTERFACE",
        "IP",
        "BACK",
        "FRONT",
    ]);
    for net in nets {
        table.row([
            net.index.to_string(),
            net.mac,
            net.bridge,
            net.interface,
            net.ip.unwrap_or_else(|| "-".to_owned()),
            net.back.name().to_owned(),
            net.front.name().to_owned(),
        ]);
    }
    table.print(output)
}

fn usage(message: String) -> Failure {
    Failure::new(Kind::Usage, message)
}
