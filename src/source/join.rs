//! The tables of one ticketing export, brought together: tickets, their comments, and the users who wrote them.
//!
//! Exports of Zendesk (and the copies of them that data pipelines make) have a file for each. When a folder holds exactly
//! one table of tickets and one of comments, the comments become the turns of their tickets, and the table of users tells
//! who is an agent. Comments whose ticket is not in the table are contacts of their own. The comments are held in memory
//! while the tickets are read; a table of comments that is too large for that is read alone.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use crate::config::Options;
use crate::contact::Speaker;
use crate::error::RejectCode;

use super::columns::{Field, normalise};
use super::decode::{self, record_text};
use super::delimited::{self, Delimited, RowRead};
use super::discover::InputFile;
use super::platform::{Comment, fill, in_order_of_time, with_description};
use super::row::{self, Place, Row};
use super::value::{self, Cell};
use super::{Failure, Output, open};

/// Largest table of comments that is held in memory.
const MAX_BYTES: u64 = 1 << 30;

/// The tables beside a table of tickets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beside {
    /// Comments.
    pub(crate) comments: PathBuf,
    /// The same, as shown to the user.
    pub(crate) comments_name: String,
    /// Users.
    pub(crate) users: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    Tickets,
    Comments,
    Users,
}

/// Finds tables that belong together among the files of the same folder.
pub(crate) fn bring_together(files: &mut [InputFile], options: &Options) {
    let mut folders: BTreeMap<PathBuf, Vec<(usize, Kind)>> = BTreeMap::new();
    for (index, file) in files.iter().enumerate() {
        let name = open::plain_name(&file.name).to_lowercase();
        let is_candidate =
            name.ends_with(".csv") && ["ticket", "comment", "user"].iter().any(|word| name.contains(word));
        if is_candidate && let Some(kind) = kind(&file.path, options) {
            let folder = file.path.parent().map(Path::to_path_buf).unwrap_or_default();
            folders.entry(folder).or_default().push((index, kind));
        }
    }
    for found in folders.into_values() {
        let only = |wanted: Kind| {
            let mut all = found.iter().filter(|(_, kind)| *kind == wanted).map(|(index, _)| *index);
            all.next().filter(|_| all.next().is_none())
        };
        let (Some(tickets), Some(comments)) = (only(Kind::Tickets), only(Kind::Comments)) else { continue };
        if std::fs::metadata(&files[comments].path).map_or(true, |metadata| metadata.len() > MAX_BYTES) {
            continue;
        }
        let users = only(Kind::Users);
        files[tickets].beside = Some(Beside {
            comments: files[comments].path.clone(),
            comments_name: files[comments].name.clone(),
            users: users.map(|users| files[users].path.clone()),
        });
        files[comments].is_joined = true;
        if let Some(users) = users {
            files[users].is_joined = true;
        }
    }
}

fn kind(path: &Path, options: &Options) -> Option<Kind> {
    let opened = open::open(path).ok()?;
    let head = decode::head_text(&opened.head, &options.input.encoding);
    let delimiter = delimited::sniff_delimiter(&head, options);
    let header = head.trim_start_matches('\u{feff}').lines().next()?;
    let names: Vec<String> =
        header.split(delimiter as char).map(|name| normalise(name.trim_matches(['"', ' ']))).collect();
    let has = |name: &str| names.iter().any(|header| header == name);
    if has("ticketid") && has("body") && (has("userid") || has("authorid")) {
        Some(Kind::Comments)
    } else if has("id") && has("requesterid") && (has("description") || has("subject")) && !has("body") {
        Some(Kind::Tickets)
    } else if has("id") && has("role") && (has("email") || has("name")) && !has("body") {
        Some(Kind::Users)
    } else {
        None
    }
}

/// Comments by ticket and roles by user, loaded.
pub(crate) struct Joined {
    comments: BTreeMap<String, Vec<Written>>,
    roles: BTreeMap<String, Speaker>,
    file: String,
}

