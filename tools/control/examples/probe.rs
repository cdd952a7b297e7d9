//! Uses what the crate offers without changing anything, and prints what came of it as `name=value`; with
//! argument `machine` also what needs `sysctl` and `domctl`.

use std::process::ExitCode;

use ringwall_abi::event_channel::PortStatus;
use ringwall_abi::xen::Virq;
use ringwall_abi::{DomainId, Mfn, VcpuId};
use ringwall_control::{EventChannels, Hypervisor, Protection, Result};

fn main() -> ExitCode {
    let machine = std::env::args().any(|argument| argument == "machine");
    let result = Hypervisor::open().and_then(|hypervisor| {
        version(&hypervisor)?;
        events(&hypervisor)?;
        match machine {
            true => probe_machine(&hypervisor),
            false => Ok(()),
        }
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn version(hypervisor: &Hypervisor) -> Result<()> {
    println!("version={}", hypervisor.version()?);
    println!("ringwall={}", u8::from(hypervisor.is_ringwall()?));
    println!("capabilities={}", hypervisor.capabilities()?);
    println!("features={:#x}", hypervisor.features()?);
    let (console, _) = hypervisor.read_console(0)?;
    println!("console_bytes={}", console.len());
    Ok(())
}

fn events(hypervisor: &Hypervisor) -> Result<()> {
    let events = EventChannels::open()?;
    let offered = events.bind_unbound(DomainId::DOM0)?;
    let bound = events.bind_interdomain(DomainId::DOM0, offered)?;
    let (status, _) = hypervisor.port_status(DomainId::SELF, bound)?;
    let connected = status == PortStatus::Interdomain(DomainId::DOM0, offered);
    println!("connected={}", u8::from(connected));
    // A port that is bound starts pending, so that no event from before is lost.
    println!("begun={}", u8::from(events.pending()? == [bound]));
    events.notify(bound)?;
    println!("delivered={}", u8::from(events.pending()? == [offered]));
    events.notify(bound)?;
    println!("masked={}", u8::from(events.pending()?.is_empty()));
    events.unmask(offered)?;
    println!("kept={}", u8::from(events.pending()? == [offered]));
    events.unbind(bound)?;
    println!("closed={}", u8::from(events.notify(bound).is_err()));
    let ended = events.bind_virq(Virq::DomExc)?;
    println!("virq={}", u8::from(ended.raw() != 0));
    Ok(())
}

fn probe_machine(hypervisor: &Hypervisor) -> Result<()> {
    let machine = hypervisor.machine()?;
    println!("total_pages={}", machine.total_pages);
    println!("free_pages={}", machine.free_pages);
    println!("cpus={}", machine.nr_cpus);
    for domain in hypervisor.domains()? {
        println!("domain={}", domain.domain.raw());
        println!("pages={}", domain.tot_pages);
    }
    let vcpu = hypervisor.vcpu_info(DomainId::DOM0, VcpuId::new(0))?;
    println!("cpu_time={}", vcpu.cpu_time);
    let pinning = hypervisor.vcpu_pinning(DomainId::DOM0, VcpuId::new(0))?;
    println!("pinned_to={}", pinning.len());
    let nobody = DomainId::new(4000);
    let refused = hypervisor.map_frames(nobody, &[Mfn::new(1)], Protection::ReadOnly);
    println!("nobody={}", u8::from(refused.is_err()));
    let refused = hypervisor.pause_domain(nobody);
    println!("absent={}", u8::from(refused.is_err()));
    Ok(())
}
