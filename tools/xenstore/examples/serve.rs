//! A xenstore server alone: `serve [DIRECTORY [SOCKET]]`.

use std::error::Error;

use ringwall_xenstore::{NoDomains, Options, Server};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let directory = arguments
        .next()
        .unwrap_or_else(|| "/run/ringwall/xenstore".into());
    let socket = arguments
        .next()
        .unwrap_or_else(|| "/run/xenstored/socket".into());
    let options = Options {
        socket: Some(socket.into()),
        directory: Some(directory.into()),
        ..Options::default()
    };
    let server = Server::open(&options, Box::new(NoDomains))?;
    println!("the store is served");
    server.run()?;
    Ok(())
}
