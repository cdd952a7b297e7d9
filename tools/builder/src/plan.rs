//! What is to be built, checked before anything is made.

use ringwall_abi::xen::StartInfo;
use ringwall_abi::{DomainId, PAGE_SIZE};
use ringwall_control::DomainSettings;
use ringwall_image::{Layout, Request as LayoutRequest, Rings};

use crate::{BuildError, Facts, Initrd, KernelImage, Machine};

/// The most virtual CPUs that a domain can have without the shared page running out of places.
const MAX_VCPUS: u32 = 32;
/// Pages that a domain may have above its maximum, as Xen's toolstack allows.
const SLACK_PAGES: u64 = 256;

/// What is to be built.
#[derive(Debug)]
pub struct Request {
    /// Number, UUID, virtual CPUs and limits.
    pub settings: DomainSettings,
    /// The kernel.
    pub kernel: KernelImage,
    /// The initrd, if there is one.
    pub initrd: Option<Initrd>,
    /// The kernel's command line.
    pub command_line: String,
    /// Pages that the domain starts with.
    pub pages: u64,
    /// Pages that it may have, at least as many.
    pub max_pages: u64,
    /// For each virtual CPU the physical ones on which it may run; a list that is empty or missing is for all.
    pub pinning: Vec<Vec<u32>>,
    /// The domain that serves the console.
    pub console_domain: DomainId,
    /// The domain that serves the store.
    pub store_domain: DomainId,
}

impl Request {
    /// A domain of `pages` pages with one virtual CPU, whose console and store dom0 serves.
    #[must_use]
    pub fn new(kernel: KernelImage, pages: u64) -> Self {
        Self {
            settings: DomainSettings::default(),
            kernel,
            initrd: None,
            command_line: String::new(),
            pages,
            max_pages: pages,
            pinning: Vec::new(),
            console_domain: DomainId::DOM0,
            store_domain: DomainId::DOM0,
        }
    }
}

/// A domain that can be built, as far as that can be known before.
#[derive(Debug)]
pub struct Plan {
    pub(crate) request: Request,
    pub(crate) layout: Layout,
}

impl Plan {
    /// Lays the domain out.
    ///
    /// # Errors
    /// [`BuildError::CommandLine`], [`BuildError::Vcpus`], [`BuildError::Maximum`], [`BuildError::Layout`].
    pub fn new(request: Request) -> Result<Self, BuildError> {
        let limit = StartInfo::MAX_COMMAND_LINE - 1;
        let length = request.command_line.len();
        if length > limit {
            return Err(BuildError::CommandLine { length, limit });
        }
        let count = request.settings.max_vcpus;
        if !(1..=MAX_VCPUS).contains(&count) {
            return Err(BuildError::Vcpus {
                count,
                limit: MAX_VCPUS,
            });
        }
        if request.max_pages < request.pages {
            return Err(BuildError::Maximum {
                pages: request.pages,
                maximum: request.max_pages,
            });
        }
        let layout = Layout::new(layout_request(
            request.kernel.facts(),
            request.initrd.as_ref(),
            request.pages,
        ))?;
        Ok(Self { request, layout })
    }

    /// Where everything goes.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether the hypervisor has what the domain needs now: features, and memory.
    ///
    /// # Errors
    /// [`BuildError::Feature`], [`BuildError::Memory`], [`BuildError::Hypervisor`].
    pub fn check(&self, machine: &impl Machine) -> Result<(), BuildError> {
        let features = self.request.kernel.facts().features;
        if let Some(name) = features.first_missing(machine.offered_features()?) {
            return Err(BuildError::Feature(name));
        }
        let available = machine.free_pages()?;
        if self.request.pages > available {
            return Err(BuildError::Memory {
                wanted: self.request.pages,
                available,
            });
        }
        Ok(())
    }

    /// The limit of pages that the hypervisor is told.
    pub(crate) const fn page_limit(&self) -> u64 {
        self.request.max_pages.saturating_add(SLACK_PAGES)
    }
}

/// What is laid out for a kernel, with rings to console and store.
pub(crate) fn layout_request(facts: &Facts, initrd: Option<&Initrd>, pages: u64) -> LayoutRequest {
    LayoutRequest {
        virt_base: facts.virt_base,
        entry: facts.entry,
        kernel: facts.extent.clone(),
        init_p2m: facts.init_p2m,
        mod_start_pfn: facts.mod_start_pfn,
        initrd_size: initrd.map_or(0, Initrd::size),
        pages,
        rings: Rings::Present,
    }
}

/// A number of bytes as pages, rounded up.
pub(crate) const fn pages(bytes: u64) -> u64 {
    bytes.div_ceil(PAGE_SIZE as u64)
}
