//! RFC 5322 messages to contacts: decoded body, headers, direction, and what kind of message it is.
//!
//! Automatic replies and bounces are kept as records of their own kind. The zones of the body (new words, quoted history,
//! signature) are found later, by the text stage.

use std::io::BufRead;

use chrono::{DateTime, Utc};
use mail_parser::{Addr, Address, HeaderValue, Message, MimeHeaders};

use crate::contact::{Channel, Contact, Direction, Provenance, RecordKind, Speaker, Thread, Turn};
use crate::error::{RecordError, RejectCode};
use crate::text::eml::{self, MailKind};

use super::decode::whole;
use super::row::{Place, derived_id};
use super::{Failure, Output, time};

/// One decoded message.
#[derive(Debug, Clone, PartialEq)]
pub struct Mail {
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// In-Reply-To and References, nearest first.
    pub references: Vec<String>,
    /// Addresses of From, lower case.
    pub from: Vec<String>,
    /// Display names by address, lower case, of From, Reply-To, To and Cc.
    pub names: Vec<(String, String)>,
    /// Addresses of Reply-To, lower case.
    pub reply_to: Vec<String>,
    /// Addresses of To, lower case.
    pub to: Vec<String>,
    /// Addresses of Cc, lower case.
    pub cc: Vec<String>,
    /// Date header; absent or unreadable: the latest Received header.
    pub sent_at: Option<DateTime<Utc>>,
    /// There is a Date header, readable or not.
    pub has_date: bool,
    /// Decoded subject.
    pub subject: Option<String>,
    /// Plain-text body, or the text of the HTML body.
    pub body: String,
    /// Contact, automatic reply or bounce.
    pub kind: RecordKind,
    /// Things worth telling: `date_from_received`, `tnef_skipped`, `calendar_part`, `has_attachments`.
    pub flags: Vec<String>,
}

/// Decodes a message. `None` when there is no header of a message in it.
pub fn parse(bytes: &[u8]) -> Option<Mail> {
    let message = eml::parsed(eml::from_headers(bytes))?;
    let known = [
        "From",
        "To",
        "Date",
        "Subject",
        "Message-ID",
        "Received",
        "Return-Path",
        "Sender",
        "MIME-Version",
        "Content-Type",
    ];
    if !known.iter().any(|name| message.header(*name).is_some()) {
        return None;
    }
    let mut flags = Vec::new();
    let has_date = message.header("Date").is_some();
    let sent_at = message.date().and_then(instant).or_else(|| {
        let received = message.received_all().find_map(|received| received.date().as_ref().and_then(instant));
        if received.is_some() {
            flags.push("date_from_received".to_owned());
        }
        received
    });
    for part in message.parts.iter().skip(1) {
        let kind = part
            .content_type()
            .map(|kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("")).to_ascii_lowercase())
            .unwrap_or_default();
        let name = part.attachment_name().unwrap_or("").to_ascii_lowercase();
        if kind.contains("ms-tnef") || name == "winmail.dat" {
            super::speakers::push(&mut flags, "tnef_skipped");
        } else if kind == "text/calendar" {
            super::speakers::push(&mut flags, "calendar_part");
        }
    }
    if message.attachment_count() > 0 {
        super::speakers::push(&mut flags, "has_attachments");
    }
    let mut references = ids(message.in_reply_to());
    let mut earlier = ids(message.references());
    earlier.reverse();
    for id in earlier {
        if !references.contains(&id) {
            references.push(id);
        }
    }
    Some(Mail {
        message_id: message
            .message_id()
            .map(|id| id.trim_matches(['<', '>', ' ']).to_owned())
            .filter(|id| !id.is_empty()),
        references,
        from: addresses(message.from()),
        names: [message.from(), message.reply_to(), message.to(), message.cc()].into_iter().flat_map(names).collect(),
        reply_to: addresses(message.reply_to()),
        to: addresses(message.to()),
        cc: addresses(message.cc()),
        sent_at,
        has_date,
        subject: Some(eml::subject(&message)).filter(|subject| !subject.is_empty()),
        body: eml::body_text(&message).replace("\r\n", "\n").replace('\0', ""),
        kind: kind(&message),
        flags,
    })
}

