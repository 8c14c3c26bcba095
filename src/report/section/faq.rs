//! Questions that an article could answer, with what they cost and how customers ask them.

use minijinja::{Value, context};

use super::super::page::Page;
use super::super::view::FaqCandidate;
use crate::error::Result;

/// Cards shown before the rest is folded.
const OPEN_CARDS: usize = 6;
/// Verbatims of a card.
const VERBATIMS: usize = 3;
/// Characters of a verbatim before it is cut.
const VERBATIM_CHARS: usize = 320;
/// Characters of the question that heads a card.
const QUESTION_CHARS: usize = 180;

/// Cards, dearest first.
pub(super) fn section(page: &Page) -> Result<Value> {
    let cards = page.input.faq.iter().map(|faq| card(page, faq)).collect::<Result<Vec<_>>>()?;
    let split = cards.len().min(OPEN_CARDS);
    let key = if cards.is_empty() { "faq_none" } else { "faq_lead" };
    Ok(context! {
        lead => page.html(key, &[("questions", page.counted("questions", page.input.faq_total.questions)?)])?,
        cards => cards[..split].to_vec(),
        more => cards[split..].to_vec(),
        left => match page.input.faq_total.questions.saturating_sub(cards.len() as u64) {
            0 => String::new(),
            left => page.counted("faq_left", left)?,
        },
        cost_note => if cards.is_empty() || page.input.completeness.no_cost == 0 {
            String::new()
        } else {
            page.text("faq_cost_in_part", &[])?
        },
        more_label => page.counted("more_questions", (cards.len() - split) as u64)?,
    })
}

fn card(page: &Page, faq: &FaqCandidate) -> Result<Value> {
    Ok(context! {
        question => cut(&faq.question, QUESTION_CHARS),
        lang => &faq.language,
        reason => page.reason(&faq.reason),
        group => page.group(&faq.reason),
        contacts => page.counted("contacts", faq.contacts)?,
        customers => page.counted("customers", faq.customers)?,
        cost => page.money(faq.cost.unwrap_or_default()),
        is_small => page.is_small(faq.contacts),
        not_found => faq.info_not_found_share.map(|share| page.percent(Some(share), faq.avoidable_known)),
        avoidable => faq.avoidable_share.map(|share| page.percent(Some(share), faq.avoidable_known)),
        repeat => faq.repeat_share.map(|share| page.percent(Some(share), faq.repeat_known)),
        repeat_known => page.count(faq.repeat_known),
        verbatims => faq.verbatims.iter().take(VERBATIMS).map(|text| cut(text, VERBATIM_CHARS)).collect::<Vec<_>>(),
        contact_ids => faq.contact_ids.clone(),
    })
}

/// Cuts a long verbatim at a word.
fn cut(text: &str, chars: usize) -> String {
    let text = text.trim();
    let Some((limit, _)) = text.char_indices().nth(chars) else { return text.to_string() };
    let head = &text[..limit];
    let head = head.rsplit_once(char::is_whitespace).map_or(head, |(head, _)| head);
    format!("{}…", head.trim_end_matches([',', ';', ':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_verbatims_end_at_a_word() {
        assert_eq!(cut("  où est mon colis ?  ", VERBATIM_CHARS), "où est mon colis ?");
        let long = "réclamation ".repeat(60);
        let shown = cut(&long, VERBATIM_CHARS);
        assert!(shown.ends_with("réclamation…") && shown.chars().count() <= VERBATIM_CHARS + 1, "{shown}");
    }
}
