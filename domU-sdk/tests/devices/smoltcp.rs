//! The stack `smoltcp` on a network, with another one at the wire's other end.
#![cfg(feature = "smoltcp")]

use std::collections::VecDeque;

use ringwall_abi::io::netif::RxFlags;
use ringwall_sdk::device::Platform;
use ringwall_sdk::net::{Net, NetOptions, SmoltcpDevice};
use smoltcp::iface::{Config, Interface, SocketHandle, SocketSet};
use smoltcp::phy::{self, DeviceCapabilities, Medium};
use smoltcp::socket::tcp;
use smoltcp::time::Instant;
use smoltcp::wire::{EthernetAddress, HardwareAddress, IpAddress, IpCidr};

use crate::net_back::{self, Wire};
use crate::store_back;
use crate::world::World;

const PORT: u16 = 80;
const BYTES: usize = 100_000;

/// The wire's other end.
struct OtherEnd(Wire);

struct Received(Vec<u8>);
struct Sent(Wire);

impl phy::RxToken for Received {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, act: F) -> R {
        act(&self.0)
    }
}

impl phy::TxToken for Sent {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, act: F) -> R {
        let mut frame = vec![0; length];
        let result = act(&mut frame);
        let mut wire = self.0.0.borrow_mut();
        wire.coming.push_back((frame, RxFlags::empty()));
        result
    }
}

impl phy::Device for OtherEnd {
    type RxToken<'a> = Received;
    type TxToken<'a> = Sent;

    fn receive(&mut self, _: Instant) -> Option<(Received, Sent)> {
        let (frame, _) = self.0.0.borrow_mut().sent.pop_front()?;
        Some((Received(frame), Sent(self.0.clone())))
    }

    fn transmit(&mut self, _: Instant) -> Option<Sent> {
        Some(Sent(self.0.clone()))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut capabilities = DeviceCapabilities::default();
        capabilities.medium = Medium::Ethernet;
        capabilities.max_transmission_unit = 1514;
        capabilities
    }
}

struct Stack {
    interface: Interface,
    sockets: SocketSet<'static>,
    tcp: SocketHandle,
}

impl Stack {
    fn new(device: &mut impl phy::Device, hardware: HardwareAddress, last: u8) -> Self {
        let mut interface = Interface::new(Config::new(hardware), device, Instant::ZERO);
        interface.update_ip_addrs(|addresses| {
            let address = IpAddress::v4(10, 0, 0, last);
            addresses.push(IpCidr::new(address, 24)).unwrap();
        });
        let buffer = || tcp::SocketBuffer::new(vec![0; 16384]);
        let mut sockets = SocketSet::new(Vec::new());
        let tcp = sockets.add(tcp::Socket::new(buffer(), buffer()));
        Self {
            interface,
            sockets,
            tcp,
        }
    }

    fn socket(&mut self) -> &mut tcp::Socket<'static> {
        self.sockets.get_mut(self.tcp)
    }
}

#[test]
fn a_connection_carries_what_it_is_given() {
    let world = World::new();
    let (store, nodes) = store_back::connect(&world);
    let wire = net_back::add(&world, &nodes);
    let net = Net::connect(&store, 0, NetOptions::default()).unwrap();
    let mut device = SmoltcpDevice::new(net);
    let hardware = device.hardware_address();
    let mut server = Stack::new(&mut device, hardware, 1);
    let mut other_end = OtherEnd(wire);
    let hardware = HardwareAddress::Ethernet(EthernetAddress([2, 0, 0, 0, 0, 1]));
    let mut client = Stack::new(&mut other_end, hardware, 2);

    server.socket().listen(PORT).unwrap();
    let context = client.interface.context();
    let socket = client.sockets.get_mut::<tcp::Socket<'_>>(client.tcp);
    let remote = (IpAddress::v4(10, 0, 0, 1), PORT);
    socket.connect(context, remote, 50_000).unwrap();

    let mut to_send: VecDeque<u8> = (0..BYTES).map(|byte| (byte % 251) as u8).collect();
    let mut came = Vec::new();
    for _ in 0..5000 {
        let now = Instant::from_micros(i64::try_from(world.now_ns() / 1000).unwrap());
        server.interface.poll(now, &mut device, &mut server.sockets);
        client
            .interface
            .poll(now, &mut other_end, &mut client.sockets);
        if client.socket().can_send() && !to_send.is_empty() {
            let count = client
                .socket()
                .send_slice(to_send.make_contiguous())
                .unwrap();
            to_send.drain(..count);
        }
        while server.socket().can_recv() {
            let taken = server.socket().recv(|bytes| (bytes.len(), bytes.to_vec()));
            came.extend(taken.unwrap());
        }
        if came.len() == BYTES {
            break;
        }
        device.net().sleep(0).unwrap();
    }
    assert_eq!(came.len(), BYTES);
    let right = came
        .iter()
        .enumerate()
        .all(|(index, byte)| *byte == (index % 251) as u8);
    assert!(right);
    assert_eq!(device.error(), None);
}
