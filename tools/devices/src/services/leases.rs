//! Who has which address.
//!
//! Guests that the toolstack knows by their hardware address always get one, and always the same. Who
//! is not known (a device of the user's own on the bridge, or a guest that changes its address) gets one
//! for a short time, and all of them together half of what there is: so nobody can take all.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;
use ringwall_guestfile::Mac;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Seconds for which an address is given to a guest; it asks again after half of it.
pub(super) const KNOWN_SECONDS: u32 = 3600;
/// The same, for others.
pub(super) const OTHER_SECONDS: u32 = 300;
/// Seconds for which an address that was offered waits to be taken.
const OFFER_SECONDS: u64 = 30;
/// Addresses are told apart up to so many: more guests don't fit anyway.
const POOL_LIMIT: u32 = 1 << 12;

/// An address that was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Whose it is.
    pub mac: Mac,
    /// The address.
    pub address: Ipv4Addr,
    /// Until when, in seconds of Unix time. After that it stays its guest's until somebody else needs it.
    pub expires: u64,
}

/// A guest of the toolstack.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Guest {
    name: String,
    fixed: Option<Ipv4Addr>,
}

/// The table.
#[derive(Debug)]
pub struct Leases {
    /// dom0's own address, and the network.
    own: Ipv4Net,
    guests: BTreeMap<Mac, Guest>,
    leases: BTreeMap<Mac, Lease>,
    /// Addresses that a client says are in use: one for each client.
    declined: BTreeMap<Mac, Ipv4Addr>,
}

impl Leases {
    /// A table of a network, with what an earlier one has given.
    #[must_use]
    pub fn new(own: Ipv4Net, earlier: impl IntoIterator<Item = Lease>) -> Self {
        let mut table = Self {
            own,
            guests: BTreeMap::new(),
            leases: BTreeMap::new(),
            declined: BTreeMap::new(),
        };
        for lease in earlier {
            // The file may be of another network, or have been edited.
            if table.is_in_pool(lease.address) && table.holder(lease.address).is_none() {
                table.leases.insert(lease.mac, lease);
            }
        }
        table
    }

    /// Makes a guest known, or gives it another name; returns the address that it will get.
    ///
    /// # Errors
    /// [`Error::Address`] for a fixed address that can't be, or where all are given.
    pub fn add(
        &mut self,
        mac: Mac,
        name: &str,
        fixed: Option<Ipv4Addr>,
        now: u64,
    ) -> Result<Ipv4Addr, Error> {
        if let Some(address) = fixed {
            self.check_fixed(mac, address, now)?;
        }
        let guest = Guest {
            name: name.to_owned(),
            fixed,
        };
        let before = self.guests.insert(mac, guest);
        let address = self.choose(mac, None, now);
        let Some(address) = address else {
            self.guests.remove(&mac);
            self.guests.extend(before.map(|guest| (mac, guest)));
            return Err(Error::Address {
                address: self.own.network(),
                reason: "all addresses of the network are given",
            });
        };
        // It is this guest's from now on, also if it never asks.
        if self
            .leases
            .get(&mac)
            .is_none_or(|lease| lease.address != address)
        {
            self.put(mac, address, now);
        }
        Ok(address)
    }

    /// Forgets a guest; its address waits for it until somebody else needs it.
    pub fn remove(&mut self, mac: Mac) {
        self.guests.remove(&mac);
    }

    /// What was given and is remembered, with the guest's name.
    pub fn iter(&self) -> impl Iterator<Item = (Lease, Option<&str>)> {
        self.leases.values().map(|lease| {
            let guest = self.guests.get(&lease.mac);
            (*lease, guest.map(|guest| guest.name.as_str()))
        })
    }

    /// dom0's address and the network.
    #[must_use]
    pub fn own(&self) -> Ipv4Net {
        self.own
    }

    /// A guest's name.
    #[must_use]
    pub fn name(&self, mac: Mac) -> Option<&str> {
        self.guests.get(&mac).map(|guest| guest.name.as_str())
    }

    /// For how many seconds this client gets an address.
    pub(super) fn seconds(&self, mac: Mac) -> u32 {
        match self.guests.contains_key(&mac) {
            true => KNOWN_SECONDS,
            false => OTHER_SECONDS,
        }
    }

    /// The address for a client, which it then has some seconds to take. `wanted` is what it asks for.
    pub(super) fn offer(
        &mut self,
        mac: Mac,
        wanted: Option<Ipv4Addr>,
        now: u64,
    ) -> Option<Ipv4Addr> {
        let address = self.choose(mac, wanted, now)?;
        // A client that starts again keeps the time that it has: to ask is not to give up.
        let own = self.leases.get(&mac);
        let given = own.filter(|lease| lease.address == address);
        let expires = given.map_or(0, |lease| lease.expires);
        self.put(mac, address, expires.max(now + OFFER_SECONDS));
        Some(address)
    }

    /// Gives a client the address that it names, or says no.
    pub(super) fn take(&mut self, mac: Mac, wanted: Ipv4Addr, now: u64) -> Option<Lease> {
        if self.choose(mac, Some(wanted), now)? != wanted {
            return None;
        }
        self.put(mac, wanted, now + u64::from(self.seconds(mac)));
        self.leases.get(&mac).copied()
    }

