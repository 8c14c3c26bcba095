//! JSON lines, JSON arrays and single JSON documents to contacts.
//!
//! One object is one contact, with `turns` (or `messages`, `transcript`, `segments`…) or a flat `text`; or one message of
//! a contact, with its speaker, as in a table with one row per turn, or under an identifier that comes back. Nested keys are
//! joined with a dot (`customer.id`) and mapped like the headers of a table. Exports of known platforms are told by their
//! keys, see [`super::platform`]. An array is read element by element, so its size does not matter.

use std::collections::BTreeMap;
use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer as _, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::config::Options;
use crate::error::RejectCode;

use super::columns::{Field, Mapping, normalise};
use super::decode::{LineRead, read_line, record_text};
use super::dialogue::RawTurn;
use super::group::Grouper;
use super::lenient::{self, Lenient};
use super::platform;
use super::returning::Returning;
use super::row::{self, PRIVATE, Place, Row};
use super::shape::Shape;
use super::speakers::push;
use super::time::Moment;
use super::value::{self, Cell};
use super::{Failure, Output};

/// What a file that holds one transcript without identifier or start time offers instead.
#[derive(Debug, Clone)]
pub(crate) struct Fallback {
    /// From the file's name.
    pub(crate) contact_id: String,
    /// From the file's name, else its date.
    pub(crate) start: Option<Moment>,
}

/// Reads JSON lines. `head` tells whether the file has identifiers at all, `shape` what its objects are.
pub(crate) fn read_lines(
    stream: &mut dyn BufRead,
    head: &str,
    shape: Shape,
    mut place: Place<'_>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    place.order = shape.order;
    let mut mappings = Mappings::of(shape);
    place.derive_ids = !head
        .lines()
        .filter_map(|line| serde_json::from_str::<Map<String, Value>>(line).ok())
        .any(|object| mappings.has_id(&object, &place));
    let mut grouper = None;
    let read = each_line(stream, &mut mappings, &place, &mut grouper, output);
    if let Some(grouper) = grouper.filter(|_| !matches!(read, Err(Failure::Sink(_)))) {
        grouper.finish(read.is_err(), output)?;
    }
    read
}

fn each_line<'p>(
    stream: &mut dyn BufRead,
    mappings: &mut Mappings,
    place: &Place<'p>,
    grouper: &mut Option<Grouper<'p>>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let mut line = Vec::new();
    let mut record = 0;
    let mut is_empty = true;
    loop {
        record += 1;
        let bad = match read_line(stream, &mut line)? {
            LineRead::Eof => break,
            LineRead::TooLong => place.reject(record, RejectCode::TooLong, "the line is longer than 256 MiB"),
            LineRead::Line => {
                let (text, lossy) = record_text(&line);
                let text = text.trim();
                if text.is_empty() {
                    continue;
                }
                match object_of_line(text) {
                    Ok(Value::Object(object)) => {
                        is_empty = false;
                        let mut rows = mappings.rows(record, object, place);
                        if let Some(row) = rows.last_mut().filter(|_| lossy) {
                            push(&mut row.flags, "undecodable_bytes");
                        }
                        for row in rows {
                            give(row, place, grouper, output)?;
                        }
                        continue;
                    }
                    Ok(_) => place.reject(record, RejectCode::Malformed, "the line is not a JSON object"),
                    Err(error) => place.reject(
                        record,
                        RejectCode::Malformed,
                        format!("the line is not JSON (column {})", error.column()),
                    ),
                }
            }
        };
        is_empty = false;
        output.met();
        output.reject(bad)?;
    }
    if is_empty {
        output.met();
        output.reject(place.reject_file(RejectCode::EmptyFile, "the file has no line"))?;
    }
    Ok(())
}

/// One line as JSON, that of Python included; the error is the one of the line as written.
pub(crate) fn object_of_line(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str::<Value>(text).or_else(|error| serde_json::from_slice(&lenient::line(text)).map_err(|_| error))
}

/// Passes a row on: a message to its contact, any other as a contact.
fn give<'p>(
    row: Row,
    place: &Place<'p>,
    grouper: &mut Option<Grouper<'p>>,
    output: &mut Output<'_>,
) -> crate::error::Result<()> {
    if row.is_turn {
        return grouper.get_or_insert_with(|| Grouper::new(*place)).add(row, output);
    }
    output.met();
    output.record(row::contact(&row, place))
}

