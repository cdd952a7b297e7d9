//! Where everything goes.

use core::ops::Range;

use ringwall_abi::{GuestAddress, PAGE_SHIFT, PAGE_SIZE, Pfn, is_canonical};

use super::tables::{Tables, count_tables};
use super::{Element, LayoutError, Role, TableEntries};
use crate::Kernel;

const PAGE: u64 = PAGE_SIZE as u64;
/// Bytes in an entry of the p2m list.
const P2M_ENTRY: u64 = 8;
/// The region ends at a multiple of this many bytes.
const REGION_ALIGN: u64 = 4 << 20;
/// Bytes that stay free after the last element, at least.
const PADDING: u64 = 512 << 10;
/// The part of every address space that is the hypervisor's: `HYPERVISOR_VIRT_START` and `_END` of
/// `public/arch-x86/xen-x86_64.h`.
const HYPERVISOR: Range<u64> = 0xffff_8000_0000_0000..0xffff_8800_0000_0000;

/// Whether a domain starts with rings to xenstore and console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rings {
    /// None: dom0.
    Absent,
    /// One page each: other domains.
    Present,
}

/// What is to be laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Virtual address of frame 0.
    pub virt_base: GuestAddress,
    /// Virtual address at which the first vCPU starts.
    pub entry: GuestAddress,
    /// Pseudo-physical addresses of the kernel, in bytes.
    pub kernel: Range<u64>,
    /// Where the kernel wants the p2m list, if not in the initial region.
    pub init_p2m: Option<GuestAddress>,
    /// Whether the kernel takes an initrd that is not mapped, by its frame number.
    pub mod_start_pfn: bool,
    /// Size of the initrd in bytes; 0 if there is none.
    pub initrd_size: u64,
    /// The domain's frames, all of them.
    pub pages: u64,
    /// Whether there are rings.
    pub rings: Rings,
}

impl Request {
    /// A domain of `pages` frames for the kernel, without initrd or rings.
    #[must_use]
    pub fn new(kernel: &Kernel<'_>, pages: u64) -> Self {
        let notes = kernel.notes();
        Self {
            virt_base: notes.virt_base,
            entry: notes.entry,
            kernel: kernel.extent(),
            init_p2m: notes.init_p2m,
            mod_start_pfn: notes.mod_start_pfn,
            initrd_size: 0,
            pages,
            rings: Rings::Absent,
        }
    }
}

/// What the layout decides of `start_info`, in that structure's units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartInfoFields {
    /// The domain's frames.
    pub nr_pages: u64,
    /// Virtual address of the root page table.
    pub pt_base: GuestAddress,
    /// Page tables of the region, in frames.
    pub nr_pt_frames: u64,
    /// Virtual address of the p2m list.
    pub mfn_list: GuestAddress,
    /// Virtual address of the initrd, or its first frame's number if `mod_start_is_pfn`;
    /// 0 if there is none.
    pub mod_start: u64,
    /// Whether `SIF_MOD_START_PFN` belongs into the flags.
    pub mod_start_is_pfn: bool,
    /// Size of the initrd in bytes.
    pub mod_len: u64,
    /// The first frame of a relocated p2m list, else 0.
    pub first_p2m_pfn: u64,
    /// Frames of a relocated p2m list with its page tables, else 0.
    pub nr_p2m_frames: u64,
}

/// The address space in which a PV domain starts.
///
/// One region of virtual addresses maps the frames from 0 on one to one. An initrd that need not
/// be mapped comes after it, and then a relocated p2m list with its page tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    request: Request,
    region: Range<u64>,
    kernel: Element,
    initrd: Option<Element>,
    p2m: Element,
    start_info: Element,
    xenstore: Option<Element>,
    console: Option<Element>,
    page_tables: Element,
    stack: Element,
    p2m_tables: Option<Element>,
    tables: Tables,
}

