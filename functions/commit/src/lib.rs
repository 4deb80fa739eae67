//! The commit function.
