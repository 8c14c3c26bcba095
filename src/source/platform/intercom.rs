//! Intercom: conversations with their parts.
//!
//! The first message is the `source`; the parts follow. Parts without a body (assignments, snoozes) are events, notes are
//! private. Fin and the operator bot are bots. A conversation that an admin or a campaign started is outbound.

use serde_json::Value;

use super::super::columns::Field;
use super::super::row::{Place, Row};
use super::super::speakers::push;
use super::super::value::Cell;
use super::reach::{self, Object};
use super::ticket::{self, Comment};
use crate::contact::Speaker;

/// The parts: an array, or an object around one.
fn parts(object: &Object) -> Vec<&Object> {
    const NAMES: [&str; 2] = ["conversationparts", "parts"];
    match reach::get(object, &NAMES) {
        Some(Value::Object(inner)) => reach::objects(inner, &NAMES).collect(),
        _ => reach::objects(object, &NAMES).collect(),
    }
}

/// The first message, by its older name too.
fn first_message(object: &Object) -> Option<&Object> {
    reach::object(object, &["conversationmessage"]).or_else(|| reach::object(object, &["source"]))
}

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    let says = reach::text(object, &["type"]).is_some_and(|kind| kind == "conversation")
        && reach::get(object, &["conversationparts", "source", "conversationmessage"]).is_some();
    let has_parts = parts(object).iter().any(|part| reach::get(part, &["parttype"]).is_some());
    says || has_parts
        || (first_message(object).is_some_and(|first| {
            reach::get(first, &["deliveredas"]).is_some() && reach::object(first, &["author"]).is_some()
        }))
}

/// The row of the conversation.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = Row::new(1);
    let of = |names: &[&str]| reach::cell(object, names);
    row.set(Field::ContactId, of(&["id", "conversationid"]), 1.0);
    row.set(Field::StartedAt, of(&["createdat"]), 1.0);
    let closed = ["lastcloseat", "firstcloseat"].iter().find_map(|name| reach::cell_at(object, &["statistics", name]));
    row.set(Field::EndedAt, closed, 1.0);
    let first = first_message(object);
    row.set(
        Field::Subject,
        first
            .and_then(|first| reach::text(first, &["subject"]))
            .or_else(|| reach::text(object, &["title"]))
            .map(|subject| Cell::Text(super::super::row::plain(subject))),
        1.0,
    );
    let kind = first.and_then(|first| reach::text(first, &["type"]));
    row.set(
        Field::Channel,
        Some(Cell::Text(
            match kind.as_deref() {
                Some("email") => "email",
                Some("facebook" | "twitter" | "instagram" | "whatsapp") => "social",
                Some("sms") => "sms",
                Some("phone_call" | "phone_switch") => "phone",
                _ => "chat",
            }
            .into(),
        )),
        1.0,
    );
    row.set(Field::Team, of(&["teamassigneeid", "teamname"]), 1.0);
    row.set(Field::AgentId, of(&["adminassigneeid", "assigneeid"]), 1.0);
    let author = first.and_then(|first| reach::object(first, &["author"]));
    let contact = match reach::get(object, &["contacts", "user", "customers"]) {
        Some(Value::Object(inner)) => reach::objects(inner, &["contacts"]).next().or(Some(inner)),
        Some(Value::Array(list)) => list.first().and_then(Value::as_object),
        _ => None,
    };
    let of_customer = |names: &[&str]| {
        contact.and_then(|one| reach::cell(one, names)).or_else(|| {
            author
                .filter(|one| speaker(one).is_some_and(|speaker| speaker == Speaker::Customer))
                .and_then(|one| reach::cell(one, names))
        })
    };
    row.set(Field::CustomerId, of_customer(&["externalid", "id"]), 1.0);
    row.set(Field::CustomerName, of_customer(&["name"]), 1.0);
    row.set(Field::CustomerEmail, of_customer(&["email"]), 1.0);
    if let Some(rating) = reach::object(object, &["conversationrating"]) {
        row.set(Field::Csat, reach::cell(rating, &["rating"]), 1.0);
    }
    let delivered = first.and_then(|first| reach::text(first, &["deliveredas"]));
    if matches!(delivered.as_deref(), Some("admin_initiated" | "campaigns_initiated")) {
        row.set(Field::Direction, Some(Cell::Text("outbound".into())), 1.0);
        push(&mut row.flags, ticket::BY_AGENT);
    }

    let mut comments: Vec<Comment> = Vec::new();
    if let Some(first) = first
        && let Some(text) = reach::text(first, &["body"])
    {
        let at = reach::instant_of(object, &["createdat"], place);
        comments.push(Comment { text, at, ..by(author) });
    }
    let mut later: Vec<Comment> = parts(object)
        .into_iter()
        .filter(|part| reach::flag(part, &["redacted"]) != Some(true))
        .filter_map(|part| {
            let kind = reach::text(part, &["parttype"]).unwrap_or_default();
            Some(Comment {
                text: reach::text(part, &["body"])?,
                is_private: kind.contains("note"),
                at: reach::instant_of(part, &["createdat"], place),
                ..by(reach::object(part, &["author"]))
            })
        })
        .collect();
    ticket::in_order_of_time(&mut later);
    comments.extend(later);
    ticket::fill(&mut row, comments);
    vec![row]
}

/// A comment without words, by an author.
fn by(author: Option<&Object>) -> Comment {
    Comment {
        author: author.and_then(|one| reach::text(one, &["id", "email", "name"])),
        role: author.and_then(speaker),
        ..Comment::default()
    }
}

fn speaker(author: &Object) -> Option<Speaker> {
    if reach::flag(author, &["fromaiagent", "isaianswer"]) == Some(true) {
        return Some(Speaker::Bot);
    }
    Some(match reach::text(author, &["type"])?.as_str() {
        "user" | "lead" | "contact" | "visitor" => Speaker::Customer,
        "admin" | "teammate" => Speaker::Agent,
        "bot" | "operator" => Speaker::Bot,
        "team" | "system" | "workflow" => Speaker::Ivr,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use crate::contact::{Channel, Speaker};
    use crate::source::testing;

    #[test]
    fn bots_notes_and_events_are_told_from_messages() {
        let text = r#"{"type":"conversation","id":"99","created_at":1788419520,"source":{"type":"conversation","delivered_as":"customer_initiated","body":"<p>Bonjour, ma facture ?</p>","author":{"type":"user","id":"u1"}},
            "contacts":{"type":"contact.list","contacts":[{"type":"contact","id":"c1","external_id":"K1"}]},"statistics":{"last_close_at":1788423120},
            "conversation_parts":{"type":"conversation_part.list","conversation_parts":[
            {"part_type":"comment","body":"<p>Je suis Fin.</p>","created_at":1788419525,"author":{"type":"bot","id":"b"}},
            {"part_type":"assignment","body":null,"created_at":1788419530,"author":{"type":"bot","id":"b"}},
            {"part_type":"note","body":"<p>client pénible</p>","created_at":1788419540,"author":{"type":"admin","id":"a"}},
            {"part_type":"close","body":"<p>La voici.</p>","created_at":1788419550,"author":{"type":"admin","id":"a"}}]}}"#;
        let (contacts, rejects, _) = testing::read_bytes("i.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        let speakers: Vec<Speaker> = contact.turns.iter().map(|turn| turn.speaker).collect();
        assert_eq!(speakers, [Speaker::Customer, Speaker::Bot, Speaker::Agent]);
        assert_eq!((contact.channel, contact.customer_id.as_deref()), (Some(Channel::Chat), Some("K1")));
        assert_eq!(contact.turns[2].start_s, Some(30.0));
    }
}
