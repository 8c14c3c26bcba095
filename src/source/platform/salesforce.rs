//! Salesforce cases, with their e-mails, comments and chat transcripts as sub-queries give them.
//!
//! The description is the customer's. An e-mail is the customer's when it is `Incoming`; a comment is the customer's when
//! its author is a portal user, and a private note when it is not published.

use super::super::columns::Field;
use super::super::row::{Place, Row};
use super::super::value::{self, Cell};
use super::reach::{self, Object};
use super::ticket::{self, Comment};
use crate::contact::Speaker;
use serde_json::Value;

/// Whether the document is one of these.
pub(super) fn knows(object: &Object) -> bool {
    let is_case = reach::at(object, &["attributes", "type"]).and_then(Value::as_str) == Some("Case");
    is_case
        || (reach::get(object, &["casenumber"]).is_some()
            && reach::get(object, &["createddate"]).is_some()
            && reach::get(object, &["emailmessages", "casecomments", "feeditems", "livechattranscripts"]).is_some())
}

/// The records of a sub-query: an array, or an object around one.
fn records<'a>(object: &'a Object, names: &[&str]) -> Vec<&'a Object> {
    match reach::get(object, names) {
        Some(Value::Object(inner)) => reach::objects(inner, &["records"]).collect(),
        _ => reach::objects(object, names).collect(),
    }
}

/// The row of the case.
pub(super) fn rows(object: &Object, place: &Place<'_>) -> Vec<Row> {
    let mut row = Row::new(1);
    let of = |names: &[&str]| reach::cell(object, names);
    row.set(Field::ContactId, of(&["casenumber", "id"]), 1.0);
    row.set(Field::StartedAt, of(&["createddate"]), 1.0);
    row.set(Field::EndedAt, of(&["closeddate"]), 1.0);
    row.set(Field::Subject, of(&["subject"]), 1.0);
    row.set(Field::Channel, of(&["origin"]), 1.0);
    row.set(Field::AgentReason, of(&["reason", "type"]), 1.0);
    row.set(Field::CustomerId, of(&["contactid", "accountid"]), 1.0);
    let contact = reach::object(object, &["contact"]);
    let name = of(&["suppliedname", "contactname"]).or_else(|| reach::cell(contact?, &["name"]));
    row.set(Field::CustomerName, name, 1.0);
    row.set(Field::CustomerEmail, of(&["suppliedemail", "contactemail"]), 1.0);
    row.set(Field::CustomerPhone, of(&["suppliedphone", "contactphone"]), 1.0);
    row.set(Field::AgentId, of(&["ownerid"]), 1.0);
    row.set(Field::Product, of(&["productid", "product"]), 1.0);
    row.set(Field::Transferred, of(&["isescalated"]), 1.0);
    if reach::get(object, &["masterrecordid"]).is_some() {
        super::super::speakers::push(&mut row.flags, ticket::MERGED_AWAY);
    }
    let started = reach::instant_of(object, &["createddate"], place);
    let mut comments: Vec<Comment> = Vec::new();
    for mail in records(object, &["emailmessages"]) {
        let is_incoming = reach::flag(mail, &["incoming"]);
        let Some(text) = reach::text(mail, &["textbody", "htmlbody", "body"]) else { continue };
        comments.push(Comment {
            author: reach::text(mail, &["fromaddress", "fromname"]),
            role: is_incoming.map(|incoming| if incoming { Speaker::Customer } else { Speaker::Agent }),
            text,
            is_private: false,
            at: reach::instant_of(mail, &["messagedate", "createddate"], place),
        });
    }
    for comment in records(object, &["casecomments"]) {
        let Some(text) = reach::text(comment, &["commentbody", "body"]) else { continue };
        let author = reach::object(comment, &["createdby"]);
        let kind = author.and_then(|one| reach::text(one, &["usertype"]));
        comments.push(Comment {
            author: author
                .and_then(|one| reach::text(one, &["name", "id"]))
                .or_else(|| reach::text(comment, &["createdbyid"])),
            role: Some(match kind.as_deref() {
                Some(kind) if is_portal(kind) => Speaker::Customer,
                Some("AutomatedProcess") => Speaker::Ivr,
                _ => Speaker::Agent,
            }),
            text,
            is_private: reach::flag(comment, &["ispublished"]) == Some(false),
            at: reach::instant_of(comment, &["createddate"], place),
        });
    }
    ticket::in_order_of_time(&mut comments);
    if let Some(text) = reach::text(object, &["description"]) {
        let description = Comment { role: Some(Speaker::Customer), text, at: started, ..Comment::default() };
        ticket::with_description(&mut comments, description);
    }
    ticket::fill(&mut row, comments);
    for chat in records(object, &["livechattranscripts", "messagingsessions"]) {
        // The body of a chat is HTML whose lines are "( 12s ) Name: words".
        let Some(body) = reach::text(chat, &["body"]) else { continue };
        let body = super::super::row::plain(body);
        if let Some(turns) = super::super::dialogue::split(&body, &place.settings.options, true) {
            // Before the first message stand the chat's own lines: when it started, from where, with whom.
            row.turns.get_or_insert_default().extend(turns.into_iter().skip_while(|turn| turn.label.is_none()));
        }
    }
    let channel = row.text(Field::Channel);
    if channel.is_some_and(|name| value::channel(&name, &place.settings.options).is_none())
        && !records(object, &["emailmessages"]).is_empty()
    {
        // Origins are the company's own words; a case with e-mails came by e-mail.
        row.set(Field::Channel, Some(Cell::Text("email".into())), 1.0);
    }
    vec![row]
}

fn is_portal(kind: &str) -> bool {
    ["Portal", "Customer", "Guest", "Community"].iter().any(|word| kind.contains(word))
}

#[cfg(test)]
mod tests {
    use crate::contact::{Channel, Speaker};
    use crate::source::testing;

    #[test]
    fn mails_and_comments_follow_the_description_in_order() {
        let text = r#"{"totalSize":1,"done":true,"records":[{"attributes":{"type":"Case","url":"/x"},"CaseNumber":"00001026","Origin":"Email","Reason":"Livraison","Subject":"Colis","Description":"Où est mon colis ?","ContactId":"003A","CreatedDate":"2026-09-03T07:12:00.000+0000","ClosedDate":null,
            "CaseComments":{"records":[{"CommentBody":"voir transporteur","IsPublished":false,"CreatedDate":"2026-09-03T08:12:00.000+0000"}]},
            "EmailMessages":{"totalSize":2,"records":[
              {"Incoming":false,"TextBody":"Il arrive demain.","FromAddress":"s@lumio.example.com","MessageDate":"2026-09-03T09:12:00.000+0000"},
              {"Incoming":true,"TextBody":"Où est mon colis ?","FromAddress":"a@example.com","MessageDate":"2026-09-03T07:12:00.000+0000"}]}}]}"#;
        let (contacts, rejects, _) = testing::read_bytes("s.json", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let contact = &contacts[0];
        let speakers: Vec<Speaker> = contact.turns.iter().map(|turn| turn.speaker).collect();
        assert_eq!(speakers, [Speaker::Customer, Speaker::Agent]);
        assert_eq!((contact.contact_id.as_str(), contact.channel), ("00001026", Some(Channel::Email)));
        assert_eq!((contact.agent_reason.as_deref(), contact.turns[1].start_s), (Some("Livraison"), Some(7200.0)));
    }
}
