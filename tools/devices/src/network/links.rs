//! dom0's network interfaces, by netlink.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::Ipv4Net;
use netlink_bindings::rt_addr::{self, Ifaddrmsg};
use netlink_bindings::rt_link::{self, IfinfoFlags, Ifinfomsg};
use netlink_bindings::traits::NetlinkRequest;
use netlink_socket2::NetlinkSocket;
use ringwall_guestfile::Mac;

use crate::Error;

/// Linux's `AF_INET`.
pub(super) const IPV4: u8 = 2;
/// Linux's `ENODEV`, `EADDRNOTAVAIL` and `EEXIST`.
const NO_SUCH_DEVICE: i32 = 19;
const NO_SUCH_ADDRESS: i32 = 99;
const EXISTS: i32 = 17;

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The kernel's number of it.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What it is, for a virtual one: `bridge`, `veth`.
    pub kind: Option<String>,
    /// The bridge that it is a port of.
    pub master: Option<u32>,
    /// A note that its maker left.
    pub alias: Option<String>,
    /// Whether it is up, not whether it has a carrier.
    pub is_up: bool,
}

impl Link {
    /// Whether it can have ports.
    #[must_use]
    pub fn is_bridge(&self) -> bool {
        self.kind.as_deref() == Some("bridge")
    }
}

/// A connection to the kernel, in the network namespace of the thread that first uses it.
#[derive(Default)]
pub struct Links {
    pub(super) socket: NetlinkSocket,
}

impl Links {
    /// A connection; it is made when it is used.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The interface of this name, if there is one.
    ///
    /// # Errors
    /// The kernel's.
    pub fn find(&mut self, name: &str) -> Result<Option<Link>, Error> {
        let mut request = rt_link::Request::new().op_getlink_do(&Ifinfomsg::new());
        request.encode().push_ifname_bytes(name.as_bytes());
        let reply = self.socket.request(&request);
        let mut reply = reply.map_err(|error| refused(format!("to look for {name}"), error))?;
        match reply.recv_one() {
            Ok((header, attributes)) => {
                Ok(Some(link(header.ifi_index, header.ifi_flags, &attributes)))
            }
            Err(error) if is(error.as_io_error(), NO_SUCH_DEVICE) => Ok(None),
            Err(error) => Err(refused(format!("to look for {name}"), error.into())),
        }
    }

    /// All interfaces.
    ///
    /// # Errors
    /// The kernel's.
    pub fn list(&mut self) -> Result<Vec<Link>, Error> {
        let fail = |error| refused("to list interfaces".into(), error);
        let request = rt_link::Request::new().op_getlink_dump(&Ifinfomsg::new());
        let mut replies = self.socket.request(&request).map_err(fail)?;
        let mut found = Vec::new();
        while let Some(reply) = replies.recv() {
            let (header, attributes) = reply.map_err(|error| fail(error.into()))?;
            found.push(link(header.ifi_index, header.ifi_flags, &attributes));
        }
        Ok(found)
    }

    /// Makes a bridge without spanning tree: its ports forward at once.
    pub(super) fn make_bridge(&mut self, name: &str, mac: Mac) -> Result<(), Error> {
        let request = rt_link::Request::new().set_create().set_excl();
        let mut request = request.op_newlink_do(&Ifinfomsg::new());
        let encoder = request.encode();
        let encoder = encoder.push_ifname_bytes(name.as_bytes());
        let encoder = encoder.push_address(&mac.0);
        let bridge = encoder.nested_linkinfo().nested_data_bridge();
        drop(bridge.push_forward_delay(0).push_stp_state(0));
        self.acknowledged(&request, || format!("to make the bridge {name}"))
    }

    /// Leaves a note on an interface. The kernel takes none when it makes one.
    pub(super) fn set_alias(&mut self, link: &Link, alias: &str) -> Result<(), Error> {
        let mut request = rt_link::Request::new().op_setlink_do(&header(link, 0));
        request.encode().push_ifalias_bytes(alias.as_bytes());
        self.acknowledged(&request, || format!("to mark {}", link.name))
    }

    /// Removes an interface; its ports are free then.
    pub(super) fn delete(&mut self, link: &Link) -> Result<(), Error> {
        let request = rt_link::Request::new().op_dellink_do(&header(link, 0));
        self.acknowledged(&request, || format!("to remove {}", link.name))
    }

    /// Switches an interface on.
    pub(super) fn set_up(&mut self, link: &Link) -> Result<(), Error> {
        let request = rt_link::Request::new().op_setlink_do(&header(link, IfinfoFlags::Up as u32));
        self.acknowledged(&request, || format!("to switch {} on", link.name))
    }

    /// Makes an interface a port of a bridge.
    pub(super) fn enslave(&mut self, link: &Link, bridge: &Link) -> Result<(), Error> {
        let mut request = rt_link::Request::new().op_setlink_do(&header(link, 0));
        request.encode().push_master(bridge.index);
        self.acknowledged(&request, || {
            format!("to put {} on {}", link.name, bridge.name)
        })
    }

