//! Debian's own clients against the server, by its socket.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use ringwall_xenstore::{Handle, NoDomains, Options, Server};
use tempfile::TempDir;

/// A server with a socket of its own.
struct Fixture {
    directory: TempDir,
    handle: Handle,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

impl Fixture {
    /// `None`, with the reason printed, where there are no clients.
    fn new() -> Option<Self> {
        let found = ["xenstore-ls", "xenstore-watch"]
            .iter()
            .all(|name| Path::new("/usr/bin").join(name).exists());
        if !found {
            println!("skipped: Debian's xenstore-utils is not installed");
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let (handle, thread) = serve(directory.path());
        Some(Self {
            directory,
            handle,
            thread: Some(thread),
        })
    }

    /// Stops the server and starts it again.
    fn restart(&mut self) {
        self.stop();
        let (handle, thread) = serve(self.directory.path());
        self.handle = handle;
        self.thread = Some(thread);
    }

    fn stop(&mut self) {
        self.handle.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("no panic").expect("no error");
        }
    }

    fn client(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("timeout");
        command
            .args(["20", &format!("xenstore-{name}")])
            .args(arguments)
            .env("XENSTORED_RUNDIR", self.directory.path());
        command
    }

    /// Runs a client; what it printed, or `None` if it failed.
    fn run(&self, name: &str, arguments: &[&str]) -> Option<String> {
        let output = self.client(name, arguments).output().expect("a client");
        let text = String::from_utf8(output.stdout).expect("text");
        output.status.success().then_some(text)
    }

    fn start(&self, name: &str, arguments: &[&str]) -> Child {
        let mut client = self.client(name, arguments);
        client.stdout(Stdio::piped()).spawn().expect("a client")
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(directory: &Path) -> (Handle, JoinHandle<std::io::Result<()>>) {
    let options = Options {
        socket: Some(socket(directory)),
        directory: Some(directory.join("state")),
        ..Options::default()
    };
    let server = Server::open(&options, Box::new(NoDomains)).expect("a server");
    (server.handle(), server.spawn().expect("a thread"))
}

fn socket(directory: &Path) -> PathBuf {
    directory.join("socket")
}

#[test]
fn nodes_are_written_read_listed_and_removed() {
    let Some(fixture) = Fixture::new() else {
        return;
    };
    let run = |name, arguments: &[&str]| fixture.run(name, arguments);
    assert!(run("write", &["/a/b", "hello", "/a/c", "world"]).is_some());
    assert_eq!(run("read", &["/a/b"]).as_deref(), Some("hello\n"));
    assert_eq!(run("list", &["/a"]).as_deref(), Some("b\nc\n"));
    assert!(run("exists", &["/a/b"]).is_some());
    assert!(run("rm", &["/a/b"]).is_some());
    assert!(run("exists", &["/a/b"]).is_none());
    assert!(run("read", &["/a/b"]).is_none());
    assert!(run("read", &["/a//b"]).is_none());
    assert_eq!(
        run("ls", &["/"]).as_deref(),
        Some("a = \"\"\n c = \"world\"\ntool = \"\"\n xenstored = \"\"\n")
    );
}

#[test]
fn permissions_are_set_and_shown() {
    let Some(fixture) = Fixture::new() else {
        return;
    };
    assert!(fixture.run("write", &["/a", "1"]).is_some());
    assert!(fixture.run("chmod", &["/a", "n5", "r3"]).is_some());
    let listing = fixture.run("ls", &["-p", "/"]).expect("a listing");
    let line = listing
        .lines()
        .find(|line| line.starts_with("a = "))
        .expect("the node");
    assert!(line.ends_with("(n5,r3)"), "{line}");
}

#[test]
fn a_list_longer_than_a_message_is_whole() {
    let Some(fixture) = Fixture::new() else {
        return;
    };
    let names: Vec<String> = (0..600)
        .map(|number| format!("child-{number:04}"))
        .collect();
    for name in &names {
        let path = format!("/many/{name}");
        fixture.handle.write(&path, "x").expect("a node");
    }
    let list = fixture.run("list", &["/many"]).expect("a list");
    assert_eq!(list.lines().collect::<Vec<_>>(), names);
}

#[test]
fn watches_tell_of_changes() {
    let Some(fixture) = Fixture::new() else {
        return;
    };
    let watcher = fixture.handle.watch("/a").expect("a watch");
    let client = fixture.start("watch", &["-n", "3", "/a"]);
    assert_eq!(watcher.next().as_deref(), Some("/a"));
    // The client has no way to say that its watch is there: what it does not see yet is repeated.
    let child = std::thread::spawn(move || client.wait_with_output().expect("an end"));
    while !child.is_finished() {
        fixture.run("write", &["/a/b", "1"]);
        fixture.run("rm", &["/a/b"]);
    }
    let output = child.join().expect("output");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines, ["/a", "/a/b", "/a/b"]);
    assert!(watcher.pending().all(|path| path == "/a/b"));
}

#[test]
fn the_store_outlives_the_server() {
    let Some(mut fixture) = Fixture::new() else {
        return;
    };
    assert!(fixture.run("write", &["/a", "1"]).is_some());
    assert!(fixture.run("chmod", &["/a", "b7"]).is_some());
    let before = fixture.run("ls", &["-p", "/"]);
    fixture.restart();
    assert_eq!(fixture.run("ls", &["-p", "/"]), before);
}
