//! Virtual CPUs and groups that come and go; no hot path.

use super::scheduler::{NOWHERE, Slots};
use super::{CpuSet, Error, GroupSlot, Kick, Parameters, Scheduler, VcpuSlot};

impl Scheduler {
    /// Makes a group: one for each domain.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] without a free number; [`Error::BadWeight`].
    pub fn add_group(&self, parameters: Parameters) -> Result<GroupSlot, Error> {
        let mut slots = self.slots.lock();
        let mut candidates = slots.groups.iter_mut().zip(&self.groups).zip(0..);
        let ((slot, group), number) = candidates
            .find(|((slot, _), _)| slot.is_none())
            .ok_or(Error::OutOfMemory)?;
        group.set(parameters)?;
        *slot = Some(0);
        Ok(GroupSlot(number))
    }

    /// Ends a group.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::Busy`] where it has virtual CPUs.
    pub fn remove_group(&self, group: GroupSlot) -> Result<(), Error> {
        let mut slots = self.slots.lock();
        let slot = slots
            .groups
            .get_mut(group.0 as usize)
            .ok_or(Error::NoSuchSlot)?;
        match slot {
            None => return Err(Error::NoSuchSlot),
            Some(0) => *slot = None,
            Some(_) => return Err(Error::Busy),
        }
        self.group(group)?.clear();
        Ok(())
    }

    /// A group's weight and cap.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`].
    #[doc(alias = "XEN_DOMCTL_SCHEDOP_getinfo")]
    pub fn parameters(&self, group: GroupSlot) -> Result<Parameters, Error> {
        let found = self.group(group)?.parameters();
        if found.weight == 0 {
            Err(Error::NoSuchSlot)
        } else {
            Ok(found)
        }
    }

    /// Sets a group's weight and cap; it shows at the next decision.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::BadWeight`].
    #[doc(alias = "XEN_DOMCTL_SCHEDOP_putinfo")]
    pub fn set_parameters(&self, group: GroupSlot, parameters: Parameters) -> Result<(), Error> {
        self.parameters(group)?;
        self.group(group)?.set(parameters)
    }

    /// Takes in a virtual CPU, asleep, that may run on the CPUs of `affinity`.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`] without a free number; [`Error::NoSuchSlot`] for the group;
    /// [`Error::NoCpu`].
    pub fn add(&self, group: GroupSlot, affinity: CpuSet) -> Result<VcpuSlot, Error> {
        let home = self.place(&affinity)?;
        let mut slots = self.slots.lock();
        let Slots { vcpus, groups } = &mut *slots;
        let members = groups.get_mut(group.0 as usize).and_then(Option::as_mut);
        let members = members.ok_or(Error::NoSuchSlot)?;
        let (taken, number) = vcpus
            .iter_mut()
            .zip(0..)
            .find(|(taken, _)| !**taken)
            .ok_or(Error::OutOfMemory)?;
        let mut queue = self.queue(home).ok_or(Error::NoCpu)?.lock();
        queue.adopt(number, group.0, affinity);
        self.set_home(number, home.raw());
        *members += 1;
        *taken = true;
        Ok(VcpuSlot(number))
    }

    /// Forgets a virtual CPU.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::Busy`] where it is not asleep or its context not saved.
    pub fn remove(&self, vcpu: VcpuSlot) -> Result<(), Error> {
        let mut slots = self.slots.lock();
        let (_, mut queue) = self.home(vcpu).ok_or(Error::NoSuchSlot)?;
        let group = queue.expel(vcpu.0)?;
        self.set_home(vcpu.0, NOWHERE);
        if let Some(taken) = slots.vcpus.get_mut(vcpu.index()) {
            *taken = false;
        }
        if let Some(Some(members)) = slots.groups.get_mut(group as usize) {
            *members = members.saturating_sub(1);
        }
        Ok(())
    }

    /// Says where a virtual CPU may run.
    ///
    /// # Errors
    /// [`Error::NoSuchSlot`]; [`Error::NoCpu`].
    #[doc(alias = "XEN_DOMCTL_setvcpuaffinity")]
    pub fn set_affinity(
        &self,
        vcpu: VcpuSlot,
        affinity: CpuSet,
        now_ns: u64,
    ) -> Result<Option<Kick>, Error> {
        self.place(&affinity)?;
        let (cpu, mut queue) = self.home(vcpu).ok_or(Error::NoSuchSlot)?;
        queue.entity(vcpu.0).ok_or(Error::NoSuchSlot)?.affinity = affinity;
        if affinity.contains(cpu) {
            return Ok(None);
        }
        if queue.current == Some(vcpu.0) {
            return Ok(Some(Kick { cpu, at_ns: now_ns }));
        }
        drop(queue);
        Ok(self.move_to_allowed(vcpu, now_ns))
    }
}
