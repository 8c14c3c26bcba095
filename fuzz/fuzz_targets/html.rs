//! HTML bodies to text.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|html: &str| {
    let text = motif_fuzz::text::html::html_to_text(html);
    // Twenty levels of quotes put at most forty-two characters before a line.
    assert!(text.len() <= 64 * html.len() + 64);
});