    /// Gives an interface that is down another name.
    pub(super) fn rename(&mut self, link: &Link, name: &str) -> Result<(), Error> {
        let mut request = rt_link::Request::new().op_setlink_do(&header(link, 0));
        request.encode().push_ifname_bytes(name.as_bytes());
        self.acknowledged(&request, || format!("to name {} {name}", link.name))
    }

    /// All IPv4 addresses, each with its interface's number.
    pub(super) fn addresses(&mut self) -> Result<Vec<(u32, Ipv4Net)>, Error> {
        let fail = |error| refused("to list addresses".into(), error);
        let wanted = Ifaddrmsg {
            ifa_family: IPV4,
            ..Ifaddrmsg::default()
        };
        let request = rt_addr::Request::new().op_getaddr_dump(&wanted);
        let mut replies = self.socket.request(&request).map_err(fail)?;
        let mut found = Vec::new();
        while let Some(reply) = replies.recv() {
            let (header, attributes) = reply.map_err(|error| fail(error.into()))?;
            // On a point-to-point link `address` is the other end's, and `local` ours.
            let address = attributes.get_local().or_else(|_| attributes.get_address());
            if let Ok(IpAddr::V4(address)) = address
                && let Ok(address) = Ipv4Net::new(address, header.ifa_prefixlen)
            {
                found.push((header.ifa_index, address));
            }
        }
        Ok(found)
    }

    /// Gives an interface an address, unless it has it.
    pub(super) fn add_address(&mut self, link: &Link, address: Ipv4Net) -> Result<(), Error> {
        let request = rt_addr::Request::new().set_create().set_excl();
        let mut request = request.op_newaddr_do(&address_header(link, address));
        let own = IpAddr::V4(address.addr());
        let encoder = request.encode().push_local(own).push_address(own);
        drop(encoder.push_broadcast(address.broadcast()));
        match self.acknowledged(&request, || format!("to give {} {address}", link.name)) {
            Err(Error::Network { source, .. }) if is(&source, EXISTS) => Ok(()),
            other => other,
        }
    }

    /// Takes an address from an interface.
    pub(super) fn delete_address(&mut self, link: &Link, address: Ipv4Net) -> Result<(), Error> {
        let request = rt_addr::Request::new();
        let mut request = request.op_deladdr_do(&address_header(link, address));
        drop(request.encode().push_local(IpAddr::V4(address.addr())));
        match self.acknowledged(&request, || format!("to take {address} from {}", link.name)) {
            Err(Error::Network { source, .. }) if is(&source, NO_SUCH_ADDRESS) => Ok(()),
            other => other,
        }
    }

    fn acknowledged<R: NetlinkRequest>(
        &mut self,
        request: &R,
        action: impl Fn() -> String,
    ) -> Result<(), Error> {
        let reply = self.socket.request(request);
        let mut reply = reply.map_err(|error| refused(action(), error))?;
        reply
            .recv_ack()
            .map_err(|error| refused(action(), error.into()))
    }
}

/// The address that a bridge of ours has: 52:57 ("RW", and locally administered), then the four bytes of
/// its IPv4 address. Without one of its own it would change with its ports.
pub(super) fn bridge_mac(address: Ipv4Addr) -> Mac {
    let [a, b, c, d] = address.octets();
    Mac([0x52, 0x57, a, b, c, d])
}

pub(super) fn refused(action: String, source: io::Error) -> Error {
    Error::Network { action, source }
}

fn is(error: &io::Error, number: i32) -> bool {
    error.raw_os_error() == Some(number)
}

fn link(index: i32, flags: u32, attributes: &rt_link::IterableLinkAttrs<'_>) -> Link {
    let text = |text: &std::ffi::CStr| text.to_string_lossy().into_owned();
    let information = attributes.get_linkinfo().ok();
    Link {
        index: index.unsigned_abs(),
        name: attributes.get_ifname().map(text).unwrap_or_default(),
        kind: information
            .and_then(|information| information.get_kind().ok())
            .map(text),
        master: attributes.get_master().ok(),
        alias: attributes.get_ifalias().ok().map(text),
        is_up: flags & IfinfoFlags::Up as u32 != 0,
    }
}

/// Names an interface, and sets flags.
fn header(link: &Link, flags: u32) -> Ifinfomsg {
    Ifinfomsg {
        ifi_index: link.index.cast_signed(),
        ifi_flags: flags,
        ifi_change: flags,
        ..Ifinfomsg::default()
    }
}

fn address_header(link: &Link, address: Ipv4Net) -> Ifaddrmsg {
    Ifaddrmsg {
        ifa_family: IPV4,
        ifa_prefixlen: address.prefix_len(),
        ifa_index: link.index,
        ..Ifaddrmsg::default()
    }
}
