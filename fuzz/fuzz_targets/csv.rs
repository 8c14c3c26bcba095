//! Tables: delimiters, quotes, dates, one row per contact or per turn.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| motif_fuzz::read("export.csv", "auto", bytes));
