//! What the readers of ticketing tools have in common: comments to turns.
//!
//! The description of a ticket is its first message; where the comments repeat it, it is kept once. Private notes are the
//! company's words to itself and are left out. Notes that the tool writes when tickets are merged are system turns, and
//! what they quote of the other ticket is left out, since that ticket has it.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;

use super::super::dialogue::RawTurn;
use super::super::row::{self, PRIVATE, Row};
use super::super::speakers::push;
use crate::contact::Speaker;

/// Flag: the ticket was closed because another one holds its conversation.
pub(super) const MERGED_AWAY: &str = "merged_into_other_ticket";
/// Flag: the ticket took in other tickets.
pub(super) const MERGED_IN: &str = "other_tickets_merged_in";
/// Flag: the ticket was opened by the company, not by the customer.
pub(super) const BY_AGENT: &str = "opened_by_agent";

static MERGED_INTO: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?i)\b(request|ticket|demande) (#?\d+ )?(was |has been |a été )?(closed and |fermée? et |clôturée? et )?(merged|fusionnée?) (into|with|dans|avec) (request|ticket|la demande|le ticket) #?\d+",
    )
});
static MERGED_HERE: LazyLock<Regex> = LazyLock::new(|| {
    constant(
        r"(?is)\b(requests?|tickets?|demandes?) #?\d+.{0,200}?(closed and merged into this|merged into this|fusionnée?s? (dans|avec) (cette|ce)) (request|ticket|demande)",
    )
});

fn constant(text: &str) -> Regex {
    // Constant patterns, compiled by the tests of this module.
    Regex::new(text).expect("constant pattern")
}

/// One message of a ticket.
#[derive(Debug, Default, Clone)]
pub(crate) struct Comment {
    /// Author as the tool names it: an identifier, an address.
    pub(crate) author: Option<String>,
    /// Role, when it is known.
    pub(crate) role: Option<Speaker>,
    /// Words: HTML or plain.
    pub(crate) text: String,
    /// Whether only the company sees it.
    pub(crate) is_private: bool,
    /// When.
    pub(crate) at: Option<DateTime<Utc>>,
}

/// Orders comments by their times when all of them have one; equal times keep the order of the file.
pub(crate) fn in_order_of_time(comments: &mut [Comment]) {
    if comments.iter().all(|comment| comment.at.is_some()) {
        comments.sort_by_key(|comment| comment.at);
    }
}

/// Puts the description of a ticket before its comments, unless one of the first two repeats it.
pub(crate) fn with_description(comments: &mut Vec<Comment>, description: Comment) {
    if !comments.iter().take(2).any(|comment| is_same(&comment.text, &description.text)) {
        comments.insert(0, description);
    }
}

/// Comments to the turns of the row, with their flags.
pub(crate) fn fill(row: &mut Row, comments: Vec<Comment>) {
    let mut turns: Vec<RawTurn> = Vec::with_capacity(comments.len());
    for comment in comments {
        let text = row::plain(comment.text);
        if text.trim().is_empty() {
            continue;
        }
        // The merge is told by a note that may be private.
        let merge = if MERGED_HERE.is_match(&text) {
            push(&mut row.flags, MERGED_IN);
            true
        } else if MERGED_INTO.is_match(&text) {
            push(&mut row.flags, MERGED_AWAY);
            true
        } else {
            false
        };
        if comment.is_private {
            push(&mut row.flags, PRIVATE);
            continue;
        }
        let (text, role) = if merge && comment.role != Some(Speaker::Customer) {
            // The first line tells of the merge; the rest quotes the other ticket.
            (text.lines().next().unwrap_or("").to_owned(), Some(Speaker::Ivr))
        } else {
            (text, comment.role)
        };
        turns.push(RawTurn { label: comment.author, text, role, at: comment.at, ..RawTurn::default() });
    }
    row.turns = Some(turns);
}

/// Whether two bodies are the same message: HTML and plain text of one mail differ in blanks only.
fn is_same(a: &str, b: &str) -> bool {
    let words = |text: &str| row::plain(text.to_owned()).split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    words(a) == words(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merge_notes_are_system_turns_without_their_quotation() {
        let mut row = Row::new(1);
        let comment =
            |text: &str, role, is_private| Comment { text: text.into(), role, is_private, ..Comment::default() };
        fill(
            &mut row,
            vec![
                comment("<p>Toujours rien</p>", Some(Speaker::Customer), false),
                comment(
                    "Request #12 \"Colis\" was closed and merged into this request.\n\nLast comment in request #12:\nMon colis ?",
                    Some(Speaker::Agent),
                    false,
                ),
                comment("à relancer", Some(Speaker::Agent), true),
            ],
        );
        let turns = row.turns.unwrap();
        assert_eq!((turns.len(), turns[1].role), (2, Some(Speaker::Ivr)));
        assert!(!turns[1].text.contains("Mon colis"));
        assert_eq!(row.flags, [MERGED_IN, PRIVATE]);
    }

    #[test]
    fn a_customer_who_writes_of_a_merge_is_a_customer() {
        assert!(!MERGED_INTO.is_match("Pouvez-vous fusionner mes deux demandes ?"));
        assert!(MERGED_INTO.is_match("Cette demande a été fermée et fusionnée avec la demande #4512"));
        assert!(is_same("<p>Bonjour,<br>a</p>", "Bonjour,\n a"));
    }
}
