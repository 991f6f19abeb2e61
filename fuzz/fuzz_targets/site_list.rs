#![no_main]

#[path = "../targets/site_list.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
