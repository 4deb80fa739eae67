//! The image function.
