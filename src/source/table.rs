//! CSV and TSV rows to contacts: one row per contact, one row per turn, or several messages under one identifier.

use std::io::BufRead;

use crate::config::Options;
use crate::error::RejectCode;

use super::columns::{self, Field, Mapping};
use super::decode;
use super::delimited::{self, Delimited, RowRead};
use super::format::Format;
use super::group::Grouper;
use super::header::{self, Header};
use super::join::{Beside, Joined};
use super::json::Fallback;
use super::platform::Sheet;
use super::returning::{self, Returning};
use super::row::{self, Place, Row};
use super::time::{DateOrder, OrderFound, Orders};
use super::value::{self, Cell};
use super::{Failure, Output, Remark, transcript};

/// The delimiter and whether quotes count.
fn dialect(head: &str, format: Format, options: &Options) -> (u8, bool) {
    let stated = match options.input.delimiter.as_str() {
        "auto" => None,
        "\\t" | "tab" | "\t" => Some(b'\t'),
        other => (other.len() == 1).then(|| other.as_bytes()[0]),
    };
    if format == Format::Tsv {
        return (stated.unwrap_or(b'\t'), false);
    }
    (stated.unwrap_or_else(|| delimited::sniff_delimiter(head, options)), true)
}

/// Reads a table; `again` opens the same text a second time, to settle the order of day and month and which identifiers come
/// back.
#[expect(clippy::too_many_arguments, reason = "what a table needs to know about its file")]
pub(crate) fn read(
    stream: &mut dyn BufRead,
    head: &[u8],
    format: Format,
    mut place: Place<'_>,
    again: &dyn Fn() -> std::io::Result<Box<dyn BufRead>>,
    fallback: &Fallback,
    beside: Option<&Beside>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let options = &place.settings.options;
    let head = decode::head_text(head, &options.input.encoding);
    let (delimiter, quoting) = dialect(&head, format, options);
    let mut rows = Delimited::new(stream, delimiter, quoting);
    if let Some(columns) = transcript::columns(&head, delimiter, options) {
        return transcript::read(&mut rows, columns, place, fallback, output);
    }
    let above = header::above_in(&head, delimiter, quoting, options);
    let Some(Header { names: mut headers, row: header_row, has_titles }) = header::read(&mut rows, above)? else {
        output.met();
        output.reject(place.reject_file(RejectCode::EmptyFile, "the file has no header row"))?;
        return Ok(());
    };
    if has_titles {
        output.remarks.push(Remark::LinesAboveHeader { count: header_row - 1 });
    }
    let form = Form { delimiter, quoting, above };
    let sheet = Sheet::of(&headers).filter(|_| options.columns.is_empty());
    if sheet.is_some() {
        headers = Sheet::headers();
    }
    let mapping = match Mapping::new(&headers, options)
        .and_then(|mapping| mapping.needed_columns(&headers).map(|()| mapping))
    {
        Ok(mapping) if senders_speak(&mapping, &head, form, options) => mapping.with_speakers(&headers, options),
        Ok(mapping) => mapping,
        Err(absent) => {
            output.met();
            output.reject(place.reject_file(RejectCode::MissingColumn, absent.message).field(absent.field.name()))?;
            return Ok(());
        }
    };
    place.derive_ids = !mapping.has(Field::ContactId);
    output.unread = columns::unread(&headers, &mapping, false).filter(|_| beside.is_none());
    let (dates, returning) = if sheet.is_none() {
        look(&mapping, options, form, beside.is_some(), again)?
    } else {
        (OrderFound::unseen(options), Returning::default())
    };
    (place.order, place.is_order_guessed) = (dates.order, dates.is_guess);
    output.remarks.extend(dates.remark);
    let mut given = Given {
        is_one_row_per_turn: mapping.is_one_row_per_turn(),
        joined: beside.map(|beside| Joined::load(beside, &place, output)).transpose()?,
        grouper: (mapping.is_one_row_per_turn() || !returning.is_empty()).then(|| Grouper::new(place)),
        returning,
        place,
        is_empty: true,
        rounded: 0,
    };
    let read = each_row(&mut rows, header_row, &headers, &mapping, sheet.as_ref(), &mut given, output);
    let Given { joined, grouper, is_empty, rounded, .. } = given;
    if rounded > 0 {
        output.remarks.push(Remark::RoundedCustomers { count: rounded });
    }
    // Comments whose ticket may stand behind a break are no contacts of their own.
    if let Some(mut joined) = joined.filter(|_| read.is_ok()) {
        joined.rest(&place, output)?;
    }
    if let Some(grouper) = grouper.filter(|_| !matches!(read, Err(Failure::Sink(_)))) {
        grouper.finish(read.is_err(), output)?;
    }
    read?;
    if is_empty {
        output.met();
        output.reject(place.reject_file(
            RejectCode::EmptyFile,
            if sheet.is_some() {
                "the file has no row with words"
            } else {
                "the file has a header row and no other row"
            },
        ))?;
    }
    Ok(())
}

