//! A domain's life: made, paused, told to end, destroyed; and what it is.

use ringwall_abi::domctl::{
    CreateDomain, CreateFlags, DomctlOp, GetDomainInfo, HypercallInit, MaxVcpus, SetDomainHandle,
};
use ringwall_abi::sched::{SchedOp, SchedRemoteShutdown, ShutdownReason};
use ringwall_abi::sysctl::{GetDomainInfoList, SysctlOp};
use ringwall_abi::xen::DomainHandle;
use ringwall_abi::{DomainId, Errno, Hypercall, Mfn};
use zerocopy::FromZeros as _;

use crate::{Error, Hypervisor, Result};

/// What is fixed when a PV domain is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainSettings {
    /// The number that it gets, or `None` for the next free one.
    pub id: Option<DomainId>,
    /// Its UUID.
    pub handle: DomainHandle,
    /// Virtual CPUs that it may have, at least 1.
    pub max_vcpus: u32,
    /// The highest port of an event channel.
    pub max_port: u32,
    /// Frames of its grant table; each has 512 entries.
    pub max_grant_frames: u32,
    /// Frames of its table of mapped grants; each has 256 entries.
    pub max_maptrack_frames: u32,
}

impl Default for DomainSettings {
    /// One virtual CPU, and the limits that Xen's toolstack gives, but for mapped grants: 16 384 are plenty for a guest
    /// that serves no others, and the hypervisor's memory pays for them.
    fn default() -> Self {
        Self {
            id: None,
            handle: [0; 16],
            max_vcpus: 1,
            max_port: 1023,
            max_grant_frames: 64,
            max_maptrack_frames: 64,
        }
    }
}

impl Hypervisor {
    /// Makes a 64-bit PV domain, paused and without memory; its number. The virtual CPUs are made too, without
    /// a state to start in.
    ///
    /// # Errors
    /// `EEXIST`: the number is taken; `EINVAL`: a limit that the hypervisor doesn't have; `ENOMEM`.
    #[doc(alias = "XEN_DOMCTL_createdomain")]
    pub fn create_domain(&self, settings: &DomainSettings) -> Result<DomainId> {
        let frames = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        let body = CreateDomain {
            handle: settings.handle,
            flags: CreateFlags::empty(),
            max_vcpus: settings.max_vcpus,
            max_evtchn_port: settings.max_port,
            max_grant_frames: frames(settings.max_grant_frames),
            max_maptrack_frames: frames(settings.max_maptrack_frames),
            // Version 1 of grant tables, which is what PV kernels use.
            grant_opts: 1,
            ..CreateDomain::new_zeroed()
        };
        let wanted = settings.id.unwrap_or(DomainId::new(0));
        let (domain, _) = self
            .call()
            .domctl_named(DomctlOp::CreateDomain, wanted, body)?;
        let max = settings.max_vcpus;
        if let Err(error) = self.domctl(DomctlOp::MaxVcpus, domain, MaxVcpus { max }) {
            let _ = self.destroy_domain(domain);
            return Err(error);
        }
        Ok(domain)
    }

    /// Ends a domain and frees what it has. When this returns, the domain is gone but for what others still map
    /// of it.
    ///
    /// # Errors
    /// `ESRCH`: there is none; `EINVAL`: it is dom0.
    #[doc(alias = "XEN_DOMCTL_destroydomain")]
    pub fn destroy_domain(&self, domain: DomainId) -> Result<()> {
        loop {
            match self.domctl_plain(DomctlOp::DestroyDomain, domain) {
                // The hypervisor asks to be called again where it was interrupted.
                Err(error) if error.is(Errno::ERESTART) || error.is(Errno::EAGAIN) => {}
                result => return result,
            }
        }
    }

    /// Stops a domain from running; counted.
    ///
    /// # Errors
    /// `ESRCH`: there is none.
    #[doc(alias = "XEN_DOMCTL_pausedomain")]
    pub fn pause_domain(&self, domain: DomainId) -> Result<()> {
        self.domctl_plain(DomctlOp::PauseDomain, domain)
    }

