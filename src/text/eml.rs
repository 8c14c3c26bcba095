//! One e-mail file to its clean parts, for `motif clean`: who, when, what kind of message, and the zones of its body.
//!
//! The words are the user's own file given back, so they are not redacted here.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde::Serialize;

use super::automatic::{self, Subject};
use super::fold::fold;
use super::html::html_to_text;
use super::names::Sender;
use super::zones::{Zones, zones_from};

/// What `motif clean` prints. Absent parts are empty strings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CleanedMail {
    /// Subject, decoded.
    pub subject: String,
    /// Address of the sender, without the name.
    pub from: String,
    /// Date header as RFC 3339 in UTC.
    pub sent_at: String,
    /// The new words, line ends as `\n`.
    pub reply: String,
    /// Earlier messages.
    pub quoted: String,
    /// Closing, name, contact details.
    pub signature: String,
    /// Legal and environmental notices.
    pub disclaimer: String,
    /// `message`, `auto_reply`, `bounce`, `calendar` or `read_receipt`.
    pub kind: MailKind,
}

/// What kind of message it is; only [`MailKind::Message`] is a contact.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MailKind {
    /// Written by somebody.
    #[default]
    Message,
    /// Out of office, acknowledgement of receipt.
    AutoReply,
    /// Delivery failure or delay.
    Bounce,
    /// Invitation, acceptance or cancellation of a meeting.
    Calendar,
    /// Notice that a message was read.
    ReadReceipt,
}

/// A message as the library reads it. `None` where it finds none, and where it stumbles: version 0.11.9 counts below zero at
/// an empty quoted-printable part between two boundaries, which is a panic where arithmetic is checked. One message must
/// never end a run.
pub(crate) fn parsed(bytes: &[u8]) -> Option<Message<'_>> {
    std::panic::catch_unwind(|| MessageParser::default().parse(bytes)).ok().flatten()
}

/// A message from its first header on. Blank lines above the headers would make a body of them, and a byte-order mark a part of the first
/// one's name.
pub(crate) fn from_headers(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start()
}

/// Cleans one message. Never fails: what cannot be read as MIME is taken as a bare body.
pub fn clean_eml(bytes: &[u8]) -> CleanedMail {
    let bytes = from_headers(bytes);
    let Some(message) = parsed(bytes) else {
        return clean_body(String::from_utf8_lossy(bytes).into_owned(), CleanedMail::default(), &Sender::default());
    };
    let mail = CleanedMail {
        subject: subject(&message),
        from: sender(&message),
        sent_at: sent_at(&message).map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true)).unwrap_or_default(),
        kind: mail_kind(&message),
        ..CleanedMail::default()
    };
    let name = message.from().or_else(|| message.sender()).and_then(|list| list.iter().find_map(|entry| entry.name()));
    let sender = Sender::new(name.unwrap_or_default(), &mail.from);
    clean_body(body_text(&message), mail, &sender)
}

