//! A machine of one guest and its back ends, all in one thread: the back ends run while the guest
//! waits.
// UNSAFETY: a back end has the guest's pages mapped, as on a real machine.
#![expect(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

use ringwall_abi::{DomainId, Errno, Port};
use ringwall_sdk::SharedPage;
use ringwall_sdk::device::{Access, Platform, StillMapped};

/// What one wait takes, in nanoseconds.
const STEP_NS: u64 = 500_000_000;

/// Something that runs while the guest waits.
pub(crate) type BackEnd = Box<dyn FnMut(&World)>;

/// The platform of the tests. Copies are the same.
#[derive(Clone)]
pub(crate) struct World(Rc<Inner>);

struct Inner {
    now_ns: Cell<u64>,
    grants: RefCell<BTreeMap<u32, (u64, Access)>>,
    /// Grants that the back end holds on to.
    held: RefCell<Vec<u32>>,
    next: Cell<u32>,
    ports: RefCell<Vec<Port>>,
    back_ends: RefCell<Vec<BackEnd>>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("World")
    }
}

impl World {
    pub(crate) fn new() -> Self {
        Self(Rc::new(Inner {
            now_ns: Cell::new(1),
            grants: RefCell::default(),
            held: RefCell::default(),
            next: Cell::new(8),
            ports: RefCell::default(),
            back_ends: RefCell::default(),
        }))
    }

    pub(crate) fn add(&self, back_end: impl FnMut(&Self) + 'static) {
        self.0.back_ends.borrow_mut().push(Box::new(back_end));
    }

    /// Lets each back end run once.
    pub(crate) fn step(&self) {
        let mut back_ends = self.0.back_ends.take();
        for back_end in &mut back_ends {
            back_end(self);
        }
        self.0.back_ends.borrow_mut().extend(back_ends);
    }

    /// Maps a page that the guest granted.
    pub(crate) fn map(&self, reference: u32) -> Option<SharedPage> {
        let (address, _) = *self.0.grants.borrow().get(&reference)?;
        Some(page_at(address))
    }

    /// Whether the guest lets the page be written.
    pub(crate) fn writable(&self, reference: u32) -> bool {
        matches!(
            self.0.grants.borrow().get(&reference),
            Some((_, Access::ReadWrite))
        )
    }

    /// Never lets go of what is granted now.
    pub(crate) fn hold_all(&self) {
        let grants = self.0.grants.borrow();
        self.0.held.borrow_mut().extend(grants.keys());
    }

    pub(crate) fn grants(&self) -> Vec<u32> {
        self.0.grants.borrow().keys().copied().collect()
    }

    pub(crate) fn open_ports(&self) -> usize {
        self.0.ports.borrow().len()
    }

    fn next(&self) -> u32 {
        self.0.next.set(self.0.next.get() + 1);
        self.0.next.get()
    }
}

/// The page at an address. It must live for as long as it is used: the guest's grants do.
pub(crate) fn page_at(address: u64) -> SharedPage {
    // SAFETY: the page is the guest's own, aligned, and the tests drop what they mapped before the
    // guest does; the guest reaches it by this type alone.
    unsafe { SharedPage::new(address) }
}

impl Platform for World {
    fn grant(&self, _: DomainId, page: &SharedPage, access: Access) -> Result<u32, Errno> {
        let reference = self.next();
        self.0
            .grants
            .borrow_mut()
            .insert(reference, (page.address(), access));
        Ok(reference)
    }

    fn revoke(&self, reference: u32) -> Result<(), StillMapped> {
        if self.0.held.borrow().contains(&reference) {
            return Err(StillMapped);
        }
        let known = self.0.grants.borrow_mut().remove(&reference);
        assert!(known.is_some(), "{reference} is taken back twice");
        Ok(())
    }

    fn open_channel(&self, _: DomainId) -> Result<Port, Errno> {
        let port = Port::new(self.next());
        self.0.ports.borrow_mut().push(port);
        Ok(port)
    }

    fn close_channel(&self, port: Port) {
        let mut ports = self.0.ports.borrow_mut();
        let index = ports.iter().position(|other| *other == port);
        ports.remove(index.expect("a port is closed twice"));
    }

    fn notify(&self, _: Port) -> Result<(), Errno> {
        Ok(())
    }

    fn wait(&self, _: &[Port], _: u64) {
        self.step();
        self.0.now_ns.set(self.0.now_ns.get() + STEP_NS);
    }

    fn now_ns(&self) -> u64 {
        self.0.now_ns.get()
    }
}
