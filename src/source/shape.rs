//! What the objects of a JSON file show together, before any of them is read as a contact.
//!
//! That is the order of day and month in their dates, whether a sender is an address or the party that speaks, whether an
//! object is one message of a contact, and whether any key holds words. A file of JSON has no header that would tell it for
//! every record.

use std::collections::BTreeSet;
use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::Unread;
use super::columns::{self, Field, Mapping, normalise};
use super::decode::{LineRead, read_line, record_text};
use super::json::{Mappings, enveloped, flatten, nests_turns, object_of_line, page, times_of_turns, wordless_turns};
use super::lenient::Lenient;
use super::platform;
use super::returning::{self, Returning};
use super::row::Place;
use super::time::{DateOrder, OrderFound, Orders};

/// Objects that are looked at for all but the dates and the identifiers that come back.
const SAMPLE: usize = 1000;

/// What the objects of a file have in common.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    /// Order of day and month.
    pub(crate) dates: OrderFound,
    /// Senders are the parties that speak, not addresses of customers.
    pub(crate) senders_speak: bool,
    /// Objects without nested turns are messages, to be grouped by contact.
    pub(crate) is_one_message_each: bool,
    /// Identifiers whose objects are messages, though they name no speaker.
    pub(crate) returning: Returning,
}

impl Shape {
    /// The shape of JSON lines, and the keys left unread where none holds words. What cannot be read is left to the real
    /// reading.
    pub(crate) fn of_lines(stream: &mut dyn BufRead, place: &Place<'_>) -> (Self, Option<Unread>) {
        let mut look = Look::new(place);
        let mut line = Vec::new();
        while !look.is_over() {
            match read_line(stream, &mut line) {
                Ok(LineRead::Line) => {}
                Ok(LineRead::TooLong) => continue,
                Ok(LineRead::Eof) | Err(_) => break,
            }
            let Ok(Value::Object(object)) = object_of_line(record_text(&line).0.trim()) else { continue };
            match page(&object, place) {
                Some(elements) => look.all(elements),
                None => look.see(&object),
            }
        }
        look.found()
    }

    /// The same of an array, or of one or several objects.
    pub(crate) fn of_document(stream: &mut dyn BufRead, place: &Place<'_>) -> (Self, Option<Unread>) {
        let mut look = Look::new(place);
        let mut reader = Lenient::new(stream);
        let is_array = loop {
            match reader.fill_buf().map(<[u8]>::first) {
                Ok(Some(byte)) if byte.is_ascii_whitespace() => reader.consume(1),
                Ok(first) => break first == Some(&b'['),
                Err(_) => return look.found(),
            }
        };
        if is_array {
            // Ends at the first damage, or once enough was seen.
            let _ = serde_json::Deserializer::from_reader(reader).deserialize_seq(&mut look);
        } else {
            let values = serde_json::Deserializer::from_reader(reader).into_iter::<Value>();
            for value in values.map_while(Result::ok) {
                look.document(&value);
                if look.is_over() {
                    break;
                }
            }
        }
        look.found()
    }
}

/// The state of a first look over a file; a visitor, so that arrays stream.
struct Look<'l, 'p> {
    place: &'l Place<'p>,
    mappings: Mappings,
    orders: Orders,
    /// Identifiers of contacts and the senders beside them.
    senders: Vec<(String, String)>,
    has_messages: bool,
    returning: returning::Look<'p>,
    /// Keys of the first objects, as long as none has words.
    wordless: BTreeSet<String>,
    has_words: bool,
    seen: usize,
}

impl<'l, 'p> Look<'l, 'p> {
    fn new(place: &'l Place<'p>) -> Self {
        Self {
            place,
            mappings: Mappings::default(),
            orders: Orders::default(),
            senders: Vec::new(),
            has_messages: false,
            returning: returning::Look::new(&place.settings.options),
            wordless: BTreeSet::new(),
            has_words: false,
            seen: 0,
        }
    }

    /// One top-level value, or the elements of the array in it.
    fn document(&mut self, value: &Value) {
        let Value::Object(object) = value else { return };
        match enveloped(object, self.place) {
            Some(elements) => self.all(elements),
            None => self.see(object),
        }
    }

    fn all(&mut self, elements: &[Value]) {
        elements.iter().filter_map(Value::as_object).for_each(|element| self.see(element));
    }

