//! The body of an e-mail to its zones: the new reply, the quoted history, the signature, the notices, each with byte
//! ranges into the body.
//!
//! Quoted replies counted as new words make false repeats, and signatures and notices make false reasons; so each
//! line is given exactly one zone, and only the reply goes on. Nothing is lost: when the new words are empty and the
//! message forwards another, the forwarded words are the reply.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::disclaimer::Notice;
use super::lines::{Line, lines};
use super::names::Sender;
use super::{disclaimer, quote, signature};

/// Where each line of a body belongs. Ranges are bytes of the body, in order, without the line ends around them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Zones {
    /// The new words. Several ranges when answers are interleaved with quotes.
    pub reply: Vec<Range<usize>>,
    /// Earlier messages, with the headers above them.
    pub quoted: Vec<Range<usize>>,
    /// Closing, name, title, contact details, "Sent from my…".
    pub signature: Vec<Range<usize>>,
    /// Legal and environmental notices.
    pub disclaimer: Vec<Range<usize>>,
}

impl Zones {
    /// The words of one zone: its ranges joined, line ends as `\n`, ends of lines trimmed.
    pub fn text(body: &str, zone: &[Range<usize>]) -> String {
        let mut text = String::new();
        let mut end = 0;
        for range in zone {
            let part = &body[range.clone()];
            if !text.is_empty() {
                let between = &body[end..range.start];
                let is_next_line =
                    between.chars().all(|c| c.is_whitespace() || c == '>') && between.matches('\n').count() <= 1;
                text.push_str(if is_next_line { "\n" } else { "\n\n" });
            }
            end = range.end;
            let mut first = true;
            for line in part.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r')) {
                if !first {
                    text.push('\n');
                }
                text.push_str(line.trim_end());
                first = false;
            }
        }
        text
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Zone {
    Reply,
    Quoted,
    Signature,
    Disclaimer,
    /// Syntax that belongs to no zone: the `-- ` line, the rule above a header.
    Delimiter,
}

/// Zones of a plain-text body. `subject` tells an answer from a forward where the body alone does not.
pub fn zones(body: &str, subject: Option<&str>) -> Zones {
    zones_from(body, subject, &Sender::default())
}

/// The same, with the name of the sender: their own name below the words is a signature.
pub(super) fn zones_from(body: &str, subject: Option<&str>, sender: &Sender) -> Zones {
    let mut lines = lines(body);
    let mut labels = vec![Zone::Reply; lines.len()];
    let mut from = 0;
    // Each round unwraps one forwarded message whose forwarder wrote nothing; forwards of forwards are rare and short.
    for _ in 0..4 {
        let forward = mark_quotes(&lines, &mut labels, from, subject);
        mark_banner(&lines, &mut labels, from);
        mark_notices(&lines, &mut labels, from, forward.is_some());
        mark_signatures(&lines, &mut labels, from, sender);
        let has_reply = (from..lines.len()).any(|at| labels[at] == Zone::Reply && has_letters(lines[at].text));
        let Some(start) = forward.filter(|_| !has_reply) else { break };
        // A forward without new words: the forwarded message is the content.
        from = start;
        if let Some(depth) = lines[from..].iter().find(|line| !line.is_blank()).map(|line| line.depth) {
            for line in &mut lines[from..] {
                line.is_unwrapped |= depth > 0 && line.depth > 0;
                line.depth = line.depth.saturating_sub(depth);
            }
        }
        labels[from..].fill(Zone::Reply);
    }
    if labels.iter().zip(&lines).all(|(label, line)| *label != Zone::Reply || line.is_blank()) {
        keep_quotes_without_header(&mut lines, &mut labels);
    }
    gather(&lines, &labels)
}

fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Marks quoted history from line `from` on. Returns where the content of a forwarded message starts, if there is one.
fn mark_quotes(lines: &[Line<'_>], labels: &mut [Zone], from: usize, subject: Option<&str>) -> Option<usize> {
    let mut forward = None;
    let mut at = from;
    while at < lines.len() {
        let line = &lines[at];
        if line.depth > 0 {
            labels[at] = Zone::Quoted;
            at += 1;
            continue;
        }
        if quote::is_reply_above(&line.folded) {
            labels[at..].fill(Zone::Quoted);
            return forward;
        }
        let Some(header) = quote::header_at(lines, at).or_else(|| unknown_header(lines, at)) else {
            at += 1;
            continue;
        };
        let after = at + header.lines;
        labels[at..after].fill(Zone::Quoted);
        if forward.is_none() && (header.is_forward || (header.is_ambiguous && is_forward_subject(subject, at == from)))
        {
            forward = Some(after);
        }
        let next = lines[after..].iter().position(|line| !line.is_blank()).map(|n| after + n);
        let is_marked = next.is_some_and(|next| lines[next].depth > 0);
        if !is_marked {
            labels[at..].fill(Zone::Quoted);
        }
        if header.is_ruled {
            labels[at] = Zone::Delimiter;
        }
        if !is_marked {
            return forward;
        }
        at = after;
    }
    mark_wrapped(lines, labels, from);
    forward
}

/// Up to three lines that end with a colon right above a quote and name an address or a moment: the header of a mail
/// program in a language that is not listed.
///
/// Caught: `Missatge de Atenció <a@example.com> del dia dl., 3 de nov. 2025 a les 10:12:`. Not caught: "Vous m'avez écrit
/// le 03/11/2025 :", which is the customer's.
fn unknown_header(lines: &[Line<'_>], at: usize) -> Option<quote::Header> {
    static OWN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:vous|je|j'|nous|on (?:m|vous)|voici|voila|dans|selon|comme|pour|suite|en reponse|votre|ma |mon |mes |you|your|i |we |here|in your|as |regarding|re:)",
        )
        .expect("a literal pattern that the tests compile")
    });
    let starts_paragraph = at == 0 || lines[at - 1].is_blank() || lines[at - 1].depth > 0;
    let (mut used, mut digits, mut has_address, mut is_ended) = (0, 0, false, false);
    for line in lines[at..].iter().take(if starts_paragraph { 3 } else { 1 }) {
        if line.is_blank() || line.depth > 0 || line.folded.is_empty() || line.folded.len() > 300 {
            return None;
        }
        used += 1;
        digits += line.text.bytes().filter(u8::is_ascii_digit).count();
        has_address |= line.text.contains('@');
        is_ended = line.text.ends_with([':', '：']);
        // A sentence of one's own right above a header is not part of it.
        if !is_ended && line.text.ends_with(['.', '!', '?', '…']) {
            return None;
        }
        if is_ended {
            break;
        }
    }
    let is_header = if used > 1 { has_address && digits >= 6 } else { has_address || digits >= 6 };
    let next = lines[at + used..].iter().take(2).find(|line| !line.is_blank())?;
    let is_own = || {
        let sentence: Vec<&str> = lines[at..at + used].iter().map(|line| line.folded.as_str()).collect();
        OWN_WORDS.is_match(&lines[at].folded) || quote::is_told_by_customer(&sentence.join(" "))
    };
    let is_header = is_ended && is_header && next.depth > 0 && !is_own();
    let is_header = is_header && (1..used).all(|more| quote::header_at(lines, at + more).is_none());
    is_header.then_some(quote::Header { lines: used, is_forward: false, is_ruled: false, is_ambiguous: false })
}