/// Reads a JSON array or one or several JSON objects.
pub(crate) fn read_document(
    stream: &mut dyn BufRead,
    shape: Shape,
    mut place: Place<'_>,
    fallback: &Fallback,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    place.order = shape.order;
    let first = loop {
        match stream.fill_buf()?.first() {
            Some(byte) if byte.is_ascii_whitespace() => stream.consume(1),
            other => break other.copied(),
        }
    };
    let mut reading = Reading {
        place: &mut place,
        mappings: Mappings::of(shape),
        output,
        failure: None,
        record: 0,
        fallback: None,
        grouper: None,
    };
    let error = if first == Some(b'[') {
        let mut deserializer = serde_json::Deserializer::from_reader(Lenient::new(stream));
        deserializer.deserialize_seq(&mut reading).and_then(|()| deserializer.end()).err()
    } else {
        let mut error = None;
        reading.fallback = Some(fallback);
        // One value is held back: when what follows it is not JSON, a lone document is damaged as a whole.
        let mut held: Option<Value> = None;
        let mut is_first = true;
        for value in serde_json::Deserializer::from_reader(Lenient::new(stream)).into_iter::<Value>() {
            match value {
                Ok(value) => {
                    if let Some(before) = held.replace(value) {
                        is_first = false;
                        reading.document(before);
                    }
                }
                Err(problem) => error = Some(problem),
            }
            if error.is_some() || reading.failure.is_some() {
                break;
            }
        }
        if let Some(last) = held
            && (error.is_none() || !is_first)
        {
            reading.document(last);
        }
        error
    };
    let Reading { failure, record, grouper, .. } = reading;
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let Some(grouper) = grouper {
        grouper.finish(error.is_some(), output)?;
    }
    match error {
        Some(error) if error.is_io() => return Err(Failure::Io(std::io::Error::from(error))),
        Some(error) => {
            let (code, what) = if error.is_eof() {
                (RejectCode::Truncated, "the file ends in the middle")
            } else {
                (RejectCode::Malformed, "the content is not JSON")
            };
            output.met();
            output.reject(
                place.reject_file(code, format!("{what} (line {}, column {})", error.line(), error.column())),
            )?;
        }
        None if record == 0 => {
            output.met();
            output.reject(place.reject_file(RejectCode::EmptyFile, "the file holds no object"))?;
        }
        None => {}
    }
    Ok(())
}

/// The state of reading one document; a visitor, so that arrays stream.
struct Reading<'r, 'o, 'p> {
    place: &'r mut Place<'p>,
    mappings: Mappings,
    output: &'r mut Output<'o>,
    failure: Option<Failure>,
    record: u64,
    fallback: Option<&'r Fallback>,
    /// Messages of contacts that are not whole yet.
    grouper: Option<Grouper<'p>>,
}

impl Reading<'_, '_, '_> {
    /// One top-level value: a contact, or an envelope around an array of contacts.
    fn document(&mut self, value: Value) {
        if let Value::Object(mut object) = value {
            if !platform::knows(&object, self.place)
                && let Some(key) = envelope(&object, self.place)
                && let Some(Value::Array(elements)) = object.remove(&key)
            {
                for element in elements {
                    self.element(element, false);
                }
                return;
            }
            self.element(Value::Object(object), true);
        } else {
            self.element(value, false);
        }
    }

    fn element(&mut self, value: Value, is_alone: bool) {
        if self.failure.is_some() {
            return;
        }
        self.record += 1;
        let place = *self.place;
        let Value::Object(object) = value else {
            self.output.met();
            let bad = place.reject(self.record, RejectCode::Malformed, "the element is not a JSON object");
            self.failure = self.output.reject(bad).err().map(Failure::Sink);
            return;
        };
        if self.record == 1 {
            self.place.derive_ids = !self.mappings.has_id(&object, &place);
        }
        let place = *self.place;
        let rows = self.mappings.rows(self.record, object, &place);
        let is_alone = is_alone && rows.len() == 1;
        self.record += rows.len().saturating_sub(1) as u64;
        for mut row in rows {
            if let Some(fallback) = self.fallback.filter(|_| is_alone && row.turns.is_some()) {
                row.fallback_id = Some(fallback.contact_id.clone());
                row.fallback_start = fallback.start;
            }
            if self.failure.is_none()
                && let Err(error) = give(row, &place, &mut self.grouper, self.output)
            {
                self.failure = Some(Failure::Sink(error));
            }
        }
    }
}