    fn see(&mut self, object: &Map<String, Value>) {
        self.seen += 1;
        if platform::knows(object, self.place) {
            // Its times are in plain forms, and its words where the platform puts them.
            self.orders.see_other();
            self.has_words = true;
            return;
        }
        let mut flat = Vec::new();
        flatten("", object, 0, &mut flat);
        let keys: Vec<String> = flat.iter().map(|(key, _)| key.clone()).collect();
        let mapping = self.mappings.mapping(&keys, self.place);
        let value = |field: Field| mapping.column(field).map(|column| flat[column].1);
        let dates = [value(Field::StartedAt), value(Field::EndedAt)];
        let mut written = dates.into_iter().flatten().filter_map(Value::as_str).peekable();
        if written.peek().is_none() {
            self.orders.see_other();
        }
        written.for_each(|date| self.orders.see(date));
        if nests_turns(&flat) {
            if !self.orders.is_settled() {
                times_of_turns(&flat).for_each(|time| self.orders.see(time));
            }
            match wordless_turns(&flat, self.place) {
                Some(inner) if !self.has_words && self.seen <= SAMPLE => {
                    let outer = keys.iter().filter(|key| !Field::Turns.accepts(&normalise(key)));
                    self.wordless.extend(outer.cloned().chain(inner));
                }
                Some(_) => {}
                None => self.has_words = true,
            }
            return;
        }
        let text = |value: &Value| super::json::cell(value).map(|cell| cell.text());
        if let Some((id, words, customer)) = returning::columns(&mapping) {
            let text = |column: usize| text(flat[column].1);
            if let (Some(id), Some(words)) = (text(id), text(words)) {
                self.returning.see(&id, &words, customer.and_then(text).as_deref());
            }
        }
        if self.seen > SAMPLE {
            return;
        }
        self.has_words |= mapping.has(Field::Text) || mapping.has(Field::Turns);
        if !self.has_words {
            self.wordless.extend(keys);
        }
        self.has_messages |= mapping.is_one_row_per_turn();
        if let Some(sender) = mapping.sender().and_then(|column| text(flat[column].1)) {
            self.senders.push((value(Field::ContactId).and_then(text).unwrap_or_default(), sender));
        }
    }

    /// Whether nothing that follows can change what was found.
    fn is_over(&self) -> bool {
        let is_order_known = DateOrder::configured(&self.place.settings.options).is_some() || self.orders.is_settled();
        // One message each: every object is grouped, whatever comes back.
        let may_come_back = self.returning.has_seen_any() && !self.has_messages;
        self.seen >= SAMPLE && is_order_known && !may_come_back
    }

    /// The keys that fill no field, where no object seen has words.
    fn unread(&self) -> Option<Unread> {
        if self.has_words {
            return None;
        }
        let keys: Vec<String> = self.wordless.iter().cloned().collect();
        columns::unread(&keys, &Mapping::lenient(&keys, &self.place.settings.options).0, true)
    }

    fn found(&self) -> (Shape, Option<Unread>) {
        (self.shape(), self.unread())
    }

    fn shape(&self) -> Shape {
        let options = &self.place.settings.options;
        let senders_speak = columns::senders_speak(&self.senders, options);
        Shape {
            dates: self.orders.found(options),
            senders_speak,
            is_one_message_each: self.has_messages || senders_speak,
            returning: self.returning.found(),
        }
    }
}

