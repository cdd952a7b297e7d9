//! Behaviour of event channels.
