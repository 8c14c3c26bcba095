//! One e-mail file to its clean parts, for `motif clean`: who, when, what kind of message, and the zones of its body.
//!
//! The words are the user's own file given back, so they are not redacted here.

use std::borrow::Cow;

use chrono::{DateTime, SecondsFormat, Utc};
use mail_parser::decoders::base64::base64_decode;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;
use mail_parser::{Encoding, HeaderName, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use serde::Serialize;

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

/// Cleans one message. Never fails: what cannot be read as MIME is taken as a bare body.
pub fn clean_eml(bytes: &[u8]) -> CleanedMail {
    // Blank lines above the headers would make a body of them.
    let bytes = bytes.trim_ascii_start();
    let Some(message) = MessageParser::default().parse(bytes) else {
        return clean_body(String::from_utf8_lossy(bytes).into_owned(), CleanedMail::default(), &Sender::default());
    };
    let mail = CleanedMail {
        subject: without_c1(message.subject().unwrap_or_default()).split_whitespace().collect::<Vec<_>>().join(" "),
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
/// subjects that mail programs write.
pub fn mail_kind(message: &Message<'_>) -> MailKind {
    let subject = fold(message.subject().unwrap_or_default()).into_owned();
    let subject = subject.trim();
    let from = fold(&sender(message)).into_owned();
    let header = |name: &'static str| {
        message.header_raw(HeaderName::Other(name.into())).map(|value| fold(value.trim()).into_owned())
    };
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
    if report_type.as_deref() == Some("delivery-status")
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
    const AUTOMATIC: [&str; 30] = [
        "reponse automatique",
        "automatic reply",
        "auto reply",
        "autoreply",
        "auto-reply",
        "auto:",
        "out of office",
        "out of the office",
        "absence du bureau",
        "absent du bureau",
        "absente du bureau",
        "absence :",
        "absence:",
        "message d'absence",
        "je suis absent",
        "accuse de reception",
        "ar:",
        "ar :",
        "confirmation de reception",
        "votre message a bien ete recu",
        "automatische antwort",
        "abwesenheit",
        "respuesta automatica",
        "risposta automatica",
        "automatisch antwoord",
        "resposta automatica",
        "vacation",
        "i am out of",
        "reponse auto",
        "[auto]",
    ];
    let submitted = header("Auto-Submitted").is_some_and(|value| !value.is_empty() && !value.starts_with("no"));
    let is_automatic = submitted
        || header("X-Autoreply").is_some_and(|value| value != "no")
        || header("X-Autorespond").is_some()
        || header("X-Autoresponder").is_some()
        || header("X-Auto-Response").is_some()
        || header("Precedence").is_some_and(|value| value == "auto_reply" || value == "auto-reply")
        || header("X-Precedence").is_some_and(|value| value == "auto_reply")
        || AUTOMATIC.iter().any(|start| subject.starts_with(start));
    if is_automatic { MailKind::AutoReply } else { MailKind::Message }
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
            let message = MessageParser::default().parse(raw.as_bytes())?;
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

/// The words of a text or HTML part; its characters decoded again where the declared charset cannot be right.
fn text_of(message: &Message<'_>, part: &MessagePart<'_>) -> String {
    match &part.body {
        PartType::Text(_) if is_type(part, "text", "calendar") => String::new(),
        PartType::Text(text) => well_decoded(message, part, text).trim().to_owned(),
        PartType::Html(text) => html_to_text(&well_decoded(message, part, text)),
        _ => String::new(),
    }
}

/// Repairs the two usual lies of French mail: windows-1252 without a charset or declared as UTF-8, and windows-1252
/// declared as ISO-8859-1, whose apostrophes and euro signs come out as control characters.
fn well_decoded<'a>(message: &Message<'_>, part: &MessagePart<'_>, text: &'a str) -> Cow<'a, str> {
    let charset = part.content_type().and_then(|kind| kind.attribute("charset")).map(str::to_ascii_lowercase);
    let is_western = charset.as_deref().is_none_or(|name| {
        ["utf-8", "utf8", "us-ascii", "ascii", "iso-8859", "latin", "windows-1252", "cp1252", "unknown"]
            .iter()
            .any(|known| name.starts_with(known))
    });
    // "Ã" and "Â" in front of a sign: UTF-8 read as ISO-8859-1, which its bytes confirm below.
    let is_doubtful = text.contains(['\u{fffd}', 'Ã', 'Â']);
    if is_western && is_doubtful {
        let range = part.offset_body as usize..part.offset_end as usize;
        let raw = message.raw_message().get(range).unwrap_or_default();
        let bytes = match part.encoding {
            Encoding::None => Some(raw.to_vec()),
            Encoding::QuotedPrintable => quoted_printable_decode(raw),
            Encoding::Base64 => base64_decode(raw),
        };
        if let Some(bytes) = bytes.filter(|bytes| !bytes.is_empty()) {
            return match String::from_utf8(bytes) {
                Ok(text) => Cow::Owned(text),
                Err(_) if !text.contains('\u{fffd}') => without_c1(text),
                Err(error) => {
                    Cow::Owned(encoding_rs::WINDOWS_1252.decode_without_bom_handling(error.as_bytes()).0.into_owned())
                }
            };
        }
    }
    without_c1(text)
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