/// Reads a file that is one message.
pub(crate) fn read(stream: &mut dyn BufRead, place: Place<'_>, output: &mut Output<'_>) -> Result<(), Failure> {
    let bytes = whole(stream)?;
    output.met();
    match bytes {
        Some(bytes) => output.record(message(&bytes, 1, &place))?,
        None => output.reject(place.reject_file(RejectCode::TooLong, "the message is longer than 256 MiB"))?,
    }
    Ok(())
}

/// One message to a contact.
pub(crate) fn message(bytes: &[u8], record: u64, place: &Place<'_>) -> Result<Contact, RecordError> {
    let Some(mail) = parse(bytes) else {
        return Err(place.reject(record, RejectCode::Malformed, "no header of an e-mail was found"));
    };
    let Some(started_at) = mail.sent_at else {
        let (code, message) = if mail.has_date {
            (RejectCode::BadTime, "the Date header cannot be read and no Received header helps")
        } else {
            (RejectCode::MissingStartedAt, "no Date and no Received header")
        };
        return Err(place.reject(record, code, message).field("Date"));
    };
    let limit = place.settings.options.input.max_turn_chars;
    if mail.body.len() > limit && mail.body.chars().count() > limit {
        return Err(place.reject(
            record,
            RejectCode::TooLong,
            format!("the body is longer than input.max_turn_chars = {limit}"),
        ));
    }
    let company = &place.settings.options.input.company_addresses;
    let is_company = |address: &String| is_company_address(address, company);
    let is_from_company = mail.from.first().is_some_and(is_company);
    let form_sender = form_sender(&mail.from, &mail.reply_to, &mail.to, company);
    let (direction, address) = match (form_sender, is_from_company) {
        (Some(sender), _) => (Direction::Inbound, Some(sender)),
        (None, true) => (Direction::Outbound, mail.to.iter().chain(&mail.cc).find(|address| !is_company(address))),
        (None, false) => (Direction::Inbound, mail.from.first()),
    };
    let speaker = match (mail.kind, direction) {
        // No person wrote these.
        (RecordKind::AutoReply | RecordKind::Bounce, _) => Speaker::Ivr,
        (_, Direction::Outbound) => Speaker::Agent,
        (_, Direction::Inbound) => Speaker::Customer,
    };
    let is_customer = |(named, _): &&(String, String)| Some(named) == address;
    let names: Vec<String> = mail.names.iter().filter(is_customer).map(|(_, name)| name.clone()).collect();
    let customer_id =
        address.filter(|_| mail.kind != RecordKind::Bounce).map(|address| place.customers.resolve(address));
    let turns = if mail.body.trim().is_empty() { Vec::new() } else { vec![Turn::new(speaker, mail.body)] };
    let contact_id = mail
        .message_id
        .clone()
        .unwrap_or_else(|| derived_id(customer_id.as_deref(), started_at, mail.subject.as_deref(), &turns));
    let mut contact = Contact::new(contact_id, started_at, Provenance { file: place.file.to_owned(), record });
    contact.customer_id = customer_id;
    contact.names = names;
    contact.channel = Some(if form_sender.is_some() { Channel::WebForm } else { Channel::Email });
    contact.direction = direction;
    contact.kind = mail.kind;
    contact.subject = mail.subject;
    contact.thread = Thread { message_id: mail.message_id, references: mail.references };
    contact.turns = turns;
    contact.flags = mail.flags;
    Ok(contact)
}

