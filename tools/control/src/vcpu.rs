//! Virtual CPUs: their state, where they may run, and how much.

use ringwall_abi::arch_x86::VcpuGuestContext;
use ringwall_abi::domctl::{
    AffinityFlags, DomctlOp, GetVcpuInfo, SchedulerCommand, SchedulerId, SchedulerOp,
    SchedulerParameters, VcpuAffinity, VcpuContext,
};
use ringwall_abi::sysctl::{SchedId, SysctlOp};
use ringwall_abi::xen::ControlBitmap;
use ringwall_abi::{DomainId, Errno, VcpuId};
use zerocopy::{FromZeros as _, IntoBytes as _};

use crate::call::Call;
use crate::{Error, Hypervisor, Result};

/// The most physical CPUs that are asked about.
const MAX_CPUS: u32 = 512;
/// As many bits, in bytes.
const MAP_BYTES: usize = 512 / 8;

impl Hypervisor {
    /// Sets the whole state of a virtual CPU.
    ///
    /// # Errors
    /// `EINVAL`: the state can't be loaded, or its root table is none; `ESRCH`; `ENOMEM`.
    #[doc(alias = "XEN_DOMCTL_setvcpucontext")]
    pub fn set_vcpu_context(
        &self,
        domain: DomainId,
        vcpu: VcpuId,
        context: &VcpuGuestContext,
    ) -> Result<()> {
        let mut call = self.call();
        let ctxt = call.put(context)?.address();
        let body = VcpuContext {
            vcpu,
            ctxt,
            ..VcpuContext::new_zeroed()
        };
        call.domctl(DomctlOp::SetVcpuContext, domain, body)
            .map(drop)
    }

    /// The whole state of a virtual CPU, which had better be paused.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain; `EINVAL`: no such virtual CPU; `ENODATA`: it was never started.
    #[doc(alias = "XEN_DOMCTL_getvcpucontext")]
    pub fn vcpu_context(&self, domain: DomainId, vcpu: VcpuId) -> Result<Box<VcpuGuestContext>> {
        let mut call = self.call();
        let place = call.place(size_of::<VcpuGuestContext>())?;
        let body = VcpuContext {
            vcpu,
            ctxt: place.address(),
            ..VcpuContext::new_zeroed()
        };
        call.domctl(DomctlOp::GetVcpuContext, domain, body)?;
        Ok(Box::new(call.get(place)?))
    }

    /// What a virtual CPU does.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain, or no such virtual CPU.
    #[doc(alias = "XEN_DOMCTL_getvcpuinfo")]
    pub fn vcpu_info(&self, domain: DomainId, vcpu: VcpuId) -> Result<GetVcpuInfo> {
        let body = GetVcpuInfo {
            vcpu,
            ..GetVcpuInfo::new_zeroed()
        };
        self.domctl(DomctlOp::GetVcpuInfo, domain, body)
    }

    /// Pins a virtual CPU to these physical ones; to all, to let it run anywhere.
    ///
    /// # Errors
    /// `EINVAL`: none of them is there; `ESRCH`: no such domain, or no such virtual CPU.
    #[doc(alias = "XEN_DOMCTL_setvcpuaffinity")]
    pub fn pin_vcpu(&self, domain: DomainId, vcpu: VcpuId, cpus: &[u32]) -> Result<()> {
        let mut map = [0_u8; MAP_BYTES];
        for cpu in cpus {
            let byte = usize::try_from(*cpu / 8)
                .ok()
                .and_then(|index| map.get_mut(index));
            *byte.ok_or(
                Error::new(DomctlOp::SetVcpuAffinity.header_name(), Errno::EINVAL).of(domain),
            )? |= 1 << (cpu % 8);
        }
        let mut call = self.call();
        let hard = bitmap(&mut call, &map)?;
        let soft = bitmap(&mut call, &[0xff; MAP_BYTES])?;
        let body = affinity(vcpu, hard, soft);
        call.domctl(DomctlOp::SetVcpuAffinity, domain, body)
            .map(drop)
    }

