//! Core files of domains.
//!
//! The format is that of Xen's `dump-core`, version 1: an ELF core file without program headers, whose sections are
//! named `.xen_*`. The public names of its notes are in `public/elfnote.h`.

mod file;
mod p2m;
mod write;

pub use write::{DumpError, dump};
