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
use super::dialogue::{self, RawTurn, Written};
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
    (place.order, place.is_order_guessed) = (shape.dates.order, shape.dates.is_guess);
    output.remarks.extend(shape.dates.remark);
    let mut mappings = Mappings::of(shape);
    place.derive_ids =
        !head.lines().filter_map(|line| serde_json::from_str::<Map<String, Value>>(line).ok()).any(|object| {
            let first = page(&object, &place).and_then(<[Value]>::first).and_then(Value::as_object);
            mappings.has_id(first.unwrap_or(&object), &place)
        });
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
                        let objects = objects_of(object, place);
                        is_empty &= objects.is_empty();
                        // The contacts of a page count one after the other.
                        let more = objects.len().saturating_sub(1) as u64;
                        for (index, object) in (0..).zip(objects) {
                            let Value::Object(object) = object else {
                                output.met();
                                let what = "the element is not a JSON object";
                                output.reject(place.reject(record + index, RejectCode::Malformed, what))?;
                                continue;
                            };
                            let mut rows = mappings.rows(record + index, object, place);
                            if let Some(row) = rows.last_mut().filter(|_| lossy) {
                                push(&mut row.flags, "undecodable_bytes");
                            }
                            for row in rows {
                                output.words_for_nobody += u64::from(row.has_word_for_nobody);
                                give(row, place, grouper, output)?;
                            }
                        }
                        record += more;
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
    (place.order, place.is_order_guessed) = (shape.dates.order, shape.dates.is_guess);
    output.remarks.extend(shape.dates.remark);
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
            if let Some(elements) = take_enveloped(&mut object, self.place) {
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
            self.output.words_for_nobody += u64::from(row.has_word_for_nobody);
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

/// The contacts of a line: those of the page that it is, else the one that it is.
fn objects_of(mut object: Map<String, Value>, place: &Place<'_>) -> Vec<Value> {
    let is_page = page(&object, place).is_some();
    let elements = if is_page { take_enveloped(&mut object, place) } else { None };
    elements.unwrap_or_else(|| vec![Value::Object(object)])
}

/// The contacts of a line that is a page of them. In a file of lines each object is a contact, unless what it lists are
/// contacts, or it lists none and says nothing itself.
pub(crate) fn page<'a>(object: &'a Map<String, Value>, place: &Place<'_>) -> Option<&'a [Value]> {
    let elements = enveloped(object, place)?;
    let are_contacts = elements
        .iter()
        .filter_map(Value::as_object)
        .any(|element| platform::knows(element, place) || is_contact(element, None, place));
    let says_nothing = || {
        let mut flat = Vec::new();
        flatten("", object, 0, &mut flat);
        let keys: Vec<String> = flat.into_iter().map(|(key, _)| key).collect();
        let (mapping, _) = Mapping::lenient(&keys, &place.settings.options);
        !mapping.has(Field::StartedAt)
    };
    (are_contacts || (elements.is_empty() && says_nothing())).then_some(elements)
}

/// Keys under which envelopes hold contacts.
const ENVELOPES: [&str; 14] = [
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

/// The contacts in an envelope, or in an envelope inside one: `{"data": {"tickets": […]}}`.
pub(crate) fn enveloped<'a>(object: &'a Map<String, Value>, place: &Place<'_>) -> Option<&'a [Value]> {
    let mut inner = object;
    let path = path_of_envelope(object, place)?;
    let (last, outer) = path.split_last()?;
    for key in outer {
        inner = inner.get(key)?.as_object()?;
    }
    inner.get(last)?.as_array().map(Vec::as_slice)
}

/// The same contacts, taken out of their envelope.
fn take_enveloped(object: &mut Map<String, Value>, place: &Place<'_>) -> Option<Vec<Value>> {
    let path = path_of_envelope(object, place)?;
    let (last, outer) = path.split_last()?;
    let mut inner = object;
    for key in outer {
        inner = inner.get_mut(key)?.as_object_mut()?;
    }
    match inner.remove(last)? {
        Value::Array(elements) => Some(elements),
        _ => None,
    }
}

/// The keys that lead to the contacts in an envelope.
fn path_of_envelope(object: &Map<String, Value>, place: &Place<'_>) -> Option<Vec<String>> {
    const DEEPEST: usize = 3;
    let mut path = Vec::new();
    let mut inner = object;
    while path.len() < DEEPEST {
        if let Some(key) = envelope(inner, place) {
            path.push(key);
            return (!platform::knows(inner, place)).then_some(path);
        }
        let (key, next) = inner.iter().find_map(|(key, value)| {
            let next = value.as_object()?;
            ENVELOPES.contains(&normalise(key).as_str()).then_some((key, next))
        })?;
        if platform::knows(inner, place) || is_contact(inner, None, place) {
            return None;
        }
        path.push(key.clone());
        inner = next;
    }
    None
}

/// The key of an array of contacts, in objects that are only an envelope. A contact may list what it is about (`items`): then the words
/// stand beside the list and not in it.
fn envelope(object: &Map<String, Value>, place: &Place<'_>) -> Option<String> {
    let (key, array) = object.iter().find_map(|(key, value)| {
        let array = value.as_array().filter(|array| array.iter().all(Value::is_object))?;
        ENVELOPES.contains(&normalise(key).as_str()).then_some((key, array))
    })?;
    let is_contact = is_contact(object, Some(key), place)
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
        let mut row = Row::of(record, &mapping);
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
        if row.turns.is_none() {
            row.words_beside(mapping.words_beside().iter().map(|column| cell(flat[*column].1)));
        }
        row.is_turn = row.turns.is_none() && (self.is_one_message_each || mapping.is_one_row_per_turn());
        row.is_message = !row.is_turn && self.returning.has(&row);
        row.is_turn |= row.is_message;
        row
    }
}

/// Whether an object holds turns of its own.
pub(crate) fn nests_turns(flat: &[(String, &Value)]) -> bool {
    flat.iter().any(|(key, value)| value.is_array() && is_of_turns(key))
}

/// Whether a key of an object is that of its turns.
fn is_of_turns(key: &str) -> bool {
    let key = normalise(key);
    Field::Turns.accepts(&key) || Field::Text.accepts(&key)
}

/// The times that the turns of an object have, as they are written.
pub(crate) fn times_of_turns<'a>(flat: &'a [(String, &'a Value)]) -> impl Iterator<Item = &'a str> {
    let nested = flat.iter().filter(|(key, _)| is_of_turns(key)).filter_map(|(_, value)| value.as_array());
    let is_time = |key: &str| {
        let key = normalise(key);
        TIMES.contains(&key.as_str()) || STARTS.contains(&key.as_str())
    };
    nested
        .flatten()
        .filter_map(Value::as_object)
        .flat_map(move |turn| turn.iter().filter(move |(key, _)| is_time(key)).filter_map(|(_, value)| value.as_str()))
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
    if turns.is_empty() && elements.iter().any(Value::is_object) && !flags.iter().any(|flag| flag == PRIVATE) {
        push(flags, NO_WORDS);
    }
    elements.iter().any(Value::is_object).then_some(turns)
}

/// Flag: turns were there, and no words in them.
const NO_WORDS: &str = "no_words";

/// The keys of nested turns that may hold their words, where no key is known to; `None` where the turns have words, or where
/// there is none.
pub(crate) fn wordless_turns(flat: &[(String, &Value)], place: &Place<'_>) -> Option<Vec<String>> {
    let nested = flat.iter().filter(|(key, _)| is_of_turns(key));
    let objects: Vec<(&str, &Map<String, Value>)> = nested
        .filter_map(|(key, value)| Some((key.as_str(), value.as_array()?)))
        .flat_map(|(key, elements)| elements.iter().filter_map(move |element| Some((key, element.as_object()?))))
        .collect();
    let options = &place.settings.options;
    let is_read = |object: &Map<String, Value>| is_private(object, options) || turn(object, place).is_some();
    if objects.is_empty() || objects.iter().any(|(_, object)| is_read(object)) {
        return None;
    }
    let may_be_words = |key: &str, value: &Value| {
        let key = normalise(key);
        (value.is_string() || value.is_array()) && !LABELS.contains(&key.as_str()) && !TIMES.contains(&key.as_str())
    };
    let keys: std::collections::BTreeSet<String> = objects
        .iter()
        .flat_map(|(outer, object)| {
            let inner = object.iter().filter(|(key, value)| may_be_words(key, value));
            inner.map(move |(key, _)| format!("{outer}.{key}"))
        })
        .collect();
    Some(keys.into_iter().collect())
}

/// The names that `[columns]` gives to a field.
fn configured(field: Field, place: &Place<'_>) -> Vec<String> {
    let names = place.settings.options.columns.get(field.name());
    names.map(|names| names.names().into_iter().map(normalise).collect()).unwrap_or_default()
}

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
/// Names of persons, where nothing tells the role.
const NAMES: [&str; 10] =
    ["name", "displayname", "username", "user", "sendername", "authorname", "speakername", "fromname", "nom", "pseudo"];
const TEXTS: [&str; 17] = [
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
    "msg",
    "messagetext",
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

/// One turn object.
fn turn(object: &Map<String, Value>, place: &Place<'_>) -> Option<RawTurn> {
    let keys: Vec<(String, &String, &Value)> = object.iter().map(|(key, value)| (normalise(key), key, value)).collect();
    let find = |names: &[&str]| {
        names.iter().find_map(|name| keys.iter().find(|(key, _, value)| key == name && !value.is_null()))
    };
    let own = |field: Field| {
        let names = configured(field, place);
        find(&names.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let text = own(Field::Text).or_else(|| find(&TEXTS)).or_else(|| find(Field::Text.synonyms()));
    let text = text.and_then(|(_, _, value)| text_of(value))?;
    let label = own(Field::Speaker).or_else(|| find(&LABELS)).or_else(|| find(Field::Speaker.synonyms()));
    let label = label.or_else(|| find(&NAMES)).and_then(|(_, _, value)| label_of(value));
    let is_clock = |text: &str| text.contains(':');
    let seconds = |names: &[&str]| {
        find(names).and_then(|(key, _, value)| {
            let unit = if key.ends_with("ms") || key.ends_with("millis") { 0.001 } else { 1.0 };
            match cell(value)? {
                Cell::Text(text) if is_clock(&text) => dialogue::timed(&text),
                cell => Some((value::seconds(&cell, unit)?, Written::Seconds)),
            }
        })
    };
    // `start_time` may hold a full time rather than an offset.
    let instant = |names: &[&str]| {
        find(names).and_then(|(_, _, value)| row::moment(&cell(value)?, place)).map(|moment| moment.instant)
    };
    let (start, end) = (seconds(&STARTS), seconds(&ENDS));
    let at = if start.is_none() { instant(&TIMES).or_else(|| instant(&STARTS)) } else { None };
    // `"timestamp": "00:01:12"` is no full time.
    let own_clock = || find(&TIMES).and_then(|(_, _, value)| value.as_str()).filter(|text| is_clock(text));
    let start = start.or_else(|| if at.is_none() { own_clock().and_then(dialogue::timed) } else { None });
    let end_s = end.map(|(seconds, _)| seconds);
    let confidence = find(&["confidence"]).and_then(|(_, _, value)| cell(value)?.number());
    Some(RawTurn {
        label,
        text: row::plain(text),
        start_s: start.map(|(seconds, _)| seconds),
        end_s,
        at,
        written: start.map(|(_, written)| written).unwrap_or_default(),
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
    object.iter().any(|(key, value)| match normalise(key).as_str() {
        key if Field::Public.accepts(key) => value::is_note(cell(value).as_ref(), None, options),
        key if Field::Private.accepts(key) => value::is_note(None, cell(value).as_ref(), options),
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
    fn a_private_object_of_a_conversation_and_a_note_in_french_are_left_out() {
        let lines = concat!(
            r#"{"conversation_id":1,"author_type":"user","body":"Ma box","private":false,"created_at":"2026-09-03T07:12:00Z"}"#,
            "\n",
            r#"{"conversation_id":1,"author_type":"agent","body":"Client pénible","private":true,"created_at":"2026-09-03T07:13:00Z"}"#,
            "\n",
            r#"{"conversation_id":1,"author_type":"agent","body":"Je regarde","private":false,"created_at":"2026-09-03T07:14:00Z"}"#,
        );
        let nested = r#"{"contact_id":"1","started_at":"2026-09-03T09:12:00Z","messages":[{"role":"customer","text":"Ma box"},
            {"role":"agent","text":"Client pénible","interne":"oui"},{"role":"agent","text":"Je regarde","privé":false}]}"#;
        for (name, text) in [("a.jsonl", lines), ("a.json", nested)] {
            let (contacts, ..) = testing::read_bytes(name, text.as_bytes());
            let words: Vec<&str> = contacts[0].turns.iter().map(|turn| turn.text.as_str()).collect();
            assert_eq!((contacts.len(), words), (1, vec!["Ma box", "Je regarde"]));
            assert_eq!(contacts[0].flags, ["private_notes_left_out"]);
        }
    }

    #[test]
    fn the_contact_of_a_ticket_is_its_customer() {
        let text = r#"{"id":101,"created_at":"2026-09-03T09:12:00Z","channel":"chat","contact":{"id":9001},"message":"Ma box"}
{"id":102,"created_at":"2026-09-04T09:12:00Z","channel":"chat","contact":{"id":9001},"message":"Mon colis"}"#;
        let (contacts, ..) = testing::read_bytes("a.jsonl", text.as_bytes());
        let told: Vec<(&str, Option<&str>)> =
            contacts.iter().map(|contact| (contact.contact_id.as_str(), contact.customer_id.as_deref())).collect();
        assert_eq!(told, [("101", Some("9001")), ("102", Some("9001"))]);
    }

    #[test]
    fn nested_turns_are_read_under_other_keys_and_said_to_have_no_words_under_unknown_ones() {
        let read = |turns: &str| {
            let text = format!(r#"{{"contact_id":"1","started_at":"2026-09-03T09:12:00Z","turns":[{turns}]}}"#);
            let (mut contacts, _, summary) = testing::read_bytes("a.json", text.as_bytes());
            (contacts.remove(0), summary.unread)
        };
        for key in ["msg", "message_text", "commentaire"] {
            let (contact, unread) = read(&format!(r#"{{"speaker":"customer","{key}":"Mon colis"}}"#));
            assert_eq!((contact.turns.len(), contact.turns[0].text.as_str()), (1, "Mon colis"), "{key}");
            assert!(contact.flags.is_empty() && unread.is_none(), "{:?}", contact.flags);
        }
        for key in ["name", "user"] {
            let (contact, _) = read(&format!(r#"{{"{key}":"Agent","text":"a"}},{{"{key}":"Client","text":"b"}}"#));
            let speakers: Vec<Speaker> = contact.turns.iter().map(|turn| turn.speaker).collect();
            assert_eq!(speakers, [Speaker::Agent, Speaker::Customer], "{key}");
        }
        let (contact, unread) = read(r#"{"speaker":"customer","ressenti":"Mon colis"}"#);
        assert_eq!((contact.turns.len(), contact.flags), (0, vec!["no_words".to_owned()]));
        assert_eq!(unread.unwrap().names, ["turns.ressenti"]);
        // A list without turns says nothing, and notes are no turns.
        let (contact, unread) = read("");
        assert!(contact.flags.is_empty() && unread.is_none());
        let (contact, _) = read(r#"{"speaker":"agent","text":"à surveiller","private":true}"#);
        assert_eq!(contact.flags, ["private_notes_left_out"]);
        let mut settings = testing::settings();
        let name = crate::config::options::OneOrMany::One("ressenti".into());
        settings.options.columns.insert("text".into(), name);
        let text = r#"{"contact_id":"1","started_at":"2026-09-03T09:12:00Z","turns":[{"speaker":"customer","ressenti":"Mon colis"}]}"#;
        let (contacts, ..) = testing::read_with(&settings, "a.json", text.as_bytes());
        assert_eq!(contacts[0].turns[0].text, "Mon colis");
    }

    #[test]
    fn pages_of_contacts_are_read_a_line_each_and_inside_one_another() {
        let contact = |id: u32| {
            format!("{{\"contact_id\":{id},\"started_at\":\"2026-09-0{id}T09:12:00Z\",\"text\":\"Ma box {id}\"}}")
        };
        let pages = format!(
            "{{\"data\":[{},{}],\"next\":2}}\n{{\"data\":[{}],\"next\":null}}\n",
            contact(1),
            contact(2),
            contact(3)
        );
        let inner = format!("{{\"data\":{{\"tickets\":[{},{},{}]}}}}", contact(1), contact(2), contact(3));
        // A contact that lists what it is about is one, whatever the name of its list.
        let listing = r#"{"contact_id":"1","started_at":"2026-09-03T09:12:00Z","text":"Ma box","items":[]}
{"contact_id":"2","started_at":"2026-09-03T09:12:00Z","text":"Ma box","items":[{"sku":"L1"}]}
{"date":"2026-09-03T09:12:00Z","text":"Mon colis","items":[{"sku":"L1","description":"Lampe"}]}
{"date":"2026-09-03T09:12:00Z","text":"Mon colis","items":[]}"#;
        for text in listing.lines() {
            let (contacts, _, summary) = testing::read_bytes("a.jsonl", format!("{text}\n{text}\n").as_bytes());
            assert_eq!((contacts.len(), summary.records_read), (2, 2), "{text}");
        }
        for (name, text) in [("a.jsonl", pages), ("a.json", inner.clone()), ("a.jsonl", format!("{inner}\n"))] {
            let (contacts, rejects, _) = testing::read_bytes(name, text.as_bytes());
            assert!(rejects.is_empty(), "{rejects:?}");
            let ids: Vec<(&str, u64)> =
                contacts.iter().map(|one| (one.contact_id.as_str(), one.provenance.record)).collect();
            assert_eq!(ids, [("1", 1), ("2", 2), ("3", 3)], "{text}");
        }
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
    fn nested_turns_whose_times_are_of_the_day_count_from_the_start_and_go_past_midnight() {
        let starts = |started: &str, key: &str, times: [&str; 3]| -> Vec<Option<f64>> {
            let turns = times.map(|time| format!(r#"{{"speaker":"agent","text":"Oui","{key}":"{time}"}}"#)).join(",");
            let text = format!(r#"{{"contact_id":"1","started_at":"{started}","turns":[{turns}]}}"#);
            let (contacts, rejects, _) = testing::read_bytes("a.json", text.as_bytes());
            assert!(rejects.is_empty(), "{rejects:?}");
            contacts[0].turns.iter().map(|turn| turn.start_s).collect()
        };
        for key in ["start", "start_time", "timestamp", "time"] {
            let night = starts("2026-09-03T23:59:00+02:00", key, ["23:59:50", "00:00:10", "00:01:00"]);
            assert_eq!(night, [Some(50.0), Some(70.0), Some(120.0)], "{key}");
            let minutes = starts("2026-09-03T23:58:00+02:00", key, ["23:58", "23:59", "00:02"]);
            assert_eq!(minutes, [Some(0.0), Some(60.0), Some(240.0)], "{key}");
            let day = starts("2026-09-03T14:32:00+02:00", key, ["14:32:05", "14:33:10", "14:33:12"]);
            assert_eq!(day, [Some(5.0), Some(70.0), Some(72.0)], "{key}");
            let offsets = starts("2026-09-03T14:32:00+02:00", key, ["00:00:05", "00:01:10", "00:01:12"]);
            assert_eq!(offsets, [Some(5.0), Some(70.0), Some(72.0)], "{key}");
            let american = starts("2026-09-03T23:59:00+02:00", key, ["11:59:50 PM", "12:00:10 AM", "12:01:00 AM"]);
            assert_eq!(american, [Some(50.0), Some(70.0), Some(120.0)], "{key}");
        }
    }

    #[test]
    fn full_times_of_nested_turns_give_both_their_ends() {
        let text = r#"{"contact_id":"1","started_at":"2026-09-03T09:12:00Z","turns":[{"role":"agent","text":"Bonjour","start_time":"2026-09-03T09:12:01Z","end_time":"2026-09-03T09:12:04Z"}]}"#;
        let (contacts, ..) = testing::read_bytes("a.json", text.as_bytes());
        assert_eq!((contacts[0].turns[0].start_s, contacts[0].turns[0].end_s), (Some(1.0), Some(4.0)));
    }
}