    /// The physical CPUs on which a virtual one may run, by rising number.
    ///
    /// # Errors
    /// `ESRCH`: no such domain, or no such virtual CPU.
    #[doc(alias = "XEN_DOMCTL_getvcpuaffinity")]
    pub fn vcpu_pinning(&self, domain: DomainId, vcpu: VcpuId) -> Result<Vec<u32>> {
        let mut call = self.call();
        let place = call.place(MAP_BYTES)?;
        let hard = ControlBitmap {
            bitmap: place.address(),
            bits: MAX_CPUS,
            ..ControlBitmap::new_zeroed()
        };
        let mut body = affinity(vcpu, hard, ControlBitmap::new_zeroed());
        body.flags = AffinityFlags::HARD;
        call.domctl(DomctlOp::GetVcpuAffinity, domain, body)?;
        let map = call.bytes(place);
        let is_set = |cpu: &u32| {
            let byte = usize::try_from(*cpu / 8).ok().and_then(|at| map.get(at));
            byte.is_some_and(|byte| byte >> (cpu % 8) & 1 != 0)
        };
        Ok((0..MAX_CPUS).filter(is_set).collect())
    }

    /// The scheduler of the machine; an unknown one by its number.
    ///
    /// # Errors
    /// `EPERM`: this is not the control domain.
    #[doc(alias = "XEN_SYSCTL_sched_id")]
    pub fn scheduler(&self) -> Result<u32> {
        let answer = self.sysctl(SysctlOp::SchedId, SchedId::new_zeroed())?;
        Ok(answer.sched_id)
    }

    /// A domain's weight and cap.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain; `EINVAL`: the scheduler is neither credit nor credit2.
    #[doc(alias = "XEN_DOMCTL_SCHEDOP_getinfo")]
    pub fn scheduler_parameters(&self, domain: DomainId) -> Result<SchedulerParameters> {
        let none = SchedulerParameters::new_zeroed();
        self.scheduler_op(domain, SchedulerCommand::GetInfo, none)
    }

    /// Sets a domain's weight and cap.
    ///
    /// # Errors
    /// `ESRCH`: there is no such domain; `EINVAL`: a weight of 0, or another scheduler than credit and credit2.
    #[doc(alias = "XEN_DOMCTL_SCHEDOP_putinfo")]
    pub fn set_scheduler_parameters(
        &self,
        domain: DomainId,
        parameters: SchedulerParameters,
    ) -> Result<()> {
        self.scheduler_op(domain, SchedulerCommand::PutInfo, parameters)
            .map(drop)
    }

    fn scheduler_op(
        &self,
        domain: DomainId,
        command: SchedulerCommand,
        parameters: SchedulerParameters,
    ) -> Result<SchedulerParameters> {
        let scheduler = self.scheduler()?;
        let known = [SchedulerId::Credit, SchedulerId::Credit2].map(SchedulerId::number);
        if !known.contains(&scheduler) {
            return Err(Error::new(DomctlOp::SchedulerOp.header_name(), Errno::EINVAL).of(domain));
        }
        let mut body = SchedulerOp {
            sched_id: scheduler,
            cmd: command.number(),
            ..SchedulerOp::new_zeroed()
        };
        // A write of 4 bytes to 16 fits.
        let _ = parameters.write_to_prefix(body.body.as_mut_bytes());
        let answer = self.domctl(DomctlOp::SchedulerOp, domain, body)?;
        let [low, _] = answer.body;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the low half of the low half, and the high half of it"
        )]
        Ok(SchedulerParameters {
            weight: low as u16,
            cap: (low >> 16) as u16,
        })
    }
}

fn bitmap(call: &mut Call<'_>, map: &[u8; MAP_BYTES]) -> Result<ControlBitmap> {
    Ok(ControlBitmap {
        bitmap: call.put(map)?.address(),
        bits: MAX_CPUS,
        ..ControlBitmap::new_zeroed()
    })
}

fn affinity(vcpu: VcpuId, hard: ControlBitmap, soft: ControlBitmap) -> VcpuAffinity {
    VcpuAffinity {
        vcpu,
        flags: AffinityFlags::HARD,
        cpumap_hard: hard,
        cpumap_soft: soft,
    }
}