/// The kind of a parsed message, from its headers and parts (RFC 3834, RFC 3464, RFC 8098, RFC 5546), then from the
/// subjects that mail programs write, with the body or a header where customers write the same.
pub fn mail_kind(message: &Message<'_>) -> MailKind {
    let subject = fold(message.subject().unwrap_or_default()).into_owned();
    let subject = subject.trim();
    let from = fold(&sender(message)).into_owned();
    // By the parser's own name for it, when it has one.
    let header = |name: &'static str| message.header_raw(name).map(|value| fold(value.trim()).into_owned());
    let report_type =
        message.content_type().and_then(|kind| kind.attribute("report-type")).map(str::to_ascii_lowercase);
    let has_part = |main: &str, sub: &str| message.parts.iter().any(|part| is_type(part, main, sub));
    if matches!(report_type.as_deref(), Some("disposition-notification"))
        || has_part("message", "disposition-notification")
    {
        return MailKind::ReadReceipt;
    }
    let is_daemon =
        ["mailer-daemon", "postmaster@", "mail-daemon", "maildaemon"].iter().any(|name| from.starts_with(name));
    const FAILED: [&str; 18] = [
        "undeliver",
        "undelivered mail",
        "delivery status notification",
        "mail delivery failed",
        "mail delivery failure",
        "delivery failure",
        "failure notice",
        "returned mail",
        "non remis",
        "echec de la remise",
        "echec de remise",
        "message non distribue",
        "mail delivery system",
        "delivery has failed",
        "unzustellbar",
        "notification d'etat de la remise",
        "remise differee",
        "warning: could not send message",
    ];
    let says_failed = FAILED.iter().any(|start| subject.starts_with(start));
    if report_type.is_some()
        || has_part("message", "delivery-status")
        || header("X-Failed-Recipients").is_some()
        || (is_daemon && !subject.starts_with("re:"))
        || (says_failed && header("Auto-Submitted").is_some_and(|value| value != "no"))
        || (says_failed
            && message.return_address().is_none_or(|address| address.is_empty())
            && header("In-Reply-To").is_none())
    {
        return MailKind::Bounce;
    }
    let has_invitation = message.parts.iter().any(|part| {
        is_type(part, "text", "calendar") && part.content_type().is_some_and(|kind| kind.attribute("method").is_some())
    });
    if has_invitation || is_type(&message.parts[0], "text", "calendar") {
        return MailKind::Calendar;
    }
    let submitted = header("Auto-Submitted").unwrap_or_default();
    // Forms of web sites are "auto-generated" too: they carry the customer in Reply-To.
    let is_form = submitted.starts_with("auto-generated") && message.reply_to().is_some();
    let is_submitted = !submitted.is_empty() && !submitted.starts_with("no") && !is_form;
    let precedence = header("Precedence").unwrap_or_default();
    let is_bulk = matches!(precedence.as_str(), "bulk" | "junk" | "list");
    let is_bulk_absence =
        is_bulk && (subject.contains("absence") || subject.contains("absent") || subject.contains("automati"));
    let is_automatic = is_submitted
        || is_bulk_absence
        || header("Return-Path").is_some_and(|path| path == "<>")
        || header("X-Autoreply").is_some_and(|value| value != "no")
        || header("X-Autorespond").is_some()
        || header("X-Autoresponder").is_some()
        || header("X-Auto-Response").is_some()
        || matches!(precedence.as_str(), "auto_reply" | "auto-reply")
        || header("X-Precedence").is_some_and(|value| value == "auto_reply")
        || says_automatic(message, subject, is_bulk);
    if is_automatic { MailKind::AutoReply } else { MailKind::Message }
}

/// Whether the folded subject says that a program answered, and the rest of the message agrees where customers write the
/// same.
fn says_automatic(message: &Message<'_>, subject: &str, is_bulk: bool) -> bool {
    match automatic::subject(subject) {
        Subject::Automatic => true,
        Subject::Doubtful => {
            is_bulk
                || message.header_raw("X-Auto-Response-Suppress").is_some()
                || automatic::is_automatic_body(&body_text(message))
        }
        Subject::Ordinary => false,
    }
}

/// The body as plain text: the `text/plain` parts, or the HTML ones when those are empty or only say to use another
/// program, or the message attached when there is nothing else.
pub fn body_text(message: &Message<'_>) -> String {
    let text = declared_text(message);
    unwrapped(&text).unwrap_or(text)
}

/// The words of a body that still holds MIME parts, because the header that announces them is missing or doubled.
fn unwrapped(text: &str) -> Option<String> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let next = at + line.len();
        let starts_part =
            line.starts_with("--") && text[next..].get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"));
        if starts_part {
            let before = text[..at].trim();
            if !before.is_empty() && !before.to_ascii_lowercase().contains("mime format") {
                return Some(before.to_owned());
            }
            let boundary = line[2..].trim();
            let kind = if text.to_ascii_lowercase().contains("text/html") { "alternative" } else { "mixed" };
            let raw = format!("Content-Type: multipart/{kind}; boundary=\"{boundary}\"\r\n\r\n{}", &text[at..]);
            let message = parsed(raw.as_bytes())?;
            return Some(declared_text(&message)).filter(|words| !words.is_empty());
        }
        at = next;
    }
    None
}

