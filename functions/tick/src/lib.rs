//! The tick function.
