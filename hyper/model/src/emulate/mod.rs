//! Instructions that a guest may not execute itself.
