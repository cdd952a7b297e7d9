//! Whom dom0 asks for names: `/etc/resolv.conf`.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

/// The port of name servers.
pub(super) const PORT: u16 = 53;
/// As many as the C library takes.
const LIMIT: usize = 3;

/// The servers that the file names; none where it can't be read. `own` is left out: we would ask
/// ourselves.
pub(super) fn read(file: &Path, own: Ipv4Addr) -> Vec<SocketAddr> {
    parse(&fs::read_to_string(file).unwrap_or_default(), own)
}

fn parse(text: &str, own: Ipv4Addr) -> Vec<SocketAddr> {
    let servers = text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        match words.next() {
            Some("nameserver") => words.next()?.parse::<IpAddr>().ok(),
            _ => None,
        }
    });
    let others = servers.filter(|server| *server != IpAddr::V4(own));
    others
        .take(LIMIT)
        .map(|server| SocketAddr::new(server, PORT))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_but_for_ourselves() {
        let own = Ipv4Addr::new(10, 77, 0, 1);
        let text = "# nameserver 9.9.9.9\nsearch x\nnameserver 10.77.0.1\nnameserver 1.2.3.4 # a\n\
            nameserver fe80::1%eth0\nnameserver ::1\nnameserver\nnameserver 2.2.2.2\nnameserver 3.3.3.3\n";
        let found: Vec<_> = parse(text, own).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["1.2.3.4:53", "[::1]:53", "2.2.2.2:53"]);
        assert_eq!(read(Path::new("/none"), own), []);
    }
}