/// Quoted lines that a mail program wrapped without repeating the mark: one line between two marked ones that goes on
/// with the sentence.
fn mark_wrapped(lines: &[Line<'_>], labels: &mut [Zone], from: usize) {
    for at in from + 1..lines.len().saturating_sub(1) {
        let (before, line, after) = (&lines[at - 1], &lines[at], &lines[at + 1]);
        let is_between = line.depth == 0 && !line.is_blank() && before.depth > 0 && after.depth > 0;
        let goes_on = line.text.chars().next().is_some_and(char::is_lowercase) && line.text.chars().count() < 40;
        if is_between && goes_on && before.text.chars().count() >= 50 && !before.text.ends_with(['.', '!', '?', ':']) {
            labels[at] = Zone::Quoted;
        }
    }
}

/// Subjects that mail programs give to forwards. A message that starts with a header and whose subject answers nothing
/// is one too: forms of web sites and scanned letters look like that.
fn is_forward_subject(subject: Option<&str>, is_at_top: bool) -> bool {
    let folded = super::fold::fold(subject.unwrap_or_default());
    let start = folded.trim_start_matches(['[', ' ']);
    let starts_with = |prefixes: &[&str]| {
        prefixes.iter().any(|prefix| {
            start.strip_prefix(prefix).is_some_and(|rest| rest.trim_start_matches(['[', ']', ' ']).starts_with(':'))
        })
    };
    const FORWARDS: [&str; 12] = ["tr", "fw", "fwd", "wg", "rv", "enc", "i", "transf", "reexp", "doorst", "renv", "pd"];
    const ANSWERS: [&str; 13] = ["re", "rep", "ref", "aw", "sv", "vs", "r", "odp", "antw", "res", "ynt", "vl", "ang"];
    starts_with(&FORWARDS) || (is_at_top && !start.is_empty() && !starts_with(&ANSWERS))
}

/// Runs of lines labelled as reply.
fn segments(labels: &[Zone], from: usize) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = from;
    while at < labels.len() {
        if labels[at] != Zone::Reply {
            at += 1;
            continue;
        }
        let start = at;
        while at < labels.len() && labels[at] == Zone::Reply {
            at += 1;
        }
        found.push(start..at);
    }
    found
}

