//! Tests of the rules, on an arena with a model of a TLB.

mod arena;
mod audit;
mod claims;
mod domains;
mod entries;
mod free;
mod lessons;
mod random;
mod references;
mod threads;
