//! A domain beside the test's own: two pages, one of code and one of data, and nothing else.

use alloc::boxed::Box;
use alloc::vec::Vec;

use ringwall_sdk::SharedPage;
use ringwall_sdk::abi::arch_x86::{
    FLAT_KERNEL_CS, FLAT_KERNEL_SS, VcpuContextFlags, VcpuGuestContext,
};
use ringwall_sdk::abi::domctl::{
    CreateDomain, DomctlOp, GetDomainInfo, MaxMem, MaxVcpus, VcpuContext,
};
use ringwall_sdk::abi::memory::MemoryOp;
use ringwall_sdk::abi::xen::VaMappingFlags;
use ringwall_sdk::abi::{DomainId, GuestAddress, Mfn, PAGE_SIZE, VcpuId};
use ringwall_sdk::hypercall::{self, update_va_mapping_otherdomain, yield_now};
use ringwall_sdk::memory::entry::{Access, Level, branch, leaf};
use ringwall_sdk::time::monotonic_ns;
use zerocopy::FromZeros;

use crate::attempt::Code;
use crate::control::{domctl, domctl_bare, domctl_of};
use crate::page::page;
use crate::reservation::reservation_at;
use crate::{Answer, Check, Verdict, address_mut, granted};

/// Where its code is mapped.
pub const CODE: u64 = 0x40_0000;
/// Where its data is mapped, at whose end its stack starts.
pub const DATA: u64 = CODE + PAGE_SIZE as u64;
/// Pages of one that can run: a table of each level, code, data.
const PAGES: usize = 6;

/// A domain, taken down when it is dropped.
#[derive(Debug)]
pub struct Domain {
    id: DomainId,
    /// Its pages, once it has some.
    frames: Vec<Mfn>,
}

/// What a domain is made of that may have so many virtual CPUs and a megabyte.
#[must_use]
pub fn blueprint(vcpus: u32) -> CreateDomain {
    CreateDomain {
        max_vcpus: vcpus,
        max_evtchn_port: 1023,
        max_grant_frames: 4,
        max_maptrack_frames: 4,
        grant_opts: 1,
        ..CreateDomain::default()
    }
}