impl Layout {
    /// Lays the domain out.
    ///
    /// # Errors
    /// See [`LayoutError`].
    pub fn new(request: Request) -> Result<Self, LayoutError> {
        let base = request.virt_base;
        if base.page_offset() != 0 {
            return Err(LayoutError::Misaligned {
                role: Role::Kernel,
                address: base,
            });
        }
        let initrd_pages = request.initrd_size.div_ceil(PAGE);
        // Sizes are compared with the frames there are before they are added up, so that no sum
        // below can wrap.
        let p2m_pages = request.pages.div_ceil(PAGE / P2M_ENTRY).max(1);
        let kernel_start = request.kernel.start / PAGE;
        let kernel_end = request.kernel.end.div_ceil(PAGE).max(kernel_start + 1);
        let short = |needed, tables| LayoutError::TooLittleMemory {
            available: request.pages,
            needed,
            kernel: kernel_end,
            initrd: initrd_pages,
            p2m: p2m_pages,
            tables,
        };
        let sum = kernel_end
            .saturating_add(initrd_pages)
            .saturating_add(p2m_pages);
        if sum > request.pages || request.pages > MAX_PAGES {
            return Err(short(sum, 0));
        }

        let mut cursor = Cursor {
            next: kernel_start,
            base,
        };
        let kernel = cursor.take(Role::Kernel, kernel_end - kernel_start);
        let mapped_initrd = (initrd_pages > 0 && !request.mod_start_pfn)
            .then(|| cursor.take(Role::Initrd, initrd_pages));
        // Placed here, or at this address below.
        let p2m = request
            .init_p2m
            .map_or_else(|| Ok(cursor.take(Role::P2m, p2m_pages)), Result::Err);
        let start_info = cursor.take(Role::StartInfo, 1);
        let rings = request.rings == Rings::Present;
        let xenstore = rings.then(|| cursor.take(Role::Xenstore, 1));
        let console = rings.then(|| cursor.take(Role::Console, 1));

        let (table_pages, region) = bootstrap_tables(base.raw(), cursor.next)?;
        let page_tables = cursor.take(Role::PageTables, table_pages);
        let stack = cursor.take(Role::Stack, 1);
        let mut tables = Tables::new(&region, page_tables.first.raw());

        cursor.next = (region.end - region.start) / PAGE;
        let initrd = mapped_initrd.or_else(|| {
            (initrd_pages > 0).then(|| cursor.take_unmapped(Role::Initrd, initrd_pages))
        });
        let (p2m, p2m_tables) = match p2m {
            Ok(p2m) => (p2m, None),
            Err(address) => {
                let window = p2m_window(address, p2m_pages, &region)?;
                let p2m = cursor.take_unmapped(Role::P2m, p2m_pages);
                let count = tables.add(&window, p2m.first.raw(), cursor.next);
                let p2m_tables = (count > 0).then(|| cursor.take_unmapped(Role::P2mTables, count));
                (
                    Element {
                        address: Some(address),
                        ..p2m
                    },
                    p2m_tables,
                )
            }
        };
        if cursor.next > request.pages {
            let p2m_table_pages = p2m_tables.map_or(0, |element| element.pages);
            return Err(short(cursor.next, table_pages + p2m_table_pages));
        }
        Ok(Self {
            region,
            kernel,
            initrd,
            p2m,
            start_info,
            xenstore,
            console,
            page_tables,
            stack,
            p2m_tables,
            tables,
            request,
        })
    }

    /// Virtual address at which the first vCPU starts.
    #[must_use]
    pub const fn entry(&self) -> GuestAddress {
        self.request.entry
    }

    /// The addresses of the initial region, which map the frames from 0 on one to one.
    #[must_use]
    pub const fn region(&self) -> Range<GuestAddress> {
        GuestAddress::new(self.region.start)..GuestAddress::new(self.region.end)
    }

    /// Frames that the initial region maps.
    #[must_use]
    pub const fn region_pages(&self) -> u64 {
        (self.region.end - self.region.start) >> PAGE_SHIFT
    }

    /// Frames from 0 to the end of the last element: those that must be there before the domain
    /// starts, where others may come later.
    #[must_use]
    pub fn boot_pages(&self) -> u64 {
        let last = self
            .elements()
            .map(|element| element.end().raw())
            .max()
            .unwrap_or(0);
        last.max(self.region_pages())
    }

    /// The kernel's frames; between its segments and before the first one there may be gaps.
    #[must_use]
    pub const fn kernel(&self) -> Element {
        self.kernel
    }

    /// The initrd, if there is one.
    #[must_use]
    pub const fn initrd(&self) -> Option<Element> {
        self.initrd
    }

    /// The p2m list.
    #[must_use]
    pub const fn p2m(&self) -> Element {
        self.p2m
    }

    /// The `start_info` page.
    #[must_use]
    pub const fn start_info(&self) -> Element {
        self.start_info
    }

    /// The ring to xenstore, with [`Rings::Present`].
    #[must_use]
    pub const fn xenstore(&self) -> Option<Element> {
        self.xenstore
    }

    /// The ring to the console, with [`Rings::Present`].
    #[must_use]
    pub const fn console(&self) -> Option<Element> {
        self.console
    }

    /// The region's page tables; the first is the root.
    #[must_use]
    pub const fn page_tables(&self) -> Element {
        self.page_tables
    }

    /// The first vCPU's stack; it grows down from the end.
    #[must_use]
    pub const fn stack(&self) -> Element {
        self.stack
    }

    /// The first vCPU's stack pointer: the end of [`Layout::stack`].
    #[must_use]
    pub fn stack_pointer(&self) -> GuestAddress {
        self.stack.end_address().unwrap_or(self.request.virt_base)
    }

    /// The page tables of a relocated p2m list.
    #[must_use]
    pub const fn p2m_tables(&self) -> Option<Element> {
        self.p2m_tables
    }

