//! A domain's home in the store: what its kernel looks for when it starts.

use ringwall_abi::DomainId;
use ringwall_xenstore::{Access, Handle, Permission, Result, Transaction, home};

use crate::domain::{Record, RingPlace};

/// Nodes that the guest may write: it says there what it can do, and answers what it is asked.
const GUEST_WRITES: [&str; 9] = [
    "control/shutdown",
    "control/sysrq",
    "control/feature-poweroff",
    "control/feature-reboot",
    "control/feature-suspend",
    "control/feature-s3",
    "control/feature-s4",
    "data",
    "drivers",
];

/// Makes a domain's nodes, all at once.
pub(crate) fn make(store: &Handle, record: &Record) -> Result<()> {
    let domain = record.domain();
    let own = home(domain);
    let vm = format!("/vm/{}", record.uuid);
    store.transaction(|nodes| {
        // What a domain of the same number left behind is not this one's.
        match nodes.remove(&own) {
            Ok(()) | Err(ringwall_xenstore::Error::NotFound) => {}
            Err(error) => return Err(error),
        }
        let node = |nodes: &mut Transaction<'_>, name: &str, value: &str| {
            let path = format!("{own}/{name}");
            nodes.write(&path, value)?;
            nodes.set_permissions(&path, &readable(domain))
        };
        nodes.make_directory(&own)?;
        nodes.set_permissions(&own, &readable(domain))?;
        let Record {
            guest,
            console,
            store,
            ..
        } = record;
        for (name, value) in [
            ("vm", vm.as_str()),
            ("name", &record.name),
            ("domid", &record.id.to_string()),
            ("cpu", ""),
            ("memory", ""),
            ("memory/static-max", &guest.max_memory_kib.to_string()),
            ("memory/target", &guest.memory_kib.to_string()),
            ("device", ""),
            ("control", ""),
            ("control/platform-feature-multiprocessor-suspend", "1"),
            ("control/platform-feature-xs_reset_watches", "1"),
            ("store", ""),
            ("console", ""),
            ("console/type", "ringd"),
            ("console/limit", "1048576"),
            ("console/output", "pty"),
        ] {
            node(nodes, name, value)?;
        }
        for (name, RingPlace { frame, port }) in [("store", store), ("console", console)] {
            node(nodes, &format!("{name}/ring-ref"), &frame.to_string())?;
            node(nodes, &format!("{name}/port"), &port.to_string())?;
        }
        for vcpu in 0..guest.max_vcpus {
            let availability = if vcpu < guest.vcpus {
                "online"
            } else {
                "offline"
            };
            node(nodes, &format!("cpu/{vcpu}"), "")?;
            node(nodes, &format!("cpu/{vcpu}/availability"), availability)?;
        }
        for name in GUEST_WRITES {
            let path = format!("{own}/{name}");
            nodes.make_directory(&path)?;
            nodes.set_permissions(&path, &owned(domain))?;
        }
        for (name, value) in [
            ("", ""),
            ("/uuid", record.uuid.as_str()),
            ("/name", &record.name),
        ] {
            let path = format!("{vm}{name}");
            nodes.write(&path, value)?;
            nodes.set_permissions(&path, &readable(domain))?;
        }
        Ok(())
    })
}

/// Writes a domain's new name.
pub(crate) fn set_name(store: &Handle, record: &Record) -> Result<()> {
    let own = home(record.domain());
    store.write(&format!("{own}/name"), &record.name)?;
    store.write(&format!("/vm/{}/name", record.uuid), &record.name)
}

/// Removes a domain's nodes.
pub(crate) fn forget(store: &Handle, record: &Record) {
    remove(store, &home(record.domain()));
    forget_identity(store, record);
}

/// Removes those that are known by its UUID.
pub(crate) fn forget_identity(store: &Handle, record: &Record) {
    remove(store, &format!("/vm/{}", record.uuid));
}

fn remove(store: &Handle, path: &str) {
    match store.remove(path) {
        Ok(()) | Err(ringwall_xenstore::Error::NotFound) => {}
        Err(error) => log::warn!("the store keeps {path}: {error}"),
    }
}

/// dom0's, and the domain may read it.
fn readable(domain: DomainId) -> [Permission; 2] {
    [
        Permission {
            domain: DomainId::DOM0,
            access: Access::None,
        },
        Permission {
            domain,
            access: Access::Read,
        },
    ]
}

/// The domain's own.
fn owned(domain: DomainId) -> [Permission; 1] {
    [Permission {
        domain,
        access: Access::None,
    }]
}
