//! The domains that ringd keeps, and their files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fs, io};

use ringwall_api::{Failure, Kind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::{Domain, Intent, Phase, Record};

/// How the files of domains end, and those of intents.
const DOMAIN: &str = "json";
const INTENT: &str = "intent";
/// And those that are being written. One that is there at the start was left by a process that was killed.
const PARTIAL: &str = "partial";

/// All domains by their number.
pub(crate) struct Registry {
    directory: PathBuf,
    /// Held while a domain's file is written or removed: the last file is that of the last change.
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
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == PARTIAL)
            {
                remove(&path);
            }
        }
        Ok(Self {
            directory: directory.to_path_buf(),
            inner: Mutex::default(),
        })
    }

    /// What the files say; one that can't be read is named in the log and passed over.
    pub(crate) fn files(&self) -> io::Result<Vec<Record>> {
        let mut records: Vec<Record> = self.read_all(DOMAIN)?;
        records.sort_by_key(|record| record.id);
        Ok(records)
    }

    /// The same of domains that were about to be.
    pub(crate) fn intents(&self) -> io::Result<Vec<Intent>> {
        self.read_all(INTENT)
    }

    fn read_all<T: DeserializeOwned>(&self, kind: &str) -> io::Result<Vec<T>> {
        let mut all = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let path = entry?.path();
            if path.extension().is_none_or(|extension| extension != kind) {
                continue;
            }
            let read = fs::read(&path);
            match read.and_then(|bytes| Ok(serde_json::from_slice(&bytes)?)) {
                Ok(one) => all.push(one),
                Err(error) => log::error!("{}: {error}", path.display()),
            }
        }
        Ok(all)
    }

    /// Writes down what is about to be.
    pub(crate) fn intend(&self, intent: &Intent) -> Result<()> {
        self.write_file(&format!("{}.{INTENT}", intent.record.uuid), intent)
    }

    /// It is, or will not be.
    pub(crate) fn forget_intent(&self, intent: &Intent) {
        let name = format!("{}.{INTENT}", intent.record.uuid);
        remove(&self.directory.join(name));
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
        let mut inner = self.lock();
        self.write(&domain.record)?;
        inner.domains.insert(domain.record.id, domain);
        Ok(())
    }

    /// Forgets a domain.
    pub(crate) fn remove(&self, id: u16) {
        let mut inner = self.lock();
        inner.domains.remove(&id);
        self.forget_file(id);
    }

    /// Removes a domain's file.
    pub(crate) fn forget_file(&self, id: u16) {
        remove(&self.directory.join(format!("{id}.{DOMAIN}")));
    }

    /// Changes what is kept of a domain.
    pub(crate) fn change<T>(&self, id: u16, change: impl FnOnce(&mut Domain) -> T) -> Result<T> {
        let mut inner = self.lock();
        let domain = inner
            .domains
            .get_mut(&id)
            .ok_or_else(|| absent(&id.to_string()))?;
        let result = change(domain);
        self.write(&domain.record)?;
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
        domain.record.is_ending = true;
        // Where it can't be written down, it ends nevertheless.
        if let Err(failure) = self.write(&domain.record) {
            log::error!("{failure}");
        }
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
        self.write_file(&format!("{}.{DOMAIN}", record.id), record)
    }

    fn write_file(&self, name: &str, content: &impl Serialize) -> Result<()> {
        let bytes = serde_json::to_vec(content).map_err(io::Error::from)?;
        let partial = self.directory.join(format!("{name}.{PARTIAL}"));
        let written = fs::write(&partial, bytes)
            .and_then(|()| fs::rename(&partial, self.directory.join(name)));
        written.map_err(|error| {
            let message = format!(
                "ringd can't keep its state in {}: {error}",
                self.directory.display()
            );
            Failure::new(Kind::Failed, message)
        })
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

/// Removes a file, if it is there.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        log::error!("{} can't be removed: {error}", path.display());
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_half_written_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let [half, whole] = ["5.json.partial", "6.json"].map(|name| directory.path().join(name));
        fs::write(&half, "{").unwrap();
        fs::write(&whole, "{}").unwrap();
        Registry::new(directory.path()).unwrap();
        assert!(!half.exists() && whole.exists());
    }
}
