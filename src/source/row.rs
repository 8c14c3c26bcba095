//! One row of named cells, or a group of rows of one contact, to a [`Contact`].
//!
//! This is the one place where the rules of contact records live, whatever the format: which values are needed, which
//! are refused, which become null with a flag. Refused: no identifier, no readable start time, an end before the start, a
//! turn that is too long. Null with a flag: an unknown channel, a survey answer outside its scale, an unreadable duration.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::config::Settings;
use crate::contact::{Contact, Direction, Provenance, Speaker, Turn};
use crate::error::{RecordError, RejectCode};

use super::columns::{FIELDS, Field};
use super::customers::Customers;
use super::dialogue::{self, RawTurn};
use super::speakers::{self, Voice, push};
use super::time::{self, DateOrder, Moment};
use super::value::{self, Cell};
use super::{automatic, timing};

/// What a reader knows about its file, needed to read any of its rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    /// Configuration.
    pub(crate) settings: &'a Settings,
    /// Customer directory.
    pub(crate) customers: &'a Customers,
    /// The file as shown to the user.
    pub(crate) file: &'a str,
    /// Order of day and month in this file.
    pub(crate) order: DateOrder,
    /// Identifiers may be derived: the file has no identifier column at all.
    pub(crate) derive_ids: bool,
}

impl Place<'_> {
    /// A reject of one record of this file.
    pub(crate) fn reject(&self, record: u64, code: RejectCode, message: impl Into<String>) -> RecordError {
        RecordError::new(self.file, Some(record), code, message)
    }

    /// A reject of the whole file.
    pub(crate) fn reject_file(&self, code: RejectCode, message: impl Into<String>) -> RecordError {
        RecordError::new(self.file, None, code, message)
    }
}

/// The cells of one row by field. A field is known when its column exists, even if the cell is empty.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    /// 1-based row, line or object number.
    pub(crate) record: u64,
    cells: Vec<Option<Cell>>,
    known: Vec<bool>,
    units: Vec<f64>,
    /// Turns, for formats that nest them.
    pub(crate) turns: Option<Vec<RawTurn>>,
    /// Flags raised while reading the row.
    pub(crate) flags: Vec<String>,
    /// Start to use when the row has none (transcript files: from the file's name or date), with its flag.
    pub(crate) fallback_start: Option<Moment>,
    /// Identifier to use when the row has none (transcript files: from the file's name).
    pub(crate) fallback_id: Option<String>,
    /// The row is a comment of a ticket: the author of the first one is the customer.
    pub(crate) is_comment: bool,
}

impl Row {
    /// An empty row.
    pub(crate) fn new(record: u64) -> Self {
        Self {
            record,
            cells: vec![None; FIELDS],
            known: vec![false; FIELDS],
            units: vec![1.0; FIELDS],
            turns: None,
            flags: Vec::new(),
            fallback_start: None,
            fallback_id: None,
            is_comment: false,
        }
    }

    /// Sets the cell of a field; a missing mark leaves the field known and empty.
    pub(crate) fn set(&mut self, field: Field, cell: Option<Cell>, unit: f64) {
        self.known[field as usize] = true;
        self.units[field as usize] = unit;
        self.cells[field as usize] = cell.filter(|cell| match (field, cell) {
            // Words are kept as they are: "non" and "-" are answers too.
            (Field::Text | Field::Subject, Cell::Text(text)) => {
                !text.trim().is_empty() && !matches!(text.trim(), "NULL" | "null" | "\\N" | "NaN")
            }
            _ => !cell.is_missing(),
        });
    }

    /// The cell of a field, when it has a value.
    pub(crate) fn cell(&self, field: Field) -> Option<&Cell> {
        self.cells[field as usize].as_ref()
    }

    /// Whether the source has the field at all.
    pub(crate) fn knows(&self, field: Field) -> bool {
        self.known[field as usize]
    }

