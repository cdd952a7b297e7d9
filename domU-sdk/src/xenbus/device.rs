//! A device: the front end's directory, the back end's, and their states.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::str::FromStr;

use ringwall_abi::io::xenbus::DeviceState;
use ringwall_abi::{DomainId, Errno};

use super::{Nodes, Store, StoreError, Watch, path};
use crate::device::{Guest, Platform};

/// For how long a back end may take for each step, in nanoseconds.
const STEP_NS: u64 = 60_000_000_000;

/// Why a device can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceError {
    /// The store's.
    Store(StoreError),
    /// There is no such device.
    Absent,
    /// A node holds something that it can't hold, or is missing. Its path.
    BadNode(String),
    /// The back end went to this state while another was waited for.
    WrongState(DeviceState),
    /// The back end took too long.
    TimedOut,
    /// Memory, a grant or an event channel can't be had.
    NoResources(Errno),
}

impl From<StoreError> for DeviceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TimedOut => Self::TimedOut,
            error => Self::Store(error),
        }
    }
}

impl fmt::Display for DeviceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Absent => f.write_str("there is no such device"),
            Self::BadNode(path) => write!(f, "{path} is missing or makes no sense"),
            Self::WrongState(state) => write!(f, "the back end went to {state}"),
            Self::TimedOut => f.write_str("the back end takes too long"),
            Self::NoResources(errno) => write!(f, "no resources: {errno}"),
        }
    }
}

impl core::error::Error for DeviceError {}

/// A device's two directories in the store, with a watch on the back end's state.
#[derive(Debug)]
pub struct Device<P: Platform = Guest> {
    store: Store<P>,
    /// `device/CLASS/ID`.
    path: String,
    backend: String,
    backend_domain: DomainId,
    watch: Watch<P>,
    /// What the back end's state was last.
    state: DeviceState,
}

