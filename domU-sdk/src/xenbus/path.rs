//! Paths of the store.

use ringwall_abi::io::xs_wire::{ABSOLUTE_PATH_MAX, RELATIVE_PATH_MAX};

use super::StoreError;

/// Checks that the store can have such a path: `/`, or names of letters, digits and `-_@`,
/// separated by single slashes. A relative one starts at the domain's home.
pub(super) fn check(path: &str) -> Result<(), StoreError> {
    let limit = if path.starts_with('/') {
        ABSOLUTE_PATH_MAX
    } else {
        RELATIVE_PATH_MAX
    };
    let names = path.strip_prefix('/').unwrap_or(path);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_@".contains(&byte);
    let well_formed = path == "/"
        || names
            .split('/')
            .all(|name| !name.is_empty() && name.bytes().all(allowed));
    if well_formed && path.len() < limit {
        Ok(())
    } else {
        Err(StoreError::BadPath)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_store_can_have_is_a_path() {
        for (path, good) in [
            ("/", true),
            ("name", true),
            ("device/vif/0/mac", true),
            ("/local/domain/0/backend", true),
            ("@releaseDomain", true),
            ("", false),
            ("a//b", false),
            ("a/", false),
            ("//", false),
            ("a b", false),
            ("a\0b", false),
            ("a.b", false),
        ] {
            assert_eq!(check(path).is_ok(), good, "{path:?}");
        }
        assert!(check(&"a".repeat(RELATIVE_PATH_MAX)).is_err());
    }
}
