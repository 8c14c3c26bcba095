//! The reader of twilio, whatever the content.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| motif_fuzz::read("export.json", "twilio", bytes));