impl<'de> Visitor<'de> for &mut Reading<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an array of contacts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(()) = elements.next_element_seed(&mut *self)? {
            if self.failure.is_some() {
                return Err(serde::de::Error::custom("stopped"));
            }
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reading<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let value = <Value as serde::Deserialize>::deserialize(deserializer)?;
        self.element(value, false);
        Ok(())
    }
}

/// The key of an array of contacts, in objects that are only an envelope. A contact may list what it is about (`items`): then the words
/// stand beside the list and not in it.
pub(crate) fn envelope(object: &Map<String, Value>, place: &Place<'_>) -> Option<String> {
    const KEYS: [&str; 14] = [
        "contacts",
        "conversations",
        "tickets",
        "data",
        "records",
        "items",
        "results",
        "rows",
        "calls",
        "chats",
        "interactions",
        "cases",
        "value",
        "emails",
    ];
    let (key, array) = object.iter().find_map(|(key, value)| {
        let array = value.as_array().filter(|array| array.iter().all(Value::is_object))?;
        KEYS.contains(&normalise(key).as_str()).then_some((key, array))
    })?;
    let is_contact = !array.is_empty()
        && is_contact(object, Some(key), place)
        && !array
            .iter()
            .filter_map(Value::as_object)
            .any(|element| platform::knows(element, place) || is_contact(element, None, place));
    (!is_contact).then(|| key.clone())
}

/// Whether an object has an identifier, a start and words, leaving one of its keys aside.
fn is_contact(object: &Map<String, Value>, aside: Option<&str>, place: &Place<'_>) -> bool {
    let mut flat = Vec::new();
    flatten("", object, 0, &mut flat);
    flat.retain(|(key, _)| Some(key.as_str()) != aside);
    let keys: Vec<String> = flat.iter().map(|(key, _)| key.clone()).collect();
    let (mapping, _) = Mapping::lenient(&keys, &place.settings.options);
    let has_words = mapping.has(Field::Text) || mapping.has(Field::Turns) || nests_turns(&flat);
    has_words && mapping.has(Field::ContactId) && mapping.has(Field::StartedAt)
}

/// Mappings by key set: the objects of one file mostly have the same keys.
#[derive(Default)]
pub(crate) struct Mappings {
    known: BTreeMap<Vec<String>, Mapping>,
    senders_speak: bool,
    is_one_message_each: bool,
    returning: Returning,
}

impl Mappings {
    /// Mappings of a file whose shape is known.
    fn of(shape: Shape) -> Self {
        Self {
            known: BTreeMap::new(),
            senders_speak: shape.senders_speak,
            is_one_message_each: shape.is_one_message_each,
            returning: shape.returning,
        }
    }

    /// The mapping of an object with these keys.
    pub(crate) fn mapping(&mut self, keys: &[String], place: &Place<'_>) -> Mapping {
        const MOST: usize = 1000;
        if let Some(mapping) = self.known.get(keys) {
            return mapping.clone();
        }
        let options = &place.settings.options;
        let (mut mapping, _) = Mapping::lenient(keys, options);
        if self.senders_speak {
            mapping = mapping.with_speakers(keys, options);
        }
        if self.known.len() < MOST {
            self.known.insert(keys.to_vec(), mapping.clone());
        }
        mapping
    }

    fn has_id(&mut self, object: &Map<String, Value>, place: &Place<'_>) -> bool {
        let mut flat = Vec::new();
        flatten("", object, 0, &mut flat);
        let keys: Vec<String> = flat.into_iter().map(|(key, _)| key).collect();
        self.mapping(&keys, place).has(Field::ContactId)
    }

    /// One object to the rows of its contacts: one, unless a platform bundles several.
    fn rows(&mut self, record: u64, object: Map<String, Value>, place: &Place<'_>) -> Vec<Row> {
        platform::rows(record, &object, place).unwrap_or_else(|| vec![self.row(record, &object, place)])
    }