fn declared_text(message: &Message<'_>) -> String {
    let plain_text = joined(
        message.text_bodies().filter(|part| matches!(part.body, PartType::Text(_))).map(|part| text_of(message, part)),
    );
    // The parts of a multipart/mixed that have no plain form are HTML among the text bodies.
    let mixed_html = joined(
        message.text_bodies().filter(|part| matches!(part.body, PartType::Html(_))).map(|part| text_of(message, part)),
    );
    if !plain_text.is_empty() && !says_use_html(&plain_text) {
        return joined([plain_text, mixed_html].into_iter());
    }
    let html_text = joined(
        message.html_bodies().filter(|part| matches!(part.body, PartType::Html(_))).map(|part| text_of(message, part)),
    );
    if !html_text.is_empty() || !plain_text.is_empty() {
        return if html_text.is_empty() { plain_text } else { html_text };
    }
    // A multipart cut before its end: whatever text there is.
    let is_words = |part: &&MessagePart<'_>| {
        matches!(part.body, PartType::Text(_) | PartType::Html(_))
            && part.attachment_name().is_none()
            && is_written(part)
    };
    let loose = message.parts.iter().filter(is_words).map(|part| text_of(message, part)).find(|text| !text.is_empty());
    loose
        .or_else(|| {
            message.parts.iter().find_map(|part| match &part.body {
                PartType::Message(inner) => Some(body_text(inner)).filter(|text| !text.is_empty()),
                _ => None,
            })
        })
        .unwrap_or_default()
}

fn joined(pieces: impl Iterator<Item = String>) -> String {
    pieces.filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// `text/plain`, `text/html`, or no type at all.
fn is_written(part: &MessagePart<'_>) -> bool {
    part.content_type().is_none() || is_type(part, "text", "plain") || is_type(part, "text", "html")
}

/// HTML that says it is plain text, or says nothing: a whole document, or markup from the first sign on when no type is
/// given.
fn is_bare_html(text: &str, is_typed: bool) -> bool {
    let start: String = text.chars().take(20).collect::<String>().to_ascii_lowercase();
    let is_document = ["<!doctype html", "<html"].iter().any(|open| start.starts_with(open));
    let is_markup = ["<p>", "<p ", "<div>", "<div ", "<table"].iter().any(|open| start.starts_with(open));
    is_document || (!is_typed && is_markup && text.contains("</"))
}

/// The words of a text or HTML part; its characters decoded again where the declared charset cannot be right.
fn text_of(message: &Message<'_>, part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Text(_) if is_type(part, "text", "calendar") => String::new(),
        PartType::Text(text) => {
            let text = well_decoded(message, part, text);
            let text = text.trim_start_matches('\u{feff}').trim();
            if is_bare_html(text, part.content_type().is_some()) { html_to_text(text) } else { text.to_owned() }
        }
        PartType::Html(text) => html_to_text(&well_decoded(message, part, text)),
        _ => String::new(),
    }
}

/// Repairs the usual lies of mail: windows-1252 without a charset or declared as UTF-8, windows-1252 declared as
/// ISO-8859-1 (whose apostrophes and euro signs come out as control characters), UTF-8 declared as another charset of
/// one byte per character, and parts whose transfer encoding was left undone because the message was cut.
fn well_decoded<'a>(message: &Message<'_>, part: &MessagePart<'_>, text: &'a str) -> Cow<'a, str> {
    let charset = part.content_type().and_then(|kind| kind.attribute("charset")).map(str::to_ascii_lowercase);
    let charset = charset.as_deref();
    let range = part.offset_body as usize..part.offset_end as usize;
    let raw = message.raw_message().get(range).unwrap_or_default();
    let declared = part.content_transfer_encoding().map(|name| name.trim().to_ascii_lowercase());
    // The parser keeps a part as it stands when the boundary behind it is missing.
    let is_undone = part.encoding == Encoding::None
        || part.is_encoding_problem && text.len() + 2 >= raw.trim_ascii_end().len() && !raw.is_empty();
    if is_undone && let Some(bytes) = declared.as_deref().and_then(|name| transfer_decoded(name, raw)) {
        let encoding = charset.and_then(|name| encoding_rs::Encoding::for_label(name.as_bytes()));
        return Cow::Owned(match encoding {
            Some(encoding) => encoding.decode_without_bom_handling(&bytes).0.into_owned(),
            None => western(&bytes).into_owned(),
        });
    }
    // "Ã" and "Â" in front of a sign: UTF-8 read as ISO-8859-1, which its bytes confirm below.
    let is_western = charset.is_none_or(|name| {
        ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859", "latin", "windows-125", "cp125", "unknown"]
            .iter()
            .any(|known| name.starts_with(known))
    });
    let is_single_byte = is_western || charset.is_some_and(|name| name.starts_with("koi8") || name.contains("mac"));
    let is_doubtful = is_western && text.contains(['\u{fffd}', 'Ã', 'Â'])
        || is_single_byte && !charset.is_some_and(|name| name.starts_with("utf")) && !text.is_ascii();
    if is_doubtful {
        let bytes = match part.encoding {
            Encoding::None => Some(raw.to_vec()),
            Encoding::QuotedPrintable => quoted_printable_decode(raw),
            Encoding::Base64 => base64_decode(until_padding(raw)),
        };
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            return match std::str::from_utf8(&bytes) {
                Ok(decoded) => Cow::Owned(decoded.to_owned()),
                Err(_) if !text.contains('\u{fffd}') => without_c1(text),
                Err(_) => Cow::Owned(western(&bytes).into_owned()),
            };
        }
    }
    without_c1(text)
}

