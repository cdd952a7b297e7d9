//! What is answered.

use alloc::format;
use alloc::string::String;

/// The answer to a request, of which at least the first line has come.
pub(crate) fn answer(request: &[u8], name: &str, uptime_ns: u64) -> String {
    let first = request.split(|byte| *byte == b'\r').next();
    let first = core::str::from_utf8(first.unwrap_or_default()).unwrap_or_default();
    let mut words = first.split(' ');
    match (words.next(), words.next()) {
        (Some("GET"), Some("/")) => response("200 OK", &page(name, uptime_ns)),
        (Some("GET"), Some(_)) => response("404 Not Found", "<h1>There is only one page.</h1>\n"),
        _ => response("405 Method Not Allowed", "<h1>Only GET works.</h1>\n"),
    }
}

fn page(name: &str, uptime_ns: u64) -> String {
    let seconds = uptime_ns / 1_000_000_000;
    format!(
        "<!doctype html>\n<title>{name}</title>\n<h1>This is {name}.</h1>\n\
         <p>A kernel of a few pages of Rust, up for {seconds} s.</p>\n"
    )
}

fn response(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}
