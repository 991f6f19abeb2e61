//! The main job through the window's commands, as the window sends them, against a virtual unit: without a display.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a helper of tests may fail like the test itself"
)]

mod access;
mod api;
mod conflict;
mod documents;
mod door;
mod lists;
mod log_in;
mod security;
mod sites;
mod transfers;
mod unit;