impl<'de> Visitor<'de> for &mut Look<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of contacts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(()) = elements.next_element_seed(&mut *self)? {
            if self.is_over() {
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Look<'_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if let Value::Object(object) = <Value as serde::Deserialize>::deserialize(deserializer)? {
            self.see(&object);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::contact::{Contact, Speaker};
    use crate::source::testing;

    /// A file of one message a line: identifier of the contact, and its speakers and words.
    fn told(contacts: &[Contact]) -> Vec<(&str, Vec<(Speaker, &str)>)> {
        let turns = |contact: &Contact| -> Vec<Speaker> { contact.turns.iter().map(|turn| turn.speaker).collect() };
        contacts
            .iter()
            .map(|contact| {
                let words = contact.turns.iter().map(|turn| turn.text.as_str());
                (contact.contact_id.as_str(), turns(contact).into_iter().zip(words).collect())
            })
            .collect()
    }

    #[test]
    fn messages_of_one_conversation_are_one_contact_in_lines_arrays_and_envelopes() {
        let lines = [
            r#"{"conversation_id":"1","timestamp":"2026-09-03T09:12:00Z","speaker":"customer","text":"Ma box"}"#,
            r#"{"conversation_id":"2","timestamp":"2026-09-03T09:12:30Z","speaker":"customer","text":"Mon colis"}"#,
            r#"{"conversation_id":"1","timestamp":"2026-09-03T09:13:00Z","speaker":"agent","text":"Je regarde"}"#,
            // A message without speaker belongs to its conversation all the same.
            r#"{"conversation_id":"1","timestamp":"2026-09-03T09:14:00Z","text":"Merci"}"#,
        ];
        let all = lines.join(",");
        let files = [
            ("a.jsonl", lines.join("\n")),
            ("a.json", format!("[{all}]")),
            ("a.json", format!("{{\"data\":[{all}]}}")),
        ];
        for (name, text) in files {
            let (contacts, rejects, summary) = testing::read_bytes(name, text.as_bytes());
            assert!(rejects.is_empty(), "{rejects:?}");
            assert_eq!(
                told(&contacts),
                [
                    (
                        "1",
                        vec![
                            (Speaker::Customer, "Ma box"),
                            (Speaker::Agent, "Je regarde"),
                            (Speaker::Unknown, "Merci")
                        ]
                    ),
                    ("2", vec![(Speaker::Customer, "Mon colis")])
                ],
                "{name}"
            );
            assert_eq!(summary.records_read, 2);
        }
    }

    #[test]
    fn the_private_comment_of_a_ticket_in_lines_is_left_out() {
        let text = concat!(
            r#"{"id":10,"ticket_id":1,"author_id":77,"body":"Où est mon colis ?","public":true,"created_at":"2026-09-03T07:12:00Z"}"#,
            "\n",
            r#"{"id":11,"ticket_id":1,"author_id":9,"body":"à surveiller","public":false,"created_at":"2026-09-03T07:10:00Z"}"#,
            "\n",
            r#"{"id":12,"ticket_id":1,"author_id":9,"body":"Il arrive demain","public":true,"created_at":"2026-09-03T08:12:00Z"}"#,
        );
        let (contacts, ..) = testing::read_bytes("a.jsonl", text.as_bytes());
        assert_eq!(
            told(&contacts),
            [("1", vec![(Speaker::Customer, "Où est mon colis ?"), (Speaker::Agent, "Il arrive demain")])]
        );
        assert!(contacts[0].flags.iter().any(|flag| flag == "private_notes_left_out"));
    }

    #[test]
    fn a_sender_that_names_the_party_groups_messages_and_an_address_is_the_customer() {
        let line = |id: u32, from: &str, text: &str| {
            format!("{{\"id\":{id},\"date\":\"2026-09-03T09:12:00Z\",\"from\":\"{from}\",\"text\":\"{text}\"}}\n")
        };
        let text = line(1, "Anne", "Ma box") + &line(1, "agent", "Je regarde");
        let (contacts, ..) = testing::read_bytes("a.jsonl", text.as_bytes());
        assert_eq!(told(&contacts), [("1", vec![(Speaker::Customer, "Ma box"), (Speaker::Agent, "Je regarde")])]);
        let text = line(1, "anne@example.com", "Ma box") + &line(2, "paul@example.com", "Mon colis");
        let (contacts, ..) = testing::read_bytes("a.jsonl", text.as_bytes());
        let customers: Vec<Option<&str>> = contacts.iter().map(|contact| contact.customer_id.as_deref()).collect();
        assert_eq!(customers, [Some("anne@example.com"), Some("paul@example.com")]);
    }

    #[test]
    fn a_month_first_date_is_shown_by_any_object_of_the_file() {
        let object = |id: u32, date: &str| format!("{{\"id\":{id},\"date\":\"{date} 10:00\",\"text\":\"x\"}}");
        let (first, last) = (object(1, "09/03/2026"), object(2, "09/25/2026"));
        for (name, text) in [
            ("a.jsonl", format!("{first}\n{last}\n")),
            ("a.json", format!("[{first},{last}]")),
            ("a.json", format!("{{\"records\":[{first},{last}]}}")),
        ] {
            let (contacts, rejects, _) = testing::read_bytes(name, text.as_bytes());
            assert!(rejects.is_empty(), "{rejects:?}");
            let starts: Vec<String> = contacts.iter().map(|contact| contact.started_at.to_rfc3339()).collect();
            assert_eq!(starts, ["2026-09-03T08:00:00+00:00", "2026-09-25T08:00:00+00:00"], "{text}");
        }
        // The times of messages are dates too.
        let chat = |id: u32, date: &str| {
            format!(r#"{{"id":{id},"messages":[{{"role":"customer","text":"x","time":"{date} 2:05 PM"}}]}}"#)
        };
        let text = format!("{}\n{}\n", chat(1, "9/3/2026"), chat(2, "9/25/2026"));
        let (contacts, rejects, summary) = testing::read_bytes("a.jsonl", text.as_bytes());
        assert!(rejects.is_empty() && summary.remarks.is_empty(), "{rejects:?}");
        assert_eq!(contacts[0].started_at.to_rfc3339(), "2026-09-03T12:05:00+00:00");
    }
}
