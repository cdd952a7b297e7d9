//! The file of leases: kept across restarts, and replaced as a whole.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::leases::Lease;
use crate::Error;

#[derive(Serialize, Deserialize, Default)]
struct Content {
    leases: Vec<Lease>,
}

/// What the file holds; nothing if it is not there.
pub(super) fn load(path: &Path) -> Result<Vec<Lease>, Error> {
    let fail = |source| Error::Leases {
        path: path.to_owned(),
        source,
    };
    match fs::read(path) {
        Ok(bytes) => {
            let content = serde_json::from_slice::<Content>(&bytes);
            Ok(content.map_err(|error| fail(error.into()))?.leases)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(fail(error)),
    }
}

/// Replaces the file: who reads it finds the old content or the new one.
pub(super) fn save(path: &Path, leases: Vec<Lease>) -> Result<(), Error> {
    let write = || {
        let partial = path.with_extension("partial");
        let mut file = File::create(&partial)?;
        file.write_all(&serde_json::to_vec_pretty(&Content { leases })?)?;
        file.sync_all()?;
        fs::rename(&partial, path)
    };
    write().map_err(|source| Error::Leases {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use ringwall_guestfile::Mac;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("leases.json");
        assert_eq!(load(&path).unwrap(), []);
        let lease = Lease {
            mac: Mac([2, 0, 0, 0, 0, 1]),
            address: Ipv4Addr::new(10, 77, 0, 9),
            expires: 77,
        };
        save(&path, vec![lease]).unwrap();
        assert_eq!(load(&path).unwrap(), [lease]);
        fs::write(&path, "{").unwrap();
        assert!(
            load(&path)
                .unwrap_err()
                .to_string()
                .contains("can't be kept")
        );
    }
}