struct Written {
    record: u64,
    comment: Comment,
}

impl Joined {
    /// Loads the tables. Rows of comments that cannot be read are rejects of their file.
    pub(crate) fn load(beside: &Beside, place: &Place<'_>, output: &mut Output<'_>) -> Result<Self, Failure> {
        let mut joined = Self { comments: BTreeMap::new(), roles: BTreeMap::new(), file: beside.comments_name.clone() };
        let options = &place.settings.options;
        if let Some(users) = &beside.users {
            each(users, options, &[], |_, row| {
                // A user who cannot be read is one whose role is unknown.
                if let Ok(row) = row
                    && let (Some(id), Some(role)) = (row.get(&["id"]), row.get(&["role"]))
                    && let Some(speaker) = value::speaker(role, options)
                {
                    joined.roles.insert(id.to_owned(), speaker);
                }
                Ok(())
            })?;
        }
        let own = Place { file: &beside.comments_name, ..*place };
        let comments = &mut joined.comments;
        let read = each(&beside.comments, options, &COMMENT_CELLS, |record, row| {
            let row = match row {
                Ok(row) => row,
                Err((code, message)) => {
                    output.met();
                    return Ok(output.reject(own.reject(record, code, message))?);
                }
            };
            let Some(ticket) = row.get(&["ticketid"]) else {
                output.met();
                return Ok(output.reject(
                    own.reject(record, RejectCode::MissingContactId, "the comment has no ticket").field("ticket_id"),
                )?);
            };
            let Some(text) = row.get(&BODY) else { return Ok(()) };
            let time = row.get(&CREATED).map(|time| Cell::Text(time.to_owned()));
            let [public, private] =
                [&PUBLIC[..], &PRIVATE].map(|names| row.get(names).map(|text| Cell::Text(text.to_owned())));
            let comment = Comment {
                author: row.get(&["authorid", "userid"]).map(str::to_owned),
                role: None,
                text: text.to_owned(),
                is_private: value::is_note(public.as_ref(), private.as_ref(), options),
                at: time.and_then(|time| row::moment(&time, &own)).map(|moment| moment.instant),
            };
            comments.entry(ticket.to_owned()).or_default().push(Written { record, comment });
            Ok(())
        });
        match read {
            // The tickets are whole, and so are the comments before the break.
            Err(Failure::Io(error)) => {
                let (code, message) = super::unreadable(&error);
                output.met();
                output.reject(own.reject_file(code, message))?;
            }
            read => read?,
        }
        Ok(joined)
    }

    /// Gives a ticket its conversation.
    pub(crate) fn complete(&mut self, ticket: &mut Row, place: &Place<'_>) {
        let Some(id) = ticket.text(Field::ContactId) else { return };
        let Some(written) = self.comments.remove(&id) else { return };
        let requester = ticket.text(Field::CustomerId);
        let mut comments = self.with_roles(written, requester.as_deref());
        if let Some(text) = ticket.text(Field::Text) {
            let at = ticket.cell(Field::StartedAt).and_then(|cell| row::moment(cell, place));
            let description = Comment {
                author: requester,
                role: Some(Speaker::Customer),
                text,
                is_private: false,
                at: at.map(|moment| moment.instant),
            };
            with_description(&mut comments, description);
        }
        fill(ticket, comments);
    }

    /// Comments of tickets that the table of tickets does not have.
    pub(crate) fn rest(&mut self, place: &Place<'_>, output: &mut Output<'_>) -> Result<(), Failure> {
        let mut left: Vec<(String, Vec<Written>)> = std::mem::take(&mut self.comments).into_iter().collect();
        left.sort_by_key(|(_, written)| written.first().map(|one| one.record));
        let own = Place { file: &self.file, ..*place };
        for (id, written) in left {
            let mut row = Row::new(written.first().map_or(1, |one| one.record));
            row.set(Field::ContactId, Some(Cell::Text(id)), 1.0);
            let first = written.iter().filter_map(|one| one.comment.at).min();
            row.set(Field::StartedAt, first.map(Cell::Instant), 1.0);
            row.is_comment = true;
            let comments = self.with_roles(written, None);
            fill(&mut row, comments);
            output.met();
            output.record(row::contact(&row, &own))?;
        }
        Ok(())
    }

