//! What a person can do with IP Office units: find them, log in, receive, send, and keep what was received.
//!
//! This crate knows no user interface and does not print. Long operations report typed progress and stop when they
//! are dropped or their `CancellationToken` fires.

mod error;

pub use error::{Error, ErrorKind, Result, Step};
