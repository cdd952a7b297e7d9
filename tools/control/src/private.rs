//! Ringwall's own hypercall: statistics that Xen's interface does not have.

use ringwall_abi::Errno;
use ringwall_abi::ringwall::{self, Reply, Request};

use crate::{Error, Hypervisor, Result};

const NAME: &str = "Ringwall's own hypercall";

impl Hypervisor {
    /// Asks what only Ringwall tells; `None` on another hypervisor, or of a Ringwall that doesn't know the request.
    ///
    /// # Errors
    /// `ESRCH`, `ENOENT`: there is no such domain, no such virtual CPU; `EPERM`: this is not the control domain.
    pub fn ask(&self, request: &Request) -> Result<Option<Reply>> {
        let unreadable = Error::new(NAME, Errno::EBADMSG);
        let mut message = [0; ringwall::REQUEST_MAX];
        let message = ringwall::encode(request, &mut message).ok_or(unreadable)?;
        let mut call = self.call();
        let question = call.put(message)?;
        let answer = call.place(ringwall::REPLY_MAX)?;
        let arguments = [
            question.address().raw(),
            message.len() as u64,
            answer.address().raw(),
            ringwall::REPLY_MAX as u64,
            0,
        ];
        match call.make(NAME, ringwall::NUMBER, arguments) {
            Ok(length) => {
                let bytes = usize::try_from(length)
                    .ok()
                    .and_then(|length| call.bytes(answer).get(..length));
                let reply = bytes.and_then(ringwall::decode);
                reply.map(Some).ok_or(unreadable)
            }
            // EINVAL: the request is newer than the hypervisor. Xen uses the number inside, and doesn't support it.
            Err(error)
                if [Errno::ENOSYS, Errno::EOPNOTSUPP, Errno::EINVAL]
                    .iter()
                    .any(|errno| error.is(*errno)) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether this is Ringwall, by whether it knows its own hypercall.
    ///
    /// # Errors
    /// `EPERM`: this is not the control domain.
    pub fn is_ringwall(&self) -> Result<bool> {
        match self.ask(&Request::Version)? {
            Some(Reply::Version(_)) => Ok(true),
            _ => Ok(false),
        }
    }
}
