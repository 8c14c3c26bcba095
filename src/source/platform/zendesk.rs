//! Zendesk: tickets with their comments, as the interface and its exports write them.
//!
//! Accepted: a ticket with `comments` inside, `{"ticket": …, "comments": […], "users": […]}`, and
//! `{"tickets": […], "users": […]}`. The users' roles tell who writes; without them the requester is the customer and the
//! other authors are the company. Private comments are left out. The description is the first comment.

use std::collections::BTreeMap;

use super::super::columns::Field;
use super::super::row::{Place, Row};
use super::super::speakers::push;
use super::super::value::Cell;
use super::reach::{self, Object};
use super::ticket::{self, Comment};
use crate::contact::Speaker;

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    let is_ticket = |ticket: &Object| {
        reach::get(ticket, &["requesterid", "submitterid", "requester"]).is_some()
            && reach::get(ticket, &["id", "ticketid"]).is_some()
            && reach::get(ticket, &["via", "viachannel", "comments", "brandid", "ticketformid", "satisfactionrating"])
                .is_some()
            && reach::get(ticket, &["comments", "description", "subject"]).is_some()
            && reach::get(ticket, &["conversations"]).is_none()
    };
    if let Some(ticket) = reach::object(object, &["ticket"]) {
        return is_ticket(ticket);
    }
    is_ticket(object)
        || (reach::has_objects(object, &["users", "comments"])
            && reach::objects(object, &["tickets"]).next().is_some_and(is_ticket))
        // The answer of the interface for the comments of one ticket.
        || reach::objects(object, &["comments"]).any(|comment| {
            reach::get(comment, &["authorid"]).is_some() && reach::get(comment, &["htmlbody", "plainbody"]).is_some()
        })
}

/// The rows of the document: one for each ticket.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let users: BTreeMap<String, &Object> =
        reach::objects(object, &["users"]).filter_map(|user| Some((reach::text(user, &["id"])?, user))).collect();
    let beside: Vec<&Object> = reach::objects(object, &["comments"]).collect();
    if let Some(ticket) = reach::object(object, &["ticket"]) {
        return vec![row(ticket, &beside, &users, place)];
    }
    let tickets: Vec<&Object> = reach::objects(object, &["tickets"]).collect();
    if tickets.is_empty() {
        return vec![row(object, &[], &users, place)];
    }
    tickets
        .into_iter()
        .map(|ticket| {
            let id = reach::text(ticket, &["id", "ticketid"]);
            let own: Vec<&Object> = beside
                .iter()
                .copied()
                .filter(|comment| {
                    let of = reach::text(comment, &["ticketid"]);
                    of.is_some() && of == id
                })
                .collect();
            row(ticket, &own, &users, place)
        })
        .collect()
}

