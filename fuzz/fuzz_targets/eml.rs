//! One message, as `motif run` and as `motif clean` read it; cleaning what was cleaned changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    motif_fuzz::read("message.eml", "auto", bytes);
    let mail = motif_fuzz::text::eml::clean_eml(bytes);
    // Decoding and laying out can add marks, not multiply.
    let size = mail.reply.len() + mail.quoted.len() + mail.signature.len() + mail.disclaimer.len();
    assert!(size <= 64 * bytes.len() + 1024, "{size} bytes from {}", bytes.len());
});
