//! `vcpu_op` (24).
//!
//! Arguments: subfunction, virtual CPU, its structure. Results: 0 or a number; `ENOENT` for a virtual
//! CPU that there is not; `EINVAL` for a state that can't be; `EEXIST` for one that has a state;
//! `ETIME` for a deadline in the past; `ENOSYS`, `EFAULT`.

use core::sync::atomic::Ordering;

use ringwall_abi::arch_x86::VcpuGuestContext;
use ringwall_abi::vcpu::{
    GetPhysid, RegisterRunstateMemoryArea, RegisterTimeMemoryArea, RegisterVcpuInfo, RunstateInfo,
    SetPeriodicTimer, SetSingleshotTimer, VcpuOp,
};
use ringwall_abi::xen::VcpuInfo;
use ringwall_abi::{Errno, GuestAddress, Mfn, PAGE_SIZE, VcpuId};
use ringwall_hw::cpu::local;
use ringwall_hw::layout::DIRECT_MAP_START;
use ringwall_hw::memory::guest;
use ringwall_model::memory::Stale;
use ringwall_model::time::OneShotFlags;

use super::{Call, Result};
use crate::machine::memory;
use crate::vcpu::{self, Vcpu};
use crate::{clock, context, schedule};

pub(super) fn handle(call: &mut Call<'_>) -> Result {
    let operation = VcpuOp::from_number(call.number(0) & 0xffff_ffff).ok_or(Errno::ENOSYS)?;
    let vcpu = call
        .domain()
        .vcpu(VcpuId::new(call.word(1)))
        .ok_or(Errno::ENOENT)?;
    match operation {
        VcpuOp::Initialise => {
            // On the stack: a heap that is empty would end the machine.
            context::initialise(vcpu, &call.read::<VcpuGuestContext>(2)?)?;
        }
        VcpuOp::Up => {
            if !vcpu.initialised.load(Ordering::Acquire) {
                return Err(Errno::EINVAL.into());
            }
            vcpu.blocked.store(false, Ordering::SeqCst);
            vcpu.up.store(true, Ordering::SeqCst);
            schedule::start(vcpu);
        }
        VcpuOp::Down => {
            vcpu.up.store(false, Ordering::SeqCst);
            schedule::stop(vcpu);
        }
        VcpuOp::IsUp => return Ok(vcpu.up.load(Ordering::SeqCst).into()),
        VcpuOp::GetRunstateInfo => {
            call.write(2, &runstate(vcpu))?;
        }
        VcpuOp::RegisterRunstateMemoryArea => {
            let request: RegisterRunstateMemoryArea = call.read(2)?;
            let area = usable(request.address)?;
            if let Some(area) = area {
                guest::write(area, &runstate(vcpu))?;
            }
            vcpu.state.lock().runstate_area = area;
        }
        VcpuOp::SetPeriodicTimer => {
            let request: SetPeriodicTimer = call.read(2)?;
            let mut timers = vcpu.timers.lock();
            timers
                .set_periodic(request.period_ns, clock::now_ns())
                .map_err(Errno::from)?;
            drop(timers);
            schedule::set_deadline(vcpu);
        }
        VcpuOp::StopPeriodicTimer => {
            let mut timers = vcpu.timers.lock();
            timers.stop_periodic();
            drop(timers);
            schedule::set_deadline(vcpu);
        }
        VcpuOp::SetSingleshotTimer => {
            if !core::ptr::eq(vcpu, call.vcpu) {
                return Err(Errno::EINVAL.into());
            }
            let request: SetSingleshotTimer = call.read(2)?;
            let flags = OneShotFlags::from_bits_truncate(request.flags.bits());
            let mut timers = vcpu.timers.lock();
            timers
                .set_one_shot(request.timeout_abs_ns, flags, clock::now_ns())
                .map_err(Errno::from)?;
            drop(timers);
            schedule::set_deadline(vcpu);
        }
        VcpuOp::StopSingleshotTimer => {
            if !core::ptr::eq(vcpu, call.vcpu) {
                return Err(Errno::EINVAL.into());
            }
            let mut timers = vcpu.timers.lock();
            timers.stop_one_shot();
            drop(timers);
            schedule::set_deadline(vcpu);
        }
        VcpuOp::RegisterVcpuInfo => {
            let request: RegisterVcpuInfo = call.read(2)?;
            register_info(vcpu, request)?;
        }
        VcpuOp::SendNmi => return Err(Errno::EOPNOTSUPP.into()),
        VcpuOp::GetPhysid => {
            call.require_privilege()?;
            let id = u64::from(vcpu.id().raw());
            call.write(
                2,
                &GetPhysid {
                    phys_id: id | id << 32,
                },
            )?;
        }
        VcpuOp::RegisterVcpuTimeMemoryArea => {
            let request: RegisterTimeMemoryArea = call.read(2)?;
            let area = usable(request.address)?;
            vcpu.state.lock().time_area = area;
            if let Some(area) = area {
                clock::publish_second(area);
            }
        }
    }
    Ok(0)
}

/// Where a copy is to be kept up; none any more at 0.
fn usable(address: GuestAddress) -> Result<Option<GuestAddress>> {
    let good = address.is_canonical() && ringwall_hw::layout::outside_hypervisor(address.raw());
    if good {
        Ok((!address.is_null()).then_some(address))
    } else {
        Err(Errno::EFAULT.into())
    }
}

/// Its state, and how long it was in which, up to now.
pub(super) fn runstate(vcpu: &Vcpu) -> RunstateInfo {
    vcpu.runstates.lock().at(clock::now_ns())
}

/// Moves `vcpu_info` to the guest's own memory, once.
fn register_info(vcpu: &Vcpu, request: RegisterVcpuInfo) -> Result<()> {
    let offset = request.offset as usize;
    if !offset.is_multiple_of(8) || offset > PAGE_SIZE - size_of::<VcpuInfo>() {
        return Err(Errno::EINVAL.into());
    }
    let mut state = vcpu.state.lock();
    if state.info_page.is_some() {
        return Err(Errno::EINVAL.into());
    }
    let page = memory().get_writable(Mfn::new(request.mfn.raw()), vcpu.domain().id())?;
    for word in 0..size_of::<VcpuInfo>() / 8 {
        let value = vcpu
            .info_word(word)
            .map_or(0, |word| word.load(Ordering::Relaxed));
        ringwall_hw::memory::write_frame_word(page.mfn(), offset / 8 + word, value);
    }
    vcpu.set_info_address(page.mfn(), offset);
    // What came between the copy and the move would be lost: have the guest look at all its ports.
    if let (Some(first), Some(selector)) = (vcpu.info_word(0), vcpu.info_word(1)) {
        selector.store(u64::MAX, Ordering::SeqCst);
        first.fetch_or(1, Ordering::SeqCst);
    }
    // The frame stays writable for as long as the virtual CPU lives.
    let replaced = state.info_page.replace(page);
    drop(state);
    if let Some(page) = replaced {
        memory().put_writable(page, Stale::Flushed);
    }
    if vcpu::current().is_some_and(|current| core::ptr::eq(current, vcpu)) {
        local::current()
            .guest
            .vcpu_info
            .set(DIRECT_MAP_START + vcpu.info_address());
    }
    clock::publish(vcpu);
    Ok(())
}