/// What becomes of the rows of a table.
struct Given<'a> {
    is_one_row_per_turn: bool,
    /// Identifiers whose rows are messages.
    returning: Returning,
    grouper: Option<Grouper<'a>>,
    joined: Option<Joined>,
    place: Place<'a>,
    /// No row was met.
    is_empty: bool,
    /// Rows whose customer a spreadsheet has rounded away.
    rounded: u64,
}

/// How the text of a table is cut into rows, and the records above its header row.
#[derive(Debug, Clone, Copy)]
struct Form {
    delimiter: u8,
    quoting: bool,
    above: usize,
}

impl Given<'_> {
    fn add(&mut self, mut row: Row, output: &mut Output<'_>) -> crate::error::Result<()> {
        match &mut self.grouper {
            Some(grouper) if self.is_one_row_per_turn || self.returning.has(&row) => {
                row.is_message = !self.is_one_row_per_turn;
                grouper.add(row, output)
            }
            _ => {
                if let Some(joined) = &mut self.joined {
                    joined.complete(&mut row, &self.place);
                }
                output.met();
                output.record(row::contact(&row, &self.place))
            }
        }
    }
}

/// Gives the rows behind the header row, numbered as in a spreadsheet.
fn each_row(
    rows: &mut Delimited<'_>,
    header_row: u64,
    headers: &[String],
    mapping: &Mapping,
    sheet: Option<&Sheet>,
    given: &mut Given<'_>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let mut record = header_row;
    loop {
        let read = rows.next()?;
        record += 1 + rows.blank_rows();
        match read {
            RowRead::Eof => return Ok(()),
            RowRead::Bad { code, message } => {
                output.met();
                output.reject(given.place.reject(record, code, message))?;
            }
            RowRead::Row { fields, lossy } => {
                let fields = match sheet.map(|sheet| sheet.row(&fields)) {
                    Some(Some(fields)) => fields,
                    Some(None) => continue,
                    None => fields,
                };
                given.rounded += u64::from(has_rounded_customer(&fields, mapping));
                match row_of(record, fields, lossy, headers, mapping) {
                    Err(message) => {
                        output.met();
                        output.reject(given.place.reject(record, RejectCode::Malformed, message))?;
                    }
                    Ok(row) => {
                        output.words_for_nobody += u64::from(row.has_word_for_nobody);
                        given.add(row, output)?;
                    }
                }
            }
        }
        given.is_empty = false;
    }
}

/// Whether a spreadsheet has rounded the identifier or the telephone number of the customer.
fn has_rounded_customer(fields: &[String], mapping: &Mapping) -> bool {
    let cell = |field: &Field| mapping.column(*field).and_then(|column| fields.get(column));
    [Field::CustomerId, Field::CustomerPhone].iter().filter_map(cell).any(|cell| value::is_rounded(cell))
}

/// Whether the first rows show that the sender's column names the party that speaks.
fn senders_speak(mapping: &Mapping, head: &str, form: Form, options: &Options) -> bool {
    const ROWS: usize = 1000;
    let (Some(sender), Some(id)) = (mapping.sender(), mapping.column(Field::ContactId)) else { return false };
    let mut reader = std::io::Cursor::new(head.as_bytes());
    let mut rows = Delimited::new(&mut reader, form.delimiter, form.quoting);
    if !matches!(header::read(&mut rows, form.above), Ok(Some(_))) {
        return false;
    }
    let mut cells: Vec<(String, String)> = Vec::new();
    for _ in 0..ROWS {
        match rows.next() {
            Ok(RowRead::Row { mut fields, .. }) if fields.len() > sender.max(id) => {
                cells.push((std::mem::take(&mut fields[id]), std::mem::take(&mut fields[sender])));
            }
            Ok(RowRead::Row { .. } | RowRead::Bad { .. }) => {}
            Ok(RowRead::Eof) | Err(_) => break,
        }
    }
    columns::senders_speak(&cells, options)
}

/// What only the whole table shows: which of 03/04 is the day, and which identifiers come back with other words, so that
/// their rows are messages. The comments that are `joined` to tickets are the messages of these. `again` opens the text a
/// second time.
///
/// A table is read to its end, since one sorted by date can hide the proof of its order behind thousands of rows, unless
/// its dates start with the year and no identifier can come back.
fn look(
    mapping: &Mapping,
    options: &Options,
    form: Form,
    is_joined: bool,
    again: &dyn Fn() -> std::io::Result<Box<dyn BufRead>>,
) -> Result<(OrderFound, Returning), Failure> {
    let mut stream = again()?;
    let mut rows = Delimited::new(&mut stream, form.delimiter, form.quoting);
    let is_order_stated = DateOrder::configured(options).is_some();
    let dates: Vec<usize> = [Field::StartedAt, Field::EndedAt, Field::TurnStart, Field::TurnEnd]
        .iter()
        .filter_map(|field| mapping.column(*field))
        .collect();
    let mut orders = Orders::default();
    let messages = returning::columns(mapping).filter(|_| !is_joined);
    let mut back = returning::Look::new(options);
    if !matches!(header::read(&mut rows, form.above), Ok(Some(_))) {
        return Ok((orders.found(options), back.found()));
    }
    while messages.is_some() || !(is_order_stated || orders.is_settled()) {
        match rows.next() {
            Ok(RowRead::Row { fields, .. }) => {
                let cell = |column: usize| fields.get(column).map_or("", String::as_str);
                if !is_order_stated && !orders.is_settled() {
                    dates.iter().for_each(|column| orders.see(value::as_typed(cell(*column))));
                }
                if let Some((id, words, customer)) = messages {
                    back.see(cell(id), cell(words), customer.map(cell));
                }
            }
            Ok(RowRead::Bad { .. }) => {}
            // A damaged end is reported by the real reading.
            Ok(RowRead::Eof) | Err(_) => break,
        }
    }
    Ok((orders.found(options), back.found()))
}

