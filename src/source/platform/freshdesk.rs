//! Freshdesk: tickets with their conversations, from the interface (`conversations`) or the older export (`notes` inside
//! `helpdesk_ticket`).
//!
//! Status and source are integer codes. The description is the requester's, except for outbound e-mails (source 10). A
//! conversation is the customer's when it is `incoming`; private ones are notes.

use super::super::columns::Field;
use super::super::row::{Place, Row};
use super::super::value::Cell;
use super::reach::{self, Object};
use super::ticket::{self, Comment};
use crate::contact::Speaker;

/// Source code of e-mails that the company starts.
const OUTBOUND_EMAIL: i64 = 10;

/// The ticket inside the wrapper of the older export.
fn ticket_of(object: &Object) -> &Object {
    reach::object(object, &["helpdeskticket"]).unwrap_or(object)
}

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    let ticket = ticket_of(object);
    let has = |names: &[&str]| reach::get(ticket, names).is_some();
    has(&["id", "displayid"])
        && (has(&["descriptiontext"]) || has(&["responderid"]) || has(&["frescalated", "dueby", "frdueby"]))
        && has(&["requesterid", "requester"])
        && has(&["conversations", "notes", "descriptiontext", "description"])
}

/// The row of the ticket.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let ticket = ticket_of(object);
    let mut row = Row::new(1);
    let of = |names: &[&str]| reach::cell(ticket, names);
    row.set(Field::ContactId, of(&["displayid", "id"]), 1.0);
    row.set(Field::StartedAt, of(&["createdat"]), 1.0);
    let closed = ["closedat", "resolvedat"]
        .iter()
        .find_map(|name| reach::cell_at(ticket, &["stats", name]).or_else(|| of(&[name])));
    row.set(Field::EndedAt, closed, 1.0);
    row.set(Field::Subject, of(&["subject"]), 1.0);
    let source = reach::number_of(ticket, &["source"]).map(|code| code as i64);
    let channel = match source {
        Some(code) => channel(code).map(str::to_owned),
        None => reach::text(ticket, &["sourcename", "source"]),
    };
    row.set(Field::Channel, channel.map(Cell::Text), 1.0);
    row.set(Field::Team, of(&["groupname", "groupid"]), 1.0);
    row.set(Field::AgentId, of(&["responderid", "respondername"]), 1.0);
    row.set(Field::Product, of(&["productid"]), 1.0);
    row.set(Field::AgentReason, of(&["type", "tickettype"]), 1.0);
    let requester = reach::object(ticket, &["requester"]);
    let requester_id =
        reach::text(ticket, &["requesterid"]).or_else(|| requester.and_then(|one| reach::text(one, &["id"])));
    row.set(Field::CustomerId, requester_id.clone().map(Cell::Text), 1.0);
    let name = requester.and_then(|one| reach::cell(one, &["name"])).or_else(|| of(&["name"]));
    row.set(Field::CustomerName, name, 1.0);
    row.set(
        Field::CustomerEmail,
        requester.and_then(|one| reach::cell(one, &["email"])).or_else(|| of(&["email"])),
        1.0,
    );
    row.set(
        Field::CustomerPhone,
        requester.and_then(|one| reach::cell(one, &["phone", "mobile"])).or_else(|| of(&["phone"])),
        1.0,
    );
    let is_outbound = source == Some(OUTBOUND_EMAIL);
    if is_outbound {
        row.set(Field::Direction, Some(Cell::Text("outbound".into())), 1.0);
    }

    let mut comments = Vec::new();
    if let Some(description) = reach::text(ticket, &["descriptiontext", "description", "descriptionhtml"]) {
        comments.push(Comment {
            author: requester_id.clone(),
            role: Some(if is_outbound { Speaker::Agent } else { Speaker::Customer }),
            text: description,
            is_private: false,
            at: reach::instant_of(ticket, &["createdat"], place),
        });
    }
    for conversation in reach::objects(ticket, &["conversations"]).chain(reach::objects(ticket, &["notes"])) {
        // The older export wraps each note once more.
        let said = reach::object(conversation, &["note"]).unwrap_or(conversation);
        let author = reach::text(said, &["userid"]);
        let is_incoming = reach::flag(said, &["incoming"]);
        let is_requester = author.is_some() && author == requester_id;
        let Some(text) = reach::text(said, &["bodytext", "body", "bodyhtml"]) else { continue };
        comments.push(Comment {
            role: match is_incoming {
                Some(true) => Some(Speaker::Customer),
                Some(false) if is_requester => Some(Speaker::Customer),
                Some(false) => Some(Speaker::Agent),
                None if is_requester => Some(Speaker::Customer),
                None => author.is_some().then_some(Speaker::Agent),
            },
            author,
            text,
            is_private: reach::flag(said, &["private"]) == Some(true),
            at: reach::instant_of(said, &["createdat"], place),
        });
    }
    ticket::fill(&mut row, comments);
    vec![row]
}

fn channel(code: i64) -> Option<&'static str> {
    Some(match code {
        1 | OUTBOUND_EMAIL => "email",
        2 | 9 => "web_form",
        3 => "phone",
        5 | 6 | 8 | 13 => "social",
        7 => "chat",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::contact::{Channel, Direction, Speaker};
    use crate::source::testing;

    #[test]
    fn integer_codes_and_incoming_tell_channel_and_roles() {
        let text = r#"{"id":12,"subject":"Panne","description":"<div>Ma box<br>est en panne</div>","description_text":"Ma box est en panne","source":3,"status":5,"requester_id":77,"responder_id":9,
            "created_at":"2026-09-03T07:12:00Z","stats":{"closed_at":"2026-09-04T07:12:00Z"},"conversations":[
            {"id":1,"body":"<p>Avez-vous redémarré ?</p>","incoming":false,"private":false,"user_id":9,"created_at":"2026-09-03T08:00:00Z"},
            {"id":2,"body_text":"voir N2","incoming":false,"private":true,"user_id":9,"created_at":"2026-09-03T08:01:00Z"},
            {"id":3,"body_text":"Oui","incoming":true,"private":false,"user_id":77,"created_at":"2026-09-03T09:00:00Z"}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("f.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        let speakers: Vec<Speaker> = contact.turns.iter().map(|turn| turn.speaker).collect();
        assert_eq!(speakers, [Speaker::Customer, Speaker::Agent, Speaker::Customer]);
        assert_eq!((contact.channel, contact.direction), (Some(Channel::Phone), Direction::Inbound));
        assert_eq!(contact.ended_at.map(|end| end.to_rfc3339()).as_deref(), Some("2026-09-04T07:12:00+00:00"));
    }
}
