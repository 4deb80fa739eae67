//! The job function.