/// Cells by field. A row with fewer cells than headers is taken if all the mapped columns that must have a value are there.
fn row_of(record: u64, fields: Vec<String>, lossy: bool, headers: &[String], mapping: &Mapping) -> Result<Row, String> {
    // A message that does not say whether it is public may be a private note.
    let needed = [Field::ContactId, Field::StartedAt, Field::Text, Field::Public, Field::Private]
        .map(|field| mapping.column(field));
    delimited::check_width(&fields, headers.len(), &needed)?;
    let is_short = fields.len() < headers.len();
    let mut row = Row::of(record, mapping);
    let words = mapping.column(Field::Text).and_then(|column| fields.get(column));
    let others: Vec<String> = if words.is_none_or(|words| words.trim().is_empty() || value::is_missing_mark(words)) {
        mapping.words_beside().iter().filter_map(|column| fields.get(*column)).cloned().collect()
    } else {
        Vec::new()
    };
    let mut cells: Vec<Option<String>> = fields.into_iter().map(Some).collect();
    for &field in Field::ALL {
        if let Some(column) = mapping.column(field) {
            // A column fills one field only, so its cell can be moved out.
            row.set(field, cells.get_mut(column).and_then(Option::take).map(Cell::Text), mapping.unit(field));
        }
    }
    row.words_beside(others.into_iter().map(|words| Some(Cell::Text(words))));
    if is_short {
        row.flags.push("short_row".to_owned());
    }
    if lossy {
        row.flags.push("undecodable_bytes".to_owned());
    }
    Ok(row)
}

#[cfg(test)]
mod tests {
    use crate::contact::{Contact, Speaker};
    use crate::error::RecordError;
    use crate::source::{Remark, testing};

    fn read(text: &str) -> (Vec<Contact>, Vec<RecordError>) {
        let (contacts, rejects, _) = testing::read_bytes("a.csv", text.as_bytes());
        (contacts, rejects)
    }

    /// Speakers and words of each contact.
    fn told(text: &str) -> Vec<Vec<(Speaker, String)>> {
        let (contacts, rejects) = read(text);
        assert!(rejects.is_empty(), "{rejects:?}");
        let turns = |contact: Contact| contact.turns.into_iter().map(|turn| (turn.speaker, turn.text)).collect();
        contacts.into_iter().map(turns).collect()
    }

    #[test]
    fn a_note_said_to_be_private_is_left_out_of_every_kind_of_table() {
        let comments = "ticket_id,user_id,body,private,incoming,created_at\n1,77,Ma box,false,true,2026-09-03 09:12\n1,9,Client pénible,true,false,2026-09-03 09:20\n1,9,Je regarde,false,false,2026-09-03 09:30\n";
        let messages = "ticket_id;date;message;interne\n1;03/09/2026 09:12;Ma box;non\n1;03/09/2026 09:20;Client pénible;oui\n1;03/09/2026 09:30;Alors ?;\n";
        let kinds =
            "ticket_id;date;message;Privé\n1;03/09/2026 09:12;Ma box;public\n1;03/09/2026 09:20;Client pénible;privé\n";
        for text in [comments, messages, kinds] {
            let (contacts, _) = read(text);
            assert_eq!(contacts.len(), 1);
            assert!(contacts[0].turns.iter().all(|turn| !turn.text.contains("pénible")), "{text}");
            assert!(contacts[0].turns.iter().any(|turn| turn.text == "Ma box"), "{text}");
            assert!(contacts[0].flags.iter().any(|flag| flag == "private_notes_left_out"), "{text}");
        }
        // The words of a note in a column of their own do not make the message one.
        let beside = told("ticket_id;date;message;Note interne\n1;03/09/2026 09:12;Ma box;à rappeler\n");
        assert_eq!(beside, [[(Speaker::Customer, "Ma box".to_owned())]]);
    }

    #[test]
    fn the_tickets_of_a_customer_called_contact_stay_apart() {
        let text = "Ticket ID,Subject,Status,Source,Created time,Contact ID,Description\n101,Box,Open,Email,2026-09-03 09:12,9001,Ma box\n102,Colis,Open,Email,2026-09-04 09:12,9001,Mon colis\n103,Facture,Open,Email,2026-09-05 09:12,9002,Ma facture\n";
        let (contacts, rejects) = read(text);
        assert!(rejects.is_empty(), "{rejects:?}");
        let told: Vec<(&str, Option<&str>)> =
            contacts.iter().map(|contact| (contact.contact_id.as_str(), contact.customer_id.as_deref())).collect();
        assert_eq!(told, [("101", Some("9001")), ("102", Some("9001")), ("103", Some("9002"))]);
    }