    /// In order of time, with the roles that the users' table or the requester tells.
    fn with_roles(&self, written: Vec<Written>, requester: Option<&str>) -> Vec<Comment> {
        let mut comments: Vec<Comment> = written
            .into_iter()
            .map(|Written { mut comment, .. }| {
                let author = comment.author.as_deref();
                comment.role =
                    author.and_then(|author| self.roles.get(author).copied()).or(match (author, requester) {
                        (Some("-1"), _) => Some(Speaker::Ivr),
                        (Some(author), Some(requester)) if author == requester => Some(Speaker::Customer),
                        (Some(_), Some(_)) => Some(Speaker::Agent),
                        _ => None,
                    });
                comment
            })
            .collect();
        in_order_of_time(&mut comments);
        comments
    }
}

/// The named cells of one row.
struct Named<'a> {
    names: &'a [String],
    fields: &'a [String],
}

impl Named<'_> {
    fn get(&self, wanted: &[&str]) -> Option<&str> {
        wanted.iter().find_map(|name| {
            let column = self.names.iter().position(|header| header == name)?;
            self.fields.get(column).map(|field| field.trim()).filter(|field| !value::is_missing_mark(field))
        })
    }
}

const BODY: [&str; 3] = ["body", "plainbody", "htmlbody"];
const CREATED: [&str; 2] = ["created", "createdat"];
const PUBLIC: [&str; 2] = ["public", "ispublic"];
const PRIVATE: [&str; 4] = ["private", "isprivate", "internal", "isinternal"];
/// What every row of comments has, if only as an empty cell: a comment that does not say whether it is public may be a
/// private note.
const COMMENT_CELLS: [&[&str]; 5] = [&["ticketid"], &BODY, &CREATED, &PUBLIC, &PRIVATE];

/// A row, or why it is none.
type Read<'a> = Result<Named<'a>, (RejectCode, String)>;

