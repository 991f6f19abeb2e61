#![no_main]

#[path = "../targets/three_way.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