fn row(ticket: &Object, beside: &[&Object], users: &BTreeMap<String, &Object>, place: &Place<'_>) -> Row {
    let mut row = Row::new(1);
    let of = |names: &[&str]| reach::cell(ticket, names);
    row.set(Field::ContactId, of(&["id", "ticketid"]), 1.0);
    row.set(Field::StartedAt, of(&["createdat", "created"]), 1.0);
    row.set(Field::EndedAt, of(&["solvedat", "closedat"]), 1.0);
    row.set(Field::Subject, of(&["subject", "rawsubject"]), 1.0);
    let via = reach::object(ticket, &["via"]);
    let channel = via.and_then(|via| reach::text(via, &["channel"])).or_else(|| reach::text(ticket, &["viachannel"]));
    row.set(Field::Channel, channel.as_deref().and_then(self::channel).map(|name| Cell::Text(name.into())), 1.0);
    row.set(Field::Team, of(&["groupname", "groupid"]), 1.0);
    row.set(Field::AgentId, of(&["assigneeid"]), 1.0);
    row.set(Field::Product, of(&["brandid"]), 1.0);
    let requester =
        reach::text(ticket, &["requesterid"]).or_else(|| reach::text(reach::object(ticket, &["requester"])?, &["id"]));
    row.set(Field::CustomerId, requester.clone().map(Cell::Text), 1.0);
    let address = |names: &[&str]| {
        requester
            .as_ref()
            .and_then(|id| users.get(id).copied())
            .or_else(|| reach::object(ticket, &["requester"]))
            .and_then(|user| reach::cell(user, names))
    };
    row.set(Field::CustomerName, address(&["name"]), 1.0);
    row.set(Field::CustomerEmail, address(&["email"]), 1.0);
    row.set(Field::CustomerPhone, address(&["phone"]), 1.0);
    let tags: Vec<String> = reach::get(ticket, &["tags"])
        .and_then(serde_json::Value::as_array)
        .map(|tags| tags.iter().filter_map(reach::string).collect())
        .unwrap_or_default();
    if tags.iter().any(|tag| tag == "closed_by_merge") {
        push(&mut row.flags, ticket::MERGED_AWAY);
    }
    let merged = reach::get(ticket, &["mergedticketids"]).and_then(serde_json::Value::as_array);
    if merged.is_some_and(|ids| !ids.is_empty()) {
        push(&mut row.flags, ticket::MERGED_IN);
    }

    let role = |author: Option<&str>| -> Option<Speaker> {
        let author = author?;
        if author == "-1" || author == "0" {
            return Some(Speaker::Ivr);
        }
        let stated = users.get(author).and_then(|user| reach::text(user, &["role"]));
        if let Some(speaker) = stated.and_then(|role| super::super::value::speaker(&role, &place.settings.options)) {
            return Some(speaker);
        }
        match &requester {
            Some(requester) if requester == author => Some(Speaker::Customer),
            Some(_) => Some(Speaker::Agent),
            None => None,
        }
    };
    let mut comments: Vec<Comment> = reach::objects(ticket, &["comments"])
        .chain(beside.iter().copied())
        .filter_map(|comment| {
            let via = reach::object(comment, &["via"]);
            let kind = via.and_then(|via| reach::text(via, &["channel"]));
            let is_rule = matches!(kind.as_deref(), Some("rule" | "system" | "trigger" | "automation"))
                || via
                    .and_then(|via| reach::at(via, &["source", "rel"]))
                    .and_then(reach::string)
                    .is_some_and(|rel| matches!(rel.as_str(), "trigger" | "automation" | "merge"));
            let is_bot = matches!(kind.as_deref(), Some("answer_bot" | "answer_bot_for_web_widget" | "bot"));
            let author = reach::text(comment, &["authorid", "userid"])
                .or_else(|| reach::text(reach::object(comment, &["author"])?, &["id", "name"]));
            Some(Comment {
                role: if is_bot {
                    Some(Speaker::Bot)
                } else if is_rule {
                    Some(Speaker::Ivr)
                } else {
                    role(author.as_deref())
                },
                author,
                text: reach::text(comment, &["plainbody", "htmlbody", "body", "text"])?,
                is_private: reach::flag(comment, &["public", "ispublic"]) == Some(false),
                at: reach::instant_of(comment, &["createdat", "created"], place),
            })
        })
        .collect();
    ticket::in_order_of_time(&mut comments);
    let submitter = reach::text(ticket, &["submitterid"]);
    if let Some(text) = reach::text(ticket, &["description"]) {
        let author = submitter.clone().or_else(|| requester.clone());
        let (role, at) = (role(author.as_deref()), reach::instant_of(ticket, &["createdat", "created"], place));
        ticket::with_description(&mut comments, Comment { role, author, text, at, is_private: false });
    }
    let first = comments.iter().find(|comment| !comment.is_private).and_then(|comment| comment.role);
    if submitter.is_some() && requester.is_some() && submitter != requester && first == Some(Speaker::Agent) {
        push(&mut row.flags, ticket::BY_AGENT);
        // A message that the company sends first is proactive; a call or a chat that an agent notes down is not.
        if matches!(channel.as_deref(), Some("web" | "email" | "api"))
            && comments.first().is_some_and(|one| !one.is_private)
        {
            row.set(Field::Direction, Some(Cell::Text("outbound".into())), 1.0);
        }
    }
    ticket::fill(&mut row, comments);
    row
}

/// Zendesk's names of channels that are not those of everybody.
fn channel(name: &str) -> Option<&str> {
    Some(match name {
        "api" | "rule" | "system" | "closed_ticket" | "side_conversation" | "closed_by_merge" => return None,
        "web" | "web_service" | "help_center" | "web_widget" | "mobile_sdk" | "mobile" => "web_form",
        "native_messaging" | "messaging" | "answer_bot_for_web_widget" | "line" | "lotus" => "chat",
        "voice" | "phone_call_inbound" | "phone_call_outbound" | "voicemail" => "phone",
        "any_channel" => "social",
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use crate::contact::{Channel, Speaker};
    use crate::source::testing;

    #[test]
    fn users_tell_the_roles_and_private_notes_are_left_out() {
        let text = r#"{"ticket":{"id":7,"created_at":"2026-09-03T07:12:00Z","subject":"Colis","description":"Où est mon colis ?","requester_id":1,"submitter_id":1,"via":{"channel":"email"}},
            "comments":[{"id":1,"author_id":1,"plain_body":"Où est mon colis ?","public":true,"created_at":"2026-09-03T07:12:00Z"},
            {"id":2,"author_id":9,"html_body":"<p>à vérifier</p>","public":false,"created_at":"2026-09-03T08:00:00Z"},
            {"id":3,"author_id":9,"html_body":"<p>Il arrive <b>demain</b>.</p>","public":true,"created_at":"2026-09-03T09:12:00Z"},
            {"id":4,"author_id":3,"html_body":"<p>Je suis sa femme, merci.</p>","public":true,"created_at":"2026-09-03T10:12:00Z"}],
            "users":[{"id":1,"role":"end-user","email":"a@example.com"},{"id":9,"role":"agent"},{"id":3,"role":"end-user"}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("t.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        assert_eq!((contact.contact_id.as_str(), contact.channel), ("7", Some(Channel::Email)));
        let turns: Vec<(Speaker, &str)> = contact.turns.iter().map(|turn| (turn.speaker, turn.text.as_str())).collect();
        assert_eq!(
            turns,
            [
                (Speaker::Customer, "Où est mon colis ?"),
                (Speaker::Agent, "Il arrive demain."),
                (Speaker::Customer, "Je suis sa femme, merci.")
            ]
        );
        assert_eq!(contact.flags, ["private_notes_left_out"]);
    }
}
