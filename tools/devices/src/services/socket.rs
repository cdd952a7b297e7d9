//! The sockets of the services.

use std::io;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};

use rustix::net::{self, AddressFamily, SocketFlags, SocketType, sockopt};

use crate::sys;

/// DHCP's port of servers, and of clients.
const DHCP_SERVER: u16 = 67;
pub(super) const DHCP_CLIENT: u16 = 68;

/// One for DHCP: clients without an address are heard on that interface, and on no other.
pub(super) fn dhcp(interface: &str) -> io::Result<UdpSocket> {
    let socket = socket()?;
    sys::bind_to_interface(&socket, interface)?;
    sockopt::set_socket_broadcast(&socket, true)?;
    // A virtual card's driver leaves checksums to the hardware that is not there, and clients that read raw
    // packets drop what has a wrong one. IPv4 allows to leave it out.
    sys::leave_out_checksums(&socket)?;
    bind(
        socket,
        SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, DHCP_SERVER),
    )
}

/// One for names, at this address.
pub(super) fn names(own: Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = socket()?;
    sys::leave_out_checksums(&socket)?;
    bind(socket, SocketAddrV4::new(own, super::resolvers::PORT))
}

fn socket() -> io::Result<UdpSocket> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = net::socket_with(AddressFamily::INET, SocketType::DGRAM, flags, None)?;
    // Others may serve other interfaces.
    sockopt::set_socket_reuseaddr(&socket, true)?;
    Ok(socket.into())
}

fn bind(socket: UdpSocket, address: SocketAddrV4) -> io::Result<UdpSocket> {
    net::bind(&socket, &address)?;
    Ok(socket)
}
