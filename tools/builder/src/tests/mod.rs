//! Tests of building, on a machine that is none.

mod building;
mod fake;
mod files;
mod kernel;
mod refusals;
