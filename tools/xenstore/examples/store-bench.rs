//! How many operations a second one client gets through the socket: `store-bench SOCKET [SECONDS]`.
//!
//! Each operation is sent and answered before the next one. Prints `write=`, `read=`, `transaction=` (start, two
//! writes, end: counted as one) and `mixed=`, which alternates writes and reads, per second. Before them comes
//! `echo=`: the same with a process that sends back what it got, which no server can surpass. The last is
//! `pipelined=`: writes of which 32 are sent before the first answer is read.

use std::error::Error;
use std::io::{BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::time::{Duration, Instant};

const READ: u32 = 2;
const TRANSACTION_START: u32 = 6;
const TRANSACTION_END: u32 = 7;
const WRITE: u32 = 11;
const ERROR: u32 = 16;
const HEADER: usize = 16;
/// Requests that are sent before their answers are read.
const TOGETHER: u32 = 32;

/// A connection, with a buffer for what is sent and one for what comes.
struct Client {
    stream: BufReader<UnixStream>,
    out: Vec<u8>,
    buffer: Vec<u8>,
}

impl Client {
    fn ask(
        &mut self,
        kind: u32,
        transaction: u32,
        payload: &[&[u8]],
    ) -> Result<&[u8], Box<dyn Error>> {
        self.put(kind, transaction, payload)?;
        self.send()?;
        self.answer()
    }

    /// Adds a request to what is sent next.
    fn put(
        &mut self,
        kind: u32,
        transaction: u32,
        payload: &[&[u8]],
    ) -> Result<(), Box<dyn Error>> {
        let length: usize = payload.iter().map(|part| part.len()).sum();
        for word in [kind, 1, transaction, u32::try_from(length)?] {
            self.out.extend_from_slice(&word.to_le_bytes());
        }
        payload
            .iter()
            .for_each(|part| self.out.extend_from_slice(part));
        Ok(())
    }

    fn send(&mut self) -> Result<(), Box<dyn Error>> {
        let sent = self.stream.get_mut().write_all(&self.out);
        self.out.clear();
        Ok(sent?)
    }

    /// The answer to the oldest request.
    fn answer(&mut self) -> Result<&[u8], Box<dyn Error>> {
        let mut header = [0; HEADER];
        self.stream.read_exact(&mut header)?;
        let (words, _) = header.as_chunks::<4>();
        let [kind, .., length] = words else {
            return Err("no header".into());
        };
        self.buffer
            .resize(usize::try_from(u32::from_le_bytes(*length))?, 0);
        self.stream.read_exact(&mut self.buffer)?;
        if u32::from_le_bytes(*kind) == ERROR {
            return Err(String::from_utf8_lossy(&self.buffer).into());
        }
        Ok(&self.buffer)
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let socket = arguments
        .next()
        .unwrap_or_else(|| "/run/xenstored/socket".into());
    if socket == "echo" {
        return echo(&arguments.next().ok_or("no socket")?);
    }
    let seconds = arguments.next().map_or(Ok(2), |text| text.parse())?;
    measure_echo(seconds)?;
    let stream = UnixStream::connect(socket)?;
    let mut client = Client {
        stream: BufReader::new(stream),
        out: Vec::new(),
        buffer: Vec::new(),
    };
    const PATH: &[u8] = b"/local/domain/1/device/vbd/51712/state\0";
    let mut number = 0_u32;
    measure("write", seconds, || {
        number += 1;
        client
            .ask(WRITE, 0, &[PATH, number.to_string().as_bytes()])
            .map(drop)
    })?;
    measure("read", seconds, || client.ask(READ, 0, &[PATH]).map(drop))?;
    measure("mixed", seconds, || {
        number += 1;
        if number.is_multiple_of(2) {
            return client.ask(READ, 0, &[PATH]).map(drop);
        }
        client
            .ask(WRITE, 0, &[PATH, number.to_string().as_bytes()])
            .map(drop)
    })?;
    measure("transaction", seconds, || {
        number += 1;
        let answer = client.ask(TRANSACTION_START, 0, &[b"\0"])?;
        let transaction = String::from_utf8_lossy(answer)
            .trim_end_matches('\0')
            .parse()?;
        client.ask(WRITE, transaction, &[PATH, number.to_string().as_bytes()])?;
        client.ask(WRITE, transaction, &[b"/local/domain/1/name\0", b"bench"])?;
        client
            .ask(TRANSACTION_END, transaction, &[b"T\0"])
            .map(drop)
    })?;
    number = 0;
    measure("pipelined", seconds, || {
        if number.is_multiple_of(TOGETHER) {
            for value in number..number + TOGETHER {
                client.put(WRITE, 0, &[PATH, value.to_string().as_bytes()])?;
            }
            client.send()?;
        }
        number += 1;
        client.answer().map(drop)
    })?;
    Ok(())
}

/// Sends back what comes.
fn echo(socket: &str) -> Result<(), Box<dyn Error>> {
    let (mut stream, _) = UnixListener::bind(socket)?.accept()?;
    let mut buffer = [0; 4112];
    loop {
        let length = stream.read(&mut buffer)?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..length])?;
    }
}

fn measure_echo(seconds: u64) -> Result<(), Box<dyn Error>> {
    let socket = std::env::temp_dir().join(format!("echo-{}", std::process::id()));
    let mut server = Command::new(std::env::current_exe()?)
        .arg("echo")
        .arg(&socket)
        .spawn()?;
    let mut stream = loop {
        if let Ok(stream) = UnixStream::connect(&socket) {
            break stream;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let mut buffer = [1; 60];
    measure("echo", seconds, || {
        stream.write_all(&buffer)?;
        Ok(stream.read_exact(&mut buffer)?)
    })?;
    drop(stream);
    server.wait()?;
    Ok(std::fs::remove_file(socket)?)
}

/// Repeats an operation for some seconds, and prints how many there were in each.
fn measure(
    name: &str,
    seconds: u64,
    mut operation: impl FnMut() -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let (start, limit) = (Instant::now(), Duration::from_secs(seconds));
    let mut count = 0_u32;
    while start.elapsed() < limit {
        // The clock is not what is measured.
        for _ in 0..16 {
            operation()?;
        }
        count += 16;
    }
    println!(
        "{name}={:.0}",
        f64::from(count) / start.elapsed().as_secs_f64()
    );
    Ok(())
}
