#![no_main]

#[path = "../targets/devlink_client.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
