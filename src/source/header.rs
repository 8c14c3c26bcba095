//! The header row of a table: its first row, or a later one where titles stand above it.
//!
//! Reports that people export begin with lines such as `Rapport des contacts`, `Exporté le;02/11/2026` and an empty one. The
//! first row is the header unless it lacks what a table of contacts must have, which would refuse the whole file; only
//! then a header is looked for below.
//!
//! Caught: `Rapport des contacts;;;` above `N° dossier;Date;Canal;Commentaire`, with or without separators in the title.
//! Not caught, since no row above a header fills as many cells as the header does: `4;chat;text;date`, a row among others of
//! a file that has no header, or one with names that are not known.

use std::io::{self, Cursor};

use super::columns::{self, Mapping};
use super::delimited::{Delimited, RowRead};
use crate::config::Options;

/// Records among which the header row is looked for.
const LOOKED_AT: usize = 12;

/// The header row of a table, as it was read.
#[derive(Debug, PartialEq)]
pub(crate) struct Header {
    /// Names of the columns.
    pub(crate) names: Vec<String>,
    /// Its number as a spreadsheet counts rows, blank ones too; the line that names the separator is none.
    pub(crate) row: u64,
    /// Whether anything but blank rows stands above it, titles or records that cannot be read.
    pub(crate) has_titles: bool,
}

/// The first records of a table, damaged ones as `None`, without the line that names the separator.
pub(crate) fn first_records(head: &str, delimiter: u8, quoting: bool, most: usize) -> Vec<Option<Vec<String>>> {
    let mut reader = Cursor::new(head.as_bytes());
    let mut rows = Delimited::new(&mut reader, delimiter, quoting);
    let mut records = Vec::new();
    while records.len() < most {
        match rows.next() {
            Ok(RowRead::Row { fields, .. }) if records.is_empty() && names_separator(&fields) => {}
            Ok(RowRead::Row { fields, .. }) => records.push(Some(fields)),
            Ok(RowRead::Bad { .. }) => records.push(None),
            Ok(RowRead::Eof) | Err(_) => break,
        }
    }
    records
}

/// How many of the first records stand above the header row.
pub(crate) fn above(records: &[Option<Vec<String>>], options: &Options) -> usize {
    let mut written = records.iter().enumerate().filter_map(|(index, record)| Some((index, record.as_ref()?)));
    let Some((_, first)) = written.next() else { return 0 };
    let (mapping, absent) = Mapping::lenient(first, options);
    if absent.is_none() && mapping.needed_columns(first).is_ok() {
        return 0;
    }
    let known = mapping.recognised();
    let mut widest = filled(first);
    for (index, cells) in written.take_while(|(index, _)| *index < LOOKED_AT) {
        if filled(cells) > widest && columns::is_lower_header(cells, known, options) {
            return index;
        }
        widest = widest.max(filled(cells));
    }
    0
}

/// The same for a table whose head is known.
pub(crate) fn above_in(head: &str, delimiter: u8, quoting: bool, options: &Options) -> usize {
    above(&first_records(head, delimiter, quoting, LOOKED_AT), options)
}

/// The cells of the header row of what may be a table, quoted as usual: the row below has as many. Not caught, since it has
/// not: a line of a transcript, `Client : id, date, texte`.
pub(crate) fn names_in(head: &str, delimiter: u8, options: &Options) -> Option<Vec<String>> {
    let mut records = first_records(head, delimiter, true, LOOKED_AT + 1).into_iter();
    let above = above(records.as_slice(), options);
    let names = records.nth(above)??;
    records.next()?.filter(|below| below.len() == names.len()).map(|_| names)
}

