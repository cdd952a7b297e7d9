//! A web server: `GET /` on port 80 answers with a page that names the domain and its uptime.
//!
//! Its address stands on the command line, `ip=10.0.0.2/24 gateway=10.0.0.1`, or in the store,
//! `vm-data/ip` and `vm-data/gateway`, or it asks for one by DHCP. It ends when the toolstack asks
//! it to.
#![no_std]
#![no_main]

extern crate alloc;

mod address;
mod page;
mod server;

use alloc::string::String;

use ringwall_sdk::net::{Net, NetError, NetOptions, SmoltcpDevice};
use ringwall_sdk::xenbus::{Control, Nodes as _, Request, Store};
use ringwall_sdk::{println, shutdown};

use server::Server;

ringwall_sdk::entry!(main);

fn main() -> Result<(), NetError> {
    let store = Store::open().map_err(|error| NetError::Device(error.into()))?;
    let name = store.read("name").unwrap_or_else(|_| String::from("guest"));
    let networks = Net::list(&store)?;
    let Some(first) = networks.first() else {
        println!("HTTP FAILED: there is no network");
        return Ok(());
    };
    let net = Net::connect(&store, *first, NetOptions::default())?;
    println!("{name}: network {first}, address {}", net.address());
    let mut control = Control::new(&store).map_err(|error| NetError::Device(error.into()))?;
    let mut server = Server::new(SmoltcpDevice::new(net), address::configured(&store), name);
    loop {
        server.serve()?;
        match control.take() {
            Ok(None | Some(Request::Other(_))) => {}
            Ok(Some(Request::Suspend)) => match shutdown::suspend() {
                Ok(()) => println!("HTTP goes on"),
                Err(error) => println!("HTTP is not suspended: {error}"),
            },
            Ok(Some(Request::PowerOff)) => {
                println!("HTTP END");
                return Ok(());
            }
            Ok(Some(Request::Reboot)) => shutdown::reboot(),
            Err(error) => return Err(NetError::Device(error.into())),
        }
    }
}
