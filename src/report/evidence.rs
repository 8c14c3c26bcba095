//! Spans and turns to the customers' words that show why a contact was avoidable.
//!
//! Only the turns of the contacts that the report quotes are decoded. The words come from the table turns, already
//! redacted; positions count Unicode characters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::column::{for_each_batch, text_at};
use super::view::{EVIDENCE_PER_CAUSE, Evidence, ReportInput};
use crate::error::Result;
use crate::table::schema::{SPANS, TURNS};

/// Characters shown on either side of the evidence, about a line of text.
const CONTEXT_CHARS: usize = 70;
/// Characters of the evidence itself that are shown at most.
const WORDS_CHARS: usize = 260;

/// Where the strongest evidence of one contact stands.
struct Place {
    turn: i64,
    start: usize,
    end: usize,
    score: f64,
}

/// Fills the evidence of every cause.
pub(super) fn read(dir: &Path, input: &mut ReportInput) -> Result<()> {
    // More candidates than quotes, as some contacts may have lost their span.
    let candidates = |ids: &[String]| ids.iter().take(2 * EVIDENCE_PER_CAUSE).cloned().collect::<Vec<_>>();
    let wanted: BTreeSet<String> = input.causes.values().flat_map(|cause| candidates(&cause.contact_ids)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let wanted = Arc::new(wanted);
    let mut places: BTreeMap<(String, String), Place> = BTreeMap::new();
    let columns = ["contact_id", "turn_index", "kind", "ref_id", "start_char", "end_char", "score"];
    for_each_batch(dir, &SPANS, &columns, Some(&wanted), |batch| {
        let (ids, kinds, refs) = (batch.text("contact_id")?, batch.text("kind")?, batch.text("ref_id")?);
        let (turns, scores) = (batch.long("turn_index")?, batch.double("score")?);
        let (starts, ends) = (batch.long("start_char")?, batch.long("end_char")?);
        for row in 0..batch.rows() {
            if text_at(&kinds, row) != Some("avoidable") {
                continue;
            }
            let place = Place {
                turn: turns.value(row),
                start: usize::try_from(starts.value(row)).unwrap_or(0),
                end: usize::try_from(ends.value(row)).unwrap_or(0),
                score: scores.value(row),
            };
            let key = (ids.value(row).to_string(), refs.value(row).to_string());
            match places.get(&key) {
                Some(best) if best.score >= place.score => {}
                _ => {
                    places.insert(key, place);
                }
            }
        }
        Ok(())
    })?;

    let mut quotes: BTreeMap<(String, String), Evidence> = BTreeMap::new();
    for_each_batch(dir, &TURNS, &["contact_id", "turn_index", "text"], Some(&wanted), |batch| {
        let (ids, turns, texts) = (batch.text("contact_id")?, batch.long("turn_index")?, batch.text("text")?);
        for row in 0..batch.rows() {
            let id = ids.value(row);
            let from = (id.to_string(), String::new());
            for (key, place) in places.range(from..).take_while(|((contact, _), _)| contact == id) {
                if place.turn == turns.value(row) {
                    quotes.insert(key.clone(), quote(id, texts.value(row), place.start, place.end));
                }
            }
        }
        Ok(())
    })?;

    for (key, cause) in &mut input.causes {
        cause.evidence = cause
            .contact_ids
            .iter()
            .filter_map(|id| quotes.get(&(id.clone(), key.criterion.clone())).cloned())
            .filter(|evidence| !evidence.words.trim().is_empty())
            .take(EVIDENCE_PER_CAUSE)
            .collect();
    }
    Ok(())
}

/// Cuts the evidence and what stands around it out of a turn, at word borders; `…` marks a cut.
pub(super) fn quote(contact_id: &str, text: &str, start: usize, end: usize) -> Evidence {
    let chars: Vec<char> = text.chars().collect();
    let start = start.min(chars.len());
    let end = end.clamp(start, chars.len());
    let shown_end = if end - start > WORDS_CHARS { word_end(&chars, start + WORDS_CHARS, end) } else { end };
    let from = word_start(&chars, start.saturating_sub(CONTEXT_CHARS), start);
    let to = word_end(&chars, (shown_end + CONTEXT_CHARS).min(chars.len()), chars.len());
    let line = |range: &[char]| range.iter().map(|c| if c.is_whitespace() { ' ' } else { *c }).collect::<String>();
    let ellipsis = |cut: bool| if cut { "…" } else { "" };
    let (after_from, after_to) = if shown_end < end { (shown_end, shown_end) } else { (end, to) };
    Evidence {
        contact_id: contact_id.to_string(),
        before: format!("{}{}", ellipsis(from > 0), line(&chars[from..start])),
        words: line(&chars[start..shown_end]),
        after: format!("{}{}", line(&chars[after_from..after_to]), ellipsis(after_to < chars.len())),
    }
}

/// The first word border at or after `from`, or `from` itself when the words run on until `limit`.
fn word_start(chars: &[char], from: usize, limit: usize) -> usize {
    if from == 0 {
        return 0;
    }
    (from..limit).find(|&index| chars[index - 1].is_whitespace()).unwrap_or(from)
}

/// The first word border at or after `to`; within 20 characters, else `to` itself.
fn word_end(chars: &[char], to: usize, limit: usize) -> usize {
    (to..limit.min(to + 20)).find(|&index| chars[index].is_whitespace()).unwrap_or(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_not_bytes() {
        let text = "Ça fait déjà trois fois que j’écris, toujours rien.";
        let start = text.chars().position(|c| c == 't').unwrap();
        let evidence = quote("c1", text, start + 4, start + 4 + 10);
        let joined = format!("{}{}{}", evidence.before, evidence.words, evidence.after);
        assert_eq!(joined, text);
        assert_eq!(evidence.words.chars().count(), 10);
    }

    #[test]
    fn long_turns_are_cut_at_words_on_both_sides() {
        let text = format!("{}on m'avait promis lundi{}", "avant ".repeat(40), " après".repeat(40));
        let start = 240;
        let evidence = quote("c1", &text, start, start + 23);
        assert_eq!(evidence.words, "on m'avait promis lundi");
        assert!(evidence.before.starts_with("…avant "), "{}", evidence.before);
        assert!(evidence.after.ends_with("après…"), "{}", evidence.after);
    }

    #[test]
    fn positions_beyond_the_turn_do_not_panic() {
        let evidence = quote("c1", "court", 3, 900);
        assert_eq!(evidence.words, "rt");
        assert_eq!(quote("c1", "", 5, 2).words, "");
    }
}