/// Reads a table row by row. Rows that lack one of the needed cells are damaged.
fn each(
    path: &Path,
    options: &Options,
    needed: &[&[&str]],
    mut take: impl FnMut(u64, Read<'_>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let opened = open::open(path)?;
    let head = decode::head_text(&opened.head, &options.input.encoding);
    let delimiter = delimited::sniff_delimiter(&head, options);
    let mut stream: Box<dyn BufRead> = decode::text_reader(opened.stream, &opened.head, &options.input.encoding);
    let mut rows = Delimited::new(&mut stream, delimiter, true);
    let mut names: Vec<String> = Vec::new();
    let mut columns: Vec<Option<usize>> = Vec::new();
    let mut record = 0;
    loop {
        let read = rows.next()?;
        record += 1 + rows.blank_rows();
        match read {
            RowRead::Eof => return Ok(()),
            RowRead::Bad { code, message } => take(record, Err((code, message.to_owned())))?,
            RowRead::Row { fields, .. } if names.is_empty() => {
                rows.expect_width(fields.len());
                names = fields
                    .iter()
                    .map(|field| normalise(record_text(field.as_bytes()).0.trim_start_matches('\u{feff}')))
                    .collect();
                let column = |wanted: &&[&str]| wanted.iter().find_map(|name| names.iter().position(|one| one == name));
                columns = needed.iter().map(column).collect();
            }
            RowRead::Row { fields, .. } => {
                let read = delimited::check_width(&fields, names.len(), &columns)
                    .map(|()| Named { names: &names, fields: &fields })
                    .map_err(|message| (RejectCode::Malformed, message));
                take(record, read)?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::contact::Speaker;
    use crate::source::{Record, discover, read, testing};

    #[test]
    fn comments_and_users_complete_the_tickets_of_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "ticket.csv",
            "id,created_at,subject,description,requester_id,via_channel\n1,2026-09-03 07:12:00,Colis,Où est mon colis ?,77,email\n2,2026-09-03 08:12:00,Box,Panne,78,web\n",
        );
        write(
            "ticket_comment.csv",
            "id,ticket_id,user_id,body,public,created\n10,1,77,Où est mon colis ?,TRUE,2026-09-03 07:12:00\n11,1,9,à vérifier,FALSE,2026-09-03 07:30:00\n12,1,9,Demain.,TRUE,2026-09-03 08:12:00\n13,3,79,Sans ticket,TRUE,2026-09-03 09:12:00\n14,3,9,Bonjour,TRUE,2026-09-03 09:30:00\n",
        );
        write("user.csv", "id,name,role\n9,A,agent\n77,B,end-user\n79,C,end-user\n");
        let settings = testing::settings_for(folder.path());
        let mut contacts = Vec::new();
        for file in discover(&settings).unwrap() {
            let summary = read(&file, &settings, &mut |record| {
                match record {
                    Record::Contact(contact) => contacts.push(*contact),
                    Record::Reject(error) => panic!("{error}"),
                }
                Ok(())
            })
            .unwrap();
            assert_eq!(summary.sha256.len(), 64, "joined files are still accounted for");
        }
        contacts.sort_by(|a, b| a.contact_id.cmp(&b.contact_id));
        let told: Vec<(&str, Vec<Speaker>)> = contacts
            .iter()
            .map(|contact| (contact.contact_id.as_str(), contact.turns.iter().map(|turn| turn.speaker).collect()))
            .collect();
        assert_eq!(
            told,
            [
                ("1", vec![Speaker::Customer, Speaker::Agent]),
                ("2", vec![Speaker::Customer]),
                ("3", vec![Speaker::Customer, Speaker::Agent])
            ]
        );
        assert_eq!(contacts[0].flags, ["private_notes_left_out"]);
        assert_eq!(contacts[0].turns[1].start_s, Some(3600.0));
    }

    #[test]
    fn comments_that_cannot_be_read_are_rejects_of_their_file() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "tickets.csv",
            "id,created_at,subject,description,requester_id,via_channel\n1,2026-09-03 07:12:00,Colis,Où est mon colis ?,77,email\n",
        );
        write(
            "ticket_comments.csv",
            "id,ticket_id,author_id,body,public,created_at\n10,1,77,Où est mon colis ?,TRUE,2026-09-03 07:12:00\n12,1,9,\"jamais fermé,TRUE,2026-09-03 08:12:00\n13,1\n14,1,77,Alors ?,TRUE,2026-09-04 08:12:00,\n15,1,77,a,TRUE,2026-09-04 08:12:00,b\n",
        );
        let settings = testing::settings_for(folder.path());
        let (mut contacts, mut rejects, mut read_records) = (Vec::new(), Vec::new(), 0);
        for file in discover(&settings).unwrap() {
            let summary = read(&file, &settings, &mut |record| {
                match record {
                    Record::Contact(contact) => contacts.push(*contact),
                    Record::Reject(error) => rejects.push(error),
                }
                Ok(())
            });
            read_records += summary.unwrap().records_read;
        }
        assert_eq!((contacts.len(), contacts[0].turns.len(), read_records), (1, 2, 4));
        let told: Vec<(Option<u64>, &str)> = rejects.iter().map(|error| (error.record, error.code.as_str())).collect();
        assert_eq!(told, [(Some(3), "malformed"), (Some(4), "malformed"), (Some(6), "malformed")]);
        assert!(rejects.iter().all(|error| error.file.ends_with("/ticket_comments.csv")), "{rejects:?}");
    }
}