impl Domain {
    /// A domain without virtual CPUs or memory, paused.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn bare(vcpus: u32) -> Result<Self, Verdict> {
        let (answer, id) = domctl_of(
            DomctlOp::CreateDomain,
            DomainId::DOM0,
            &mut blueprint(vcpus),
        );
        granted("createdomain", answer)?;
        Ok(Self {
            id,
            frames: Vec::new(),
        })
    }

    /// A domain with virtual CPUs that have no state, and leave to have a megabyte.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn new(vcpus: u32) -> Result<Self, Verdict> {
        let domain = Self::bare(vcpus)?;
        granted(
            "max_vcpus",
            domain.control(DomctlOp::MaxVcpus, &mut MaxVcpus { max: vcpus }),
        )?;
        granted(
            "max_mem",
            domain.control(DomctlOp::MaxMem, &mut MaxMem { max_memkb: 1024 }),
        )?;
        Ok(domain)
    }

    /// A domain with a page of code and one of data, whose first virtual CPU starts at the code's first
    /// instruction when the domain is [unpaused](Self::unpause). Its RBX is [`DATA`].
    ///
    /// # Errors
    ///
    /// The refusal, or an error of the test for too much code.
    pub fn with_code(vcpus: u32, code: &Code) -> Result<Self, Verdict> {
        let mut domain = Self::new(vcpus)?;
        domain.populate(PAGES)?;
        let [root, level3, level2, level1, text, data] = *domain.frames.as_slice() else {
            return Err(Verdict::error("no pages"));
        };
        let window = page()?.0;
        for (frame, index, entry) in [
            (root, Level::L4.index(CODE), branch(level3)),
            (level3, Level::L3.index(CODE), branch(level2)),
            (level2, Level::L2.index(CODE), branch(level1)),
            (level1, Level::L1.index(CODE), leaf(text, Access::ReadOnly)),
            (level1, Level::L1.index(DATA), leaf(data, Access::ReadWrite)),
        ] {
            domain.map(window, frame)?;
            let word = window.u64(index * 8);
            word.store(entry, core::sync::atomic::Ordering::SeqCst);
        }
        domain.map(window, text)?;
        let written = window.write(0, &code.bytes());
        written.ok_or_else(|| Verdict::error("the code has more than a page"))?;
        crate::page::remap(window, 0)?;
        granted("setvcpucontext", domain.set_context(0, &*domain.context()?))?;
        Ok(domain)
    }

    /// Its number.
    #[must_use]
    pub const fn id(&self) -> DomainId {
        self.id
    }

    /// Gets it pages.
    ///
    /// # Errors
    ///
    /// The refusal, or that there were fewer.
    pub fn populate(&mut self, count: usize) -> Check {
        let mut list: Vec<u64> = (0..count as u64).collect();
        let place = address_mut(list.as_mut_slice());
        let operation = MemoryOp::PopulatePhysmap;
        let answer = reservation_at(operation, place, count as u64, 0, self.id);
        crate::equal("pages", granted("populate_physmap", answer)?, count as u64)?;
        self.frames = list.into_iter().map(Mfn::new).collect();
        Ok(())
    }

    /// Its pages: a table of each level from the root on, code, data.
    #[must_use]
    pub fn frames(&self) -> &[Mfn] {
        &self.frames
    }

    /// Maps a frame of it at a page's address.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn map(&self, window: &SharedPage, frame: Mfn) -> hypercall::Result<()> {
        let place = GuestAddress::new(window.address());
        let entry = leaf(frame, Access::ReadWrite);
        // SAFETY: nothing but the test uses the page, and it is reached by atomics.
        #[expect(unsafe_code, reason = "maps")]
        unsafe {
            update_va_mapping_otherdomain(place, entry, VaMappingFlags::INVLPG, self.id)
        }
    }

    /// A word of its data.
    ///
    /// # Errors
    ///
    /// What can't be mapped.
    pub fn data(&self, offset: usize) -> Result<u64, Verdict> {
        let frame = self.frames.get(PAGES - 1).copied();
        let frame = frame.ok_or_else(|| Verdict::error("no data"))?;
        let window = page()?.0;
        self.map(window, frame)?;
        let word = window
            .u64(offset)
            .load(core::sync::atomic::Ordering::SeqCst);
        crate::page::remap(window, 0)?;
        Ok(word)
    }

    /// The state in which its first virtual CPU starts.
    ///
    /// # Errors
    ///
    /// An error of the test where there is no memory, or no root.
    pub fn context(&self) -> Result<Box<VcpuGuestContext>, Verdict> {
        let mut context = empty_context()?;
        context.flags = VcpuContextFlags::IN_KERNEL | VcpuContextFlags::ONLINE;
        context.user_regs.rip = CODE;
        context.user_regs.cs = FLAT_KERNEL_CS;
        context.user_regs.ss = FLAT_KERNEL_SS;
        context.user_regs.rsp = DATA + PAGE_SIZE as u64;
        context.user_regs.rbx = DATA;
        context.kernel_ss = FLAT_KERNEL_SS.into();
        context.kernel_sp = DATA + PAGE_SIZE as u64;
        let root = self.frames.first().copied();
        let root = root.ok_or_else(|| Verdict::error("no root"))?;
        context.ctrlreg[3] = VcpuGuestContext::mfn_to_cr3(root);
        Ok(context)
    }

    /// Gives a virtual CPU a state.
    pub fn set_context(&self, vcpu: u32, context: &VcpuGuestContext) -> Answer {
        let mut argument = VcpuContext {
            vcpu: VcpuId::new(vcpu),
            ctxt: GuestAddress::new(crate::address(context)),
            ..VcpuContext::default()
        };
        self.control(DomctlOp::SetVcpuContext, &mut argument)
    }

    /// The state of a virtual CPU.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn get_context(&self, vcpu: u32) -> Result<Box<VcpuGuestContext>, Verdict> {
        let mut context = empty_context()?;
        let mut argument = VcpuContext {
            vcpu: VcpuId::new(vcpu),
            ctxt: GuestAddress::new(address_mut(&mut *context)),
            ..VcpuContext::default()
        };
        let answer = self.control(DomctlOp::GetVcpuContext, &mut argument);
        granted("getvcpucontext", answer)?;
        Ok(context)
    }

    /// Makes a `domctl` on it.
    pub fn control<T>(&self, operation: DomctlOp, value: &mut T) -> Answer
    where
        T: zerocopy::FromBytes + zerocopy::IntoBytes + zerocopy::Immutable,
    {
        domctl(operation, self.id, value)
    }

    /// Lets it run.
    pub fn unpause(&self) -> Answer {
        domctl_bare(DomctlOp::UnpauseDomain, self.id)
    }

    /// What it is.
    ///
    /// # Errors
    ///
    /// The refusal.
    pub fn info(&self) -> Result<GetDomainInfo, Verdict> {
        let mut info = GetDomainInfo::default();
        granted(
            "getdomaininfo",
            self.control(DomctlOp::GetDomainInfo, &mut info),
        )?;
        crate::equal("the domain that is told of", info.domain, self.id)?;
        Ok(info)
    }

    /// Lets others run until its state is as wanted, for two seconds at most.
    ///
    /// # Errors
    ///
    /// The rule is broken: its state.
    pub fn until(&self, wanted: impl Fn(&GetDomainInfo) -> bool) -> Result<GetDomainInfo, Verdict> {
        let end = monotonic_ns() + 2_000_000_000;
        loop {
            let info = self.info()?;
            if wanted(&info) {
                return Ok(info);
            }
            if monotonic_ns() > end {
                let flags = info.flags;
                return Err(Verdict::failure(format_args!("the domain stays {flags:?}")));
            }
            yield_now();
        }
    }

    /// Takes it down.
    pub fn destroy(&self) -> Answer {
        domctl_bare(DomctlOp::DestroyDomain, self.id)
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        let _ = self.destroy();
    }
}

fn empty_context() -> Result<Box<VcpuGuestContext>, Verdict> {
    VcpuGuestContext::new_box_zeroed().map_err(|_| Verdict::error("no memory"))
}