    /// One object to a row, by the general rules.
    fn row(&mut self, record: u64, object: &Map<String, Value>, place: &Place<'_>) -> Row {
        let mut flat = Vec::new();
        flatten("", object, 0, &mut flat);
        let keys: Vec<String> = flat.iter().map(|(key, _)| key.clone()).collect();
        let mapping = self.mapping(&keys, place);
        let mut row = Row::new(record);
        row.is_comment = mapping.is_comments();
        for &field in Field::ALL {
            let Some(column) = mapping.column(field) else { continue };
            match (field, &flat[column].1) {
                (Field::Turns, _) => {}
                (Field::Text, Value::Array(lines)) => row.turns = turns(lines, place, &mut row.flags).or(row.turns),
                (_, value) => row.set(field, cell(value), mapping.unit(field)),
            }
        }
        // The key of the turns may also be one of the text's names ("transcript"), whichever holds an array.
        let nested = mapping
            .column(Field::Turns)
            .or_else(|| flat.iter().position(|(key, value)| value.is_array() && Field::Turns.accepts(&normalise(key))));
        if let Some(column) = nested {
            match &flat[column].1 {
                Value::Array(elements) => row.turns = turns(elements, place, &mut row.flags).or(row.turns),
                Value::String(text) if row.cell(Field::Text).is_none() => {
                    row.set(Field::Text, Some(Cell::Text(text.clone())), 1.0)
                }
                _ => {}
            }
        }
        row.is_turn = row.turns.is_none() && (self.is_one_message_each || mapping.is_one_row_per_turn());
        row.is_message = !row.is_turn && self.returning.has(&row);
        row.is_turn |= row.is_message;
        row
    }
}

/// Whether an object holds turns of its own.
pub(crate) fn nests_turns(flat: &[(String, &Value)]) -> bool {
    flat.iter().any(|(key, value)| {
        let key = normalise(key);
        value.is_array() && (Field::Turns.accepts(&key) || Field::Text.accepts(&key))
    })
}

/// What the general rules read of an object beside its words: identifiers, times, dimensions that somebody added to the
/// output of a speech recogniser.
pub(crate) fn base_row(object: &Map<String, Value>, place: &Place<'_>) -> Row {
    let scalars: Map<String, Value> =
        object.iter().filter(|(_, value)| !value.is_array()).map(|(key, value)| (key.clone(), value.clone())).collect();
    let mut row = Mappings::default().row(1, &scalars, place);
    // The words are read by the platform's own rules.
    (row.turns, row.is_turn, row.is_comment) = (None, false, false);
    row
}

/// Keys and values, nested objects with their path; arrays stay whole.
pub(crate) fn flatten<'a>(
    prefix: &str,
    object: &'a Map<String, Value>,
    depth: usize,
    flat: &mut Vec<(String, &'a Value)>,
) {
    const DEEPEST: usize = 4;
    for (key, value) in object {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            Value::Object(inner) if depth < DEEPEST => flatten(&path, inner, depth + 1, flat),
            Value::Object(_) => {}
            _ => flat.push((path, value)),
        }
    }
}

/// A scalar as a cell.
pub(crate) fn cell(value: &Value) -> Option<Cell> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::Bool(value) => Some(Cell::Bool(*value)),
        Value::Number(number) => number.as_i64().map(Cell::Integer).or_else(|| number.as_f64().map(Cell::Number)),
        Value::String(text) => Some(Cell::Text(text.clone())),
    }
}

/// An array of turns: objects, or strings that are lines of a dialogue. `None` for anything else.
pub(crate) fn turns(elements: &[Value], place: &Place<'_>, flags: &mut Vec<String>) -> Option<Vec<RawTurn>> {
    if elements.is_empty() {
        return Some(Vec::new());
    }
    if elements.iter().all(Value::is_string) {
        let messages: Vec<&str> = elements.iter().filter_map(Value::as_str).map(str::trim).collect();
        return super::dialogue::split_messages(&messages, &place.settings.options).or_else(|| {
            Some(messages.iter().map(|text| RawTurn { text: (*text).to_owned(), ..RawTurn::default() }).collect())
        });
    }
    let mut turns = Vec::with_capacity(elements.len());
    for element in elements.iter().filter_map(Value::as_object) {
        if is_private(element, &place.settings.options) {
            push(flags, PRIVATE);
            continue;
        }
        if let Some(turn) = turn(element, place) {
            if is_doubtful(element) {
                push(flags, "low_confidence_speech");
            }
            turns.push(turn);
        }
    }
    elements.iter().any(Value::is_object).then_some(turns)
}

