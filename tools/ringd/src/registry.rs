//! The domains that ringd keeps, and their files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use ringwall_api::{Failure, Kind, Result};

use crate::domain::{Domain, Phase, Record};

/// All domains by their number.
pub(crate) struct Registry {
    directory: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    domains: BTreeMap<u16, Domain>,
    /// Names of domains that are being created.
    reserved: BTreeSet<String>,
}

/// A name that nobody else gets, until this is dropped.
pub(crate) struct Reservation<'a> {
    registry: &'a Registry,
    name: String,
}

impl Registry {
    /// An empty one, with its files in `directory`.
    pub(crate) fn new(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        Ok(Self {
            directory: directory.to_path_buf(),
            inner: Mutex::default(),
        })
    }

    /// What the files say; one that can't be read is named in the log and passed over.
    pub(crate) fn files(&self) -> io::Result<Vec<Record>> {
        let mut records = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != "json") {
                continue;
            }
            let read = fs::read(&path);
            match read.and_then(|bytes| Ok(serde_json::from_slice::<Record>(&bytes)?)) {
                Ok(record) => records.push(record),
                Err(error) => log::error!("{}: {error}", path.display()),
            }
        }
        records.sort_by_key(|record| record.id);
        Ok(records)
    }

    /// Keeps a name for a domain that is about to be.
    pub(crate) fn reserve(&self, name: &str) -> Result<Reservation<'_>> {
        let mut inner = self.lock();
        let user = inner
            .domains
            .values()
            .find(|domain| domain.record.name == name);
        if let Some(domain) = user {
            let id = domain.record.id;
            let message = format!(
                "the name {name} is in use by domain {id}: choose another with name=, or ringctl destroy {name}"
            );
            return Err(Failure::new(Kind::InUse, message));
        }
        if !inner.reserved.insert(name.to_owned()) {
            let message =
                format!("a domain named {name} is being created: wait, or choose another name");
            return Err(Failure::new(Kind::InUse, message));
        }
        Ok(Reservation {
            registry: self,
            name: name.to_owned(),
        })
    }

    /// Adds a domain, or writes it anew.
    pub(crate) fn put(&self, domain: Domain) -> Result<()> {
        self.write(&domain.record)?;
        self.lock().domains.insert(domain.record.id, domain);
        Ok(())
    }

    /// Forgets a domain.
    pub(crate) fn remove(&self, id: u16) {
        self.lock().domains.remove(&id);
        self.forget_file(id);
    }

    /// Removes a domain's file.
    pub(crate) fn forget_file(&self, id: u16) {
        let path = self.path(id);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            log::error!("{} can't be removed: {error}", path.display());
        }
    }

    /// Changes what is kept of a domain.
    pub(crate) fn change<T>(&self, id: u16, change: impl FnOnce(&mut Domain) -> T) -> Result<T> {
        let mut inner = self.lock();
        let domain = inner
            .domains
            .get_mut(&id)
            .ok_or_else(|| absent(&id.to_string()))?;
        let result = change(domain);
        let record = domain.record.clone();
        drop(inner);
        self.write(&record)?;
        Ok(result)
    }

    /// Takes a domain for its end: nobody else gets it from now on.
    pub(crate) fn take(&self, id: u16) -> Result<Domain> {
        let mut inner = self.lock();
        let domain = inner
            .domains
            .get_mut(&id)
            .ok_or_else(|| absent(&id.to_string()))?;
        if domain.phase == Phase::Ending {
            let message = format!("domain {} is being destroyed already", domain.record.name);
            return Err(Failure::new(Kind::InUse, message));
        }
        domain.phase = Phase::Ending;
        Ok(domain.clone())
    }

    /// The domain of this name or number.
    pub(crate) fn find(&self, name: &str) -> Result<Domain> {
        let inner = self.lock();
        let by_number = name.parse().ok().and_then(|id: u16| inner.domains.get(&id));
        let found = by_number.or_else(|| {
            let mut domains = inner.domains.values();
            domains.find(|domain| domain.record.name == name)
        });
        found.cloned().ok_or_else(|| absent(name))
    }

    /// The domain of this number.
    pub(crate) fn get(&self, id: u16) -> Option<Domain> {
        self.lock().domains.get(&id).cloned()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Domain> {
        self.lock().domains.values().cloned().collect()
    }

    fn write(&self, record: &Record) -> Result<()> {
        let bytes = serde_json::to_vec(record).map_err(io::Error::from)?;
        let partial = self.directory.join(format!("{}.partial", record.id));
        let written =
            fs::write(&partial, bytes).and_then(|()| fs::rename(&partial, self.path(record.id)));
        written.map_err(|error| {
            let message = format!(
                "ringd can't keep its state in {}: {error}",
                self.directory.display()
            );
            Failure::new(Kind::Failed, message)
        })
    }

    fn path(&self, id: u16) -> PathBuf {
        self.directory.join(format!("{id}.json"))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.registry.lock().reserved.remove(&self.name);
    }
}

/// No such domain.
pub(crate) fn absent(name: &str) -> Failure {
    let message = match name {
        "0" | "dom0" => "this can't be done to dom0".to_owned(),
        _ => format!("there is no domain {name}: ringctl list shows those that are there"),
    };
    Failure::new(Kind::NotFound, message)
}
