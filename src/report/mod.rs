//! Finished tables → one self-contained `report.html`: [`ReportInput`] → [`render`].
//!
//! The report answers first: what was avoidable, what it cost, what to fix. It holds French and English side by side
//! and shows one of them; the switch works without script, and print shows the language on screen. The page loads
//! nothing: style, charts and script are inline, and its content security policy forbids anything else.
//!
//! ```text
//! output folder → gather, evidence (column, written, tally, run) → view → section (page, format, phrases, chart) → templates
//! ```

mod chart;
mod column;
mod evidence;
mod format;
mod gather;
mod page;
mod phrases;
mod render;
mod run;
mod section;
mod tally;
mod view;
mod written;

pub use format::Language;
pub use render::render;
pub use run::{Bilingual, Counts, CriterionLabel, InputFile, KpiLabel, Labels, ReasonLabel, Run};
pub use tally::{Mean, Money, Part, SEVEN_DAYS, Sentiment, Share, Tally, WINDOWS};
pub use view::{
    ARTICLES, Cause, CauseKey, Cell, Completeness, CorrectedRate, EVIDENCE_PER_CAUSE, Episode, EpisodeSum, Episodes,
    Evidence, FAQ_CANDIDATES, FaqArticle, FaqArticles, FaqCandidate, FaqTotal, Group, IDS_PER_CAUSE, KpiValue, LeftOut,
    ReportInput, Step, UNKNOWN,
};
pub use written::check_tables;

/// What each code in the column `flags` of `contacts` says, by code.
///
/// # Errors
/// A bug in the texts of the report.
pub fn flag_meanings() -> crate::error::Result<Vec<(String, Bilingual)>> {
    meanings("flag_")
}

/// What each code of a reject says, by code.
///
/// # Errors
/// As for [`flag_meanings`].
pub fn reject_meanings() -> crate::error::Result<Vec<(String, Bilingual)>> {
    meanings("reject_")
}

fn meanings(prefix: &str) -> crate::error::Result<Vec<(String, Bilingual)>> {
    let phrases = phrases::Phrases::shipped()?;
    Ok(phrases.with_prefix(prefix).map(|(code, meaning)| (code.to_owned(), meaning.clone())).collect())
}
