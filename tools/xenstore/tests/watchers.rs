//! Watches of the process that the server runs in.

use ringwall_xenstore::{NoDomains, Options, Server};

/// What domains write decides how many events there are: who takes none must not cost more and more memory.
#[test]
fn events_that_nobody_takes_are_cut_short() {
    let server = Server::open(&Options::default(), Box::new(NoDomains)).expect("a server");
    let store = server.handle();
    let watcher = store.watch("/a").expect("a watch");
    let write = |path: &str| store.write(path, "1").expect("a node");
    for number in 0..3000 {
        write(&format!("/a/{number}"));
    }
    let paths: Vec<String> = watcher.pending().collect();
    assert_eq!(paths.len(), 1025);
    assert_eq!(paths[..2], ["/a", "/a/0"]);
    // What was left out is there in short.
    assert_eq!(paths.last().map(String::as_str), Some("/a"));
    write("/a/1");
    assert!(watcher.pending().eq(["/a/1"]));
}
