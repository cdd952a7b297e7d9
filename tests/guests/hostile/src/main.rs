//! A domU that attacks those who serve it, and its neighbours; its command line says how.
//!
//! `attack=NAME` chooses, `victim=ID` names a neighbour, and `seed=NUMBER` makes random attacks others. Nothing
//! that it does may harm anybody else: `cargo xtask test faults` looks.
#![no_std]
#![no_main]

extern crate alloc;

mod console;
mod ends;
mod frontend;
mod options;
mod pages;
mod quota;
mod store;
mod trespass;

use ringwall_sdk::println;

use options::Options;

ringwall_sdk::entry!(main);

fn main() {
    let options = Options::read();
    match options.attack {
        "store-ring" => store::scribble(&options),
        "console-ring" => console::scribble(&options),
        "flood" => console::flood(),
        "quota" => quota::fill(),
        "frontend" => frontend::write_wildly(&options),
        "reconnect" => frontend::reconnect(),
        "trespass" => trespass::everywhere(&options),
        "neighbour" => ends::work(),
        "ignore" => ends::ignore(),
        "later" => ends::later(),
        "crash" => ends::crash(),
        "panic" => panic!("as it was told to"),
        other => println!("HOSTILE no attack is named {other:?}"),
    }
}
