//! WebVTT, SubRip and SBV: the first byte chooses.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let name = match bytes.first() {
        Some(b'1') => "export.srt",
        Some(b'0') => "export.sbv",
        _ => "export.vtt",
    };
    motif_fuzz::read(name, "auto", bytes);
});
