//! The reader of Amazon Connect and Transcribe Call Analytics, whatever the content.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| motif_fuzz::read("export.json", "amazon_connect", bytes));
