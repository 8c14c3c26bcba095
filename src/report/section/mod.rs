//! The sections of the report, in the order of the page: each turns figures into the values of its template.

use minijinja::{Value, context};

use super::page::Page;
use crate::error::Result;

mod causes;
mod faq;
mod headline;
mod provenance;
mod quality;
mod reasons;
mod repeats;
mod sentiment;
mod trend;

/// Values of every section for the template of a page.
pub(super) fn all(page: &Page) -> Result<Value> {
    Ok(context! {
        language => page.language.code(),
        is_empty => page.input.total.contacts == 0,
        small_below => page.count(u64::from(page.options.min_contacts)),
        head => headline::head(page)?,
        headline => headline::section(page)?,
        fix => headline::recommendations(page)?,
        causes => causes::section(page)?,
        reasons => reasons::section(page)?,
        repeats => repeats::section(page)?,
        sentiment => sentiment::section(page)?,
        faq => faq::section(page)?,
        trend => trend::section(page)?,
        quality => quality::section(page)?,
        provenance => provenance::section(page)?,
    })
}
