//! JSON documents: arrays, envelopes, single transcripts; the platform is told by the content.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| motif_fuzz::read("export.json", "auto", bytes));
