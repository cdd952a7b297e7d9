//! Which virtual CPU runs next.