    /// A client does not need its address any more.
    pub(super) fn release(&mut self, mac: Mac, address: Ipv4Addr, now: u64) {
        if let Some(lease) = self.leases.get_mut(&mac)
            && lease.address == address
        {
            lease.expires = now;
        }
    }

    /// A client says that somebody else uses its address. It can say so of its own one, and of one at a time.
    pub(super) fn decline(&mut self, mac: Mac, address: Ipv4Addr) {
        let is_own = self
            .leases
            .get(&mac)
            .is_some_and(|lease| lease.address == address);
        let is_fixed = self
            .guests
            .get(&mac)
            .is_some_and(|guest| guest.fixed.is_some());
        if is_own && !is_fixed {
            self.leases.remove(&mac);
            self.declined.insert(mac, address);
        }
    }

    /// The address for a client: its own as long as it can be, else what it wants, else a free one.
    fn choose(&self, mac: Mac, wanted: Option<Ipv4Addr>, now: u64) -> Option<Ipv4Addr> {
        let guest = self.guests.get(&mac);
        if let Some(fixed) = guest.and_then(|guest| guest.fixed) {
            return Some(fixed);
        }
        let own = self.leases.get(&mac).map(|lease| lease.address);
        let is_usable =
            |address: &Ipv4Addr| self.is_in_pool(*address) && self.is_free_for(mac, *address, now);
        if let Some(own) = own.filter(is_usable) {
            return Some(own);
        }
        if guest.is_none() && self.others(mac, now) >= self.size() / 2 {
            return None;
        }
        let declined = self.declined.get(&mac);
        let wanted = wanted.filter(|address| Some(address) != declined);
        if let Some(wanted) = wanted.filter(is_usable) {
            return Some(wanted);
        }
        // Clients start at different places, so that each finds its own address again.
        let [.., a, b, c, d] = mac.0;
        let start = u32::from_be_bytes([a, b, c, d]) % self.size();
        let pool = (0..self.size()).map(|step| self.pool((start + step) % self.size()));
        let mut free = pool.filter(|address| is_usable(address) && Some(address) != declined);
        // Somebody's who is away is the second choice.
        let first = free.clone().find(|address| self.holder(*address).is_none());
        first.or_else(|| free.next())
    }

    /// Whether an address is nobody's, but for this client and those who were away too long.
    fn is_free_for(&self, mac: Mac, address: Ipv4Addr, now: u64) -> bool {
        let is_fixed =
            |(other, guest): (&Mac, &Guest)| *other != mac && guest.fixed == Some(address);
        if self.guests.iter().any(is_fixed) || self.declined.values().any(|other| *other == address)
        {
            return false;
        }
        match self.holder(address) {
            None => true,
            Some(lease) if lease.mac == mac => true,
            // A guest's address is its own as long as the guest is there.
            Some(lease) => lease.expires <= now && !self.guests.contains_key(&lease.mac),
        }
    }

    fn holder(&self, address: Ipv4Addr) -> Option<&Lease> {
        self.leases.values().find(|lease| lease.address == address)
    }

    /// How many clients that are no guests have an address, without this one.
    fn others(&self, mac: Mac, now: u64) -> u32 {
        let others = self.leases.values().filter(|lease| {
            lease.mac != mac && lease.expires > now && !self.guests.contains_key(&lease.mac)
        });
        u32::try_from(others.count()).unwrap_or(u32::MAX)
    }

    fn put(&mut self, mac: Mac, address: Ipv4Addr, expires: u64) {
        self.leases
            .retain(|other, lease| *other == mac || lease.address != address);
        let lease = Lease {
            mac,
            address,
            expires,
        };
        self.leases.insert(mac, lease);
        // A client may come under new names for ever: what it declined counts no longer than it does.
        let leases = &self.leases;
        self.declined
            .retain(|client, _| leases.contains_key(client));
    }

    fn check_fixed(&self, mac: Mac, address: Ipv4Addr, now: u64) -> Result<(), Error> {
        let fail = |reason| Err(Error::Address { address, reason });
        if !self.is_host(address) {
            return fail("it is none of the network's addresses for guests");
        }
        if !self.is_free_for(mac, address, now) {
            return fail("another guest has it");
        }
        Ok(())
    }

    /// Whether a guest can have the address, given by hand or not.
    fn is_host(&self, address: Ipv4Addr) -> bool {
        let (own, net) = (self.own.addr(), self.own);
        net.contains(&address) && ![own, net.network(), net.broadcast()].contains(&address)
    }

    fn is_in_pool(&self, address: Ipv4Addr) -> bool {
        let offset = u32::from(address).wrapping_sub(u32::from(self.own.network()));
        self.is_host(address) && offset <= self.size()
    }

    /// How many addresses are given out.
    fn size(&self) -> u32 {
        // Less the network's and the broadcast address; of 8 to 29 bits there are six at least.
        let hosts = (1_u64 << (32 - u32::from(self.own.prefix_len()))).saturating_sub(2);
        u32::try_from(hosts)
            .unwrap_or(u32::MAX)
            .clamp(1, POOL_LIMIT)
    }