    #[test]
    fn a_whole_chat_in_a_cell_is_not_the_customer_s_alone() {
        let (customer, agent) = (Speaker::Customer, Speaker::Agent);
        for (cell, speakers) in [
            ("Début du chat le 03/09/2026\nVisiteur : Ma box\nAgent : Je regarde", vec![customer, agent]),
            ("Visiteur : Ma box | Agent : Je regarde | Visiteur : Merci", vec![customer, agent, customer]),
            (
                "09:12 - Jean Dupont : Ma commande n'est pas là\n09:13 - Marie Lumio : Comment puis-je vous aider ?",
                vec![customer, agent],
            ),
        ] {
            let (contacts, _) = read(&format!("id,date,conversation\n1,2026-09-03 09:12,\"{cell}\"\n"));
            let found: Vec<Speaker> = contacts[0].turns.iter().map(|turn| turn.speaker).collect();
            assert_eq!(found, speakers, "{cell}");
        }
        // In a column of messages it stays one, and nobody is said to have written it.
        let text = "id,date,message\n1,2026-09-03 09:12,\"Voici l'échange\nClient : Ma box\nConseiller : Je regarde\"\n2,2026-09-03 09:12,\"Bonjour\nNuméro : 12\"\n";
        let (contacts, _) = read(text);
        assert_eq!((contacts[0].turns.len(), contacts[0].turns[0].speaker), (1, Speaker::Unknown));
        assert_eq!(contacts[0].flags, ["speakers_unknown"]);
        assert_eq!((contacts[1].turns[0].speaker, contacts[1].flags.len()), (customer, 0));
    }

    #[test]
    fn a_time_of_day_beside_each_turn_counts_from_the_start() {
        let starts = |rows: &str| -> Vec<Option<f64>> {
            let (contacts, rejects) = read(&format!("conversation_id;date;locuteur;message_time;message\n{rows}"));
            assert!(rejects.is_empty(), "{rejects:?}");
            contacts[0].turns.iter().map(|turn| turn.start_s).collect()
        };
        let rows = |date: &str, first: &str, second: &str| {
            starts(&format!("1;{date};client;{first};Ma box\n1;{date};agent;{second};Je regarde\n"))
        };
        let day = "03/09/2026 09:12";
        assert_eq!(rows(day, "09:12:05", "09:13:10"), [Some(5.0), Some(70.0)]);
        assert_eq!(rows(day, "09:12", "09:14"), [Some(0.0), Some(120.0)]);
        assert_eq!(rows(day, "09:13", "09:15"), [Some(60.0), Some(180.0)]);
        // Written before the contact began, behind a turn that is not.
        assert_eq!(rows("03/09/2026 14:32", "14:32:05", "14:31:00"), [Some(5.0), Some(5.0)]);
        assert_eq!(rows("03/09/2026 01:30", "01:30:05", "01:31:10"), [Some(5.0), Some(70.0)]);
        assert_eq!(rows("03/09/2026 23:59", "23:59:30", "00:00:30"), [Some(30.0), Some(90.0)]);
        // The start has no time of day.
        assert_eq!(rows("03/09/2026", "09:12:05", "09:13:10"), [Some(0.0), Some(65.0)]);
        // Of the night, in minutes and seconds: not sixteen minutes past midnight.
        assert_eq!(rows("04/09/2026 00:15", "00:16", "00:45"), [Some(16.0), Some(45.0)]);
        assert_eq!(rows("03/09/2026 23:58", "23:59", "00:01"), [Some(60.0), Some(180.0)]);
        assert_eq!(rows("03/09/2026 23:59", "11:59:30 PM", "12:00:30 AM"), [Some(30.0), Some(90.0)]);
        // Full times, whose days are no seconds.
        assert_eq!(rows(day, "03/09/2026 09:12:05", "03/09/2026 09:13:10"), [Some(5.0), Some(70.0)]);
        // Seconds from the start.
        assert_eq!(rows(day, "00:00:05", "00:01:10"), [Some(5.0), Some(70.0)]);
        assert_eq!(rows(day, "00:05", "01:10"), [Some(5.0), Some(70.0)]);
        assert_eq!(rows(day, "5", "70"), [Some(5.0), Some(70.0)]);
    }