/// Marks the warning that a company's mail server writes above messages from outside.
fn mark_banner(lines: &[Line<'_>], labels: &mut [Zone], from: usize) {
    let Some(start) = (from..lines.len()).find(|&at| !lines[at].is_blank()) else { return };
    let end = (start..lines.len()).find(|&at| lines[at].is_blank() || labels[at] != Zone::Reply).unwrap_or(lines.len());
    let mut joined = String::new();
    for line in lines[start..end].iter().take(5) {
        joined.push_str(&line.folded);
        joined.push(' ');
    }
    // Only where something follows: a warning alone is what somebody sends on.
    let has_more = (end..lines.len()).any(|at| labels[at] == Zone::Reply && has_letters(lines[at].text));
    if has_more && disclaimer::is_banner(&joined) {
        labels[start..end].fill(Zone::Disclaimer);
    }
}

/// Marks notices that end a run of new words: a paragraph that starts like one, with only notices, signatures and
/// short lines below it. A message that would be nothing but a notice, or a greeting above one, keeps it as its words,
/// unless it forwards others.
fn mark_notices(lines: &[Line<'_>], labels: &mut [Zone], from: usize, is_forward: bool) {
    let is_said = |at: usize| has_letters(lines[at].text) && !signature::is_greeting(&lines[at].folded);
    let has_words = |labels: &[Zone]| (from..lines.len()).any(|at| labels[at] == Zone::Reply && is_said(at));
    let before = labels.to_vec();
    for segment in segments(labels, from) {
        mark_notices_of(lines, labels, segment);
    }
    if !is_forward && has_words(&before) && !has_words(labels) {
        labels.copy_from_slice(&before);
    }
}

fn mark_notices_of(lines: &[Line<'_>], labels: &mut [Zone], segment: Range<usize>) {
    // Looked for once, and only where a notice is in doubt.
    let closing = OnceCell::new();
    let is_closed_at = |at: usize| {
        let found = closing.get_or_init(|| segment.clone().find(|&line| signature::closes(&lines[line])));
        found.is_some_and(|closing| closing < at)
    };
    let mut end = segment.end;
    while let Some(start) = last_notice(lines, segment.start..end, &is_closed_at) {
        labels[start..end].fill(Zone::Disclaimer);
        end = start;
        // The rows of stars or dashes that frame a notice are nobody's words.
        let above = (segment.start..start).rev().find(|&at| !lines[at].is_blank());
        if let Some(rule) = above.filter(|&at| quote::is_line_rule(&lines[at].folded)) {
            labels[rule..start].fill(Zone::Delimiter);
            end = rule;
        }
    }
}

/// Start of a notice that reaches to the end of `range`. `is_closed_at` tells whether a closing stands above a line.
fn last_notice(lines: &[Line<'_>], range: Range<usize>, is_closed_at: &impl Fn(usize) -> bool) -> Option<usize> {
    let last = range.clone().rev().find(|&at| !lines[at].is_blank())?;
    let mut others = 0;
    let mut at = last + 1;
    while at > range.start {
        let mut start = at - 1;
        if lines[start].is_blank() {
            at = start;
            continue;
        }
        while start > range.start && !lines[start - 1].is_blank() {
            start -= 1;
        }
        let is_notice = |line: &usize| has_letters(lines[*line].text) && starts_notice(lines, *line..at, is_closed_at);
        if let Some(found) = (start..at).find(is_notice) {
            return Some(found);
        }
        // Between two notices, or below one, stand logos, addresses and further sentences of the lawyers; three
        // paragraphs are looked through, if they are long or carry no speech.
        others += 1;
        if others > 1 {
            return None;
        }
        let words: usize = lines[start..at].iter().map(|line| line.text.split_whitespace().count()).sum();
        let first = lines[start].folded.as_str();
        let is_speech = words > 3 && !first.contains("www.") && !first.contains("http") && !is_legal(&lines[start..at]);
        if is_speech {
            return None;
        }
        at = start;
    }
    None
}

fn starts_notice(lines: &[Line<'_>], paragraph: Range<usize>, is_closed_at: &impl Fn(usize) -> bool) -> bool {
    let mut joined = String::new();
    for line in &lines[paragraph.clone()] {
        if joined.len() > 400 {
            break;
        }
        if line.folded.is_empty() {
            // A very long line: its beginning is enough.
            let end = line.text.char_indices().nth(400).map_or(line.text.len(), |(at, _)| at);
            joined.push_str(&super::fold::fold(&line.text[..end]));
        } else {
            joined.push_str(&line.folded);
        }
        joined.push(' ');
    }
    match disclaimer::notice(&joined) {
        Notice::Certain => true,
        Notice::Possible => is_closed_at(paragraph.start),
        Notice::No => false,
    }
}

/// Further paragraphs of a notice, told by their vocabulary.
fn is_legal(lines: &[Line<'_>]) -> bool {
    const WORDS: [&str; 14] = [
        "confidential",
        "confidentiel",
        "destinataire",
        "intended recipient",
        "liability",
        "responsabilite",
        "unauthori",
        "interdite",
        "prohibited",
        "virus",
        "supprimer",
        "delete",
        "registered",
        "altere",
    ];
    lines.iter().filter(|line| WORDS.iter().any(|word| line.folded.contains(word))).count() > 0
        && lines.iter().map(|line| line.text.len()).sum::<usize>() > 60
}

fn mark_signatures(lines: &[Line<'_>], labels: &mut [Zone], from: usize, sender: &Sender) {
    for segment in segments(labels, from) {
        for (range, is_delimiter) in signature::find(lines, segment, sender) {
            labels[range].fill(if is_delimiter { Zone::Delimiter } else { Zone::Signature });
        }
    }
}

/// A body of nothing but `>` lines is what somebody wants to say, pasted.
fn keep_quotes_without_header(lines: &mut [Line<'_>], labels: &mut [Zone]) {
    let is_all_marked = lines.iter().all(|line| line.depth > 0 || line.is_blank());
    let has_header = (0..lines.len()).any(|at| quote::header_at(lines, at).is_some());
    if is_all_marked && !has_header {
        labels.fill(Zone::Reply);
        for line in lines {
            line.is_unwrapped = true;
        }
    }
}

/// Lines of one label in a row to ranges; blank lines at the borders belong to nobody.
fn gather(lines: &[Line<'_>], labels: &[Zone]) -> Zones {
    let mut zones = Zones::default();
    let mut at = 0;
    while at < lines.len() {
        let label = labels[at];
        let start = at;
        while at < lines.len() && labels[at] == label {
            at += 1;
        }
        let zone = match label {
            Zone::Reply => &mut zones.reply,
            Zone::Quoted => &mut zones.quoted,
            Zone::Signature => &mut zones.signature,
            Zone::Disclaimer => &mut zones.disclaimer,
            Zone::Delimiter => continue,
        };
        let mut filled = (start..at).filter(|&at| !lines[at].is_blank());
        let Some(first) = filled.next() else { continue };
        let last = filled.next_back().unwrap_or(first);
        if lines[first..=last].iter().any(|line| line.is_unwrapped) {
            zone.extend(lines[first..=last].iter().filter(|line| !line.is_blank()).map(|line| line.range.clone()));
        } else {
            let start = if label == Zone::Quoted { lines[first].whole.start } else { lines[first].range.start };
            zone.push(start..lines[last].range.end);
        }
    }
    zones
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(body: &str) -> String {
        Zones::text(body, &zones(body, None).reply)
    }

    #[test]
    fn top_posted_reply_ends_at_the_header() {
        let body = "Bonjour,\r\nToujours rien reçu.\r\n\r\nLe lun. 3 nov. 2025 à 10:12, A <a@exemple.fr>\r\na écrit :\r\n\r\n> Votre colis part.\r\n";
        assert_eq!(reply(body), "Bonjour,\nToujours rien reçu.");
        let found = zones(body, None);
        assert!(Zones::text(body, &found.quoted).starts_with("Le lun. 3 nov."));
        assert!(Zones::text(body, &found.quoted).ends_with("> Votre colis part."));
    }

    #[test]
    fn what_the_customer_tells_of_an_earlier_message_stays_in_the_reply() {
        for body in [
            "On 3 November 2025 your agent Claire wrote:\n\"The refund will arrive within 5 days.\"\n\nIt never arrived. Cancel the contract.",
            "Le 3 novembre 2025, votre service client a écrit :\n« Votre colis partira demain. »\n\nOr je n'ai toujours rien reçu et je demande un remboursement.",
            "I ordered on 3 Nov 2025 and your agent support@shop.example.com wrote:\n\"It is sent.\"\n\nIt is not.",
            "On your website (updated 3 November 2025) you wrote:\n\"Delivery in two days.\"\n\nIt has been nine.",
        ] {
            assert_eq!(reply(body), body);
        }
        let marked = "On 3 November 2025 at 10:12 your agent Claire wrote:\n> It is sent.\nIt is not.";
        assert_eq!(reply(marked), "On 3 November 2025 at 10:12 your agent Claire wrote:\n\nIt is not.");
    }

    #[test]
    fn interleaved_answers_are_the_reply() {
        let body = "Le 3 nov. 2025 à 10:12, A <a@exemple.fr> a écrit :\n> Quel numéro ?\nLe 12345.\n> Quelle adresse ?\n\nLyon.\n\n> Merci\n\nPaul";
        assert_eq!(reply(body), "Le 12345.\n\nLyon.\n\nPaul");
    }

    #[test]
    fn a_forward_without_new_words_keeps_the_forwarded_words() {
        let body = "Envoyé de mon iPhone\n\nDébut du message réexpédié :\n\n> De: A <a@exemple.fr>\n> Objet: Facture\n> Date: 3 novembre 2025\n> À: b@exemple.fr\n>\n> Voici la facture.\n> À payer.\n>\n> Cordialement,\n> Service client";
        assert_eq!(reply(body), "Voici la facture.\nÀ payer.");
        let plain = "---------- Forwarded message ---------\nDe : A <a@exemple.fr>\nDate: lun. 3 nov. 2025\nSubject: x\nTo: b\n\nLa panne continue.";
        assert_eq!(reply(plain), "La panne continue.");
    }

    #[test]
    fn an_empty_answer_stays_empty_and_an_empty_forward_does_not() {
        let body = "De : A <a@exemple.fr>\nEnvoyé : lundi\nÀ : b@exemple.fr\nObjet : Facture\n\nVoici.";
        assert_eq!(Zones::text(body, &zones(body, Some("RE: Facture")).reply), "");
        assert_eq!(Zones::text(body, &zones(body, Some("TR: Facture")).reply), "Voici.");
    }

    #[test]
    fn notices_and_signatures_leave_the_reply() {
        let body = "Je veux résilier.\n\nCordialement,\nPaul Leroy\n\nPensez à l'environnement avant d'imprimer ce message.\n\nCe message et ses pièces jointes sont confidentiels et destinés\nà leur seul destinataire.\n\nThis email and any attachments are confidential.";
        let found = zones(body, None);
        assert_eq!(Zones::text(body, &found.reply), "Je veux résilier.");
        assert_eq!(Zones::text(body, &found.signature), "Cordialement,\nPaul Leroy");
        assert!(Zones::text(body, &found.disclaimer).starts_with("Pensez"));
        assert!(Zones::text(body, &found.disclaimer).ends_with("confidential."));
    }

    #[test]
    fn complaints_that_sound_like_notices_stay_in_the_reply() {
        for sentence in [
            "This order contained the wrong size, it was not the one intended.",
            "Ce document n'est jamais arrivé à son destinataire.",
            "Avertissement : le livreur a abandonné le colis devant la porte.",
            "If you received the return in error, please refund the order.",
            "Les informations contenues dans le suivi indiquent une remise au destinataire, c'est faux.",
        ] {
            assert_eq!(reply(sentence), sentence);
            let body = format!("Bonjour,\n\nCommande annulée.\n\n{sentence}");
            assert_eq!(reply(&body), body);
        }
    }

    #[test]
    fn a_notice_alone_never_empties_the_reply() {
        let notice = "Ce message et ses pièces jointes sont confidentiels et destinés à leur seul destinataire.";
        assert_eq!(reply(notice), notice);
        assert_eq!(reply(&format!("Colis perdu.\n\n{notice}")), "Colis perdu.");
        let forward = format!(
            "{notice}\n\n---------- Forwarded message ---------\nDe : A <a@exemple.fr>\nDate: lun. 3 nov. 2025\nSubject: x\nTo: b\n\nLa panne continue."
        );
        assert_eq!(reply(&forward), "La panne continue.");
    }

    #[test]
    fn a_customer_who_claims_a_right_is_not_a_notice() {
        for words in [
            "Conformément au RGPD, vous disposez d'un délai d'un mois pour supprimer le compte client 4412 et toutes ses factures.",
            "Please consider sending paper invoices again, the website keeps failing.",
        ] {
            let body = format!("Bonjour,\n\n{words}");
            assert_eq!(reply(&body), body);
            // The closing below the words does not make them a notice.
            assert_eq!(reply(&format!("{body}\n\nCordialement,\nPaul Leroy")), body);
        }
        let notice = "Conformément au RGPD, vous disposez d'un droit d'accès, de rectification et d'effacement.";
        assert_eq!(reply(&format!("Colis perdu.\n\n{notice}")), "Colis perdu.");
        assert_eq!(
            reply("Lost parcel.\n\nPlease consider the environment before printing this email."),
            "Lost parcel."
        );
    }

    #[test]
    fn a_short_notice_is_told_by_the_closing_above_it() {
        assert_eq!(reply("Colis perdu.\n\nCordialement,\nPaul Leroy\n\nCe message est confidentiel."), "Colis perdu.");
        let body = "Colis perdu.\n\nCe message est confidentiel.";
        assert_eq!(reply(body), body);
    }

    #[test]
    fn bottom_posting_and_bare_quotes_are_kept() {
        assert_eq!(
            reply("Le 3 nov. 2025 à 10:12, A a écrit :\n> Quel numéro ?\n\nVoici mon numéro : 12."),
            "Voici mon numéro : 12."
        );
        assert_eq!(reply("> rien d'autre\n> que ça"), "rien d'autre\nque ça");
    }

    #[test]
    fn hostile_bodies_take_linear_time() {
        use std::time::{Duration, Instant};
        let pieces = [
            "---\n",
            "> a\nb\n",
            "\n",
            "Cordialement\n",
            "Merci\n\n",
            "De : a@b.fr\n",
            "Le 3 nov. 2025\n",
            "Ce message est confidentiel\n\n",
            "_____\nDe : x\n",
            "a ",
            ">",
            "a écrit :\n",
        ];
        for piece in pieces {
            let time = |count: usize| {
                let body = piece.repeat(count);
                let start = Instant::now();
                zones(&body, None);
                start.elapsed()
            };
            time(1_000);
            let (small, large) = (time(5_000), time(40_000));
            assert!(large < small * 30 + Duration::from_millis(500), "{piece:?}: {small:?} then {large:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn zones_are_in_order_and_do_not_overlap(
            body in "(Cordialement,|Paul Leroy|> |>> |Le 3 nov. 2025 à 10:12, A <a@x.fr>|a écrit :|De : x@y.fr|Envoyé : lundi|Objet : z|À : t@u.fr|-- |_____|=====|Message du : 03/11/2025 10:12|Ce message est confidentiel|PS :|Envoyé de mon iPhone|Veuillez agréer|mes salutations|[EXTERNAL]|\n|\r\n|é|\\PC| ){0,24}",
        ) {
            let zones = zones_from(&body, Some("Re: x"), &Sender::new("Paul Leroy", ""));
            let mut all: Vec<_> =
                [&zones.reply, &zones.quoted, &zones.signature, &zones.disclaimer].into_iter().flatten().collect();
            all.sort_by_key(|range| range.start);
            let mut end = 0;
            for range in all {
                proptest::prop_assert!(range.start >= end && body.get((*range).clone()).is_some());
                end = range.end;
            }
        }
    }
}