    /// An address of the pool, by its place there.
    fn pool(&self, place: u32) -> Ipv4Addr {
        Ipv4Addr::from(u32::from(self.own.network()).wrapping_add(1 + place))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_000_000;

    fn table(network: &str) -> Leases {
        Leases::new(network.parse().unwrap(), [])
    }

    fn mac(number: u16) -> Mac {
        let [a, b] = number.to_be_bytes();
        Mac([2, 0, 0, 0, a, b])
    }

    #[test]
    fn guests_have_their_address_for_ever() {
        let mut leases = table("10.77.0.1/24");
        let address = leases.add(mac(1), "web", None, NOW).unwrap();
        assert_eq!(leases.offer(mac(1), None, NOW), Some(address));
        assert!(leases.take(mac(1), address, NOW).is_some());
        // Away for a year, and the daemon was started again.
        let later = NOW + 31_536_000;
        let kept: Vec<_> = leases.iter().map(|(lease, _)| lease).collect();
        let mut leases = Leases::new(leases.own(), kept);
        assert_eq!(leases.add(mac(1), "web", None, later).unwrap(), address);
        assert_eq!(
            leases
                .offer(mac(2), Some(address), later)
                .map(|other| other == address),
            Some(false)
        );
    }

    #[test]
    fn others_get_half_at_most() {
        let mut leases = table("10.77.0.1/28");
        let given = (0..100)
            .filter_map(|number| leases.offer(mac(number), None, NOW))
            .count();
        assert_eq!(given, 7);
        for number in 200..206 {
            leases.add(mac(number), "guest", None, NOW).unwrap();
        }
        assert!(leases.add(mac(300), "guest", None, NOW).is_err());
        // Their time is up: guests go first.
        leases.add(mac(300), "guest", None, NOW + 60).unwrap();
    }

    #[test]
    fn to_ask_again_makes_no_time_shorter() {
        let mut leases = table("10.77.0.1/24");
        let address = leases.offer(mac(1), None, NOW).unwrap();
        let lease = leases.take(mac(1), address, NOW).unwrap();
        assert_eq!(leases.offer(mac(1), None, NOW + 1), Some(address));
        assert!(leases.iter().eq([(lease, None)]));
    }

    #[test]
    fn fixed_addresses_are_kept_free() {
        let mut leases = table("10.77.0.1/24");
        let fixed = Ipv4Addr::new(10, 77, 0, 9);
        assert_eq!(leases.add(mac(1), "web", Some(fixed), NOW).unwrap(), fixed);
        assert!(leases.take(mac(2), fixed, NOW).is_none());
        for (bad, owner) in [
            ([10, 77, 0, 1], 3),
            ([10, 77, 0, 255], 3),
            ([10, 78, 0, 2], 3),
            ([10, 77, 0, 9], 3),
        ] {
            assert!(
                leases.add(mac(owner), "x", Some(bad.into()), NOW).is_err(),
                "{bad:?}"
            );
        }
        leases.decline(mac(1), fixed);
        assert_eq!(leases.offer(mac(1), None, NOW), Some(fixed));
    }

    #[test]
    fn what_is_declined_is_given_to_nobody() {
        let mut leases = table("10.77.0.1/24");
        let first = leases.offer(mac(1), None, NOW).unwrap();
        leases.decline(mac(2), first);
        assert_eq!(leases.offer(mac(1), None, NOW), Some(first));
        leases.decline(mac(1), first);
        let second = leases.offer(mac(1), Some(first), NOW).unwrap();
        assert_ne!(first, second);
        assert!(leases.take(mac(2), first, NOW).is_none());
    }

    #[test]
    fn another_networks_leases_are_dropped() {
        let lease = Lease {
            mac: mac(1),
            address: Ipv4Addr::new(192, 168, 0, 7),
            expires: NOW,
        };
        let leases = Leases::new("10.77.0.1/24".parse().unwrap(), [lease]);
        assert_eq!(leases.iter().count(), 0);
    }

    proptest! {
        #[test]
        fn no_address_is_given_twice(steps in prop::collection::vec((0..5_u8, 0..24_u16, 0..16_u8), 1..400)) {
            let mut leases = table("10.77.0.1/28");
            let mut now = NOW;
            for (step, client, last) in steps {
                let address = Ipv4Addr::new(10, 77, 0, last);
                match step {
                    0 => { leases.offer(mac(client), Some(address), now); }
                    1 => { leases.take(mac(client), address, now); }
                    2 => leases.release(mac(client), address, now),
                    3 => leases.decline(mac(client), address),
                    _ => { let _ = leases.add(mac(client % 4), "guest", None, now); }
                }
                now += 7;
                let mut given: Vec<_> = leases.iter().map(|(lease, _)| lease.address).collect();
                prop_assert!(given.iter().all(|address| leases.is_host(*address)));
                let count = given.len();
                given.sort();
                given.dedup();
                prop_assert_eq!(given.len(), count);
                prop_assert!(leases.declined.len() <= 24);
            }
        }
    }
}
