//! A mailbox: separators, quoted separators, messages cut anywhere.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| motif_fuzz::read("box.mbox", "auto", bytes));
