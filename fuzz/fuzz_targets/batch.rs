#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| oretrail_fuzz::batch(data));
