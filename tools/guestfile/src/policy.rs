//! What becomes of a domain that ended.

use serde::{Deserialize, Serialize};

/// What is done with a domain that shut down, by itself or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is destroyed.
    Destroy,
    /// It is destroyed and created anew.
    Restart,
    /// It is kept under another name, and created anew.
    RenameRestart,
    /// It is kept, for `dump-core` and the like.
    Preserve,
    /// Its memory is written to a file, then it is destroyed.
    CoredumpDestroy,
    /// Its memory is written to a file, then it is destroyed and created anew.
    CoredumpRestart,
}

impl Action {
    /// All, by their names in both formats.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("destroy", Self::Destroy),
        ("restart", Self::Restart),
        ("rename-restart", Self::RenameRestart),
        ("preserve", Self::Preserve),
        ("coredump-destroy", Self::CoredumpDestroy),
        ("coredump-restart", Self::CoredumpRestart),
    ];

    /// The action of this name.
    ///
    /// # Errors
    /// One line that names all actions.
    pub fn parse(name: &str) -> Result<Self, String> {
        let found = Self::NAMES.iter().find(|(known, _)| *known == name);
        found.map(|(_, action)| *action).ok_or_else(|| {
            let names = Self::NAMES.map(|(known, _)| known).join(", ");
            format!("{name:?} is no action: use one of {names}")
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let found = Self::NAMES.iter().find(|(_, action)| *action == self);
        found.map_or("destroy", |(name, _)| name)
    }

    /// Whether a domain of the same name is created.
    #[must_use]
    pub fn restarts(self) -> bool {
        matches!(
            self,
            Self::Restart | Self::RenameRestart | Self::CoredumpRestart
        )
    }
}

/// The actions by the reason of the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Policies {
    /// The domain switched itself off.
    pub poweroff: Action,
    /// The domain asked for a restart.
    pub reboot: Action,
    /// The domain crashed, or was crashed by the hypervisor.
    pub crash: Action,
    /// Its watchdog ran out.
    pub watchdog: Action,
    /// So many restarts in a row are done while each lasted less than ten seconds.
    pub restart_limit: u32,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            poweroff: Action::Destroy,
            reboot: Action::Restart,
            crash: Action::Destroy,
            watchdog: Action::Destroy,
            restart_limit: 5,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_name() {
        for (name, action) in Action::NAMES {
            assert_eq!(Action::parse(name), Ok(action));
            assert_eq!(action.name(), name);
        }
        assert!(
            Action::parse("explode")
                .unwrap_err()
                .contains("rename-restart")
        );
    }
}
