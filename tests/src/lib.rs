//! What whole-program tests share.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails, and the foreign unit cuts its bytes by hand on purpose"
)]

pub mod foreign;