/// One turn object.
fn turn(object: &Map<String, Value>, place: &Place<'_>) -> Option<RawTurn> {
    const LABELS: [&str; 20] = [
        "participantrole",
        "speakerrole",
        "role",
        "authortype",
        "authorrole",
        "sendertype",
        "senderrole",
        "speaker",
        "speakertype",
        "speakerlabel",
        "locuteur",
        "interlocuteur",
        "author",
        "auteur",
        "participant",
        "sender",
        "from",
        "participantid",
        "participantpurpose",
        "mediachannel",
    ];
    const TEXTS: [&str; 15] = [
        "text",
        "content",
        "message",
        "body",
        "utterance",
        "transcript",
        "texte",
        "contenu",
        "plainbody",
        "sentence",
        "phrase",
        "words",
        "payload",
        "value",
        "displaytext",
    ];
    const STARTS: [&str; 17] = [
        "starts",
        "start",
        "startsec",
        "startseconds",
        "begin",
        "begins",
        "starttime",
        "offset",
        "offsets",
        "startoffset",
        "beginoffset",
        "beginoffsetmillis",
        "startms",
        "startmillis",
        "startoffsetms",
        "debut",
        "debuts",
    ];
    const ENDS: [&str; 14] = [
        "ends",
        "end",
        "endsec",
        "endseconds",
        "stop",
        "stops",
        "endtime",
        "endoffset",
        "endoffsetmillis",
        "endms",
        "endmillis",
        "endoffsetms",
        "fin",
        "fins",
    ];
    const TIMES: [&str; 12] = [
        "at",
        "timestamp",
        "time",
        "createdat",
        "created",
        "sentat",
        "date",
        "datetime",
        "absolutetime",
        "startedat",
        "horodatage",
        "messagetime",
    ];
    let keys: Vec<(String, &String, &Value)> = object.iter().map(|(key, value)| (normalise(key), key, value)).collect();
    let find = |names: &[&str]| {
        names.iter().find_map(|name| keys.iter().find(|(key, _, value)| key == name && !value.is_null()))
    };
    let text = find(&TEXTS).and_then(|(_, _, value)| text_of(value))?;
    let label = find(&LABELS).and_then(|(_, _, value)| label_of(value));
    let seconds = |names: &[&str]| {
        find(names).and_then(|(key, _, value)| {
            let unit = if key.ends_with("ms") || key.ends_with("millis") { 0.001 } else { 1.0 };
            value::seconds(&cell(value)?, unit)
        })
    };
    // `start_time` may hold a full time rather than an offset.
    let instant = |names: &[&str]| {
        find(names).and_then(|(_, _, value)| row::moment(&cell(value)?, place)).map(|moment| moment.instant)
    };
    let (start_s, end_s) = (seconds(&STARTS), seconds(&ENDS));
    let at = if start_s.is_none() { instant(&TIMES).or_else(|| instant(&STARTS)) } else { None };
    let confidence = find(&["confidence"]).and_then(|(_, _, value)| cell(value)?.number());
    Some(RawTurn {
        label,
        text: row::plain(text),
        start_s,
        end_s,
        at,
        ended: if end_s.is_none() { instant(&ENDS) } else { None },
        confidence,
        ..RawTurn::default()
    })
}

/// Text of a message: a string, a list of content parts, or an object with a text.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(parts) => {
            let parts: Vec<String> = parts.iter().filter_map(text_of).collect();
            (!parts.is_empty()).then(|| parts.join(" "))
        }
        Value::Object(object) => {
            ["text", "content", "body", "value", "word"].iter().find_map(|key| object.get(*key)).and_then(text_of)
        }
        _ => None,
    }
}

/// Label of a speaker: a string, a number, or an object with a role or a name.
fn label_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(format!("SPEAKER_{number}")),
        Value::Object(object) => {
            ["role", "type", "purpose", "name", "id"].iter().find_map(|key| object.get(*key)).and_then(label_of)
        }
        _ => None,
    }
}

/// Internal notes of tickets are the company's own words to itself. Exports write yes and no as strings and numbers too.
fn is_private(object: &Map<String, Value>, options: &Options) -> bool {
    let says = |value: &Value, wanted: bool| {
        cell(value).is_some_and(|cell| value::boolean(&cell, Field::Public, options) == Some(wanted))
    };
    object.iter().any(|(key, value)| match normalise(key).as_str() {
        "public" | "ispublic" | "ispublished" => says(value, false),
        "private" | "isprivate" | "internal" | "isinternal" => says(value, true),
        "parttype" | "type" | "messagetype" => value
            .as_str()
            .is_some_and(|kind| matches!(normalise(kind).as_str(), "note" | "internalnote" | "privatenote" | "event")),
        _ => false,
    })
}

