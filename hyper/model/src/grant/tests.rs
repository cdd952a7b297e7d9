//! Behaviour of grants.
