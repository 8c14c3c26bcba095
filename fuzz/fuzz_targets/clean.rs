//! Cleaning and redaction of a contact: twice is once.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    use motif_fuzz::contact::{Channel, Contact, Provenance, Speaker, Turn};
    static CLEANER: std::sync::LazyLock<motif_fuzz::text::Cleaner> = std::sync::LazyLock::new(|| {
        motif_fuzz::text::Cleaner::with_patterns(&Default::default()).expect("the recognisers that ship are valid")
    });
    for channel in [Channel::Email, Channel::Phone] {
        let mut once = Contact::new("c", Default::default(), Provenance { file: "f".into(), record: 1 });
        once.channel = Some(channel);
        once.turns = vec![Turn::new(Speaker::Customer, text)];
        CLEANER.clean(&mut once);
        let mut twice = once.clone();
        CLEANER.clean(&mut twice);
        assert!(once == twice);
    }
});
