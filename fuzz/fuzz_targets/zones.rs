//! The zones of a body: in order, on character borders, without overlap.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &str| {
    let zones = motif_fuzz::text::zones::zones(body, None);
    let mut all: Vec<_> = [&zones.reply, &zones.quoted, &zones.signature, &zones.disclaimer].into_iter().flatten().collect();
    all.sort_by_key(|range| range.start);
    let mut end = 0;
    for range in all {
        assert!(range.start >= end && range.start <= range.end && body.get((*range).clone()).is_some());
        end = range.end;
    }
});