    /// Undoes one pause, also that with which a domain is made.
    ///
    /// # Errors
    /// `ESRCH`: there is none; `EINVAL`: it is not paused.
    #[doc(alias = "XEN_DOMCTL_unpausedomain")]
    pub fn unpause_domain(&self, domain: DomainId) -> Result<()> {
        self.domctl_plain(DomctlOp::UnpauseDomain, domain)
    }

    /// Makes a domain look as if it had shut down; it stays until it is destroyed.
    ///
    /// # Errors
    /// `ESRCH`: there is none.
    #[doc(alias = "SCHEDOP_remote_shutdown")]
    pub fn shutdown_domain(&self, domain: DomainId, reason: ShutdownReason) -> Result<()> {
        let mut call = self.call();
        let place = call.put(&SchedRemoteShutdown {
            domain_id: domain,
            reason: reason.number(),
            ..SchedRemoteShutdown::new_zeroed()
        })?;
        let op = SchedOp::RemoteShutdown;
        let arguments = [op.number().into(), place.address().raw(), 0, 0, 0];
        call.make(op.header_name(), Hypercall::SchedOp, arguments)
            .map_err(|error| error.of(domain))?;
        Ok(())
    }

    /// Sets a domain's UUID.
    ///
    /// # Errors
    /// `ESRCH`: there is none.
    #[doc(alias = "XEN_DOMCTL_setdomainhandle")]
    pub fn set_domain_handle(&self, domain: DomainId, handle: DomainHandle) -> Result<()> {
        let body = SetDomainHandle { handle };
        self.domctl(DomctlOp::SetDomainHandle, domain, body)
            .map(drop)
    }

    /// Fills a page of a domain with the stubs by which its kernel calls the hypervisor.
    ///
    /// # Errors
    /// `EACCES`: the frame is not the domain's, or can't be written.
    #[doc(alias = "XEN_DOMCTL_hypercall_init")]
    pub fn fill_hypercall_page(&self, domain: DomainId, frame: Mfn) -> Result<()> {
        let body = HypercallInit { gmfn: frame };
        self.domctl(DomctlOp::HypercallInit, domain, body).map(drop)
    }

    /// What a domain is.
    ///
    /// # Errors
    /// `ESRCH`: there is none.
    #[doc(alias = "XEN_DOMCTL_getdomaininfo")]
    pub fn domain_info(&self, domain: DomainId) -> Result<GetDomainInfo> {
        let body = GetDomainInfo::new_zeroed();
        let info = self.domctl(DomctlOp::GetDomainInfo, domain, body)?;
        // The hypervisor answers for the next domain where there is none of this number.
        if info.domain == domain {
            Ok(info)
        } else {
            Err(Error::new(DomctlOp::GetDomainInfo.header_name(), Errno::ESRCH).of(domain))
        }
    }

    /// What all domains are, by rising number, those included that are being taken down.
    ///
    /// # Errors
    /// `EPERM`: this is not the control domain.
    #[doc(alias = "XEN_SYSCTL_getdomaininfolist")]
    pub fn domains(&self) -> Result<Vec<GetDomainInfo>> {
        let mut all = Vec::new();
        let mut first = DomainId::DOM0;
        loop {
            let mut call = self.call();
            // The request comes behind the list.
            let room = call.room() / 2;
            let capacity = room / size_of::<GetDomainInfo>();
            let list = call.place(capacity * size_of::<GetDomainInfo>())?;
            let answer = call.sysctl(
                SysctlOp::GetDomainInfoList,
                GetDomainInfoList {
                    first_domain: first,
                    max_domains: u32::try_from(capacity).unwrap_or(u32::MAX),
                    buffer: list.address(),
                    ..GetDomainInfoList::new_zeroed()
                },
            )?;
            let count = usize::try_from(answer.num_domains).unwrap_or(usize::MAX);
            let (records, _) = call
                .bytes(list)
                .as_chunks::<{ size_of::<GetDomainInfo>() }>();
            all.extend(
                records
                    .iter()
                    .take(count)
                    .map(|record| -> GetDomainInfo { zerocopy::transmute!(*record) }),
            );
            let last = all.last().map(|info: &GetDomainInfo| info.domain.raw());
            match last.and_then(|last| last.checked_add(1)) {
                Some(next) if count >= capacity => first = DomainId::new(next),
                _ => return Ok(all),
            }
        }
    }
}
