//! What IP Office units and their Manager say to each other: bytes and state machines.
//!
//! No socket, no file, no clock, no async runtime: time comes in as an argument, and each state machine has the shape
//! `handle_datagram`/`handle_bytes`, `handle_timeout(now)`, `poll_transmit`, `poll_timeout`, `poll_event`.

pub mod criteria;
pub mod devlink;
pub mod identification;
pub mod link;
pub mod mac;
pub mod nasystem;
pub mod ports;
pub mod printable;
pub mod provenance;
pub mod tftp;
pub mod version;
pub mod who_is;