    #[test]
    fn american_dates_are_told_by_their_clock_or_their_sequence_and_said_to_be_guessed() {
        let starts = |dates: &[&str]| -> Vec<(String, bool)> {
            let rows: String =
                dates.iter().enumerate().map(|(id, date)| format!("{id},{date},Ma box {id}\n")).collect();
            let (contacts, rejects) = read(&format!("id,started_at,text\n{rows}"));
            assert!(rejects.is_empty(), "{rejects:?}");
            let is_flagged = |contact: &Contact| contact.flags.iter().any(|flag| flag == "ambiguous_date_order");
            contacts
                .iter()
                .map(|contact| (contact.started_at.format("%m-%d").to_string(), is_flagged(contact)))
                .collect()
        };
        let expected = |days: &[&str], is_flagged: bool| -> Vec<(String, bool)> {
            days.iter().map(|day| ((*day).to_owned(), is_flagged)).collect()
        };
        let clock = starts(&["9/3/2026 2:05 PM", "9/4/2026 9:05 AM", "9/10/2026 10:05 AM"]);
        assert_eq!(clock, expected(&["09-03", "09-04", "09-10"], true));
        let days = ["09/03/2026 14:05", "09/04/2026 09:05", "09/07/2026 09:05", "09/10/2026 10:05", "09/11/2026 10:05"];
        assert_eq!(starts(&days), expected(&["09-03", "09-04", "09-07", "09-10", "09-11"], true));
        // The third of four months, and a British clock.
        let months = starts(&["03/06/2026 14:05", "03/07/2026 09:05", "03/08/2026 09:05", "03/09/2026 09:05"]);
        assert_eq!(months, expected(&["06-03", "07-03", "08-03", "09-03"], false));
        let british = starts(&["03/09/2026 9:12 AM", "03/09/2026 10:12 PM", "04/10/2026 10:12 PM"]);
        assert_eq!(british, expected(&["09-03", "09-03", "10-04"], false));
        // A week of September, day first.
        let french = starts(&["03/09/2026 14:05", "04/09/2026 09:05", "07/09/2026 09:05", "10/09/2026 10:05"]);
        assert_eq!(french, expected(&["09-03", "09-04", "09-07", "09-10"], false));
        assert_eq!(starts(&["03/09/2026 14:05", "04/09/2026 09:05"]), expected(&["09-03", "09-04"], false));
        // What one date proves is no guess.
        assert_eq!(starts(&["9/3/2026 2:05 PM", "9/25/2026 9:05 AM"]), expected(&["09-03", "09-25"], false));
        assert_eq!(starts(&["3/9/2026 2:05 PM", "25/9/2026 9:05 AM"]), expected(&["09-03", "09-25"], false));
    }

    #[test]
    fn the_times_of_a_conversation_in_a_cell_count_from_the_start_of_its_contact() {
        let starts = |date: &str, first: &str, second: &str| -> Vec<Option<f64>> {
            let (contacts, _) = read(&format!(
                "id;date;conversation\n1;{date};\"[{first}] Client : Ma box\n[{second}] Conseiller : Je regarde\"\n"
            ));
            contacts[0].turns.iter().map(|turn| turn.start_s).collect()
        };
        assert_eq!(starts("03/09/2026 01:30", "01:30:05", "01:31:10"), [Some(5.0), Some(70.0)]);
        assert_eq!(starts("03/09/2026 09:12", "09:12", "09:14"), [Some(0.0), Some(120.0)]);
        assert_eq!(starts("03/09/2026 09:12", "00:05", "01:10"), [Some(5.0), Some(70.0)]);
        assert_eq!(starts("03/09/2026", "00:05", "01:10"), [Some(5.0), Some(70.0)]);
        // A trimmed recording.
        assert_eq!(starts("03/09/2026 09:12", "09:15", "12:40"), [Some(555.0), Some(760.0)]);
        let ended = |end: &str, first: &str, second: &str| -> Vec<Option<f64>> {
            let (contacts, _) = read(&format!(
                "id;date;fin;conversation\n1;03/09/2026 09:12;03/09/2026 {end};\"[{first}] Client : Ma box\n[{second}] Conseiller : Je regarde\"\n"
            ));
            contacts[0].turns.iter().map(|turn| turn.start_s).collect()
        };
        // No contact of eight minutes has a turn after nine; one of twenty has.
        assert_eq!(ended("09:20", "09:13", "09:15"), [Some(60.0), Some(180.0)]);
        assert_eq!(ended("09:32", "09:13", "15:10"), [Some(553.0), Some(910.0)]);
        // Two messages of one ticket, the second of them a conversation of the night.
        let (contacts, _) = read(
            "ticket_id;date;message\nT1;03/09/2026 09:12;Ma box\nT1;04/09/2026 01:30;\"[01:30:05] Client : Alors ?\n[01:31:10] Conseiller : Je regarde\"\n",
        );
        let starts: Vec<Option<f64>> = contacts[0].turns.iter().map(|turn| turn.start_s).collect();
        assert_eq!(starts, [Some(0.0), Some(58_685.0), Some(58_750.0)]);
    }