/// The customer who filled in a form, in Reply-To: a form on the company's site writes from the company, or from a mailbox
/// that nobody reads.
///
/// Caught: from `noreply@boutique.example`, to `service@boutique.example`, for `anne@example.com`, whether or not the
/// company's addresses are configured. Not caught: a customer who wants the answer at another address of theirs; two people
/// of one provider of mailboxes.
fn form_sender<'m>(from: &[String], reply_to: &'m [String], to: &[String], company: &[String]) -> Option<&'m String> {
    let from = from.first()?;
    let is_company = |address: &String| is_company_address(address, company);
    let (local, own) = from.rsplit_once('@')?;
    let domain = |address: &String| address.rsplit_once('@').map_or(String::new(), |(_, domain)| domain.to_owned());
    let are_all = |is: &dyn Fn(&String) -> bool| !to.is_empty() && to.iter().all(is);
    if is_company(from) {
        return reply_to.iter().find(|address| !is_company(address)).filter(|_| are_all(&is_company));
    }
    let is_form = is_robot(local) || (!is_provider(own) && are_all(&|to| domain(to) == own));
    reply_to.iter().find(|address| is_form && !is_company(address) && domain(address) != own)
}

/// Whether a mailbox is one that nobody reads: `noreply`, `ne-pas-repondre`, `formulaire`, `wordpress`.
fn is_robot(local: &str) -> bool {
    const STARTS: [&str; 12] = [
        "noreply",
        "nereply",
        "donotreply",
        "nepasrepondre",
        "nereponsespas",
        "sansreponse",
        "formulaire",
        "wordpress",
        "webform",
        "contactform",
        "formcontact",
        "formmail",
    ];
    let bare: String = local.chars().filter(char::is_ascii_alphabetic).collect();
    STARTS.iter().any(|start| bare.starts_with(start)) || matches!(bare.as_str(), "form" | "forms")
}

/// Whether a domain gives mailboxes to anybody, so that two of its addresses have nothing in common.
fn is_provider(domain: &str) -> bool {
    const PROVIDERS: [&str; 24] = [
        "gmail",
        "googlemail",
        "outlook",
        "hotmail",
        "live",
        "msn",
        "yahoo",
        "ymail",
        "icloud",
        "me",
        "mac",
        "aol",
        "orange",
        "wanadoo",
        "free",
        "sfr",
        "neuf",
        "bbox",
        "laposte",
        "proton",
        "protonmail",
        "gmx",
        "numericable",
        "btinternet",
    ];
    domain.split('.').next().is_some_and(|name| PROVIDERS.contains(&name))
}

/// Whether an address is one of the company's: an address, or a domain written `@example.com` or `example.com`.
pub(crate) fn is_company_address(address: &str, company: &[String]) -> bool {
    let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
    company.iter().any(|entry| {
        let entry = entry.trim().to_lowercase();
        match entry.strip_prefix('@').or_else(|| (!entry.contains('@')).then_some(entry.as_str())) {
            Some(owned) => !owned.is_empty() && (domain == owned || domain.ends_with(&format!(".{owned}"))),
            None => address == entry,
        }
    })
}

fn instant(date: &mail_parser::DateTime) -> Option<DateTime<Utc>> {
    date.is_valid().then(|| DateTime::from_timestamp(date.to_timestamp(), 0)).flatten().and_then(time::in_range)
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let clean = |id: &str| id.trim_matches(['<', '>', ' ']).to_owned();
    let found: Vec<String> = match value {
        HeaderValue::Text(id) => vec![clean(id)],
        HeaderValue::TextList(list) => list.iter().map(|id| clean(id)).collect(),
        _ => Vec::new(),
    };
    found.into_iter().filter(|id| !id.is_empty()).collect()
}

fn addresses(address: Option<&Address<'_>>) -> Vec<String> {
    address
        .into_iter()
        .flat_map(Address::iter)
        .filter_map(|one| one.address())
        .map(|one| one.trim().to_lowercase())
        .filter(|one| one.contains('@'))
        .collect()
}

/// Display names by address, lower case.
fn names(address: Option<&Address<'_>>) -> Vec<(String, String)> {
    let named = |one: &Addr<'_>| Some((one.address()?.trim().to_lowercase(), one.name()?.to_owned()));
    address.into_iter().flat_map(Address::iter).filter_map(named).collect()
}

