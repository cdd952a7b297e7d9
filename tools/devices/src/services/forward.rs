//! Questions that are passed on, until they are answered.

use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};
use std::{io, mem};

use super::names;

/// Questions that wait for an answer, at most, and those of one guest.
const LIMIT: usize = 64;
const GUEST_LIMIT: usize = 16;
/// How long a server has.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often all servers are asked.
const ROUNDS: usize = 2;

/// A question that waits.
struct Waiting {
    guest: SocketAddrV4,
    question: Vec<u8>,
    /// One for each: its port is chosen by the kernel, so that answers can't be guessed.
    socket: UdpSocket,
    id: [u8; 2],
    servers: Vec<SocketAddr>,
    tries: usize,
    until: Instant,
}

/// All of them.
#[derive(Default)]
pub(super) struct Forwarder {
    waiting: Vec<Waiting>,
}

/// What a guest is told.
pub(super) type Told = (SocketAddrV4, Vec<u8>);

impl Forwarder {
    /// Passes a question on to the first of the servers. The answer is that of a failure, or comes later.
    pub(super) fn ask(
        &mut self,
        guest: SocketAddrV4,
        question: &[u8],
        servers: Vec<SocketAddr>,
    ) -> Option<Told> {
        let of_guest = self
            .waiting
            .iter()
            .filter(|other| other.guest.ip() == guest.ip())
            .count();
        let is_full = self.waiting.len() >= LIMIT || of_guest >= GUEST_LIMIT;
        let started = match is_full {
            true => None,
            false => Waiting::start(guest, question, servers).ok(),
        };
        match started {
            Some(waiting) => {
                self.waiting.push(waiting);
                None
            }
            None => names::failure(question).map(|answer| (guest, answer)),
        }
    }

    /// The sockets on which answers come.
    pub(super) fn sockets(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.waiting.iter().map(|waiting| waiting.socket.as_fd())
    }

    /// When to look again at the latest.
    pub(super) fn next_end(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    /// Takes what has come, and gives up on what has not.
    pub(super) fn collect(&mut self, now: Instant) -> Vec<Told> {
        let mut told = Vec::new();
        for mut waiting in mem::take(&mut self.waiting) {
            if let Some(answer) = waiting.receive() {
                told.push((waiting.guest, answer));
            } else if now < waiting.until || waiting.ask_next(now).is_ok() {
                self.waiting.push(waiting);
            } else if let Some(answer) = names::failure(&waiting.question) {
                told.push((waiting.guest, answer));
            }
        }
        told
    }
}

impl Waiting {
    fn start(guest: SocketAddrV4, question: &[u8], servers: Vec<SocketAddr>) -> io::Result<Self> {
        let mut id = [0; 2];
        rustix::rand::getrandom(&mut id, rustix::rand::GetRandomFlags::empty())?;
        let first = servers.first().copied().ok_or(io::ErrorKind::NotFound)?;
        let mut waiting = Self {
            guest,
            question: question.to_vec(),
            socket: socket(first)?,
            id,
            servers,
            tries: 0,
            until: Instant::now(),
        };
        waiting.ask_next(Instant::now())?;
        Ok(waiting)
    }