    #[test]
    fn a_file_whose_dates_prove_no_order_says_so_once() {
        let told = |file: &str, dates: &[&str]| {
            let rows: String = (1..).zip(dates).map(|(id, date)| format!("{id};{date};Ma box {id}\n")).collect();
            let (_, rejects, summary) = testing::read_bytes(file, format!("id;date;texte\n{rows}").as_bytes());
            assert!(rejects.is_empty(), "{rejects:?}");
            summary.remarks
        };
        let remark =
            |is_month_first, count, has_half_days| vec![Remark::DateOrder { is_month_first, count, has_half_days }];
        assert_eq!(
            told("a.csv", &["03/09/2026 14:05", "04/09/2026 09:05", "05/05/2026 09:05"]),
            remark(false, 2, false)
        );
        assert_eq!(told("a.csv", &["03/09/2026 2:05 PM", "04/10/2026 9:05 AM"]), remark(false, 2, true));
        let guessed = ["9/3/2026 2:05 PM", "9/4/2026 9:05 AM", "9/10/2026 10:05 AM"];
        assert_eq!(told("a.csv", &guessed), remark(true, 3, true));
        // What proves the order may stand behind rows of any number, and behind empty cells.
        let mut sorted = vec!["03/09/2026 14:05"; 300];
        sorted.push("25/09/2026 14:05");
        for dates in [&sorted[..], &["05/05/2026 14:05"], &["2026-09-03 14:05"], &["3 sept. 2026 14:05"]] {
            assert!(told("a.csv", dates).is_empty(), "{dates:?}");
        }
        let lines = "{\"id\":1,\"date\":\"03/09/2026 14:05\",\"text\":\"a\"}\n{\"id\":2,\"date\":\"04/09/2026 14:05\",\"text\":\"b\"}\n";
        assert_eq!(testing::read_bytes("a.jsonl", lines.as_bytes()).2.remarks, remark(false, 2, false));
        let mut settings = testing::settings();
        settings.options.input.date_order = "dmy".into();
        assert!(testing::read_with(&settings, "a.jsonl", lines.as_bytes()).2.remarks.is_empty());
    }

    #[test]
    fn closings_that_are_empty_do_not_end_the_search_for_the_order_of_the_dates() {
        let mut text = "id,started_at,ended_at,text\n".to_owned();
        for id in 0..300 {
            text.push_str(&format!("{id},09/{:02}/2026 14:05,,Ma box {id}\n", id / 40 + 1));
        }
        text.push_str("300,09/25/2026 14:05,,Alors ?\n");
        let (contacts, rejects) = read(&text);
        assert!(rejects.is_empty(), "{rejects:?}");
        assert!(contacts.iter().all(|contact| contact.started_at.format("%m").to_string() == "09"));
    }

    #[test]
    fn dates_that_prove_two_orders_are_read_as_most_of_them_and_the_others_are_refused() {
        let text =
            "id,started_at,text\n1,25/9/2026 14:05,a\n2,9/3/2026 14:05,b\n3,9/25/2026 14:05,c\n4,9/26/2026 14:05,d\n";
        let mut turned: Vec<&str> = text.lines().skip(1).collect();
        turned.reverse();
        for text in [text.to_owned(), format!("id,started_at,text\n{}\n", turned.join("\n"))] {
            let (mut contacts, rejects, summary) = testing::read_bytes("a.csv", text.as_bytes());
            contacts.sort_by(|a, b| a.contact_id.cmp(&b.contact_id));
            let told: Vec<(&str, String, bool)> = contacts
                .iter()
                .map(|one| {
                    let is_flagged = one.flags.iter().any(|flag| flag == "ambiguous_date_order");
                    (one.contact_id.as_str(), one.started_at.format("%m-%d").to_string(), is_flagged)
                })
                .collect();
            assert_eq!(
                told,
                [("2", "09-03".to_owned(), true), ("3", "09-25".to_owned(), false), ("4", "09-26".to_owned(), false)]
            );
            assert_eq!((rejects.len(), rejects[0].code.as_str()), (1, "bad_time"));
            assert!(rejects[0].message.contains("another order"), "{}", rejects[0].message);
            assert_eq!(summary.remarks, [Remark::TwoDateOrders { is_month_first: true, unread: 1, count: 1 }]);
        }
    }

    #[test]
    fn what_stands_for_an_unknown_customer_is_no_customer() {
        for nobody in ["N/A", "-", "NULL", "Inconnu", "Anonyme", "0", "#N/A", "non renseigné", "999999999"] {
            for column in ["id_client", "email", "téléphone"] {
                let (contacts, rejects) = read(&format!(
                    "id;{column};date;texte\n1;{nobody};03/09/2026 09:12;Ma box\n2;{nobody};04/09/2026 09:12;Mon colis\n"
                ));
                assert!(rejects.is_empty(), "{rejects:?}");
                let customers: Vec<_> = contacts.iter().map(|contact| contact.customer_id.as_deref()).collect();
                assert_eq!(customers, [None, None], "{column} {nobody}");
            }
        }
        // The address beside it is the customer's.
        let (contacts, _) = read("id;id_client;email;date;texte\n1;Inconnu;a@example.com;03/09/2026 09:12;Ma box\n");
        assert_eq!(contacts[0].customer_id.as_deref(), Some("a@example.com"));
        // Two messages of a ticket, the second without its customer, stay one contact.
        let (contacts, _) =
            read("id;id_client;date;message\n1;K1;03/09/2026 09:12;Ma box\n1;Inconnu;04/09/2026 09:12;Alors ?\n");
        assert_eq!((contacts.len(), contacts[0].customer_id.as_deref()), (1, Some("K1")));
    }

