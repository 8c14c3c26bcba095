//! Redaction: findings in order, twice is once.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    static REDACTOR: std::sync::LazyLock<motif_fuzz::text::redact::Redactor> = std::sync::LazyLock::new(|| {
        motif_fuzz::text::redact::Redactor::new(&Default::default()).expect("the recognisers that ship are valid")
    });
    let mut end = 0;
    for finding in REDACTOR.find(text) {
        assert!(finding.range.start >= end && text.get(finding.range.clone()).is_some());
        end = finding.range.end;
    }
    let once = REDACTOR.session().redact(text).text;
    assert!(REDACTOR.session().redact(&once).text == once);
});
