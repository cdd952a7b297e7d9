//! A machine in memory: frames, domains, and the order in which things are asked of it.

use core::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use ringwall_abi::arch_x86::VcpuGuestContext;
use ringwall_abi::{DomainId, Errno, MachineAddress, Mfn, PAGE_SIZE, Pfn, Port, VcpuId};
use ringwall_control::{DomainSettings, Error, OutOfRange, Populated, Result};

use crate::{Machine, Memory};

/// The number that the domain gets.
pub(super) const DOMAIN: DomainId = DomainId::new(5);
/// The frame of its shared page.
pub(super) const SHARED_INFO: Mfn = Mfn::new(3);
/// The frame of its grant table.
pub(super) const GRANTS: Mfn = Mfn::new(4);

type Page = Box<[u8; PAGE_SIZE]>;

/// What has become of the domain.
#[derive(Default)]
pub(super) struct State {
    pub(super) exists: bool,
    pub(super) max_pages: u64,
    pub(super) pages: BTreeMap<u64, Page>,
    /// By frame number.
    pub(super) p2m: BTreeMap<u64, Mfn>,
    pub(super) ports: Vec<DomainId>,
    pub(super) hypercall_page: Option<Mfn>,
    pub(super) root: Option<Mfn>,
    pub(super) context: Option<Box<VcpuGuestContext>>,
    pub(super) pinning: Vec<(VcpuId, Vec<u32>)>,
    pub(super) mapped_pages: usize,
}

/// The machine.
pub(super) struct Fake {
    pub(super) state: Rc<RefCell<State>>,
    /// What was asked, by name.
    pub(super) calls: RefCell<Vec<&'static str>>,
    /// The call that fails, counted from 0.
    pub(super) fails_at: Cell<Option<usize>>,
    pub(super) free: u64,
    /// Pages that can be had, which may be fewer than are said to be free.
    pub(super) left: Cell<u64>,
    /// The largest order that can be had.
    pub(super) largest: u32,
    pub(super) features: u32,
    /// What frames hold at first; 0 for a machine whose frames are clean.
    pub(super) dirt: u8,
    pub(super) next: Cell<u64>,
}

impl Fake {
    pub(super) fn new(free: u64) -> Self {
        Self {
            state: Rc::default(),
            calls: RefCell::default(),
            fails_at: Cell::new(None),
            free,
            left: Cell::new(free),
            largest: 9,
            features: 0xffff,
            dirt: 0,
            next: Cell::new(0x10_0000),
        }
    }

    fn call(&self, name: &'static str) -> Result<()> {
        let number = self.calls.borrow().len();
        self.calls.borrow_mut().push(name);
        match self.fails_at.get() {
            Some(at) if at == number => Err(Error::new(name, Errno::ENOMEM)),
            _ => Ok(()),
        }
    }

    pub(super) fn count(&self, name: &str) -> usize {
        let calls = self.calls.borrow();
        calls.iter().filter(|call| **call == name).count()
    }

    /// Bytes at a pseudo-physical address, within a page.
    pub(super) fn read(&self, address: u64, length: usize) -> Vec<u8> {
        let state = self.state.borrow();
        let mfn = state.p2m[&(address / PAGE_SIZE as u64)];
        drop(state);
        let offset = MachineAddress::new(address).page_offset();
        self.read_frame(mfn, offset, length)
    }

    /// Bytes of a machine frame.
    pub(super) fn read_frame(&self, mfn: Mfn, offset: usize, length: usize) -> Vec<u8> {
        self.state.borrow().pages[&mfn.raw()][offset..offset + length].to_vec()
    }

    fn add_frame(&self, mfn: Mfn) {
        let page = Box::new([self.dirt; PAGE_SIZE]);
        self.state.borrow_mut().pages.insert(mfn.raw(), page);
    }
}

/// Frames that are mapped.
pub(super) struct FakeMemory {
    frames: Vec<Mfn>,
    state: Rc<RefCell<State>>,
}

impl FakeMemory {
    fn each(
        &self,
        offset: usize,
        length: usize,
        mut act: impl FnMut(&mut [u8], usize),
    ) -> core::result::Result<(), OutOfRange> {
        let end = offset.checked_add(length).ok_or(OutOfRange)?;
        if end > self.frames.len() * PAGE_SIZE {
            return Err(OutOfRange);
        }
        let mut state = self.state.borrow_mut();
        let mut position = offset;
        while position < end {
            let within = position % PAGE_SIZE;
            let part = (PAGE_SIZE - within).min(end - position);
            let mfn = self.frames[position / PAGE_SIZE];
            let page = state.pages.get_mut(&mfn.raw()).expect("it is a frame");
            act(&mut page[within..within + part], position - offset);
            position += part;
        }
        Ok(())
    }
}

