//! What whole-program tests share.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails, errors are what tests are about, and the foreign unit cuts its bytes by hand on purpose"
)]

pub mod computer;
pub mod desk;
pub mod foreign;
pub mod foreign_devlink;
pub mod lies;
pub mod matrix;
#[cfg(target_os = "linux")]
pub mod namespace;
#[cfg(target_os = "linux")]
pub mod placed;
pub mod random;
pub mod relay;
pub mod simulated;