    /// Asks the next server, or fails when all have been asked often enough.
    fn ask_next(&mut self, now: Instant) -> io::Result<()> {
        while self.tries < ROUNDS * self.servers.len() {
            let next = self.servers.get(self.tries % self.servers.len()).copied();
            self.tries += 1;
            if next.is_some_and(|server| self.send(server).is_ok()) {
                self.until = now + PATIENCE;
                return Ok(());
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    fn send(&mut self, server: SocketAddr) -> io::Result<()> {
        // Another socket: answers of another server don't come here.
        self.socket = socket(server)?;
        let mut message = self.question.clone();
        if let Some(id) = message.first_chunk_mut() {
            *id = self.id;
        }
        self.socket.send(&message).map(drop)
    }

    /// The answer, with the guest's own number of it.
    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut buffer = [0; 4096];
        // Errors come from servers that are not there: then the time runs out.
        while let Ok(length) = self.socket.recv(&mut buffer) {
            let answer = buffer.get(..length)?;
            if answer.first_chunk() == Some(&self.id)
                && names::same_question(&self.question, answer)
            {
                let mut answer = answer.to_vec();
                *answer.first_chunk_mut()? = *self.question.first_chunk::<2>()?;
                return Some(answer);
            }
        }
        None
    }
}

fn socket(server: SocketAddr) -> io::Result<UdpSocket> {
    let any: SocketAddr = match server {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    let socket = UdpSocket::bind(any)?;
    socket.set_nonblocking(true)?;
    socket.connect(server)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::{Message, Query, ResponseCode};
    use hickory_proto::rr::{Name, RecordType};

    use super::*;

    const GUEST: SocketAddrV4 = SocketAddrV4::new(std::net::Ipv4Addr::new(10, 77, 0, 9), 5353);

    fn question() -> Vec<u8> {
        let mut message = Message::query();
        message.add_query(Query::query(
            Name::from_ascii("debian.org.").unwrap(),
            RecordType::A,
        ));
        message.to_vec().unwrap()
    }

    fn server() -> (UdpSocket, SocketAddr) {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let address = socket.local_addr().unwrap();
        (socket, address)
    }

    fn collect(forwarder: &mut Forwarder) -> Vec<Told> {
        std::thread::sleep(Duration::from_millis(20));
        forwarder.collect(Instant::now())
    }

    #[test]
    fn the_answer_to_the_question_is_taken_and_no_other() {
        let (server, address) = server();
        let mut forwarder = Forwarder::default();
        let question = question();
        assert_eq!(forwarder.ask(GUEST, &question, vec![address]), None);
        let mut buffer = [0; 512];
        let (length, from) = server.recv_from(&mut buffer).unwrap();
        let asked = Message::from_vec(&buffer[..length]).unwrap();
        let mut answer = asked.clone().into_response();
        answer.metadata.response_code = ResponseCode::NXDomain;
        // Another number, another question, from elsewhere, and a question.
        let mut guessed = answer.clone();
        guessed.metadata.id ^= 1;
        let mut other = answer.clone();
        other.queries[0].set_query_type(RecordType::MX);
        for wrong in [guessed, other, asked] {
            server.send_to(&wrong.to_vec().unwrap(), from).unwrap();
        }
        let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
        stranger.send_to(&answer.to_vec().unwrap(), from).unwrap();
        assert_eq!(collect(&mut forwarder), []);
        server.send_to(&answer.to_vec().unwrap(), from).unwrap();
        let told = collect(&mut forwarder);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].0, &told[0].1[..2]), (GUEST, &question[..2]));
        assert_eq!(forwarder.sockets().count(), 0);
    }

    #[test]
    fn a_silent_server_is_followed_by_the_next_and_then_by_a_failure() {
        let servers = [server(), server()];
        let mut forwarder = Forwarder::default();
        let addresses = servers.iter().map(|(_, address)| *address).collect();
        forwarder.ask(GUEST, &question(), addresses);
        let mut buffer = [0; 512];
        let mut now = Instant::now();
        for round in 0..2 * ROUNDS {
            servers[round % 2].0.recv_from(&mut buffer).unwrap();
            now += PATIENCE;
            let told = forwarder.collect(now);
            assert_eq!(told.is_empty(), round + 1 < 2 * ROUNDS);
        }
        assert_eq!(forwarder.sockets().count(), 0);
    }

    #[test]
    fn floods_and_no_servers_get_a_failure() {
        let (_server, address) = server();
        let mut forwarder = Forwarder::default();
        assert!(forwarder.ask(GUEST, &question(), vec![]).is_some());
        for number in 0..GUEST_LIMIT * 2 {
            let failed = forwarder.ask(GUEST, &question(), vec![address]).is_some();
            assert_eq!(failed, number >= GUEST_LIMIT);
        }
        for guest in 0..20 {
            let guest = SocketAddrV4::new([10, 77, 1, guest].into(), 1);
            for _ in 0..GUEST_LIMIT {
                forwarder.ask(guest, &question(), vec![address]);
            }
        }
        assert_eq!(forwarder.sockets().count(), LIMIT);
    }
}
