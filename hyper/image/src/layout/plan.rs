//! Where everything goes.

use core::ops::Range;

use ringwall_abi::{GuestAddress, PAGE_SHIFT, PAGE_SIZE, Pfn};

use super::region::{bootstrap_tables, p2m_window};
use super::tables::Tables;
use super::{Element, LayoutError, Request, Rings, Role, StartInfoFields, TableEntries};

const PAGE: u64 = PAGE_SIZE as u64;
/// Bytes in an entry of the p2m list.
const P2M_ENTRY: u64 = 8;
/// Frames that 52 bits of physical address can name: no domain has more.
const MAX_PAGES: u64 = 1 << (52 - PAGE_SHIFT);

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
    pub fn new(mut request: Request) -> Result<Self, LayoutError> {
        request.pages = request.pages.min(MAX_PAGES);
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
        if sum > request.pages {
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