/// Whisper's own signs of a segment that may be invented: mean log-probability under -1, or probably no speech.
fn is_doubtful(object: &Map<String, Value>) -> bool {
    let number = |key: &str| object.get(key).and_then(Value::as_f64);
    number("avg_logprob").is_some_and(|value| value < -1.0)
        || number("no_speech_prob").is_some_and(|value| value > 0.6)
        || number("confidence").is_some_and(|value| value < 0.3)
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::source::testing;

    #[test]
    fn notes_are_private_whatever_the_type_that_says_it() {
        let text = r#"{"contact_id":"1","started_at":"2026-09-03T09:12:00Z","channel":"chat","messages":[
            {"role":"customer","text":"Ma box","public":"true"},{"role":"agent","text":"note 1","public":"false"},
            {"role":"agent","text":"Je regarde","public":1},{"role":"agent","text":"note 2","public":0},
            {"role":"agent","text":"note 3","internal":"oui"}]}"#;
        let (contacts, ..) = testing::read_bytes("a.json", text.as_bytes());
        let words: Vec<&str> = contacts[0].turns.iter().map(|turn| turn.text.as_str()).collect();
        assert_eq!(words, ["Ma box", "Je regarde"]);
        assert_eq!(contacts[0].flags, ["private_notes_left_out"]);
    }

    #[test]
    fn a_contact_that_lists_its_articles_is_no_envelope_and_an_answer_with_a_message_is_one() {
        let one = r#"{"contact_id": "c1", "started_at": "2026-09-03T09:12:00Z", "text": "Il manque une lampe",
            "items": [{"sku": "L1", "description": "Lampe"}, {"sku": "L2", "description": "Pied"}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("a.json", one.as_bytes());
        assert_eq!((contacts.len(), rejects.len()), (1, 0));
        assert_eq!(
            (contacts[0].contact_id.as_str(), contacts[0].turns[0].text.as_str()),
            ("c1", "Il manque une lampe")
        );
        let answer = r#"{"message": "OK", "data": [{"contact_id": "c2", "started_at": "2026-09-03T09:12:00Z", "text": "Mon colis ?"}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("a.json", answer.as_bytes());
        assert_eq!((contacts.len(), rejects.len()), (1, 0));
        assert_eq!(contacts[0].contact_id, "c2");
        let (contacts, rejects, _) = testing::read_bytes("a.json", br#"{"message": "OK", "data": []}"#);
        assert_eq!(
            (contacts.len(), rejects.iter().map(|reject| reject.code).collect::<Vec<_>>()),
            (0, vec![crate::error::RejectCode::EmptyFile])
        );
    }

    #[test]
    fn the_first_of_a_list_of_strings_is_a_turn_even_without_label() {
        let text = r#"{"contact_id":"1","started_at":"2026-09-03T09:12:00Z","transcript":["Bonjour, ma box est en panne","Conseiller : Je regarde","Client : Merci"]}"#;
        let (contacts, ..) = testing::read_bytes("a.json", text.as_bytes());
        let told: Vec<(Speaker, &str)> =
            contacts[0].turns.iter().map(|turn| (turn.speaker, turn.text.as_str())).collect();
        assert_eq!(
            told,
            [
                (Speaker::Unknown, "Bonjour, ma box est en panne"),
                (Speaker::Agent, "Je regarde"),
                (Speaker::Customer, "Merci")
            ]
        );
    }

    #[test]
    fn full_times_of_nested_turns_give_both_their_ends() {
        let text = r#"{"contact_id":"1","started_at":"2026-09-03T09:12:00Z","turns":[{"role":"agent","text":"Bonjour","start_time":"2026-09-03T09:12:01Z","end_time":"2026-09-03T09:12:04Z"}]}"#;
        let (contacts, ..) = testing::read_bytes("a.json", text.as_bytes());
        assert_eq!((contacts[0].turns[0].start_s, contacts[0].turns[0].end_s), (Some(1.0), Some(4.0)));
    }
}