/// Contact, automatic reply or bounce. An invitation to a meeting is somebody's message.
fn kind(message: &Message<'_>) -> RecordKind {
    match eml::mail_kind(message) {
        MailKind::Message | MailKind::Calendar => RecordKind::Contact,
        MailKind::AutoReply | MailKind::ReadReceipt => RecordKind::AutoReply,
        MailKind::Bounce => RecordKind::Bounce,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::testing;

    fn one(headers: &str, body: &str) -> Contact {
        let settings = testing::settings();
        let customers = crate::source::Customers::default();
        let place = testing::place(&settings, &customers);
        message(format!("{headers}\n\n{body}").replace('\n', "\r\n").as_bytes(), 1, &place).unwrap()
    }

    const PLAIN: &str = "From: Anne Petit <Anne@Example.com>\nTo: service@lumio.example.com\nDate: Thu, 3 Sep 2026 09:12:00 +0200\nSubject: =?iso-8859-1?Q?R=E9clamation?=\nMessage-ID: <1@example.com>";

    #[test]
    fn headers_and_body_are_decoded() {
        let contact = one(
            &format!(
                "{PLAIN}\nIn-Reply-To: <0@x>\nReferences: <a@x> <0@x>\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable"
            ),
            "Re=E7u cass=E9",
        );
        assert_eq!(contact.contact_id, "1@example.com");
        assert_eq!(contact.customer_id.as_deref(), Some("anne@example.com"));
        assert_eq!(contact.subject.as_deref(), Some("Réclamation"));
        assert_eq!(contact.turns[0].text, "Reçu cassé");
        assert_eq!(contact.started_at.to_rfc3339(), "2026-09-03T07:12:00+00:00");
        assert_eq!(contact.thread.references, ["0@x", "a@x"]);
        assert_eq!((contact.direction, contact.channel), (Direction::Inbound, Some(Channel::Email)));
    }

    #[test]
    fn mail_from_the_company_is_outbound_and_its_customer_is_the_addressee() {
        let contact = one(
            "From: service@lumio.example.com\nTo: anne@example.com\nDate: Thu, 3 Sep 2026 09:12:00 +0200\nMessage-ID: <2@x>",
            "Bonjour",
        );
        assert_eq!((contact.direction, contact.turns[0].speaker), (Direction::Outbound, Speaker::Agent));
        assert_eq!(contact.customer_id.as_deref(), Some("anne@example.com"));
    }

    #[test]
    fn a_form_sent_by_the_site_is_the_customers() {
        let contact = one(
            "From: form@lumio.example.com\nReply-To: anne@example.com\nTo: service@lumio.example.com\nAuto-Submitted: auto-generated\nDate: Thu, 3 Sep 2026 09:12:00 +0200\nMessage-ID: <2@x>",
            "Bonjour",
        );
        assert_eq!(
            (contact.direction, contact.channel, contact.kind),
            (Direction::Inbound, Some(Channel::WebForm), RecordKind::Contact)
        );
        assert_eq!(contact.customer_id.as_deref(), Some("anne@example.com"));
    }

    #[test]
    fn a_form_without_configured_addresses_is_the_customers_all_the_same() {
        let read = |from: &str, to: &str, reply: &str| {
            let contact = one(
                &format!(
                    "From: {from}\nReply-To: {reply}\nTo: {to}\nDate: Thu, 3 Sep 2026 09:12:00 +0200\nMessage-ID: <2@x>"
                ),
                "Bonjour",
            );
            (contact.customer_id.unwrap(), contact.channel == Some(Channel::WebForm))
        };
        for (from, to) in [
            ("noreply@boutique.example", "service@boutique.example"),
            ("Ne-Pas-Repondre@boutique.example", "service@boutique.example"),
            ("wordpress@hebergeur.example", "service@boutique.example"),
            ("site@boutique.example", "service@boutique.example"),
        ] {
            for reply in ["anne@example.com", "paul@example.com"] {
                assert_eq!(read(from, to, reply), (reply.to_owned(), true), "{from}");
            }
        }
        for (from, to, reply) in [
            // A customer with two addresses, a provider's customer, a training course, a mailing of the company.
            ("anne@example.com", "service@boutique.example", "anne@example.net"),
            ("anne@gmail.com", "boutique@gmail.com", "anne@example.net"),
            ("formation@ecole.example", "service@boutique.example", "anne@example.com"),
            ("noreply@boutique.example", "anne@example.com", "service@boutique.example"),
        ] {
            assert_eq!(read(from, to, reply), (from.to_owned(), false));
        }
    }

    #[test]
    fn a_byte_order_mark_before_the_headers_hides_none() {
        let (contacts, rejects, _) = testing::read_bytes(
            "a.eml",
            "\u{feff}From: anne@example.com\r\nTo: service@lumio.example.com\r\nDate: Thu, 3 Sep 2026 09:12:00 +0200\r\n\r\nMa box".as_bytes(),
        );
        assert!(rejects.is_empty(), "{rejects:?}");
        assert_eq!(contacts[0].customer_id.as_deref(), Some("anne@example.com"));
    }

    #[test]
    fn the_name_of_the_customer_comes_from_the_header_of_the_one_who_is() {
        let named = |headers: &str| {
            one(&format!("{headers}\nDate: Thu, 3 Sep 2026 09:12:00 +0200\nSubject: Box\nMessage-ID: <1@x>"), "x").names
        };
        assert_eq!(
            named("From: Basile Rieutord <Basile@example.com>\nTo: Aide <aide@acme.example>"),
            ["Basile Rieutord"]
        );
        assert_eq!(named("From: basile@example.com\nTo: Aide <aide@acme.example>"), Vec::<String>::new());
    }

    #[test]
    fn automatic_replies_and_bounces_are_set_aside_and_a_complaint_about_absence_is_not() {
        let kind = |more: &str| one(&format!("{PLAIN}{more}"), "x").kind;
        assert_eq!(kind("\nAuto-Submitted: auto-replied"), RecordKind::AutoReply);
        assert_eq!(kind("\nX-Autoreply: yes"), RecordKind::AutoReply);
        assert_eq!(kind("\nAuto-Submitted: no"), RecordKind::Contact);
        assert_eq!(
            kind("\nContent-Type: multipart/report; report-type=delivery-status; boundary=b"),
            RecordKind::Bounce
        );
        assert_eq!(kind("\nReturn-Path: <>"), RecordKind::AutoReply);
        let subject = |subject: &str, from: &str| {
            one(
                &format!("From: {from}\nDate: Thu, 3 Sep 2026 09:12:00 +0200\nSubject: {subject}\nMessage-ID: <1@x>"),
                "x",
            )
            .kind
        };
        assert_eq!(subject("Automatic reply: your order", "a@example.com"), RecordKind::AutoReply);
        assert_eq!(subject("Absence de reponse depuis 3 semaines", "a@example.com"), RecordKind::Contact);
        assert_eq!(subject("Undelivered Mail Returned to Sender", "MAILER-DAEMON@example.com"), RecordKind::Bounce);
    }

    #[test]
    fn a_message_without_date_takes_the_latest_received_header_else_is_refused() {
        let contact = one(
            "Received: from a by b; Thu, 3 Sep 2026 09:15:00 +0200\nReceived: from c by a; Thu, 3 Sep 2026 09:12:00 +0200\nFrom: a@example.com\nSubject: x",
            "y",
        );
        assert_eq!(contact.started_at.to_rfc3339(), "2026-09-03T07:15:00+00:00");
        assert!(contact.contact_id.starts_with("auto-"));
        let (_, rejects, _) = testing::read_bytes("a.eml", b"From: a@example.com\r\nSubject: x\r\n\r\ny");
        assert_eq!(rejects[0].code, RejectCode::MissingStartedAt);
        let (_, rejects, _) = testing::read_bytes("a.eml", b"From: a@example.com\r\nDate: hier\r\n\r\ny");
        assert_eq!(rejects[0].code, RejectCode::BadTime);
    }

    #[test]
    fn html_only_bodies_become_text() {
        let contact = one(
            &format!("{PLAIN}\nContent-Type: text/html; charset=utf-8"),
            "<html><head><style>p{}</style></head><body><p>Bonjour</p><p>Merci</p></body></html>",
        );
        assert!(
            contact.turns[0].text.contains("Bonjour")
                && !contact.turns[0].text.contains('<')
                && !contact.turns[0].text.contains("p{}")
        );
    }
}