/// Bytes of an unknown or wrongly declared charset: UTF-8 when most of what is not ASCII is, else windows-1252.
fn western(bytes: &[u8]) -> Cow<'_, str> {
    let lossy = String::from_utf8_lossy(bytes);
    let wrong = lossy.chars().filter(|c| *c == '\u{fffd}').count();
    let right = lossy.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
    if wrong == 0 {
        lossy
    } else if right >= wrong && right > 0 {
        Cow::Owned(lossy.replace('\u{fffd}', ""))
    } else {
        encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0
    }
}

/// Undoes a transfer encoding without giving up at the first fault; `None` when nothing is encoded.
fn transfer_decoded(encoding: &str, raw: &[u8]) -> Option<Vec<u8>> {
    match encoding {
        "quoted-printable" => Some(lenient_quoted_printable(raw)),
        "base64" => {
            let digits: Vec<u8> = raw.iter().copied().filter(|byte| is_base64_digit(*byte)).collect();
            // Text that was never encoded has spaces and accents between its letters.
            let others =
                raw.iter().filter(|byte| !is_base64_digit(**byte) && !matches!(byte, b'=' | b'\r' | b'\n')).count();
            if others * 20 > digits.len() || digits.len() < 4 {
                return None;
            }
            let mut whole = digits;
            // A last digit alone carries no byte.
            whole.truncate(whole.len() - usize::from(whole.len() % 4 == 1));
            whole.resize(whole.len().next_multiple_of(4), b'=');
            base64_decode(&whole)
        }
        _ => None,
    }
}

/// Base64 ends at its padding; what some programs write behind it is not part of it.
fn until_padding(raw: &[u8]) -> &[u8] {
    let end = raw
        .iter()
        .position(|byte| *byte == b'=')
        .map_or(raw.len(), |at| at + raw[at..].iter().take_while(|byte| **byte == b'=').count());
    &raw[..end]
}

fn is_base64_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// RFC 2045 section 6.7, keeping what is not a valid escape as it stands.
fn lenient_quoted_printable(raw: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| byte.and_then(|byte| char::from(*byte).to_digit(16));
    let mut bytes = Vec::with_capacity(raw.len());
    let mut at = 0;
    while at < raw.len() {
        let rest = &raw[at..];
        if rest.starts_with(b"=\r\n") {
            at += 3;
        } else if rest.starts_with(b"=\n") {
            at += 2;
        } else if rest[0] == b'='
            && let (Some(high), Some(low)) = (digit(rest.get(1)), digit(rest.get(2)))
        {
            bytes.push(u8::try_from(high * 16 + low).unwrap_or(b'?'));
            at += 3;
        } else {
            bytes.push(rest[0]);
            at += 1;
        }
    }
    bytes
}