    /// All elements, by rising frame number. They don't overlap; frames that none names are free.
    pub fn elements(&self) -> impl Iterator<Item = Element> {
        let unmapped = |element: &Element| element.first.raw() >= self.region_pages();
        let initrd = |late: bool| self.initrd.filter(|element| unmapped(element) == late);
        let p2m = |late: bool| Some(self.p2m).filter(|element| unmapped(element) == late);
        [
            Some(self.kernel),
            initrd(false),
            p2m(false),
            Some(self.start_info),
            self.xenstore,
            self.console,
            Some(self.page_tables),
            Some(self.stack),
            initrd(true),
            p2m(true),
            self.p2m_tables,
        ]
        .into_iter()
        .flatten()
    }

    /// The entries of all initial page tables.
    #[must_use]
    pub const fn table_entries(&self) -> TableEntries<'_> {
        TableEntries::new(&self.tables, self.page_tables)
    }

    /// What of this goes into `start_info`.
    #[must_use]
    pub fn start_info_fields(&self) -> StartInfoFields {
        let base = self.request.virt_base;
        let initrd = self.initrd;
        let relocated = self.request.init_p2m.is_some();
        let p2m_frames = self.p2m.pages + self.p2m_tables.map_or(0, |tables| tables.pages);
        StartInfoFields {
            nr_pages: self.request.pages,
            pt_base: self.page_tables.address.unwrap_or(base),
            nr_pt_frames: self.page_tables.pages,
            mfn_list: self.p2m.address.unwrap_or(base),
            mod_start: initrd.map_or(0, |initrd| {
                initrd.address.map_or(initrd.first.raw(), GuestAddress::raw)
            }),
            mod_start_is_pfn: initrd.is_some_and(|initrd| initrd.address.is_none()),
            mod_len: self.request.initrd_size,
            first_p2m_pfn: if relocated { self.p2m.first.raw() } else { 0 },
            nr_p2m_frames: if relocated { p2m_frames } else { 0 },
        }
    }
}

/// Frames that 52 bits of physical address can name.
const MAX_PAGES: u64 = 1 << (52 - PAGE_SHIFT);

/// Hands out frames in order.
struct Cursor {
    next: u64,
    base: GuestAddress,
}

impl Cursor {
    fn take(&mut self, role: Role, pages: u64) -> Element {
        let address = GuestAddress::new(self.base.raw().wrapping_add(self.next << PAGE_SHIFT));
        Element {
            address: Some(address),
            ..self.take_unmapped(role, pages)
        }
    }

    fn take_unmapped(&mut self, role: Role, pages: u64) -> Element {
        let first = Pfn::new(self.next);
        self.next += pages;
        Element {
            role,
            first,
            pages,
            address: None,
        }
    }
}

/// How many tables the region needs that holds `pages` frames, then those tables, then the stack;
/// and that region.
///
/// The tables are in the region that they map, so their number is a fixpoint. It is found from
/// below: more tables never make the region smaller.
fn bootstrap_tables(base: u64, pages: u64) -> Result<(u64, Range<u64>), LayoutError> {
    let mut tables = 1;
    loop {
        let size = (pages + tables + 1) * PAGE + PADDING;
        let unmappable = LayoutError::Unmappable {
            role: Role::Kernel,
            start: GuestAddress::new(base),
            size,
        };
        let end = base
            .checked_add(size)
            .and_then(|end| end.checked_next_multiple_of(REGION_ALIGN))
            .ok_or(unmappable)?;
        let region = base..end;
        if !is_mappable(&region) {
            return Err(unmappable);
        }
        let needed = count_tables(&region);
        if needed <= tables {
            return Ok((tables, region));
        }
        tables = needed;
    }
}

/// The addresses of a relocated p2m list.
fn p2m_window(
    address: GuestAddress,
    pages: u64,
    region: &Range<u64>,
) -> Result<Range<u64>, LayoutError> {
    let role = Role::P2m;
    if address.page_offset() != 0 {
        return Err(LayoutError::Misaligned { role, address });
    }
    let size = pages * PAGE;
    let unmappable = LayoutError::Unmappable {
        role,
        start: address,
        size,
    };
    let window = address.raw()..address.raw().checked_add(size).ok_or(unmappable)?;
    if !is_mappable(&window) {
        return Err(unmappable);
    }
    if window.start < region.end && region.start < window.end {
        return Err(LayoutError::Overlap {
            p2m: address,
            start: GuestAddress::new(region.start),
            end: GuestAddress::new(region.end),
        });
    }
    Ok(window)
}

/// Whether a guest may have mappings in all of the range, which is not empty.
fn is_mappable(range: &Range<u64>) -> bool {
    let last = range.end - 1;
    let same_half = range.start >> 63 == last >> 63;
    let outside = last < HYPERVISOR.start || HYPERVISOR.end <= range.start;
    is_canonical(range.start) && is_canonical(last) && same_half && outside
}
