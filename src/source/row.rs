//! One row of named cells, or a group of rows of one contact, to a [`Contact`].
//!
//! This is the one place where the rules of contact records live, whatever the format: which values are needed, which
//! are refused, which become null with a flag. Refused: no identifier, no readable start time, an end before the start, a
//! turn that is too long. Null with a flag: an unknown channel, a survey answer outside its scale, an unreadable duration,
//! a closing on the day of the start without its time.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Timelike, Utc};
use sha2::{Digest, Sha256};

use crate::config::{Options, Settings};
use crate::contact::{Contact, Direction, Provenance, Speaker, Turn};
use crate::error::{RecordError, RejectCode};

use super::columns::{FIELDS, Field, Mapping};
use super::customers::{Customers, bare_address};
use super::dialogue::{self, Began, RawTurn, Written};
use super::email::is_company_address;
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
    /// No date of the file proves the order: it was taken from lesser signs.
    pub(crate) is_order_guessed: bool,
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
    /// The row is one message of its contact, to be grouped with the others (objects of JSON).
    pub(crate) is_turn: bool,
    /// The row is one message of its contact, told by an identifier that comes back with other words: no speaker is named.
    pub(crate) is_message: bool,
    /// The address beside the words is that of the sender of this message.
    pub(crate) names_sender: bool,
    /// The words are those of a column that is named for whole conversations.
    pub(crate) is_conversation: bool,
    /// A spreadsheet has rounded the identifier of the contact away.
    has_rounded_id: bool,
    /// A word says that nobody knows the customer.
    pub(crate) has_word_for_nobody: bool,
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
            is_turn: false,
            is_message: false,
            names_sender: false,
            is_conversation: false,
            has_rounded_id: false,
            has_word_for_nobody: false,
        }
    }

    /// An empty row of a file whose columns are known.
    pub(crate) fn of(record: u64, mapping: &Mapping) -> Self {
        Self {
            is_comment: mapping.is_comments(),
            names_sender: mapping.names_sender(),
            is_conversation: mapping.holds_conversations(),
            ..Self::new(record)
        }
    }

    /// Sets the cell of a field; a missing mark leaves the field known and empty.
    pub(crate) fn set(&mut self, field: Field, cell: Option<Cell>, unit: f64) {
        self.known[field as usize] = true;
        self.units[field as usize] = unit;
        let cell = match (field, cell) {
            // Words are kept as they are.
            (Field::Text | Field::Subject, cell) => cell,
            (Field::CustomerEmail, Some(Cell::Text(text))) => Some(Cell::Text(bare_address(&text).to_owned())),
            (_, cell) => cell.map(Cell::into_typed),
        };
        let is_rounded = matches!(&cell, Some(Cell::Text(text)) if value::is_rounded(text));
        if field == Field::ContactId {
            self.has_rounded_id = is_rounded;
        }
        if let (Field::CustomerId | Field::CustomerEmail | Field::CustomerPhone, Some(Cell::Text(text))) =
            (field, &cell)
        {
            self.has_word_for_nobody |= value::is_word_for_nobody(text);
        }
        self.cells[field as usize] = cell.filter(|cell| match (field, cell) {
            // "non" and "-" are answers too.
            (Field::Text | Field::Subject, Cell::Text(text)) => {
                !text.trim().is_empty() && !matches!(text.trim(), "NULL" | "null" | "\\N" | "NaN")
            }
            (Field::ContactId, _) => !cell.is_missing() && !is_rounded,
            (Field::CustomerId | Field::CustomerEmail | Field::CustomerPhone, _) => !cell.names_nobody(),
            _ => !cell.is_missing(),
        });
    }

    /// The reject of a row that has no identifier of its contact; `message` says so unless a spreadsheet rounded it.
    pub(crate) fn without_id(&self, message: &str, place: &Place<'_>) -> RecordError {
        let message = if self.has_rounded_id {
            "a spreadsheet has rounded the identifier (as in 3,36E+10), so that several contacts would share it; export its column as text"
        } else {
            message
        };
        place.reject(self.record, RejectCode::MissingContactId, message).field(Field::ContactId.name())
    }

    /// Takes the first words of other columns where the column of the words is empty.
    pub(crate) fn words_beside(&mut self, others: impl Iterator<Item = Option<Cell>>) {
        for cell in others {
            if self.cell(Field::Text).is_some() {
                return;
            }
            self.set(Field::Text, cell, 1.0);
        }
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

    /// What the cells say, to compare rows by.
    fn written(&self) -> Vec<Option<String>> {
        self.cells.iter().map(|cell| cell.as_ref().map(Cell::text)).collect()
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
    let is_private = is_private(row, options);
    if is_private {
        push(&mut flags, PRIVATE);
    }
    let mut began = Began::at(stated_second_of_day(started.or(row.fallback_start), place));
    began.lasts_s = started.and_then(|moment| {
        Some(seconds_between(moment.instant, latest_end(std::slice::from_ref(row), moment.instant, place)?))
    });
    let (mut turns, voices) = if let Some(raw) = &row.turns {
        let mut raw = raw.clone();
        dialogue::count_from_start(&mut raw, began);
        raw_turns(raw, started.map(|moment| moment.instant))
    } else {
        match row.cell(Field::Text).filter(|_| !is_private) {
            None => (Vec::new(), Vec::new()),
            Some(cell) => {
                let text = plain(cell.text());
                match dialogue::split_cell(&text, options, row.is_conversation) {
                    Some(mut raw) => {
                        dialogue::count_from_start(&mut raw, began);
                        raw_turns(raw, None)
                    }
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
        let stated = voices[0].label.as_deref().and_then(|label| value::speaker(label, options));
        let are_both_there = stated.is_none() && dialogue::names_both_parties(&turns[0].text, options);
        if are_both_there {
            push(&mut flags, speakers::UNKNOWN);
        }
        turns[0].speaker = match stated {
            Some(speaker) => speaker,
            None if are_both_there => Speaker::Unknown,
            None => writer(row, options),
        };
    } else {
        speaker_confidence = speakers::resolve(&mut turns, &voices, options, &mut flags);
        if row.is_comment && speakers::first_is_customer(&mut turns, &voices, &mut flags) {
            speaker_confidence = Some(FIRST_AUTHOR_ASKS);
        }
    }
    finish(row, started, Said { turns, speaker_confidence }, flags, place)
}

/// Who wrote the one text of a row that names no speaker: the party who started the contact.
fn writer(row: &Row, options: &Options) -> Speaker {
    match row.text(Field::Direction).and_then(|text| value::direction(&text, options)) {
        Some(Direction::Outbound) => Speaker::Agent,
        _ => Speaker::Customer,
    }
}

/// Flag: private notes were there and are not among the turns.
pub(super) const PRIVATE: &str = "private_notes_left_out";

/// Whether the words of a row are an internal note: the company's own words to itself.
fn is_private(row: &Row, options: &Options) -> bool {
    // In a row that nests its turns, each turn says it for itself.
    row.turns.is_none() && value::is_note(row.cell(Field::Public), row.cell(Field::Private), options)
}

/// Makes the contact of rows that hold one turn each, in the order of their turn index, else of the file.
pub(crate) fn contact_of_turns(mut rows: Vec<Row>, place: &Place<'_>) -> Result<Contact, RecordError> {
    let options = &place.settings.options;
    // A ticket of notes alone keeps none of its words.
    if rows.iter().any(|row| is_private(row, options)) {
        for row in rows.iter_mut().filter(|row| is_private(row, options)) {
            row.cells[Field::Text as usize] = None;
        }
        for row in &mut rows {
            push(&mut row.flags, PRIVATE);
        }
    }
    if rows.iter().all(|row| row.is_message) {
        rows = in_order_of_time(rows, place)?;
    }
    for row in &mut rows {
        // A full time as the end of a turn is an end of the contact too, until a later one is found.
        if row.cell(Field::EndedAt).is_none()
            && let (_, Some(instant)) = turn_time(row, Field::TurnEnd, place)
        {
            row.cells[Field::EndedAt as usize] = Some(Cell::Instant(instant));
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
    let ends: Vec<_> = rows.iter().map(|row| turn_time(row, Field::TurnEnd, place)).collect();
    // One full time on every row is the end of the contact, written beside each turn.
    let ends_vary = ends.iter().any(|(_, end)| *end != ends[0].1);
    let mut flags = head.flags.clone();
    let have_senders = have_senders(&rows, options);
    let mut raw: Vec<RawTurn> = rows
        .iter()
        .zip(&starts)
        .zip(&ends)
        .flat_map(|((row, start), (end_s, ended))| {
            let Some(text) = row.cell(Field::Text).map(|cell| plain(cell.text())) else { return Vec::new() };
            let sent = if varies { *start } else { None };
            if row.is_message {
                return message(row, text, sent, have_senders, place);
            }
            let (begun, at) = turn_time(row, Field::TurnStart, place);
            vec![RawTurn {
                label: row.text(Field::Speaker),
                text,
                start_s: begun.map(|(seconds, _)| seconds),
                end_s: end_s.map(|(seconds, _)| seconds),
                at: at.or(sent),
                ended: if ends_vary { *ended } else { None },
                written: begun.map(|(_, written)| written).unwrap_or_default(),
                ..RawTurn::default()
            }]
        })
        .collect();
    let end = started.and_then(|moment| Some((moment.instant, latest_end(&rows, moment.instant, place)?)));
    let began = Began {
        second_of_day: stated_second_of_day(started, place),
        lasts_s: end.map(|(start, end)| seconds_between(start, end)),
        is_beside_turns: true,
    };
    dialogue::count_from_start(&mut raw, began);
    if started.is_none() {
        // Files without a column for the contact's start may give each turn a full time.
        started = raw.iter().filter_map(|turn| turn.at).min().map(|instant| Moment { instant, flag: None });
    }
    if let Some(latest) = started.and_then(|moment| latest_end(&rows, moment.instant, place)) {
        head.cells[Field::EndedAt as usize] = Some(Cell::Instant(latest));
    }
    let (mut turns, voices) = raw_turns(raw, started.map(|moment| moment.instant));
    let mut speaker_confidence = speakers::resolve(&mut turns, &voices, options, &mut flags);
    if (head.is_comment || have_senders) && speakers::first_is_customer(&mut turns, &voices, &mut flags) {
        speaker_confidence = Some(FIRST_AUTHOR_ASKS);
    }
    finish(&head, started, Said { turns, speaker_confidence }, flags, place)
}

/// Messages in the order in which they were written, whatever that of the rows. The same words at the same time are one
/// message, delivered twice.
fn in_order_of_time(rows: Vec<Row>, place: &Place<'_>) -> Result<Vec<Row>, RecordError> {
    let mut dated = Vec::with_capacity(rows.len());
    for mut row in rows {
        let started = start(&row, place)?.map(|moment| moment.instant);
        // A closing without date is of the day of its own message, not of that of the first one.
        if let (Some(started), Some(cell)) = (started, row.cell(Field::EndedAt))
            && let End::At(ended) = end(cell, started, place)
        {
            row.cells[Field::EndedAt as usize] = Some(Cell::Instant(ended));
        }
        let words = row.text(Field::Text).map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        dated.push((started.is_none(), started, words, row));
    }
    dated.sort_by(|(is_open, at, words, row), (is_other_open, other_at, other_words, other)| {
        let by_time = (is_open, at, words).cmp(&(is_other_open, other_at, other_words));
        by_time.then_with(|| row.written().cmp(&other.written()))
    });
    dated.dedup_by(|(_, at, words, row), (_, kept_at, kept_words, kept)| {
        let is_again = at == kept_at && words == kept_words;
        if is_again {
            kept.record = kept.record.min(row.record);
            kept.complete_with(row);
        }
        is_again
    });
    Ok(dated.into_iter().map(|(.., row)| row).collect())
}

/// Whether the addresses beside the messages of one contact are those of their senders: the column says so, or one of
/// them is the company's, and they are not all the same.
fn have_senders(rows: &[Row], options: &Options) -> bool {
    let is_company = |address: String| is_company_address(&address, &options.input.company_addresses);
    if !rows.iter().any(|row| row.names_sender || sender(row).is_some_and(is_company)) {
        return false;
    }
    let mut addresses = rows.iter().filter(|row| row.is_message).filter_map(sender);
    addresses.next().is_some_and(|first| addresses.any(|address| address != first))
}

/// The address beside a message.
fn sender(row: &Row) -> Option<String> {
    row.text(Field::CustomerEmail).map(|address| address.to_lowercase())
}

/// The turns of a message: one, or those of the conversation that it holds, each at the time of the message or later.
/// Where messages have senders, these tell who speaks, unless the row has a direction.
fn message(
    row: &Row,
    text: String,
    sent: Option<DateTime<Utc>>,
    have_senders: bool,
    place: &Place<'_>,
) -> Vec<RawTurn> {
    let options = &place.settings.options;
    let Some(mut turns) = dialogue::split_cell(&text, options, row.is_conversation) else {
        let sender = sender(row).filter(|_| have_senders && row.cell(Field::Direction).is_none());
        let role = match &sender {
            Some(address) if is_company_address(address, &options.input.company_addresses) => Some(Speaker::Agent),
            Some(address) => value::configured_speaker(address, options),
            None => Some(writer(row, options)),
        };
        // In figures, since no part of an address names a role: `contact@` is the company's.
        let label = sender.map(|address| hex(address.as_bytes()));
        return vec![RawTurn { label, text, at: sent, role, ..RawTurn::default() }];
    };
    let Some(sent) = sent else { return turns };
    dialogue::count_from_start(&mut turns, Began::at(Some(second_of_day(sent, place))));
    let after = |seconds: f64| sent.checked_add_signed(Duration::try_milliseconds((seconds * 1000.0) as i64)?);
    let mut latest = sent;
    for turn in &mut turns {
        latest = latest.max(turn.at.or(turn.start_s.take().and_then(after)).unwrap_or(latest));
        turn.at = Some(latest);
        turn.ended = turn.ended.or(turn.end_s.take().and_then(after));
    }
    turns
}

/// The start time of a row; an error when it is there and cannot be read.
fn start(row: &Row, place: &Place<'_>) -> Result<Option<Moment>, RecordError> {
    let Some(cell) = row.cell(Field::StartedAt) else { return Ok(None) };
    let moment = moment(cell, place);
    // A date column that already has the time wins over the separate time column. Midnight is no such time: tables write
    // a date alone so.
    let has_time = moment.is_some_and(|moment| !is_date_alone(&moment, place));
    let with_clock = if has_time { None } else { with_clock(cell, row.cell(Field::StartClock), place) };
    let moment = with_clock.or(moment).or_else(|| serial(cell, place));
    match moment {
        Some(moment) => Ok(Some(moment)),
        None if time::order_shown_by(&cell.text()).is_some_and(|order| order != place.order) => Err(place
            .reject(
                row.record,
                RejectCode::BadTime,
                "the day and the month of the start time stand in another order than in the other dates of the file, or than input.date_order says; write all dates in one order",
            )
            .field(Field::StartedAt.name())),
        None => Err(place
            .reject(row.record, RejectCode::BadTime, format!("start time of {} characters cannot be read; expected for example 2026-09-03T09:12:00+02:00 or 03/09/2026 09:12", cell.text().chars().count()))
            .field(Field::StartedAt.name())),
    }
}

/// A date as spreadsheets count it, in days since the end of 1899: `46268,3833` is 3 September 2026 at 09:12.
///
/// Not caught: numbers of other than five digits before the mark, years before 1990.
fn serial(cell: &Cell, place: &Place<'_>) -> Option<Moment> {
    let text = cell.text();
    let text = text.trim();
    let (days, rest) = text.split_at_checked(5)?;
    let fraction = rest.strip_prefix(['.', ',']).unwrap_or(rest);
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(days) || !are_digits(fraction) || (rest.len() == fraction.len() && !rest.is_empty()) {
        return None;
    }
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(chrono::Days::new(days.parse().ok()?))?;
    let part: f64 = format!("0.{fraction}0").parse().ok()?;
    if part == 0.0 {
        return moment(&Cell::Date(day), place).filter(|moment| time::in_range(moment.instant).is_some());
    }
    // Rounded to the second, to the minute where the fraction has too few figures for seconds.
    let unit = if fraction.len() < 5 { 60.0 } else { 1.0 };
    let seconds = ((part * 86_400.0 / unit).round() * unit) as i64;
    let local = day.and_time(NaiveTime::MIN).checked_add_signed(Duration::seconds(seconds))?;
    time::local_to_utc(local, place.settings.time_zone)
}

/// Whether a time is a date without time of day, or what tables write for one: midnight.
fn is_date_alone(moment: &Moment, place: &Place<'_>) -> bool {
    moment.flag == Some("date_without_time")
        || moment.instant.with_timezone(&place.settings.time_zone).time() == NaiveTime::MIN
}

/// A time of day as spreadsheets count it, in parts of a day: `0,383333333` is 09:12.
///
/// Not caught: `9,30` and `0,30`, which people write for half past.
fn time_of_serial(text: &str) -> Option<String> {
    const FEWEST_FIGURES: usize = 3;
    let (whole, figures) = text.split_once([',', '.'])?;
    let part: f64 = format!("0.{figures}").parse().ok()?;
    let is_part = whole == "0" && figures.len() >= FEWEST_FIGURES && figures.bytes().all(|byte| byte.is_ascii_digit());
    let unit = if figures.len() < 5 { 60.0 } else { 1.0 };
    let second = ((part * 86_400.0 / unit).round() * unit) as u32;
    NaiveTime::from_num_seconds_from_midnight_opt(second, 0).filter(|_| is_part).map(|time| time.to_string())
}

/// A date and the time of day of another column.
fn with_clock(date: &Cell, clock: Option<&Cell>, place: &Place<'_>) -> Option<Moment> {
    let clock = match clock? {
        Cell::Text(text) => time_of_serial(text.trim()).unwrap_or_else(|| text.trim().to_owned()),
        Cell::Local(local) => local.time().to_string(),
        _ => return None,
    };
    let on = |date: &str| moment(&Cell::Text(format!("{date} {clock}")), place);
    let as_written = if let Cell::Text(date) = date { on(date.trim()) } else { None };
    let read = || moment(date, place).or_else(|| serial(date, place));
    as_written.or_else(|| on(&day_of(read()?.instant, place).to_string()))
}

/// The day of an instant in the configured time zone.
fn day_of(instant: DateTime<Utc>, place: &Place<'_>) -> NaiveDate {
    instant.with_timezone(&place.settings.time_zone).date_naive()
}

/// Reads any cell as an instant.
pub(crate) fn moment(cell: &Cell, place: &Place<'_>) -> Option<Moment> {
    let zone = place.settings.time_zone;
    match cell {
        Cell::Text(text) => time::instant(text, zone, place.order),
        Cell::Instant(instant) => Some(Moment { instant: *instant, flag: None }),
        Cell::Local(local) => time::local_to_utc(*local, zone),
        Cell::Date(date) => {
            let flag = Some("date_without_time");
            time::local_to_utc(date.and_time(NaiveTime::MIN), zone).map(|moment| Moment { flag, ..moment })
        }
        Cell::Number(number) => time::epoch(*number).map(|instant| Moment { instant, flag: None }),
        Cell::Integer(number) => time::epoch(*number as f64).map(|instant| Moment { instant, flag: None }),
        Cell::Bool(_) => None,
    }
}

/// The time of a turn: seconds and how they are written, from the start of the contact or of the day, or an instant.
fn turn_time(row: &Row, field: Field, place: &Place<'_>) -> (Option<(f64, Written)>, Option<DateTime<Utc>>) {
    let Some(cell) = row.cell(field) else { return (None, None) };
    let seconds = match cell {
        Cell::Text(text) if text.contains(':') => dialogue::timed(text),
        _ => {
            let written = if let Cell::Text(text) = cell { Written::of(text) } else { Written::Seconds };
            value::seconds(cell, row.units[field as usize]).map(|seconds| (seconds, written))
        }
    };
    match seconds {
        Some(seconds) => (Some(seconds), None),
        None => (None, moment(cell, place).map(|moment| moment.instant)),
    }
}

/// Seconds since midnight of an instant in the configured time zone.
fn second_of_day(instant: DateTime<Utc>, place: &Place<'_>) -> f64 {
    f64::from(instant.with_timezone(&place.settings.time_zone).time().num_seconds_from_midnight())
}

/// Seconds from one instant to another.
fn seconds_between(start: DateTime<Utc>, end: DateTime<Utc>) -> f64 {
    (end - start).num_milliseconds() as f64 / 1000.0
}

/// Seconds since midnight at which a contact began, where its source says so.
fn stated_second_of_day(started: Option<Moment>, place: &Place<'_>) -> Option<f64> {
    let is_stated = |moment: &Moment| !matches!(moment.flag, Some("date_without_time" | "started_at_from_file_date"));
    Some(second_of_day(started.filter(is_stated)?.instant, place))
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
            let end_s = raw.end_s.or_else(|| raw.ended.and_then(from_start));
            let end_s = end_s.filter(|end| start_s.is_none_or(|start| *end >= start));
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

/// Text without markup, its entities as characters.
pub(crate) fn plain(text: String) -> String {
    use crate::text::html::{decode_entities, html_to_text};
    match markup(&text) {
        Markup::Blocks => html_to_text(&text),
        // Words of several lines with a few of them stressed: the line ends are those of the words.
        Markup::Inline => html_to_text(&text.replace('\n', "<br>")),
        Markup::None => match decode_entities(&text) {
            std::borrow::Cow::Borrowed(_) => text,
            std::borrow::Cow::Owned(decoded) => decoded,
        },
    }
}

/// What a text has of HTML.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Markup {
    None,
    /// Stressed words only.
    Inline,
    Blocks,
}

/// Whether a text is HTML. Caught: `<p>Bonjour</p>`, `<b>Urgent</b>`. Not caught: `a < b`, `<3`, `<jean@example.com>`.
fn markup(text: &str) -> Markup {
    const BLOCKS: [&str; 19] = [
        "<p>",
        "<p ",
        "<br",
        "<div",
        "</p>",
        "<html",
        "<span",
        "<table",
        "<body",
        "<a href",
        "<ul>",
        "<ol>",
        "<li>",
        "</li>",
        "</h1>",
        "</h2>",
        "</h3>",
        "</h4>",
        "<!doctype",
    ];
    const INLINE: [&str; 5] = ["</b>", "</strong>", "</em>", "</i>", "</u>"];
    if !text.contains('<') {
        return Markup::None;
    }
    let start: String = text.chars().take(20_000).collect::<String>().to_ascii_lowercase();
    let has = |tags: &[&str]| tags.iter().any(|tag| start.contains(tag));
    match (has(&BLOCKS), has(&INLINE)) {
        (true, _) => Markup::Blocks,
        (false, true) => Markup::Inline,
        (false, false) => Markup::None,
    }
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
        None => return Err(row.without_id("the contact has no identifier", place)),
    };
    let mut contact =
        Contact::new(contact_id, started.instant, Provenance { file: place.file.to_owned(), record: row.record });
    contact.customer_id = customer_id;
    if let Some(cell) = row.cell(Field::EndedAt) {
        match end(cell, started.instant, place) {
            End::BeforeStart => {
                return Err(place
                    .reject(row.record, RejectCode::EndsBeforeStart, "the contact ends before it starts")
                    .field(Field::EndedAt.name()));
            }
            End::At(ended_at) => contact.ended_at = Some(ended_at),
            End::LaterThatDay => push(&mut flags, "end_date_without_time"),
            End::Unreadable => push(&mut flags, "unreadable_ended_at"),
        }
    }
    if let Some(flag) = started.flag {
        push(&mut flags, flag);
    }
    let proves_none = |text: String| time::is_day_month_year(&text) && time::order_shown_by(&text).is_none();
    if place.is_order_guessed && row.text(Field::StartedAt).is_some_and(proves_none) {
        push(&mut flags, "ambiguous_date_order");
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
    let names = [Field::CustomerFirstName, Field::CustomerName].map(|field| row.text(field).unwrap_or_default());
    contact.names.extend(Some(names.join(" ").trim().to_owned()).filter(|name| !name.is_empty()));
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

/// What the cell of the closing time says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum End {
    At(DateTime<Utc>),
    /// The day of the start, without a time.
    LaterThatDay,
    BeforeStart,
    Unreadable,
}

/// The closing time. A bare time of day (`heure_fin`) is of the day of the start, or of the next day when the contact
/// went past midnight.
fn end(cell: &Cell, started: DateTime<Utc>, place: &Place<'_>) -> End {
    let day = day_of(started, place);
    if let Some(moment) = moment(cell, place).or_else(|| serial(cell, place)) {
        let is_early = moment.instant < started;
        let is_date = moment.flag == Some("date_without_time") || (is_early && is_date_alone(&moment, place));
        return if is_date && day_of(moment.instant, place) == day {
            End::LaterThatDay
        } else if is_early {
            End::BeforeStart
        } else {
            End::At(moment.instant)
        };
    }
    let Cell::Text(clock) = cell else { return End::Unreadable };
    let on = |day: NaiveDate| moment(&Cell::Text(format!("{day} {}", clock.trim())), place).map(|read| read.instant);
    match on(day) {
        None => End::Unreadable,
        Some(instant) if instant >= started => End::At(instant),
        // Past midnight, unless that makes a contact longer than any: 14:30:45 to 14:30 is not a day.
        Some(_) => day
            .succ_opt()
            .and_then(on)
            .filter(|instant| *instant - started <= Duration::hours(LONGEST_PAST_MIDNIGHT_H))
            .map_or(End::BeforeStart, End::At),
    }
}

/// A contact that goes on after midnight is not longer than this.
const LONGEST_PAST_MIDNIGHT_H: i64 = 12;

/// The latest end that any row gives.
fn latest_end(rows: &[Row], started: DateTime<Utc>, place: &Place<'_>) -> Option<DateTime<Utc>> {
    let ends = rows.iter().filter_map(|row| match end(row.cell(Field::EndedAt)?, started, place) {
        End::At(instant) => Some(instant),
        End::LaterThatDay | End::BeforeStart | End::Unreadable => None,
    });
    ends.max()
}

fn customer(row: &Row, customers: &Customers) -> Option<String> {
    let fields = [Field::CustomerId, Field::CustomerEmail, Field::CustomerPhone];
    fields.into_iter().find_map(|field| row.text(field)).map(|id| customers.resolve(&id))
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
        let cell = row.cell(field)?;
        let is_of_scale = value::stated_maximum(cell).is_none_or(|most| most == scale[1]);
        let number = cell.number().filter(|number| is_of_scale && (scale[0]..=scale[1]).contains(number));
        if number.is_none() {
            push(flags, flag);
        }
        number
    };
    contact.survey.csat = answer(Field::Csat, scales.csat_scale, "csat_out_of_scale");
    contact.survey.nps = answer(Field::Nps, scales.nps_scale, "nps_out_of_scale");
    contact.survey.ces = answer(Field::Ces, scales.ces_scale, "ces_out_of_scale");
}

#[cfg(test)]
mod tests {
    use crate::contact::{Contact, Speaker};
    use crate::source::testing;

    /// The one contact of a table.
    fn contact(text: &str) -> Contact {
        let (mut contacts, rejects, _) = testing::read_bytes("a.csv", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        assert_eq!(contacts.len(), 1);
        contacts.remove(0)
    }

    fn ended(contact: &Contact) -> Option<String> {
        contact.ended_at.map(|time| time.to_rfc3339())
    }

    #[test]
    fn messages_of_a_sender_that_names_the_party_are_one_contact() {
        for name in ["sender", "from", "Expéditeur"] {
            let contact = contact(&format!(
                "conversation_id,created_at,{name},message\n1,2026-09-03 09:12:00,customer,Ma box\n1,2026-09-03 09:13:00,agent,Je regarde\n"
            ));
            let told: Vec<(Speaker, &str)> =
                contact.turns.iter().map(|turn| (turn.speaker, turn.text.as_str())).collect();
            assert_eq!(told, [(Speaker::Customer, "Ma box"), (Speaker::Agent, "Je regarde")], "{name}");
            assert_eq!(contact.customer_id, None);
        }
        let mail = contact("id,date,from,subject,body\n1,2026-09-03 09:12,anne@example.com,Box,Ma box\n");
        assert_eq!((mail.customer_id.as_deref(), mail.turns.len()), (Some("anne@example.com"), 1));
    }

    #[test]
    fn the_customer_s_name_is_kept_for_redaction() {
        let named = |columns: &str, cells: &str| {
            contact(&format!("contact_id,started_at,{columns},text\n1,2026-09-03 09:12,{cells},Ma box\n")).names
        };
        assert_eq!(named("nom_client", "Basile Rieutord"), ["Basile Rieutord"]);
        assert_eq!(named("prénom,nom de famille", "Basile,Rieutord"), ["Basile Rieutord"]);
        assert_eq!(named("customer_id", "77"), Vec::<String>::new());
        assert_eq!(named("nom_client", ""), Vec::<String>::new());
    }

    #[test]
    fn the_end_of_a_turn_is_not_the_end_of_the_contact() {
        for times in [["00:00:01,00:00:04", "00:00:05,00:00:09"], ["1.0,4.0", "5.0,9.0"]] {
            let [first, second] = times;
            let contact = contact(&format!(
                "call_id,date,speaker,start_time,end_time,text\n1,03/09/2026 14:30,agent,{first},Bonjour\n1,03/09/2026 14:30,client,{second},Ma box\n"
            ));
            let ends: Vec<Option<f64>> = contact.turns.iter().map(|turn| turn.end_s).collect();
            assert_eq!((ends, ended(&contact)), (vec![Some(4.0), Some(9.0)], None));
            assert!(contact.flags.is_empty(), "{:?}", contact.flags);
        }
    }

    #[test]
    fn full_times_of_turns_give_the_end_of_the_contact_too() {
        let contact = contact(
            "conversation_id,speaker,start_time,end_time,text\n1,agent,2026-09-03T14:30:00Z,2026-09-03T14:30:04Z,Bonjour\n1,client,2026-09-03T14:30:05Z,2026-09-03T14:35:09Z,Ma box\n",
        );
        assert_eq!(ended(&contact).as_deref(), Some("2026-09-03T14:35:09+00:00"));
        let times: Vec<_> = contact.turns.iter().map(|turn| (turn.start_s, turn.end_s)).collect();
        assert_eq!(times, [(Some(0.0), Some(4.0)), (Some(5.0), Some(309.0))]);
    }

    #[test]
    fn an_end_that_every_row_repeats_is_the_contacts_and_the_latest_one_counts() {
        let repeated = contact(
            "id,date,speaker,end_time,text\n1,2026-09-03 14:30,agent,2026-09-03 14:40,Bonjour\n1,2026-09-03 14:30,client,2026-09-03 14:40,Ma box\n",
        );
        assert_eq!(ended(&repeated).as_deref(), Some("2026-09-03T12:40:00+00:00"));
        assert!(repeated.turns.iter().all(|turn| turn.end_s.is_none()));
        let growing = contact(
            "id,date,ended_at,speaker,text\n1,2026-09-03 14:30,2026-09-03 14:31,agent,Bonjour\n1,2026-09-03 14:31,2026-09-03 14:40,client,Ma box\n",
        );
        assert_eq!(ended(&growing).as_deref(), Some("2026-09-03T12:40:00+00:00"));
    }

    #[test]
    fn a_closing_date_without_time_on_the_day_of_the_start_is_unknown() {
        for closed in ["03/09/2026", "2026-09-03 00:00:00"] {
            let contact = contact(&format!("id;date;date_cloture;texte\n1;03/09/2026 14:30;{closed};Ma box\n"));
            assert_eq!((ended(&contact), contact.flags), (None, vec!["end_date_without_time".to_owned()]));
        }
        let later = contact("id;date;date_cloture;texte\n1;03/09/2026 14:30;04/09/2026;Ma box\n");
        assert_eq!(ended(&later).as_deref(), Some("2026-09-03T22:00:00+00:00"));
        let (_, rejects, _) =
            testing::read_bytes("a.csv", b"id;date;date_cloture;texte\n1;03/09/2026 14:30;02/09/2026;Ma box\n");
        assert_eq!(rejects[0].code.as_str(), "ends_before_start");
    }

    #[test]
    fn a_call_may_go_past_midnight_but_not_around_the_clock() {
        let night = contact("id,date,heure_debut,heure_fin,texte\n1,03/09/2026,23:58,00:04,Ma box\n");
        assert_eq!(ended(&night).as_deref(), Some("2026-09-03T22:04:00+00:00"));
        let (_, rejects, _) =
            testing::read_bytes("a.csv", b"id,date,heure_fin,texte\n1,03/09/2026 14:30:45,14:30,Ma box\n");
        assert_eq!(rejects[0].code.as_str(), "ends_before_start");
    }

    #[test]
    fn midnight_in_a_date_column_gives_way_to_the_time_column() {
        let both = contact("date;heure;canal;texte\n2026-09-03 00:00:00;14:30;email;Ma box\n");
        assert_eq!((both.started_at.to_rfc3339().as_str(), both.flags.len()), ("2026-09-03T12:30:00+00:00", 0));
        let written = contact("date;heure;texte\n2026-09-03 09:12:00;14:30;Ma box\n");
        assert_eq!(written.started_at.to_rfc3339(), "2026-09-03T07:12:00+00:00");
    }

    #[test]
    fn a_private_note_that_is_a_whole_row_keeps_no_words() {
        let note = contact("id,date,text,is_public\n1,2026-09-03 09:12,à surveiller,no\n");
        assert_eq!((note.turns.len(), note.flags), (0, vec!["private_notes_left_out".to_owned()]));
        // A row that breaks off before it says whether it is public may be a note.
        let (contacts, rejects, _) =
            testing::read_bytes("a.csv", "id,date,text,is_public\n1,2026-09-03 09:12,à surveiller\n".as_bytes());
        assert_eq!((contacts.len(), rejects[0].code.as_str()), (0, "malformed"));
    }
}
