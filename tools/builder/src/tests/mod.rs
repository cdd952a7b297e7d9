//! Tests of building, on a machine that is none.

mod building;
mod fake;
pub(crate) mod files;
mod kernel;
mod refusals;