/// Reads the header row, which is the first one behind so many records; `None` when there is none.
pub(crate) fn read(rows: &mut Delimited<'_>, above: usize) -> io::Result<Option<Header>> {
    let mut passed = 0;
    loop {
        match rows.next()? {
            RowRead::Eof => return Ok(None),
            RowRead::Row { fields, .. } if passed == 0 && names_separator(&fields) => {}
            RowRead::Row { fields, .. } if passed >= above => {
                rows.expect_width(fields.len());
                let names = fields.iter().map(|field| field.trim_start_matches('\u{feff}').trim().to_owned()).collect();
                let row = passed as u64 + 1 + rows.blank_rows();
                return Ok(Some(Header { names, row, has_titles: passed > 0 }));
            }
            RowRead::Row { .. } | RowRead::Bad { .. } => passed += 1,
        }
    }
}

/// Excel's first line `sep=;`, also where it was filled up with separators.
fn names_separator(fields: &[String]) -> bool {
    fields.first().is_some_and(|field| field.trim_start_matches('\u{feff}').starts_with("sep="))
        && fields.iter().skip(1).all(|field| field.is_empty())
}

/// Cells that are not blank.
fn filled(cells: &[String]) -> usize {
    cells.iter().filter(|cell| !cell.trim().is_empty()).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Contact;
    use crate::error::RecordError;
    use crate::source::{FileSummary, Remark, testing};

    fn read_file(name: &str, text: &str) -> (Vec<Contact>, Vec<RecordError>, FileSummary) {
        testing::read_bytes(name, text.as_bytes())
    }

    fn lines_above(summary: &FileSummary) -> Option<u64> {
        summary.remarks.iter().find_map(|remark| match remark {
            Remark::LinesAboveHeader { count } => Some(*count),
            _ => None,
        })
    }

    const ROWS: &str = "N° dossier;N° client;Date;Canal;Commentaire\nD1;K1;14/09/2026 09:12;mail;Ma box, encore\nD2;K2;hier;mail;Mon colis\nD3;K3;15/09/2026 09:12;mail;\"Ma\nfacture\"\n";

    #[test]
    fn titles_above_the_header_are_passed_over_and_rows_keep_their_numbers() {
        for (titles, count) in [
            ("Rapport des contacts;;;;\n", 1),
            ("Rapport des contacts;;;;\nExporté le 02/11/2026;;;;\n;;;;\n", 3),
            ("Rapport des contacts, du 1er au 30 septembre, tous sites\nExported on 2026-11-02\n\n", 3),
            ("\u{feff}sep=;\nRapport des contacts\n", 1),
            ("sep=;;;;\nRapport des contacts;;;;\n", 1),
            // The names of some fields beside what they are in the report.
            ("Campagne;Hiver\nDate;02/11/2026\n\nMotif;Tous;;;\n", 4),
            ("\"Rapport des contacts\nde septembre\";;;;\n", 1),
            ("Satisfaction client\n", 1),
        ] {
            for name in ["a.csv", "export.txt"] {
                let (contacts, rejects, summary) = read_file(name, &format!("{titles}{ROWS}"));
                let ids: Vec<&str> = contacts.iter().map(|contact| contact.contact_id.as_str()).collect();
                assert_eq!(ids, ["D1", "D3"], "{titles}");
                assert_eq!(contacts[0].provenance.record, count + 2, "{titles}");
                assert_eq!(rejects[0].record, Some(count + 3), "{titles}");
                assert_eq!(lines_above(&summary), Some(count), "{titles}");
            }
        }
    }

    #[test]
    fn titles_stand_above_tables_of_turns_tabs_other_encodings_and_compressed_files_too() {
        let turns = "Transcriptions\n\nconversation_id,started_at,speaker,text\n1,2026-09-03 09:12,client,Ma box\n1,2026-09-03 09:12,agent,Je regarde\n";
        let (contacts, rejects, _) = read_file("a.csv", turns);
        assert_eq!((contacts.len(), contacts[0].turns.len(), rejects.len()), (1, 2, 0));
        let messages = "Tickets;;;\nticket_id;date;canal;message\nT1;14/09/2026 09:12;mail;Ma box\nT1;15/09/2026 09:12;mail;Alors ?\n";
        let (contacts, ..) = read_file("a.csv", messages);
        assert_eq!((contacts.len(), contacts[0].turns.len()), (1, 2));
        let (contacts, ..) = read_file("a.tsv", &format!("Contacts\n{}", ROWS.replace(';', "\t").replace('"', "")));
        assert_eq!(contacts[0].contact_id, "D1");
        let text = format!("Rapport des contacts\n\n{ROWS}");
        let wide: Vec<u8> = "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, text.as_bytes()).unwrap();
        for (name, bytes) in [("a.csv", wide), ("a.csv.gz", packed.finish().unwrap())] {
            let (contacts, rejects, summary) = testing::read_bytes(name, &bytes);
            assert_eq!((contacts.len(), rejects[0].record, lines_above(&summary)), (2, Some(5), Some(2)), "{name}");
        }
    }

    #[test]
    fn a_record_above_the_header_that_cannot_be_read_is_told() {
        let text = "\"Rapport,,,\nid,date,canal,texte\n1,03/09/2026 09:12,mail,Ma box\n";
        let (contacts, _, summary) = read_file("a.csv", text);
        assert_eq!((contacts.len(), lines_above(&summary)), (1, Some(1)));
        assert_eq!(lines_above(&read_file("a.csv", &format!(";;;;\n{ROWS}")).2), None);
    }

    #[test]
    fn a_date_in_a_title_tells_nothing_of_the_order_of_day_and_month() {
        // "31/10/2026" would prove the day first.
        let text = "31/10/2026\n\ndate,id,text\n9/3/2026,1,a\n9/25/2026,2,b\n";
        let (contacts, rejects, _) = read_file("a.csv", text);
        assert!(rejects.is_empty(), "{rejects:?}");
        assert_eq!(contacts[0].started_at.to_rfc3339(), "2026-09-02T22:00:00+00:00");
    }

    #[test]
    fn a_first_row_that_is_a_header_stays_it_and_the_words_of_contacts_are_none() {
        let above = |text: &str| above_in(text, b';', true, &Options::default());
        for text in [
            "id;date;texte\nid;date;texte\n",
            "id;date;durée\n1;03/09/2026;12\ncontact_id;started_at;text\n",
            // No row of a file without header fills more cells than the others do.
            "1;chat;bonjour;x\n4;chat;text;date\n5;date;canal;message\n",
            "Réf;Saisi le;Libellé\n1;3;text\ndate;canal;message\n",
            "Réf;Libellé\nBonjour;date\nclient;message\n",
            // Words and a value, or a sentence, or a date among the names.
            "Rapport\nclient;message\n",
            "Rapport\nmessage;date;Bonjour, je n'ai toujours pas reçu mon colis\n",
            "Rapport\nmessage;date;03/09/2026\n",
            "Rapport\nSuite\n",
            "",
        ] {
            assert_eq!(above(text), 0, "{text}");
        }
        assert_eq!(above(&("Rapport\n".repeat(LOOKED_AT - 1) + "id;date;texte\n")), LOOKED_AT - 1);
        assert_eq!(above(&("Rapport\n".repeat(LOOKED_AT) + "id;date;texte\n")), 0);
    }

    #[test]
    fn a_file_without_header_row_keeps_its_message_and_its_words_to_itself() {
        let (contacts, rejects, summary) =
            read_file("a.csv", "A1;C1;2026-10-01T10:00:00Z;chat;Mon zèbre\nA2;C2;2026-10-02T10:00:00Z;chat;text\n");
        assert_eq!((contacts.len(), rejects.len(), summary.remarks.len()), (0, 1, 0));
        assert!(rejects[0].message.contains("no readable header row"), "{}", rejects[0].message);
        assert!(!rejects[0].message.contains("zèbre"), "{}", rejects[0].message);
    }

    #[test]
    fn a_header_below_titles_that_lacks_a_column_is_told_with_its_own_names() {
        let (_, rejects, _) = read_file("a.csv", "Rapport;;\n\nidentifiant;texte;canal\n1;Ma box;chat\n");
        assert_eq!(rejects[0].code.as_str(), "missing_column");
        assert!(rejects[0].message.contains("identifiant, texte, canal"), "{}", rejects[0].message);
    }
}
