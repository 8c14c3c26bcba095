//! Plain-text transcripts.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| motif_fuzz::read("export.txt", "auto", bytes));
