//! Questions that an article could answer, with what they cost and how customers ask them; and, where the run knew the
//! company's articles, which of them do not keep customers from asking.

use minijinja::{Value, context};

use super::super::page::Page;
use super::super::view::{FaqArticle, FaqCandidate};
use crate::error::Result;

/// Cards shown before the rest is folded.
const OPEN_CARDS: usize = 6;
/// Verbatims of a card.
const VERBATIMS: usize = 3;
/// Characters of a verbatim before it is cut.
const VERBATIM_CHARS: usize = 320;
/// Characters of the question that heads a card.
const QUESTION_CHARS: usize = 180;
/// Characters of the title of an article.
const TITLE_CHARS: usize = 140;

/// Cards, dearest first.
pub(super) fn section(page: &Page) -> Result<Value> {
    let cards = page.input.faq.iter().map(|faq| card(page, faq)).collect::<Result<Vec<_>>>()?;
    let split = cards.len().min(OPEN_CARDS);
    let is_compared = page.input.articles.total > 0;
    let key = match (cards.is_empty(), is_compared) {
        (true, _) => "faq_none",
        (false, true) => "faq_lead_compared",
        (false, false) => "faq_lead",
    };
    Ok(context! {
        title => page.text(if is_compared { "faq_title_compared" } else { "faq_title" }, &[])?,
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
        articles => if is_compared { articles(page)? } else { Value::from(()) },
    })
}

fn card(page: &Page, faq: &FaqCandidate) -> Result<Value> {
    Ok(context! {
        question => cut(&faq.question, QUESTION_CHARS),
        article => answered_by(page, faq)?,
        lang => &faq.language,
        reason => page.reason(&faq.reason),
        group => page.group(&faq.reason),
        contacts => page.counted("contacts", faq.contacts)?,
        customers => page.counted("customers", faq.customers)?,
        cost => page.money(faq.cost.unwrap_or_default()),
        is_small => page.is_small(faq.contacts),
        not_found => faq.info_not_found_share.map(|share| page.percent(Some(share), faq.avoidable_known)),
        avoidable => faq.avoidable_share.map(|share| page.percent(Some(share), faq.avoidable_known)),
        judged => page.count(faq.avoidable_known),
        repeat => faq.repeat_share.map(|share| page.percent(Some(share), faq.repeat_known)),
        repeat_known => page.count(faq.repeat_known),
        verbatims => faq.verbatims.iter().take(VERBATIMS).map(|text| cut(text, VERBATIM_CHARS)).collect::<Vec<_>>(),
        contact_ids => faq.contact_ids.clone(),
    })
}

/// Which article answers a question already; nothing where no articles were compared.
fn answered_by(page: &Page, faq: &FaqCandidate) -> Result<Value> {
    let Some(covered) = faq.article_share else { return Ok(Value::from(())) };
    let share = ("share", page.percent(Some(covered), faq.contacts));
    let title = faq.article_id.as_ref().and_then(|id| page.input.articles.titles.get(id));
    let text = match title {
        Some(title) => page.html("faq_article_exists", &[share, ("title", cut(title, TITLE_CHARS))])?,
        None if covered > 0.0 => page.html("faq_article_for_few", &[share])?,
        None => page.html("faq_article_none", &[])?,
    };
    Ok(context! { text => text, is_there => title.is_some() })
}

/// Articles that do not keep customers from asking, dearest first.
fn articles(page: &Page) -> Result<Value> {
    let articles = &page.input.articles;
    let places = [
        ("covered", page.counted("contacts", articles.covered)?),
        ("questions", page.count(page.input.run.counts.questions.max(articles.covered))),
        ("articles", page.counted("articles", articles.total)?),
    ];
    Ok(context! {
        lead => page.html("faq_articles_lead", &places)?,
        rows => articles.dearest.iter().map(|article| article_row(page, article)).collect::<Result<Vec<_>>>()?,
        left => match articles.total.saturating_sub(articles.unasked + articles.dearest.len() as u64) {
            0 => String::new(),
            left => page.counted("faq_articles_left", left)?,
        },
        unasked => match articles.unasked {
            0 => page.text("faq_articles_all_asked", &[])?,
            unasked => page.counted("faq_articles_unasked", unasked)?,
        },
    })
}

fn article_row(page: &Page, article: &FaqArticle) -> Result<Value> {
    Ok(context! {
        title => cut(&article.title, TITLE_CHARS),
        id => &article.article_id,
        languages => article.languages.join(", "),
        contacts => page.count(article.contacts),
        customers => page.counted("customers", article.customers)?,
        cost => page.money(article.cost.unwrap_or_default()),
        not_found => page.rate(article.info_not_found),
        repeat => page.rate(article.repeat),
        is_small => page.is_small(article.contacts),
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