impl Memory for FakeMemory {
    fn write(&self, offset: usize, bytes: &[u8]) -> core::result::Result<(), OutOfRange> {
        self.each(offset, bytes.len(), |page, from| {
            page.copy_from_slice(&bytes[from..from + page.len()]);
        })
    }

    fn clear(&self, offset: usize, length: usize) -> core::result::Result<(), OutOfRange> {
        self.each(offset, length, |page, _| page.fill(0))
    }
}

impl Drop for FakeMemory {
    fn drop(&mut self) {
        self.state.borrow_mut().mapped_pages -= self.frames.len();
    }
}

impl Machine for Fake {
    type Memory = FakeMemory;

    fn offered_features(&self) -> Result<u32> {
        self.call("features").map(|()| self.features)
    }

    fn free_pages(&self) -> Result<u64> {
        self.call("free").map(|()| self.free)
    }

    fn frames_are_clean(&self) -> Result<bool> {
        self.call("clean").map(|()| self.dirt == 0)
    }

    fn create_domain(&self, _: &DomainSettings) -> Result<DomainId> {
        self.call("create")?;
        self.state.borrow_mut().exists = true;
        for frame in [SHARED_INFO, GRANTS] {
            let page = Box::new([0; PAGE_SIZE]);
            self.state.borrow_mut().pages.insert(frame.raw(), page);
        }
        Ok(DOMAIN)
    }

    fn destroy_domain(&self, domain: DomainId) -> Result<()> {
        assert_eq!(domain, DOMAIN);
        let mut state = self.state.borrow_mut();
        assert_eq!(state.mapped_pages, 0, "frames are mapped at its end");
        *state = State::default();
        Ok(())
    }

    fn set_max_pages(&self, _: DomainId, pages: u64) -> Result<()> {
        self.call("max")?;
        self.state.borrow_mut().max_pages = pages;
        Ok(())
    }

    fn populate(&self, _: DomainId, order: u32, extents: &[Pfn]) -> Result<Populated> {
        self.call("populate")?;
        let mut frames = Vec::new();
        for first in extents {
            let size = 1 << order;
            if order > self.largest || self.left.get() < size {
                break;
            }
            self.left.set(self.left.get() - size);
            let mfn = self.next.get().next_multiple_of(size);
            // Neighbours in the domain are none in the machine.
            self.next.set(mfn + 2 * size);
            for offset in 0..size {
                self.add_frame(Mfn::new(mfn + offset));
                let place = (first.raw() + offset, Mfn::new(mfn + offset));
                let old = self.state.borrow_mut().p2m.insert(place.0, place.1);
                assert_eq!(old, None, "a frame number is given twice");
            }
            frames.push(Mfn::new(mfn));
        }
        Ok(Populated { frames })
    }

    fn map_frames(&self, _: DomainId, frames: &[Mfn]) -> Result<FakeMemory> {
        self.call("map")?;
        let mut state = self.state.borrow_mut();
        assert_eq!(state.root, None, "page tables can't be mapped");
        state.mapped_pages += frames.len();
        Ok(FakeMemory {
            frames: frames.to_vec(),
            state: Rc::clone(&self.state),
        })
    }

    fn map_grant_table(&self, _: DomainId) -> Result<FakeMemory> {
        self.call("grants")?;
        self.state.borrow_mut().mapped_pages += 1;
        Ok(FakeMemory {
            frames: vec![GRANTS],
            state: Rc::clone(&self.state),
        })
    }

    fn shared_info_frame(&self, _: DomainId) -> Result<Mfn> {
        self.call("info").map(|()| SHARED_INFO)
    }

    fn allocate_unbound_port(&self, _: DomainId, remote: DomainId) -> Result<Port> {
        self.call("port")?;
        let ports = &mut self.state.borrow_mut().ports;
        ports.push(remote);
        Ok(Port::new(u32::try_from(ports.len()).expect("few")))
    }

    fn fill_hypercall_page(&self, _: DomainId, frame: Mfn) -> Result<()> {
        self.call("hypercalls")?;
        self.state.borrow_mut().hypercall_page = Some(frame);
        Ok(())
    }

    fn pin_root_table(&self, _: DomainId, root: Mfn) -> Result<()> {
        self.call("pin root")?;
        let mut state = self.state.borrow_mut();
        assert_eq!(state.mapped_pages, 0, "a page table is mapped writable");
        state.root = Some(root);
        Ok(())
    }

    fn set_vcpu_context(
        &self,
        _: DomainId,
        vcpu: VcpuId,
        context: &VcpuGuestContext,
    ) -> Result<()> {
        self.call("context")?;
        assert_eq!(vcpu, VcpuId::new(0));
        self.state.borrow_mut().context = Some(Box::new(*context));
        Ok(())
    }

    fn pin_vcpu(&self, _: DomainId, vcpu: VcpuId, cpus: &[u32]) -> Result<()> {
        self.call("pin vcpu")?;
        self.state.borrow_mut().pinning.push((vcpu, cpus.to_vec()));
        Ok(())
    }
}