/// Control characters U+0080 to U+009F are windows-1252 read as ISO-8859-1 (the WHATWG encoding standard reads both
/// labels as windows-1252).
fn without_c1(text: &str) -> Cow<'_, str> {
    if !text.chars().any(|c| ('\u{80}'..='\u{9f}').contains(&c)) {
        return Cow::Borrowed(text);
    }
    let fixed = text.chars().map(|c| match u8::try_from(u32::from(c)) {
        Ok(byte @ 0x80..=0x9f) => {
            encoding_rs::WINDOWS_1252.decode_without_bom_handling(&[byte]).0.chars().next().unwrap_or(c)
        }
        _ => c,
    });
    Cow::Owned(fixed.collect())
}

fn clean_body(body: String, mut mail: CleanedMail, sender: &Sender) -> CleanedMail {
    let found = zones_from(&body, Some(&mail.subject), sender);
    mail.reply = Zones::text(&body, &found.reply);
    mail.quoted = Zones::text(&body, &found.quoted);
    mail.signature = Zones::text(&body, &found.signature);
    mail.disclaimer = Zones::text(&body, &found.disclaimer);
    mail
}

fn is_type(part: &MessagePart<'_>, main: &str, sub: &str) -> bool {
    part.content_type().is_some_and(|kind| {
        kind.ctype().eq_ignore_ascii_case(main)
            && kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case(sub))
    })
}

/// Alternatives of newsletters and old programs that carry no words.
fn says_use_html(text: &str) -> bool {
    let start: String = text.chars().take(300).collect();
    let folded = fold(&start);
    text.len() < 300
        && folded.contains("html")
        && ["view", "support", "enable", "visualis", "lire ce", "affich", "compatible", "format"]
            .iter()
            .any(|word| folded.contains(word))
}