    #[test]
    fn customers_whom_a_word_makes_nobody_are_counted_and_those_told_apart_by_brackets_stay() {
        let text = "id;id_client;date;texte\n1;Inconnu;03/09/2026 09:12;a\n2;Client (4521);03/09/2026 09:12;b\n3;Visiteur;03/09/2026 09:12;c\n4;N/A;03/09/2026 09:12;d\n5;ND;03/09/2026 09:12;e\n";
        let (contacts, rejects, summary) = testing::read_bytes("a.csv", text.as_bytes());
        let customers: Vec<_> = contacts.iter().map(|contact| contact.customer_id.as_deref()).collect();
        assert_eq!((customers, rejects.len()), (vec![None, Some("Client (4521)"), None, None, Some("ND")], 0));
        assert!(summary.remarks.contains(&Remark::UnknownCustomers { count: 2 }), "{:?}", summary.remarks);
        let lines = r#"{"id":"1","customer_id":"Unknown","date":"2026-09-03T09:12:00Z","text":"a"}"#;
        let (_, _, summary) = testing::read_bytes("a.jsonl", lines.as_bytes());
        assert!(summary.remarks.contains(&Remark::UnknownCustomers { count: 1 }), "{:?}", summary.remarks);
        let (_, _, summary) =
            testing::read_bytes("a.csv", "id;id_client;date;texte\n1;N/A;03/09/2026 09:12;a\n".as_bytes());
        assert_eq!(summary.remarks.iter().filter(|it| matches!(it, Remark::UnknownCustomers { .. })).count(), 0);
    }

    #[test]
    fn numbers_that_a_spreadsheet_has_rounded_identify_nobody() {
        let text = "id;id_client;date;texte\n1;3,36E+10;03/09/2026 09:12;Ma box\n2;3,36E+10;04/09/2026 09:12;Mon colis\n3;K1;04/09/2026 09:12;Merci\n";
        let (contacts, rejects, summary) = testing::read_bytes("a.csv", text.as_bytes());
        let customers: Vec<_> = contacts.iter().map(|contact| contact.customer_id.as_deref()).collect();
        assert_eq!((customers, rejects.len()), (vec![None, None, Some("K1")], 0));
        assert!(summary.remarks.contains(&Remark::RoundedCustomers { count: 2 }), "{:?}", summary.remarks);
        // Contacts of two customers would be the messages of one.
        for header in ["id;date;texte", "id;date;texte;locuteur"] {
            let text =
                format!("{header}\n2,02611E+11;13/09/2026 09:12;Ma box\n2,02611E+11;14/09/2026 09:12;Mon colis\n");
            let (contacts, rejects) = read(&text);
            assert_eq!((contacts.len(), rejects.len()), (0, 2), "{header}");
            assert_eq!((rejects[0].code.as_str(), rejects[1].record), ("missing_contact_id", Some(3)));
            assert!(rejects[0].message.contains("rounded"), "{}", rejects[0].message);
        }
    }

    #[test]
    fn identifiers_are_read_without_the_marks_of_spreadsheets_and_mail_programs() {
        let customers = |column: &str, cells: [&str; 2]| -> Vec<Option<String>> {
            let [first, second] = cells.map(|cell| cell.replace('"', "\"\""));
            let (contacts, _) = read(&format!(
                "id;{column};date;texte\n1;\"{first}\";13/09/2026 09:12;Ma box\n2;\"{second}\";14/09/2026 09:12;Mon colis\n"
            ));
            contacts.into_iter().map(|contact| contact.customer_id).collect()
        };
        let number = Some("+33639980011".to_owned());
        for cells in
            [["'0639980011", "0639980011"], ["=\"0639980011\"", "0033639980011"], ["06 39 98 00 11", "'+33639980011"]]
        {
            assert_eq!(customers("téléphone", cells), [number.clone(), number.clone()], "{cells:?}");
        }
        // A number of nine digits may be a Spanish one.
        assert_eq!(
            customers("téléphone", ["612345678", "0612345678"]),
            [Some("612345678".to_owned()), Some("+33612345678".to_owned())]
        );
        assert_eq!(
            customers("id_client", ["639980011", "'00012"]),
            [Some("639980011".to_owned()), Some("00012".to_owned())]
        );
        assert_eq!(
            customers("id_client", ["100234.0", "100234"]),
            [Some("100234".to_owned()), Some("100234".to_owned())]
        );
        let address = Some("jean@example.com".to_owned());
        assert_eq!(
            customers("email", ["Jean Petit <Jean@example.com>", "jean@example.com"]),
            [address.clone(), address]
        );
        // Marked in one delivery and not in the other, a ticket is the same.
        let (contacts, _) =
            read("ticket;date;message\n'00012;13/09/2026 09:12;Ma box\n=\"00012\";14/09/2026 09:12;Alors ?\n");
        assert_eq!((contacts.len(), contacts[0].contact_id.as_str(), contacts[0].turns.len()), (1, "00012", 2));
    }

    #[test]
    fn the_sender_of_a_mail_with_a_name_before_the_address_is_told_from_the_company() {
        let text = "ticket_id;date;from;message\nT1;13/09/2026 09:12;Jean Petit <jean@example.com>;Ma box\nT1;14/09/2026 09:12;Lumio <service@lumio.example.com>;Je regarde\n";
        assert_eq!(told(text), [[(Speaker::Customer, "Ma box".to_owned()), (Speaker::Agent, "Je regarde".to_owned())]]);
    }

