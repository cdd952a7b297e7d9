//! The failures of the libraries as those that ringctl shows.

use ringwall_abi::Errno;
use ringwall_api::{Failure, Kind};
use ringwall_builder::BuildError;

/// Turns a library's error into a failure.
pub(crate) trait IntoFailure {
    /// The failure.
    fn into_failure(self) -> Failure;
}

impl IntoFailure for ringwall_control::Error {
    fn into_failure(self) -> Failure {
        let kind = match self.errno() {
            Some(Errno::ESRCH | Errno::ENOENT) => Kind::NotFound,
            Some(Errno::ENOMEM | Errno::ENOSPC) => Kind::NoRoom,
            Some(Errno::EBUSY | Errno::EEXIST) => Kind::InUse,
            Some(Errno::EPERM | Errno::EACCES | Errno::ENOSYS | Errno::EOPNOTSUPP) => Kind::Refused,
            _ => Kind::Failed,
        };
        Failure::new(kind, format!("the hypervisor refused {self}"))
    }
}

impl IntoFailure for BuildError {
    fn into_failure(self) -> Failure {
        let kind = match &self {
            Self::Hypervisor(_) => Kind::Refused,
            Self::Memory { .. } => Kind::NoRoom,
            Self::Inconsistent(_) => Kind::Failed,
            _ => Kind::BadInput,
        };
        Failure::new(kind, self.to_string())
    }
}

impl IntoFailure for ringwall_devices::Error {
    fn into_failure(self) -> Failure {
        use ringwall_devices::Error;
        let kind = match &self {
            Error::Open { .. }
            | Error::NoDisk { .. }
            | Error::EmptyDisk { .. }
            | Error::ImageFormat { .. }
            | Error::NotABridge { .. }
            | Error::Address { .. } => Kind::BadInput,
            Error::DiskInUse { .. }
            | Error::Exists { .. }
            | Error::MacInUse { .. }
            | Error::BridgeInUse { .. }
            | Error::NetworkInUse { .. } => Kind::InUse,
            Error::Absent { .. } | Error::NoBridge { .. } => Kind::NotFound,
            Error::Late { .. } => Kind::TimedOut,
            Error::Refused { .. } => Kind::Refused,
            _ => Kind::Failed,
        };
        Failure::new(kind, self.to_string())
    }
}

impl IntoFailure for ringwall_devices::store::StoreError {
    fn into_failure(self) -> Failure {
        Failure::new(Kind::Failed, self.to_string())
    }
}

impl IntoFailure for ringwall_xenstore::Error {
    fn into_failure(self) -> Failure {
        let kind = match self {
            Self::NotFound => Kind::NotFound,
            _ => Kind::Failed,
        };
        Failure::new(kind, format!("the store says {self}"))
    }
}

/// `result.or_fail()?`, for errors of the libraries.
pub(crate) trait OrFail<T> {
    /// The result with a failure in it.
    fn or_fail(self) -> ringwall_api::Result<T>;
}

impl<T, E: IntoFailure> OrFail<T> for Result<T, E> {
    fn or_fail(self) -> ringwall_api::Result<T> {
        self.map_err(IntoFailure::into_failure)
    }
}
