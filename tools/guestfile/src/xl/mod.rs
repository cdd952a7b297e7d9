//! The classic guest file of `xl`.

mod keys;
mod parser;

pub(crate) use keys::fill;
pub(crate) use parser::read;