/// The subject on one line. Bytes that no encoded word protects are read as UTF-8 or windows-1252.
pub(crate) fn subject(message: &Message<'_>) -> String {
    let decoded = message.subject().unwrap_or_default();
    let raw = || {
        let header = message.root_part().headers.iter().rev().find(|header| header.name == HeaderName::Subject)?;
        let raw = message.raw_message().get(header.offset_start as usize..header.offset_end as usize)?;
        // Encoded words are the parser's business.
        (!raw.windows(2).any(|pair| pair == b"=?")).then(|| western(raw).into_owned())
    };
    let text = if decoded.contains('\u{fffd}') { raw() } else { None };
    let text = text.map_or_else(|| without_c1(decoded), Cow::Owned);
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn sender(message: &Message<'_>) -> String {
    let from = message.from().or_else(|| message.sender());
    let address = from.and_then(|list| list.iter().find_map(|entry| entry.address())).unwrap_or_default();
    // Several addresses without a comma come as one.
    let mut words = address.split([' ', '\t', ',', ';']).filter(|word| !word.is_empty());
    words.clone().find(|word| word.contains('@')).or_else(|| words.next()).unwrap_or_default().to_owned()
}

fn sent_at(message: &Message<'_>) -> Option<DateTime<Utc>> {
    let from_received = || {
        message.header_values("Received").find_map(|value| match value {
            HeaderValue::Received(received) => received.date(),
            _ => None,
        })
    };
    let date = message.date().copied().filter(|date| date.is_valid()).or_else(from_received)?;
    DateTime::from_timestamp(date.to_timestamp(), 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mark_of_the_encoding_is_no_part_of_the_first_header() {
        let mail = clean_eml("\u{feff}Subject: Colis\r\nFrom: anne@example.com\r\n\r\nOù est-il ?".as_bytes());
        assert_eq!((mail.subject.as_str(), mail.from.as_str()), ("Colis", "anne@example.com"));
    }

    #[test]
    fn transfer_encodings_are_undone_as_far_as_they_go() {
        assert_eq!(lenient_quoted_printable(b"a=E9=\r\nb=zz="), b"a\xe9b=zz=");
        assert_eq!(transfer_decoded("base64", b"Qm9uam91cg").as_deref(), Some(&b"Bonjour"[..]));
        assert_eq!(transfer_decoded("base64", "déjà en clair, sans codage".as_bytes()), None);
        assert_eq!(until_padding(b"YQ== ignored"), b"YQ==");
        assert_eq!(western(b"caf\xe9 \x80"), "café €");
        assert_eq!(western(b"\xc3\xa9t\xc3\xa9 \xff"), "été ");
    }

    #[test]
    fn an_empty_quoted_printable_part_between_boundaries_ends_no_run() {
        let header = "Content-Transfer-Encoding: quoted-printable\r\n";
        let mail = format!("{header}\r\n--b\r\n{header}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n");
        let cleaned = clean_eml(mail.as_bytes());
        assert_eq!(cleaned.kind, MailKind::Message);
    }

    #[test]
    fn subjects_of_customers_do_not_make_automatic_replies() {
        let kind = |headers: &str| {
            mail_kind(&MessageParser::default().parse(format!("{headers}\r\n\r\nx").as_bytes()).unwrap())
        };
        assert_eq!(kind("Subject: Absent lors du passage du livreur"), MailKind::Message);
        assert_eq!(kind("Subject: Absente jusqu'au 12"), MailKind::AutoReply);
        assert_eq!(kind("Subject: x\r\nAuto-Submitted: auto-generated\r\nReply-To: a@example.com"), MailKind::Message);
        assert_eq!(kind("Subject: x\r\nAuto-Submitted: auto-generated"), MailKind::AutoReply);
        assert_eq!(kind("Subject: x\r\nReturn-Path: <>"), MailKind::AutoReply);
    }

    #[test]
    fn doubtful_subjects_need_a_header_or_a_body_that_agrees() {
        let kind = |headers: &str, body: &str| {
            let mail = format!("{headers}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}");
            mail_kind(&MessageParser::default().parse(mail.as_bytes()).unwrap())
        };
        for subject in [
            "Accusé de réception jamais reçu",
            "Vacation rental refund",
            "Je suis absent le jour de la livraison",
            "AR : lettre recommandée perdue",
            "Absence : technicien non venu",
            "Réponse automatique inutile de votre part",
            "Out of office delivery problem",
        ] {
            let headers = format!("Subject: {subject}");
            assert_eq!(kind(&headers, "Je demande un remboursement."), MailKind::Message, "{subject}");
            assert_eq!(kind(&format!("{headers}\r\nPrecedence: bulk"), "x"), MailKind::AutoReply, "{subject}");
            assert_eq!(
                kind(&format!("{headers}\r\nAuto-Submitted: auto-replied"), "x"),
                MailKind::AutoReply,
                "{subject}"
            );
        }
        let words = "Nous avons bien reçu votre message et vous répondrons sous 48 heures.";
        assert_eq!(kind("Subject: Accusé de réception", words), MailKind::AutoReply);
        assert_eq!(kind("Subject: Réponse automatique : Votre commande", "x"), MailKind::AutoReply);
    }

    proptest! {
        #[test]
        fn pieces_of_messages_in_any_order_never_panic(
            bytes in proptest::collection::vec(
                prop_oneof![
                    Just(b"Content-Type: multipart/mixed; boundary=b\r\n".to_vec()),
                    Just(b"Content-Type: text/html; charset=iso-8859-1\r\n".to_vec()),
                    Just(b"Content-Type: text/plain; charset=utf-8\n".to_vec()),
                    Just(b"Content-Transfer-Encoding: quoted-printable\r\n".to_vec()),
                    Just(b"Content-Transfer-Encoding: base64\r\n".to_vec()),
                    Just(b"Subject: =?utf-8?B?w6k?= \xe9\r\n".to_vec()),
                    Just(b"From: Paul <paul@example.com>\r\n".to_vec()),
                    Just(b"\r\n--b\r\n".to_vec()),
                    Just(b"--b--\n".to_vec()),
                    Just(b"\n\n".to_vec()),
                    Just(b"<blockquote><div id=\"divRplyFwdMsg\">".to_vec()),
                    Just("Cordialement,\nPaul\n> é\n-- \n".as_bytes().to_vec()),
                    Just("Le 3 nov. 2025 à 10:12, A <a@x.fr> a écrit :\n".as_bytes().to_vec()),
                    proptest::collection::vec(any::<u8>(), 0..20),
                ],
                0..20,
            )
        ) {
            let mail = clean_eml(&bytes.concat());
            prop_assert!(!mail.reply.contains('\r') && !mail.quoted.contains('\r'));
        }
    }
}