    /// The value as trimmed text.
    pub(crate) fn text(&self, field: Field) -> Option<String> {
        self.cell(field).map(|cell| cell.text().trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// Takes over the values that this row lacks and the other has (rows of one contact).
    fn complete_with(&mut self, other: &Self) {
        for (index, cell) in other.cells.iter().enumerate() {
            if self.cells[index].is_none() {
                self.cells[index].clone_from(cell);
            }
            self.known[index] |= other.known[index];
        }
        for flag in &other.flags {
            push(&mut self.flags, flag);
        }
    }

    /// Bytes of text held, for memory bounds.
    pub(crate) fn bytes(&self) -> usize {
        self.cells
            .iter()
            .flatten()
            .map(|cell| if let Cell::Text(text) = cell { text.len() + 32 } else { 32 })
            .sum::<usize>()
            + 256
    }
}

/// Makes the contact of one row that holds everything.
pub(crate) fn contact(row: &Row, place: &Place<'_>) -> Result<Contact, RecordError> {
    let mut started = start(row, place)?;
    let options = &place.settings.options;
    if started.is_none() {
        // Chats without a start of their own start with their first message.
        let messages = row.turns.iter().flatten().filter_map(|turn| turn.at);
        started = messages.min().map(|instant| Moment { instant, flag: None });
    }
    let mut flags = row.flags.clone();
    let (mut turns, voices) = if let Some(raw) = &row.turns {
        raw_turns(raw.clone(), started.map(|moment| moment.instant))
    } else {
        match row.cell(Field::Text) {
            None => (Vec::new(), Vec::new()),
            Some(cell) => {
                let text = plain(cell.text());
                match dialogue::split(&text, options, false) {
                    Some(raw) => raw_turns(raw, None),
                    None => (
                        vec![Turn::new(Speaker::Unknown, text)],
                        vec![Voice { label: row.text(Field::Speaker), usual_role: None }],
                    ),
                }
            }
        }
    };
    let mut speaker_confidence = None;
    if turns.len() == 1 && row.turns.is_none() {
        // One text is what the party who started the contact wrote, unless its speaker is known.
        let direction = row.text(Field::Direction).and_then(|text| value::direction(&text, options));
        let by_direction = if direction == Some(Direction::Outbound) { Speaker::Agent } else { Speaker::Customer };
        turns[0].speaker =
            voices[0].label.as_deref().and_then(|label| value::speaker(label, options)).unwrap_or(by_direction);
    } else {
        speaker_confidence = speakers::resolve(&mut turns, &voices, options, &mut flags);
        if row.is_comment && speakers::first_is_customer(&mut turns, &voices, &mut flags) {
            speaker_confidence = Some(FIRST_AUTHOR_ASKS);
        }
    }
    finish(row, started, Said { turns, speaker_confidence }, flags, place)
}

/// Makes the contact of rows that hold one turn each, in the order of their turn index, else of the file.
pub(crate) fn contact_of_turns(mut rows: Vec<Row>, place: &Place<'_>) -> Result<Contact, RecordError> {
    let options = &place.settings.options;
    // Internal notes are the company's own words to itself. A ticket of notes alone keeps none of its words.
    let is_private = |row: &Row| {
        row.cell(Field::Public).and_then(|cell| value::boolean(cell, Field::Public, options)) == Some(false)
    };
    if rows.iter().any(is_private) {
        for row in rows.iter_mut().filter(|row| is_private(row)) {
            row.cells[Field::Text as usize] = None;
        }
        for row in &mut rows {
            push(&mut row.flags, "private_notes_left_out");
        }
    }
    let indexed: Option<Vec<f64>> = rows.iter().map(|row| row.cell(Field::TurnIndex).and_then(Cell::number)).collect();
    if let Some(indices) = indexed {
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_by(|a, b| indices[*a].total_cmp(&indices[*b]).then(a.cmp(b)));
        let mut slots: Vec<Option<Row>> = rows.into_iter().map(Some).collect();
        rows = order.into_iter().filter_map(|index| slots[index].take()).collect();
    }
    if let [row] = rows.as_slice() {
        return contact(row, place);
    }
    let record = rows.iter().map(|row| row.record).min().unwrap_or(1);
    let mut head = rows.first().cloned().unwrap_or_else(|| Row::new(record));
    head.record = record;
    for row in rows.iter().skip(1) {
        head.complete_with(row);
    }
    // The contact starts with its earliest row, and ends with the latest end that any row gives.
    let mut started: Option<Moment> = None;
    let mut starts = Vec::with_capacity(rows.len());
    for row in &rows {
        let moment = if row.cell(Field::StartedAt).is_some() { start(row, place)? } else { None };
        if let Some(moment) = moment
            && started.is_none_or(|earliest| moment.instant < earliest.instant)
        {
            started = Some(moment);
        }
        starts.push(moment.map(|moment| moment.instant));
    }
    let varies = starts.iter().flatten().any(|start| Some(*start) != started.map(|moment| moment.instant));
    let mut flags = head.flags.clone();
    let raw: Vec<RawTurn> = rows
        .iter()
        .zip(&starts)
        .filter_map(|(row, start)| {
            let text = plain(row.cell(Field::Text)?.text());
            let (start_s, at) = turn_time(row, Field::TurnStart, place);
            let (end_s, _) = turn_time(row, Field::TurnEnd, place);
            Some(RawTurn {
                label: row.text(Field::Speaker),
                text,
                start_s,
                end_s,
                at: at.or(if varies { *start } else { None }),
                ..RawTurn::default()
            })
        })
        .collect();
    if started.is_none() {
        // Files without a column for the contact's start may give each turn a full time.
        started = raw.iter().filter_map(|turn| turn.at).min().map(|instant| Moment { instant, flag: None });
    }
    let (mut turns, voices) = raw_turns(raw, started.map(|moment| moment.instant));
    let mut speaker_confidence = speakers::resolve(&mut turns, &voices, options, &mut flags);
    if head.is_comment && speakers::first_is_customer(&mut turns, &voices, &mut flags) {
        speaker_confidence = Some(FIRST_AUTHOR_ASKS);
    }
    finish(&head, started, Said { turns, speaker_confidence }, flags, place)
}

/// The start time of a row; an error when it is there and cannot be read.
fn start(row: &Row, place: &Place<'_>) -> Result<Option<Moment>, RecordError> {
    let Some(cell) = row.cell(Field::StartedAt) else { return Ok(None) };
    let with_clock = match (cell, row.cell(Field::StartClock)) {
        (Cell::Text(date), Some(Cell::Text(clock))) => Some(format!("{} {}", date.trim(), clock.trim())),
        _ => None,
    };
    // A date column that already has the time wins over the separate time column.
    let moment = moment(cell, place).filter(|moment| moment.flag != Some("date_without_time"));
    let moment = moment
        .or_else(|| with_clock.and_then(|text| self::moment(&Cell::Text(text), place)))
        .or_else(|| self::moment(cell, place));
    match moment {
        Some(moment) => Ok(Some(moment)),
        None => Err(place
            .reject(row.record, RejectCode::BadTime, format!("start time of {} characters cannot be read; expected for example 2026-09-03T09:12:00+02:00 or 03/09/2026 09:12", cell.text().chars().count()))
            .field(Field::StartedAt.name())),
    }
}

/// Reads any cell as an instant.
pub(crate) fn moment(cell: &Cell, place: &Place<'_>) -> Option<Moment> {
    let zone = place.settings.time_zone;
    match cell {
        Cell::Text(text) => time::instant(text, zone, place.order),
        Cell::Instant(instant) => Some(Moment { instant: *instant, flag: None }),
        Cell::Local(local) => time::local_to_utc(*local, zone),
        Cell::Number(number) => time::epoch(*number).map(|instant| Moment { instant, flag: None }),
        Cell::Integer(number) => time::epoch(*number as f64).map(|instant| Moment { instant, flag: None }),
        Cell::Bool(_) => None,
    }
}

/// The time of a turn: seconds from the start of the contact, or an instant.
fn turn_time(row: &Row, field: Field, place: &Place<'_>) -> (Option<f64>, Option<DateTime<Utc>>) {
    let Some(cell) = row.cell(field) else { return (None, None) };
    match value::seconds(cell, row.units[field as usize]) {
        Some(seconds) => (Some(seconds), None),
        None => (None, moment(cell, place).map(|moment| moment.instant)),
    }
}

/// How sure it is that the first author of a ticket is the customer.
const FIRST_AUTHOR_ASKS: f64 = 0.75;

/// The conversation of a contact, its roles resolved.
struct Said {
    turns: Vec<Turn>,
    speaker_confidence: Option<f64>,
}

/// Below this confidence of the speech recogniser, the words of a segment may be invented.
const DOUBTFUL_BELOW: f64 = 0.4;

/// Turns with times from the start of the contact, in order, and the voices beside them.
fn raw_turns(mut raw: Vec<RawTurn>, started: Option<DateTime<Utc>>) -> (Vec<Turn>, Vec<Voice>) {
    if raw.iter().all(|turn| turn.at.is_some()) {
        // Every message has its own time: that is the order of the conversation. The sort keeps the order of equals.
        raw.sort_by_key(|turn| turn.at);
    }
    let started = started.or_else(|| raw.iter().filter_map(|turn| turn.at).min());
    raw.into_iter()
        .filter(|turn| !turn.text.trim().is_empty())
        .map(|raw| {
            let from_start = |at: DateTime<Utc>| {
                started.map(|start| (at - start).num_milliseconds() as f64 / 1000.0).filter(|seconds| *seconds >= 0.0)
            };
            let start_s = raw.start_s.or_else(|| raw.at.and_then(from_start));
            let end_s = raw.end_s.filter(|end| start_s.is_none_or(|start| *end >= start));
            let turn = Turn {
                speaker: raw.role.unwrap_or(Speaker::Unknown),
                text: raw.text,
                start_s,
                end_s,
                language: None,
                confidence: raw.confidence.filter(|sure| (0.0..=1.0).contains(sure)),
            };
            (turn, Voice { label: raw.label, usual_role: raw.usual_role })
        })
        .unzip()
}

/// Text without markup.
pub(crate) fn plain(text: String) -> String {
    if looks_like_html(&text) { crate::text::html::html_to_text(&text) } else { text }
}

/// Whether a text is HTML. Caught: `<p>Bonjour</p>`. Not caught: `a < b`, `<3`, `<jean@example.com>`.
fn looks_like_html(text: &str) -> bool {
    const TAGS: [&str; 12] =
        ["<p>", "<p ", "<br", "<div", "</p>", "<html", "<span", "<table", "<body", "<a href", "<ul>", "<!doctype"];
    if !text.contains('<') {
        return false;
    }
    let start: String = text.chars().take(20_000).collect::<String>().to_ascii_lowercase();
    TAGS.iter().any(|tag| start.contains(tag))
}

/// Fills everything but the turns and checks the contact.
fn finish(
    row: &Row,
    started: Option<Moment>,
    said: Said,
    mut flags: Vec<String>,
    place: &Place<'_>,
) -> Result<Contact, RecordError> {
    let Said { mut turns, speaker_confidence } = said;
    let settings = place.settings;
    let options = &settings.options;
    let Some(started) = started.or(row.fallback_start) else {
        return Err(place
            .reject(row.record, RejectCode::MissingStartedAt, "the contact has no start time")
            .field(Field::StartedAt.name()));
    };
    let limit = options.input.max_turn_chars;
    for turn in &turns {
        // Characters are counted only where the bytes allow more of them than the limit.
        if turn.text.len() > limit && turn.text.chars().count() > limit {
            return Err(place
                .reject(
                    row.record,
                    RejectCode::TooLong,
                    format!("a turn is longer than input.max_turn_chars = {limit}"),
                )
                .field(Field::Text.name()));
        }
    }
    let customer_id = customer(row, place.customers);
    let contact_id = match row.text(Field::ContactId).or_else(|| row.fallback_id.clone()) {
        Some(id) => id,
        None if place.derive_ids => {
            derived_id(customer_id.as_deref(), started.instant, row.text(Field::Subject).as_deref(), &turns)
        }
        None => {
            return Err(place
                .reject(row.record, RejectCode::MissingContactId, "the contact has no identifier")
                .field(Field::ContactId.name()));
        }
    };
    let mut contact =
        Contact::new(contact_id, started.instant, Provenance { file: place.file.to_owned(), record: row.record });
    contact.customer_id = customer_id;
    if let Some(cell) = row.cell(Field::EndedAt) {
        match end(cell, started.instant, place) {
            Some(ended_at) if ended_at < started.instant => {
                return Err(place
                    .reject(row.record, RejectCode::EndsBeforeStart, "the contact ends before it starts")
                    .field(Field::EndedAt.name()));
            }
            Some(ended_at) => contact.ended_at = Some(ended_at),
            None => push(&mut flags, "unreadable_ended_at"),
        }
    }
    if let Some(flag) = started.flag {
        push(&mut flags, flag);
    }
    contact.channel = match row.cell(Field::Channel).map(Cell::text) {
        Some(text) => value::channel(&text, options).or_else(|| {
            push(&mut flags, "unknown_channel_value");
            None
        }),
        None => settings.default_channel,
    };
    if let Some(text) = row.text(Field::Direction) {
        match value::direction(&text, options) {
            Some(direction) => contact.direction = direction,
            None => push(&mut flags, "unknown_direction_value"),
        }
    }
    contact.subject = row.text(Field::Subject);
    contact.agent_reason = row.text(Field::AgentReason);
    contact.language = row.text(Field::Language).and_then(|text| value::language(&text));
    dimensions(row, &mut contact, &mut flags);
    handling(row, &mut contact, &mut flags, place);
    survey(row, &mut contact, &mut flags, place);
    automatic::mark(&mut turns, contact.channel, &mut flags);
    if turns.iter().any(|turn| turn.confidence.is_some_and(|sure| sure < DOUBTFUL_BELOW)) {
        push(&mut flags, "low_confidence_speech");
    }
    contact.turns = turns;
    contact.speaker_confidence = speaker_confidence;
    contact.flags = flags;
    timing::fill(&mut contact);
    Ok(contact)
}

/// The closing time. A bare time of day (`heure_fin`) is of the day of the start.
fn end(cell: &Cell, started: DateTime<Utc>, place: &Place<'_>) -> Option<DateTime<Utc>> {
    if let Some(moment) = moment(cell, place) {
        return Some(moment.instant);
    }
    let Cell::Text(text) = cell else { return None };
    let day = started.with_timezone(&place.settings.time_zone).date_naive();
    moment(&Cell::Text(format!("{day} {}", text.trim())), place).map(|moment| moment.instant)
}

fn customer(row: &Row, customers: &Customers) -> Option<String> {
    if let Some(id) = row.text(Field::CustomerId) {
        return Some(customers.resolve(&id));
    }
    [Field::CustomerEmail, Field::CustomerPhone]
        .iter()
        .find_map(|field| row.text(*field))
        .map(|id| customers.resolve(&id))
}

/// Identifier made from what the contact says, so that it does not depend on the file's name or order.
pub(crate) fn derived_id(
    customer: Option<&str>,
    started: DateTime<Utc>,
    subject: Option<&str>,
    turns: &[Turn],
) -> String {
    let mut hash = Sha256::new();
    let mut part = |text: &str| {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    };
    part(customer.unwrap_or(""));
    part(&started.timestamp_micros().to_string());
    part(subject.unwrap_or(""));
    for turn in turns {
        part(turn.speaker.as_str());
        part(&turn.text);
    }
    format!("auto-{}", hex(&hash.finalize()[..10]))
}

/// Bytes in lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn dimensions(row: &Row, contact: &mut Contact, flags: &mut Vec<String>) {
    let dimensions = &mut contact.dimensions;
    dimensions.team = row.text(Field::Team);
    dimensions.agent_id = row.text(Field::AgentId);
    dimensions.site = row.text(Field::Site);
    dimensions.campaign = row.text(Field::Campaign);
    dimensions.queue = row.text(Field::Queue);
    dimensions.segment = row.text(Field::Segment);
    dimensions.product = row.text(Field::Product);
    if let Some(cell) = row.cell(Field::Level) {
        dimensions.level = value::level(cell);
        if dimensions.level.is_none() {
            push(flags, "unreadable_level");
        }
    }
}

fn handling(row: &Row, contact: &mut Contact, flags: &mut Vec<String>, place: &Place<'_>) {
    let options = &place.settings.options;
    let mut duration = |field: Field, flag: &str| {
        let seconds = value::seconds(row.cell(field)?, row.units[field as usize]);
        if seconds.is_none() {
            push(flags, flag);
        }
        seconds
    };
    contact.handling.wait_s = duration(Field::Wait, "unreadable_wait_s");
    contact.handling.talk_s = duration(Field::Talk, "unreadable_talk_s");
    contact.handling.hold_s = duration(Field::Hold, "unreadable_hold_s");
    contact.handling.acw_s = duration(Field::Acw, "unreadable_acw_s");
    contact.handling.silence_s = duration(Field::Silence, "unreadable_silence_s");
    contact.handling.interruptions = row
        .cell(Field::Interruptions)
        .and_then(Cell::number)
        .filter(|count| (0.0..=1e6).contains(count))
        .map(|count| count as u32);
    // Shares are also written as percentages.
    contact.handling.agent_talk_share = row
        .cell(Field::AgentTalkShare)
        .and_then(Cell::number)
        .map(|share| if share > 1.0 { share / 100.0 } else { share })
        .filter(|share| (0.0..=1.0).contains(share));
    if let Some(cell) = row.cell(Field::Abandoned) {
        contact.handling.is_abandoned = value::boolean(cell, Field::Abandoned, options);
        if contact.handling.is_abandoned.is_none() {
            push(flags, "unreadable_abandoned");
        }
    }
    let says_no = |cell: &Cell| {
        value::boolean(cell, Field::TransferredTo, options) == Some(false)
            || matches!(super::columns::normalise(&cell.text()).as_str(), "aucun" | "aucune" | "sansobjet")
    };
    let target = row.cell(Field::TransferredTo).filter(|cell| !says_no(cell)).map(|cell| cell.text().trim().to_owned());
    contact.handling.is_transferred =
        match row.cell(Field::Transferred).and_then(|cell| value::boolean(cell, Field::Transferred, options)) {
            Some(transferred) => Some(transferred || target.is_some()),
            None if target.is_some() => Some(true),
            None => row.knows(Field::TransferredTo).then_some(false),
        };
    contact.handling.transferred_to = target;
    if let Some(text) = row.text(Field::TransferType) {
        contact.handling.transfer_type = value::transfer_type(&text, options);
        match contact.handling.transfer_type {
            Some(_) => contact.handling.is_transferred = Some(true),
            None => push(flags, "unknown_transfer_type_value"),
        }
    }
}

fn survey(row: &Row, contact: &mut Contact, flags: &mut Vec<String>, place: &Place<'_>) {
    let scales = &place.settings.options.survey;
    let mut answer = |field: Field, scale: [f64; 2], flag: &str| {
        let number = row.cell(field)?.number().filter(|number| (scale[0]..=scale[1]).contains(number));
        if number.is_none() {
            push(flags, flag);
        }
        number
    };
    contact.survey.csat = answer(Field::Csat, scales.csat_scale, "csat_out_of_scale");
    contact.survey.nps = answer(Field::Nps, scales.nps_scale, "nps_out_of_scale");
    contact.survey.ces = answer(Field::Ces, scales.ces_scale, "ces_out_of_scale");
}
