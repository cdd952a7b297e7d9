//! Domains: what there is of them, and how they come and go.
//!
//! A domain has a *seat*: a [`Domain`] with its virtual CPUs, which is made once and never freed, so that
//! a look-up is a plain reference and no path counts who looks. A seat has one domain after the other;
//! all that is large comes with the domain and goes with it. `hyper/docs/0004-domain-lifetime.md`.

mod create;
mod end;
mod seat;
mod table;
mod take_down;
mod virq;

pub(crate) use create::{create, make_vcpus};
pub(crate) use end::{crash, shut_down, start, stop};
pub(crate) use seat::{Domain, MAX_PIRQS, Power};
pub(crate) use table::{count, find, first_from, reap_all};
pub(crate) use take_down::{Interrupted, release_state, take_down};
pub(crate) use virq::set_handler as set_virq_handler;
