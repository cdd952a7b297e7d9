//! Domains beside dom0, by the toolstack's interface.

use super::case::Case;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "domains",
            "dom0 makes, runs and destroys domains, and nothing is lost",
        )
        .program("domains")
        .commands("modprobe xen-privcmd; /ringwall/bin/domains"),
    ]
}
