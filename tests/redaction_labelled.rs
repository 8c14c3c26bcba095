//! Recall and precision of redaction per kind, on texts labelled by hand before the recognisers were written.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test prints its figures and may panic")]

use std::collections::BTreeMap;
use std::path::Path;

use motif::text::redact::Redactor;
use serde::Deserialize;

#[derive(Deserialize)]
struct Labelled {
    text: String,
    spans: Vec<Span>,
}

/// Borders in Unicode characters.
#[derive(Deserialize)]
struct Span {
    start: usize,
    end: usize,
    kind: String,
}

#[derive(Default, Clone, Copy)]
struct Tally {
    labelled: usize,
    found: usize,
    reported: usize,
    right: usize,
}

impl Tally {
    fn recall(self) -> f64 {
        self.found as f64 / self.labelled.max(1) as f64
    }

    fn precision(self) -> f64 {
        if self.reported == 0 { 1.0 } else { self.right as f64 / self.reported as f64 }
    }
}

/// Names and addresses have no fixed form: their borders may differ by a word. All other kinds must match exactly.
fn is_same(kind: &str, label: (usize, usize), found: (usize, usize)) -> bool {
    if !matches!(kind, "NAME" | "ADDRESS") {
        return label == found;
    }
    let shared = label.1.min(found.1).saturating_sub(label.0.max(found.0));
    2 * shared > (label.1 - label.0).max(found.1 - found.0)
}

fn measure(file: &str, smallest: usize) -> BTreeMap<String, Tally> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/redaction").join(file);
    let content = std::fs::read_to_string(path).unwrap();
    let rows: Vec<Labelled> = content.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(rows.len() >= smallest, "{file} holds {} texts", rows.len());
    let redactor = Redactor::new(&BTreeMap::new()).unwrap();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    for row in &rows {
        let to_chars = |byte: usize| row.text[..byte].chars().count();
        let found: Vec<(String, (usize, usize))> = redactor
            .find(&row.text)
            .into_iter()
            .map(|finding| (finding.kind, (to_chars(finding.range.start), to_chars(finding.range.end))))
            .collect();
        let mut missed = Vec::new();
        for span in &row.spans {
            let tally = tallies.entry(span.kind.clone()).or_default();
            tally.labelled += 1;
            if found.iter().any(|(kind, borders)| *kind == span.kind && is_same(kind, (span.start, span.end), *borders))
            {
                tally.found += 1;
            } else {
                missed.push(span.kind.as_str());
            }
        }
        let mut extra = Vec::new();
        for (kind, borders) in &found {
            let tally = tallies.entry(kind.clone()).or_default();
            tally.reported += 1;
            if row.spans.iter().any(|span| span.kind == *kind && is_same(kind, (span.start, span.end), *borders)) {
                tally.right += 1;
            } else {
                let value: String = row.text.chars().skip(borders.0).take(borders.1 - borders.0).collect();
                extra.push((kind.as_str(), value));
            }
        }
        if !missed.is_empty() || !extra.is_empty() {
            println!("{file}: missed {missed:?}, extra {extra:?} in {:?}", row.text);
        }
    }
    for (kind, tally) in &tallies {
        println!(
            "{file} {kind:14} labelled {:3} recall {:.3} precision {:.3}",
            tally.labelled,
            tally.recall(),
            tally.precision()
        );
    }
    tallies
}

fn structured(tallies: &BTreeMap<String, Tally>) -> Tally {
    let mut sum = Tally::default();
    for tally in tallies.iter().filter(|(kind, _)| kind.as_str() != "NAME").map(|(_, tally)| tally) {
        sum.labelled += tally.labelled;
        sum.found += tally.found;
        sum.reported += tally.reported;
        sum.right += tally.right;
    }
    sum
}

#[test]
fn structured_kinds_reach_the_floors_in_french_and_english() {
    for (file, smallest) in [("labelled_fr.jsonl", 200), ("labelled_en.jsonl", 100)] {
        let sum = structured(&measure(file, smallest));
        println!(
            "{file} structured: labelled {} recall {:.3} precision {:.3}",
            sum.labelled,
            sum.recall(),
            sum.precision()
        );
        assert!(sum.recall() >= 0.95, "{file}: recall {:.3}", sum.recall());
        assert!(sum.precision() >= 0.90, "{file}: precision {:.3}", sum.precision());
    }
}

#[test]
fn names_reach_the_floors_in_french_and_english() {
    for (file, smallest) in [("labelled_fr.jsonl", 200), ("labelled_en.jsonl", 100)] {
        let names = measure(file, smallest)["NAME"];
        assert!(names.labelled >= 30, "{file}: {} names", names.labelled);
        assert!(names.recall() >= 0.95, "{file}: recall {:.3}", names.recall());
        assert!(names.precision() >= 0.95, "{file}: precision {:.3}", names.precision());
    }
}
