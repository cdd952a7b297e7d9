//! Pools of CPUs: one, with all of them and all domains.

use ringwall_abi::domctl::SchedulerId;
use ringwall_abi::sysctl::{CpupoolCommand, CpupoolOp};
use ringwall_abi::{DomainId, Errno};
use ringwall_model::sched::{CpuId, CpuSet};

use super::body;
use crate::domain;
use crate::hypercall::{Call, Result, THE_CPU, domctl};

/// The pool.
const POOL: u32 = 0;
/// Any pool.
const ANY: u32 = u32::MAX;

/// `XEN_SYSCTL_cpupool_op`: tells of the pool, and moves domains to where they are.
///
/// # Errors
/// `ENOENT` for another pool; `ESRCH`; `EOPNOTSUPP` for what would change pools.
pub(super) fn handle(call: &Call<'_>) -> Result {
    let mut request: CpupoolOp = body::read(call)?;
    match CpupoolCommand::from_number(request.op.into()).ok_or(Errno::ENOSYS)? {
        CpupoolCommand::Info => {
            // Of this pool, or of the next above.
            if request.cpupool_id != POOL && request.cpupool_id != ANY {
                return Err(Errno::ENOENT.into());
            }
            request.cpupool_id = POOL;
            request.sched_id = SchedulerId::Credit2.number();
            request.n_dom = domain::count();
            domctl::write_bitmap(&request.cpumap, &CpuSet::of(CpuId::new(THE_CPU)))?;
            body::write(call, &request)
        }
        CpupoolCommand::FreeInfo => {
            domctl::write_bitmap(&request.cpumap, &CpuSet::EMPTY)?;
            Ok(0)
        }
        CpupoolCommand::MoveDomain => {
            let id = u16::try_from(request.domid).map_err(|_| Errno::ESRCH)?;
            domain::find(DomainId::new(id)).ok_or(Errno::ESRCH)?;
            if request.cpupool_id == POOL {
                Ok(0)
            } else {
                Err(Errno::ENOENT.into())
            }
        }
        CpupoolCommand::Create
        | CpupoolCommand::Destroy
        | CpupoolCommand::AddCpu
        | CpupoolCommand::RemoveCpu => Err(Errno::EOPNOTSUPP.into()),
    }
}
