//! What building a domain asks of the hypervisor.

use ringwall_abi::arch_x86::VcpuGuestContext;
use ringwall_abi::features::Feature;
use ringwall_abi::{DomainId, Mfn, Pfn, Port, VcpuId};
use ringwall_control::{
    DomainSettings, Hypervisor, OutOfRange, Populated, Protection, Result, SharedMemory,
};

/// The hypervisor, or what stands in for it in a test.
pub trait Machine {
    /// Frames of a domain that are mapped; dropping it unmaps them.
    type Memory: Memory;

    /// The features that domains are offered, as bits.
    ///
    /// # Errors
    /// As each of these: what the hypervisor refuses.
    fn offered_features(&self) -> Result<u32>;
    /// Pages of the machine that are free.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn free_pages(&self) -> Result<u64>;
    /// Whether the frames that a domain is given are filled with zeros.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn frames_are_clean(&self) -> Result<bool>;
    /// Makes a domain with its virtual CPUs, paused.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn create_domain(&self, settings: &DomainSettings) -> Result<DomainId>;
    /// Ends a domain.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn destroy_domain(&self, domain: DomainId) -> Result<()>;
    /// Sets how many pages a domain may have.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn set_max_pages(&self, domain: DomainId, pages: u64) -> Result<()>;
    /// Puts extents of `1 << order` frames behind frame numbers.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn populate(&self, domain: DomainId, order: u32, extents: &[Pfn]) -> Result<Populated>;
    /// Maps frames one after the other, to be written.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn map_frames(&self, domain: DomainId, frames: &[Mfn]) -> Result<Self::Memory>;
    /// Maps the first page of the grant table.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn map_grant_table(&self, domain: DomainId) -> Result<Self::Memory>;
    /// The frame of the page that the domain shares with the hypervisor.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn shared_info_frame(&self, domain: DomainId) -> Result<Mfn>;
    /// Makes a port in the domain that `remote` may bind.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn allocate_unbound_port(&self, domain: DomainId, remote: DomainId) -> Result<Port>;
    /// Fills the hypercall page.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn fill_hypercall_page(&self, domain: DomainId, frame: Mfn) -> Result<()>;
    /// Pins the first root table.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn pin_root_table(&self, domain: DomainId, root: Mfn) -> Result<()>;
    /// Sets the state in which a virtual CPU starts.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn set_vcpu_context(
        &self,
        domain: DomainId,
        vcpu: VcpuId,
        context: &VcpuGuestContext,
    ) -> Result<()>;
    /// Sets on which physical CPUs a virtual one may run.
    ///
    /// # Errors
    /// What the hypervisor refuses.
    fn pin_vcpu(&self, domain: DomainId, vcpu: VcpuId, cpus: &[u32]) -> Result<()>;
}

/// Frames of a domain that are mapped one after the other. Offsets are in bytes.
pub trait Memory {
    /// Copies bytes to `offset`.
    ///
    /// # Errors
    /// [`OutOfRange`]: they don't all lie in the memory.
    fn write(&self, offset: usize, bytes: &[u8]) -> core::result::Result<(), OutOfRange>;
    /// Fills `length` bytes with zeros.
    ///
    /// # Errors
    /// [`OutOfRange`]: they don't all lie in the memory.
    fn clear(&self, offset: usize, length: usize) -> core::result::Result<(), OutOfRange>;
}

impl Memory for SharedMemory {
    fn write(&self, offset: usize, bytes: &[u8]) -> core::result::Result<(), OutOfRange> {
        Self::write(self, offset, bytes)
    }

    fn clear(&self, offset: usize, length: usize) -> core::result::Result<(), OutOfRange> {
        Self::clear(self, offset, length)
    }
}

impl Machine for Hypervisor {
    type Memory = SharedMemory;

    fn offered_features(&self) -> Result<u32> {
        // What this domain sees is what others get, but for being the first one. Page tables can be written on
        // every hypervisor of this ABI, though Xen doesn't say so.
        let features = self.features()? & !Feature::Dom0.bit();
        Ok(features | Feature::WritablePageTables.bit())
    }

    fn free_pages(&self) -> Result<u64> {
        let machine = self.machine()?;
        // Pages that wait for their scrubbing are free already.
        Ok(machine.free_pages)
    }

    fn frames_are_clean(&self) -> Result<bool> {
        // Xen gives out what a domain gave back as it was.
        self.is_ringwall()
    }

    fn create_domain(&self, settings: &DomainSettings) -> Result<DomainId> {
        Self::create_domain(self, settings)
    }

    fn destroy_domain(&self, domain: DomainId) -> Result<()> {
        Self::destroy_domain(self, domain)
    }

    fn set_max_pages(&self, domain: DomainId, pages: u64) -> Result<()> {
        Self::set_max_pages(self, domain, pages)
    }

    fn populate(&self, domain: DomainId, order: u32, extents: &[Pfn]) -> Result<Populated> {
        Self::populate(self, domain, order, extents)
    }

    fn map_frames(&self, domain: DomainId, frames: &[Mfn]) -> Result<SharedMemory> {
        Self::map_frames(self, domain, frames, Protection::ReadWrite)
    }

    fn map_grant_table(&self, domain: DomainId) -> Result<SharedMemory> {
        Self::map_grant_table(self, domain, 1)
    }

    fn shared_info_frame(&self, domain: DomainId) -> Result<Mfn> {
        let info = self.domain_info(domain)?;
        Ok(Mfn::new(info.shared_info_frame))
    }

    fn allocate_unbound_port(&self, domain: DomainId, remote: DomainId) -> Result<Port> {
        Self::allocate_unbound_port(self, domain, remote)
    }

    fn fill_hypercall_page(&self, domain: DomainId, frame: Mfn) -> Result<()> {
        Self::fill_hypercall_page(self, domain, frame)
    }

    fn pin_root_table(&self, domain: DomainId, root: Mfn) -> Result<()> {
        Self::pin_root_table(self, domain, root)
    }

    fn set_vcpu_context(
        &self,
        domain: DomainId,
        vcpu: VcpuId,
        context: &VcpuGuestContext,
    ) -> Result<()> {
        Self::set_vcpu_context(self, domain, vcpu, context)
    }

    fn pin_vcpu(&self, domain: DomainId, vcpu: VcpuId, cpus: &[u32]) -> Result<()> {
        Self::pin_vcpu(self, domain, vcpu, cpus)
    }
}
