//! Rows of one turn or message each to contacts, in bounded memory.
//!
//! Rows of a contact need not follow each other: a window of recently seen contacts is kept open. When the window is full,
//! the contact that was quiet for longest is closed. Rows that come back to a closed contact cannot join it any more:
//! together they are one rejected record, with the advice to sort the file.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::error::{RecordError, RejectCode, Result};

use super::Output;
use super::columns::Field;
use super::row::{self, Place, Row};
use super::speakers::push;

/// Flag of a contact that was open when its file broke off.
pub(crate) const MAY_LACK_TURNS: &str = "may_lack_turns";

/// Contacts open at the same time.
const MAX_OPEN: usize = 4096;
/// Bytes of rows held at the same time.
const MAX_BYTES: usize = 256 << 20;

struct Group {
    rows: Vec<Row>,
    bytes: usize,
    /// The contact was closed before: these rows came too late.
    is_late: bool,
}

/// Groups rows by contact.
pub(crate) struct Grouper<'a> {
    place: Place<'a>,
    /// Open groups by the time of their last row, oldest first.
    open: BTreeMap<u64, Group>,
    last_row_of: HashMap<String, u64>,
    /// Hashes of closed contacts: 8 bytes for each.
    closed: HashSet<u64>,
    clock: u64,
    bytes: usize,
}

impl<'a> Grouper<'a> {
    /// An empty window.
    pub(crate) fn new(place: Place<'a>) -> Self {
        Self { place, open: BTreeMap::new(), last_row_of: HashMap::new(), closed: HashSet::new(), clock: 0, bytes: 0 }
    }

    /// Adds a row. A row without contact identifier is a record on its own.
    pub(crate) fn add(&mut self, row: Row, output: &mut Output<'_>) -> Result<()> {
        let Some(id) = row.text(Field::ContactId) else {
            output.met();
            return output.reject(row.without_id("the row has no contact identifier", &self.place));
        };
        self.clock += 1;
        let bytes = row.bytes();
        let mut group = match self.last_row_of.get(&id).and_then(|time| self.open.remove(time)) {
            Some(group) => group,
            None => Group { rows: Vec::new(), bytes: 0, is_late: self.closed.contains(&hash(&id)) },
        };
        if group.is_late && !group.rows.is_empty() {
            // Late rows are only counted: the first one stands for all.
        } else {
            group.rows.push(row);
            group.bytes += bytes;
            self.bytes += bytes;
        }
        self.open.insert(self.clock, group);
        self.last_row_of.insert(id, self.clock);
        while self.open.len() > MAX_OPEN || (self.bytes > MAX_BYTES && self.open.len() > 1) {
            self.close_oldest(output)?;
        }
        Ok(())
    }

    /// Closes every contact still open. Where the file broke off they are given all the same, each of them possibly without
    /// its last turns.
    pub(crate) fn finish(mut self, is_broken: bool, output: &mut Output<'_>) -> Result<()> {
        for row in self.open.values_mut().filter_map(|group| group.rows.first_mut()).filter(|_| is_broken) {
            push(&mut row.flags, MAY_LACK_TURNS);
        }
        // In the order of their first rows, which is what a reader of the file expects.
        let mut groups: Vec<Group> = std::mem::take(&mut self.open).into_values().collect();
        groups.sort_by_key(|group| group.rows.first().map(|row| row.record));
        for group in groups {
            self.emit(group, output)?;
        }
        Ok(())
    }

    fn close_oldest(&mut self, output: &mut Output<'_>) -> Result<()> {
        let Some((_, group)) = self.open.pop_first() else { return Ok(()) };
        self.bytes -= group.bytes;
        if let Some(id) = group.rows.first().and_then(|row| row.text(Field::ContactId)) {
            self.closed.insert(hash(&id));
            self.last_row_of.remove(&id);
        }
        self.emit(group, output)
    }

    fn emit(&self, group: Group, output: &mut Output<'_>) -> Result<()> {
        output.met();
        let record = group.rows.first().map(|row| row.record);
        let contact: Result<_, RecordError> = if group.is_late {
            let message = format!(
                "these rows come more than {MAX_OPEN} contacts after the others of their contact; sort the file by contact identifier"
            );
            Err(RecordError::new(self.place.file, record, RejectCode::Malformed, message)
                .field(Field::ContactId.name()))
        } else {
            row::contact_of_turns(group.rows, &self.place)
        };
        output.record(contact)
    }
}

/// A fixed hash (FNV-1a), so that nothing depends on the process.
fn hash(id: &str) -> u64 {
    id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use crate::error::RejectCode;
    use crate::source::testing;

    /// Rows that look alike to nobody, so that their compressed form has a middle to break at.
    fn packed_turns(contacts: usize) -> Vec<u8> {
        let mut text = "contact_id,started_at,speaker,text\n".to_owned();
        for number in 0..contacts * 3 {
            let words = super::hash(&number.to_string());
            text.push_str(&format!("c{},2026-09-03T09:12:00Z,client,mot {words}\n", number / 3));
        }
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut gzip, text.as_bytes()).unwrap();
        gzip.finish().unwrap()
    }

    #[test]
    fn a_file_that_breaks_off_gives_the_contacts_before_and_one_reject() {
        let whole = packed_turns(3000);
        let (contacts, rejects, _) = testing::read_bytes("a.csv.gz", &whole);
        assert_eq!((contacts.len(), rejects.len()), (3000, 0));
        let (contacts, rejects, _) = testing::read_bytes("a.csv.gz", &whole[..whole.len() / 2]);
        assert!((1000..2000).contains(&contacts.len()), "{} contacts", contacts.len());
        let is_told =
            |contact: &crate::contact::Contact| contact.flags.iter().any(|flag| flag == super::MAY_LACK_TURNS);
        assert!(contacts.iter().all(is_told), "all of them were open");
        assert_eq!((rejects.len(), rejects[0].code), (1, RejectCode::Truncated));
    }

    #[test]
    fn rows_that_come_back_after_the_window_are_one_reject() {
        let mut text = "contact_id,started_at,speaker,text\n".to_owned();
        for id in 0..super::MAX_OPEN + 10 {
            text.push_str(&format!("c{id},2026-09-03T09:12:00Z,client,a\n"));
        }
        text.push_str("c0,2026-09-03T09:12:00Z,agent,b\nc0,2026-09-03T09:12:00Z,agent,c\n");
        text.push_str(&format!("c{},2026-09-03T09:12:00Z,agent,in time\n", super::MAX_OPEN));
        let (contacts, rejects, summary) = testing::read_bytes("a.csv", text.as_bytes());
        assert_eq!(contacts.len(), super::MAX_OPEN + 10);
        assert_eq!((rejects.len(), rejects[0].code), (1, RejectCode::Malformed));
        assert_eq!(summary.records_read as usize, super::MAX_OPEN + 11);
        let last = contacts.iter().find(|contact| contact.contact_id == format!("c{}", super::MAX_OPEN)).unwrap();
        assert_eq!(last.turns.len(), 2);
    }
}
