//! The stack, its sockets, and who is connected.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use ringwall_sdk::device::Guest;
use ringwall_sdk::net::{NetError, SmoltcpDevice};
use ringwall_sdk::{println, time};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::socket::{dhcpv4, tcp};
use smoltcp::time::Instant;
use smoltcp::wire::{IpCidr, Ipv4Address, Ipv4Cidr};

use crate::address::Configured;
use crate::page;

const PORT: u16 = 80;
/// Visitors at a time; others wait.
const SOCKETS: usize = 8;
/// Bytes of a request that are kept; more are an error.
const REQUEST_MAX: usize = 2048;
/// Bytes of an answer, at most.
const ANSWER_MAX: usize = 2048;
/// How long to sleep at most, in nanoseconds.
const SLEEP_NS: u64 = 1_000_000_000;

pub(crate) struct Server {
    device: SmoltcpDevice<Guest>,
    interface: Interface,
    sockets: SocketSet<'static>,
    listening: Vec<SocketHandle>,
    dhcp: Option<SocketHandle>,
    name: String,
    started_ns: u64,
}

impl Server {
    /// A server with this address, or one that asks for an address.
    pub(crate) fn new(
        mut device: SmoltcpDevice<Guest>,
        configured: Option<Configured>,
        name: String,
    ) -> Self {
        let mut config = Config::new(device.hardware_address());
        config.random_seed = time::monotonic_ns();
        let interface = Interface::new(config, &mut device, now());
        let mut sockets = SocketSet::new(Vec::new());
        let listening = (0..SOCKETS).map(|_| {
            let buffer = |size| tcp::SocketBuffer::new(vec![0; size]);
            sockets.add(tcp::Socket::new(buffer(REQUEST_MAX), buffer(ANSWER_MAX)))
        });
        let listening = listening.collect();
        let dhcp = match configured {
            Some(_) => None,
            None => Some(sockets.add(dhcpv4::Socket::new())),
        };
        let mut server = Self {
            device,
            interface,
            sockets,
            listening,
            dhcp,
            name,
            started_ns: time::monotonic_ns(),
        };
        if let Some(configured) = configured {
            server.use_address(configured.address, configured.gateway);
        }
        server
    }

    /// Does what there is to do, then sleeps until there may be more.
    pub(crate) fn serve(&mut self) -> Result<(), NetError> {
        let now = now();
        self.interface
            .poll(now, &mut self.device, &mut self.sockets);
        self.lease();
        self.answer();
        // What was answered is to be sent before the sleep.
        self.interface
            .poll(now, &mut self.device, &mut self.sockets);
        if let Some(error) = self.device.error() {
            return Err(error.clone());
        }
        let delay = self.interface.poll_delay(now, &self.sockets);
        let delay_ns = delay.map_or(SLEEP_NS, |delay| delay.total_micros().saturating_mul(1000));
        let until_ns = time::monotonic_ns() + delay_ns.min(SLEEP_NS);
        self.device.net().sleep(until_ns)
    }

    /// Follows what the DHCP server says.
    fn lease(&mut self) {
        let Some(dhcp) = self.dhcp else { return };
        let lease = match self.sockets.get_mut::<dhcpv4::Socket<'_>>(dhcp).poll() {
            Some(dhcpv4::Event::Configured(lease)) => Some((lease.address, lease.router)),
            Some(dhcpv4::Event::Deconfigured) => None,
            None => return,
        };
        match lease {
            Some((address, router)) => self.use_address(address, router),
            None => {
                self.interface
                    .update_ip_addrs(|addresses| addresses.clear());
                println!("the lease is over");
            }
        }
    }

    fn use_address(&mut self, address: Ipv4Cidr, gateway: Option<Ipv4Address>) {
        self.interface.update_ip_addrs(|addresses| {
            addresses.clear();
            // There is room for one.
            let _ = addresses.push(IpCidr::Ipv4(address));
        });
        let routes = self.interface.routes_mut();
        routes.remove_default_ipv4_route();
        if let Some(gateway) = gateway {
            let _ = routes.add_default_ipv4_route(gateway);
        }
        println!("HTTP http://{}/", address.address());
    }

    /// Answers those whose request has come.
    fn answer(&mut self) {
        let uptime_ns = time::monotonic_ns().saturating_sub(self.started_ns);
        for handle in &self.listening {
            let socket = self.sockets.get_mut::<tcp::Socket<'_>>(*handle);
            if !socket.is_open() {
                // It fails for port 0 and open sockets alone.
                let _ = socket.listen(PORT);
            }
            if !socket.may_recv() && socket.may_send() {
                socket.close();
            }
            if !socket.can_recv() || !socket.can_send() {
                continue;
            }
            let full = socket.recv_queue() == REQUEST_MAX;
            let request = socket.peek(REQUEST_MAX).unwrap_or_default();
            let whole = request.windows(4).any(|end| end == b"\r\n\r\n");
            if whole || full {
                let answer = page::answer(request, &self.name, uptime_ns);
                let _ = socket.recv(|bytes| (bytes.len(), ()));
                let _ = socket.send_slice(answer.as_bytes());
                socket.close();
            }
        }
    }
}

/// The stack's time.
fn now() -> Instant {
    let microseconds = time::monotonic_ns() / 1000;
    Instant::from_micros(i64::try_from(microseconds).unwrap_or(i64::MAX))
}
