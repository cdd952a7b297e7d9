//! What is read out of copied bytes is what was written.

use ringwall_abi::event_channel::{EventChannelStatus, PortStatus};
use ringwall_abi::memory::{E820Entry, MemoryFlags};
use ringwall_abi::xen::{
    MmuUpdate, MmuUpdateCommand, SharedInfo, StartInfo, VaFlush, VaFlushScope, VaMappingFlags,
    VcpuInfo, VesaLfb, VgaConsoleInfo, VideoType,
};
use ringwall_abi::{DomainId, Errno, GuestAddress, Hypercall, Mfn, Port, VcpuId};

#[test]
fn every_port_status_survives() {
    for status in [
        PortStatus::Closed,
        PortStatus::Unbound(DomainId::new(7)),
        PortStatus::Interdomain(DomainId::SELF, Port::new(4095)),
        PortStatus::Pirq(16),
        PortStatus::Virq(0),
        PortStatus::Ipi,
    ] {
        let mut answer = EventChannelStatus::default();
        answer.set_port_status(status, VcpuId::new(3));
        assert_eq!(answer.port_status(), Some(status));
        assert_eq!(answer.vcpu, VcpuId::new(3));
    }
    let unknown = EventChannelStatus {
        status: 6,
        ..Default::default()
    };
    assert_eq!(unknown.port_status(), None);
}

#[test]
fn the_console_of_a_domu_survives() {
    let mut info = StartInfo::default();
    info.set_domu_console(Mfn::new(0x1_2345_6789), Port::new(2));
    assert_eq!(info.domu_console(), (Mfn::new(0x1_2345_6789), Port::new(2)));
}

#[test]
fn a_frame_buffer_survives_and_is_no_text_mode() {
    let buffer = VesaLfb {
        width: 1024,
        height: 768,
        ext_lfb_base: 1,
        ..Default::default()
    };
    let info = VgaConsoleInfo::new_lfb(VideoType::EfiLfb, buffer);
    assert_eq!(info.lfb(), Some(buffer));
    assert_eq!(info.text_mode_3(), None);
}

#[test]
fn flushes_are_told_apart() {
    let decode = |bits| {
        let flags = VaMappingFlags::from_bits_retain(bits);
        (flags.flush(), flags.scope())
    };
    assert_eq!(decode(0), (Some(VaFlush::None), VaFlushScope::Local));
    assert_eq!(decode(5), (Some(VaFlush::Tlb), VaFlushScope::All));
    let mask = VaFlushScope::Mask(GuestAddress::new(0x1000));
    assert_eq!(decode(0x1002), (Some(VaFlush::Address), mask));
    assert_eq!(decode(3).0, None);
}

#[test]
fn an_update_splits_into_address_and_command() {
    let update = MmuUpdate {
        ptr: 0x1ffa,
        val: 0,
    };
    assert_eq!(update.command(), MmuUpdateCommand::PtUpdatePreserveAd);
    assert_eq!(update.address().raw(), 0x1ff8);
}

#[test]
fn errors_survive_rax_and_name_their_cause() {
    for (errno, _) in Errno::TABLE {
        assert_eq!(Errno::from_rax(errno.to_rax()), Some(*errno));
    }
    for result in [0, 1, i64::MAX, i64::MIN, -4096] {
        assert_eq!(Errno::from_rax(result), None);
    }
    assert_eq!(Errno::EINVAL.to_string(), "an invalid argument (EINVAL)");
}

#[test]
fn numbers_without_a_meaning_are_refused() {
    for number in [11, 43, 56, u64::MAX] {
        assert_eq!(Hypercall::from_number(number), None);
    }
}

#[test]
fn only_the_first_vcpus_lie_in_the_shared_page() {
    assert_eq!(
        SharedInfo::vcpu_info_offset(VcpuId::new(31)),
        Some(31 * size_of::<VcpuInfo>())
    );
    assert_eq!(SharedInfo::vcpu_info_offset(VcpuId::new(32)), None);
}

#[test]
fn a_memory_map_entry_is_packed() {
    assert_eq!(size_of::<E820Entry>(), 20);
}

#[test]
fn a_node_is_one_less_than_its_field() {
    assert_eq!(MemoryFlags::from_bits_retain(0).node(), None);
    assert_eq!(MemoryFlags::from_bits_retain(0x0120).node(), Some(0));
    assert_eq!(MemoryFlags::from_bits_retain(0x0120).address_bits(), 32);
}
