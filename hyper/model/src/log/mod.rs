//! What is logged of what guests do.

mod limiter;

pub use limiter::Limiter;