impl<P: Platform> Device<P> {
    /// The numbers of the domain's devices of a class: `vbd` are disks, `vif` networks.
    ///
    /// # Errors
    /// The store's, but for `ENOENT`: then there are none.
    pub fn list(store: &Store<P>, class: &str) -> Result<Vec<u32>, StoreError> {
        match store.directory(&format!("device/{class}")) {
            Ok(names) => Ok(names.iter().filter_map(|name| name.parse().ok()).collect()),
            Err(error) if error.is_absent() => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Opens the device's directories and watches the back end.
    ///
    /// # Errors
    /// [`DeviceError::Absent`]; [`DeviceError::BadNode`]: what the toolstack wrote makes no sense;
    /// the store's.
    pub fn open(store: &Store<P>, class: &str, id: u32) -> Result<Self, DeviceError> {
        let path = format!("device/{class}/{id}");
        let backend = match store.read(&format!("{path}/backend")) {
            Ok(backend) => backend,
            Err(error) if error.is_absent() => return Err(DeviceError::Absent),
            Err(error) => return Err(error.into()),
        };
        if path::check(&backend).is_err() {
            return Err(DeviceError::BadNode(format!("{path}/backend")));
        }
        let domain = number(store, &format!("{path}/backend-id"))?;
        let backend_domain = domain
            .map(DomainId::new)
            .filter(|domain| domain.is_ordinary())
            .ok_or_else(|| DeviceError::BadNode(format!("{path}/backend-id")))?;
        let watch = store.watch(&format!("{backend}/state"))?;
        let mut device = Self {
            store: store.clone(),
            path,
            backend,
            backend_domain,
            watch,
            state: DeviceState::Unknown,
        };
        device.state = device.read_state()?;
        Ok(device)
    }

    /// Starts anew: the front end's state becomes [`DeviceState::Initialising`], and the back end
    /// is waited for until it is ready for what the front end has to tell.
    ///
    /// # Errors
    /// As [`Self::wait_for`].
    pub fn begin(&mut self) -> Result<(), DeviceError> {
        self.set_state(DeviceState::Initialising)?;
        // A back end that an earlier front end left in another state starts anew as well.
        self.wait_until(|state| match state {
            DeviceState::InitWait => Wanted::Here,
            _ => Wanted::NotYet,
        })
    }

    /// Writes the front end's nodes and its state [`DeviceState::Initialised`] or
    /// [`DeviceState::Connected`], all at once.
    ///
    /// # Errors
    /// The store's.
    pub fn publish(&self, nodes: &[(&str, String)], state: DeviceState) -> Result<(), DeviceError> {
        let state = state.number().to_string();
        Ok(self.store.transaction(|transaction| {
            for (name, value) in nodes {
                transaction.write(&format!("{}/{name}", self.path), value)?;
            }
            transaction.write(&format!("{}/state", self.path), &state)
        })?)
    }

    /// Waits until the back end's state is `wanted`.
    ///
    /// # Errors
    /// [`DeviceError::WrongState`]: it closes instead. [`DeviceError::TimedOut`]. The store's.
    pub fn wait_for(&mut self, wanted: DeviceState) -> Result<(), DeviceError> {
        self.wait_until(|state| match state {
            state if state == wanted => Wanted::Here,
            DeviceState::Closing | DeviceState::Closed => Wanted::Never,
            _ => Wanted::NotYet,
        })
    }

    /// The back end's state. Asks the store only when the watch says that it changed.
    ///
    /// # Errors
    /// The store's; [`DeviceError::BadNode`]: it holds no state.
    pub fn backend_state(&mut self) -> Result<DeviceState, DeviceError> {
        let mut changed = false;
        while self.watch.take()?.is_some() {
            changed = true;
        }
        if changed {
            self.state = self.read_state()?;
        }
        Ok(self.state)
    }

    /// Sets the front end's state.
    ///
    /// # Errors
    /// The store's.
    pub fn set_state(&self, state: DeviceState) -> Result<(), DeviceError> {
        let node = format!("{}/state", self.path);
        Ok(self.store.write(&node, &state.number().to_string())?)
    }

    /// A number, or the like, of the back end's directory, or `None` where it has none.
    ///
    /// # Errors
    /// [`DeviceError::BadNode`]: it holds something else. The store's.
    pub fn backend_value<T: FromStr>(&self, name: &str) -> Result<Option<T>, DeviceError> {
        number(&self.store, &format!("{}/{name}", self.backend))
    }

    /// A number, or the like, of the front end's own directory.
    ///
    /// # Errors
    /// As [`Self::backend_value`].
    pub fn value<T: FromStr>(&self, name: &str) -> Result<Option<T>, DeviceError> {
        number(&self.store, &format!("{}/{name}", self.path))
    }

    /// Whether the back end says that it has a feature: the node is there and not 0.
    ///
    /// # Errors
    /// As [`Self::backend_value`].
    pub fn backend_has(&self, feature: &str) -> Result<bool, DeviceError> {
        Ok(self.backend_value(feature)?.unwrap_or(0_u32) != 0)
    }

    /// Says in the store, where the toolstack finds it, why the device is given up.
    ///
    /// # Errors
    /// The store's.
    pub fn report(&self, message: &str) -> Result<(), DeviceError> {
        // As Linux does: the node is no part of the device's own directory.
        let node = format!("error/{}/error", self.path);
        Ok(self.store.write(&node, message)?)
    }

    /// Closes the front end's half, and waits for a while for the back end to let go of what it
    /// has mapped. What it holds on to after that stays its own.
    ///
    /// # Errors
    /// The store's; [`DeviceError::TimedOut`].
    pub fn close(&mut self) -> Result<(), DeviceError> {
        self.set_state(DeviceState::Closing)?;
        let closing = self.wait_until(|state| match state {
            DeviceState::Connected | DeviceState::Initialised => Wanted::NotYet,
            _ => Wanted::Here,
        });
        self.set_state(DeviceState::Closed)?;
        closing?;
        self.wait_until(|state| match state {
            DeviceState::Closing | DeviceState::Connected | DeviceState::Initialised => {
                Wanted::NotYet
            }
            // Closed, gone, or ready for the next front end.
            _ => Wanted::Here,
        })
    }

    /// The domain of the back end.
    #[must_use]
    pub fn backend_domain(&self) -> DomainId {
        self.backend_domain
    }

    /// The front end's directory: `device/CLASS/ID`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Store<P> {
        &self.store
    }

    fn wait_until(&mut self, judge: impl Fn(DeviceState) -> Wanted) -> Result<(), DeviceError> {
        let until_ns = self.store.platform().now_ns().saturating_add(STEP_NS);
        loop {
            match judge(self.backend_state()?) {
                Wanted::Here => return Ok(()),
                Wanted::Never => return Err(DeviceError::WrongState(self.state)),
                Wanted::NotYet => {}
            }
            self.watch.wait(until_ns)?;
            self.state = self.read_state()?;
        }
    }

    fn read_state(&self) -> Result<DeviceState, DeviceError> {
        match self.backend_value("state")? {
            // It does not exist yet, or any more.
            None => Ok(DeviceState::Unknown),
            Some(number) => DeviceState::from_number(number)
                .ok_or_else(|| DeviceError::BadNode(format!("{}/state", self.backend))),
        }
    }
}

/// What a state means to somebody who waits.
enum Wanted {
    Here,
    NotYet,
    Never,
}

fn number<P: Platform, T: FromStr>(store: &Store<P>, node: &str) -> Result<Option<T>, DeviceError> {
    store.read_value(node).map_err(|error| match error {
        StoreError::BadAnswer => DeviceError::BadNode(node.into()),
        error => error.into(),
    })
}