    #[test]
    fn a_time_in_parts_of_a_day_is_read() {
        for (clock, start) in [
            ("0,383333333333333", "2026-09-03T07:12:00+00:00"),
            ("0.3833", "2026-09-03T07:12:00+00:00"),
            ("0,604166667", "2026-09-03T12:30:00+00:00"),
            ("9h30", "2026-09-03T07:30:00+00:00"),
        ] {
            for date in ["03/09/2026", "46268"] {
                let (contacts, _) = read(&format!("id;date;heure;texte\n1;{date};{clock};a\n"));
                assert_eq!(contacts[0].started_at.to_rfc3339(), start, "{date} {clock}");
            }
        }
        // Half past midnight as people write it is none.
        let (contacts, _) = read("id;date;heure;texte\n1;03/09/2026;0,30;a\n");
        assert_eq!(contacts[0].flags, ["date_without_time"]);
    }

    #[test]
    fn the_last_line_of_a_report_is_a_reject_and_no_contact() {
        for total in ["Total: 1 234", "Total;1 234;;", "Total : 1 234;;;"] {
            let (contacts, rejects) = read(&format!("id;date;texte;canal\n1;13/09/2026 09:12;Ma box;mail\n{total}\n"));
            assert_eq!((contacts.len(), rejects.len(), rejects[0].record), (1, 1, Some(3)), "{total}");
        }
    }

    #[test]
    fn the_words_of_another_column_stand_in_for_an_empty_cell() {
        let text = "id;date;canal;sujet;description;message\n1;03/09/2026 09:12;mail;Box;Ma box;\n2;03/09/2026 09:12;mail;Colis;Suivi;Mon colis\n3;03/09/2026 09:12;mail;Box;;\n";
        let words: Vec<Vec<String>> =
            told(text).into_iter().map(|turns| turns.into_iter().map(|(_, text)| text).collect()).collect();
        assert_eq!(words, [vec!["Ma box".to_owned()], vec!["Mon colis".to_owned()], vec![]]);
    }

    #[test]
    fn a_score_out_of_another_maximum_is_not_taken() {
        let (contacts, _) =
            read("id;date;texte;csat\n1;03/09/2026 09:12;a;4/10\n2;03/09/2026 09:12;b;4/5\n3;03/09/2026 09:12;c;4\n");
        let scores: Vec<Option<f64>> = contacts.iter().map(|contact| contact.survey.csat).collect();
        assert_eq!(scores, [None, Some(4.0), Some(4.0)]);
        assert_eq!(contacts[0].flags, ["csat_out_of_scale"]);
    }

    #[test]
    fn markup_and_entities_leave_the_words() {
        let text = "id,date,texte\n1,03/09/2026 09:12,<b>Urgent</b> colis non re&ccedil;u\n2,03/09/2026 09:12,re&#231;u & pay&eacute; <3\n3,03/09/2026 09:12,a&b;\n4,03/09/2026 09:12,\"<strong>Client :</strong> Ma box\n<strong>Agent :</strong> Je regarde\"\n";
        let words: Vec<String> = told(text).into_iter().flatten().map(|(_, text)| text).collect();
        assert_eq!(words, ["Urgent colis non reçu", "reçu & payé <3", "a&b;", "Ma box", "Je regarde"]);
    }

    #[test]
    fn rows_are_numbered_as_in_a_spreadsheet_with_their_blank_ones() {
        let (contacts, rejects) = read("id;date;texte\n1;03/09/2026 09:12;a\n;;\n;;\n2;hier;b\n3;03/09/2026 09:12;c\n");
        assert_eq!((rejects[0].record, contacts[1].provenance.record), (Some(5), 6));
    }

    #[test]
    fn dates_as_spreadsheets_write_and_count_them_are_read() {
        for (date, start, is_alone) in [
            ("3-sept-26 09:12", "2026-09-03T07:12:00+00:00", false),
            ("46268,3833", "2026-09-03T07:12:00+00:00", false),
            ("46268.38333", "2026-09-03T07:12:00+00:00", false),
            ("46268", "2026-09-02T22:00:00+00:00", true),
        ] {
            let (contacts, rejects) = read(&format!("id;date;texte\n1;{date};a\n"));
            assert!(rejects.is_empty(), "{rejects:?}");
            assert_eq!(contacts[0].started_at.to_rfc3339(), start, "{date}");
            assert_eq!(!contacts[0].flags.is_empty(), is_alone, "{date}");
        }
        for date in ["4626", "462683", "46268,38a", "00012"] {
            assert_eq!(read(&format!("id;date;texte\n1;{date};a\n")).1[0].code.as_str(), "bad_time", "{date}");
        }
    }

    #[test]
    fn lines_that_end_as_those_of_old_macintoshes_are_lines() {
        let text = "id;date;texte\r1;03/09/2026 09:12;Ma box\r2;03/09/2026 09:13;Mon colis\r";
        assert_eq!(told(text).len(), 2);
        // Between quotes it is a line break of the words, where the rows end as usual.
        let inner = told("id;date;texte\n1;03/09/2026 09:12;\"Ma box\rest en panne\"\n");
        assert_eq!(inner[0][0].1, "Ma box\rest en panne");
    }
}
