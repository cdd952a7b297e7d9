//! The machine: its CPUs and memory, and the hypervisor's console.

use ringwall_abi::GuestAddress;
use ringwall_abi::sysctl::{CpuInfo, DebugKeys, GetCpuInfo, PhysInfo, ReadConsole, SysctlOp};
use zerocopy::FromZeros as _;

use crate::{Hypervisor, Result};

/// CPUs of room when their idle times are asked for.
const MAX_CPUS: u16 = 512;

impl Hypervisor {
    /// What the machine is, and how much of its memory is free.
    ///
    /// # Errors
    /// `EPERM`: this is not the control domain.
    #[doc(alias = "XEN_SYSCTL_physinfo")]
    pub fn machine(&self) -> Result<PhysInfo> {
        self.sysctl(SysctlOp::PhysInfo, PhysInfo::new_zeroed())
    }

    /// How long each physical CPU was idle, in nanoseconds.
    ///
    /// # Errors
    /// `EPERM`: this is not the control domain; `ENOSYS`, `EOPNOTSUPP`: the hypervisor doesn't tell.
    #[doc(alias = "XEN_SYSCTL_getcpuinfo")]
    pub fn cpu_idle_ns(&self) -> Result<Vec<u64>> {
        let mut call = self.call();
        let list = call.place(usize::from(MAX_CPUS) * size_of::<CpuInfo>())?;
        let answer = call.sysctl(
            SysctlOp::GetCpuInfo,
            GetCpuInfo {
                max_cpus: MAX_CPUS.into(),
                info: list.address(),
                ..GetCpuInfo::new_zeroed()
            },
        )?;
        let (times, _) = call.bytes(list).as_chunks::<8>();
        let count = usize::try_from(answer.nr_cpus).unwrap_or(usize::MAX);
        Ok(times
            .iter()
            .take(count)
            .map(|bytes| u64::from_ne_bytes(*bytes))
            .collect())
    }

    /// What the hypervisor's console has from `index` on, as far as it still has it, and the index for the next
    /// call. Start with 0.
    ///
    /// # Errors
    /// `EPERM`: this is not the control domain.
    #[doc(alias = "XEN_SYSCTL_readconsole")]
    pub fn read_console(&self, index: u32) -> Result<(Vec<u8>, u32)> {
        let mut call = self.call();
        let buffer = call.place(call.room() / 2)?;
        let count = u32::try_from(call.bytes(buffer).len()).unwrap_or(u32::MAX);
        let answer = call.sysctl(
            SysctlOp::ReadConsole,
            ReadConsole {
                incremental: 1,
                index,
                buffer: buffer.address(),
                count,
                ..ReadConsole::new_zeroed()
            },
        )?;
        let length = usize::try_from(answer.count).unwrap_or(usize::MAX);
        let bytes = call.bytes(buffer);
        Ok((bytes.get(..length).unwrap_or(bytes).to_vec(), answer.index))
    }

    /// Acts as if keys were pressed on the hypervisor's console.
    ///
    /// # Errors
    /// `EPERM`: this is not the control domain; `ENOSYS`, `EOPNOTSUPP`: the hypervisor has no such keys.
    #[doc(alias = "XEN_SYSCTL_debug_keys")]
    pub fn press_keys(&self, keys: &[u8]) -> Result<()> {
        let mut call = self.call();
        let place = call.put(keys)?;
        let body = DebugKeys {
            keys: if keys.is_empty() {
                GuestAddress::NULL
            } else {
                place.address()
            },
            nr_keys: u32::try_from(keys.len()).unwrap_or(0),
            ..DebugKeys::new_zeroed()
        };
        call.sysctl(SysctlOp::DebugKeys, body).map(drop)
    }
}
