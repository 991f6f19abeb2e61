#![no_main]

#[path = "../targets/who_is_search.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
