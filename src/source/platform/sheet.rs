//! Tables of platforms whose columns need more than other names: rows that are not messages, speakers told by a flag.
//!
//! - Zendesk chat events: one row per event; only those with words are messages, and the actor tells who speaks.
//! - Salesforce `EmailMessage`: one row per mail of a case, the customer's when it is incoming.
//!
//! Such a table is rewritten row by row to one row per turn with plain column names.

use serde_json::Value;

use super::super::columns::normalise;
use super::reach;

/// Column names after the rewriting.
const HEADERS: [&str; 7] = ["contact_id", "started_at", "speaker", "text", "channel", "turn_index", "subject"];

/// How the rows of a recognised table are rewritten: for each part, the column that holds it.
#[derive(Debug)]
pub(crate) struct Sheet {
    kind: Kind,
    id: usize,
    time: usize,
    who: usize,
    text: Option<usize>,
    /// JSON of the message (Zendesk) or its HTML (Salesforce).
    other_text: Option<usize>,
    index: Option<usize>,
    subject: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    ZendeskChat,
    SalesforceMail,
}

impl Sheet {
    /// Recognises the table by its header row.
    pub(crate) fn of(headers: &[String]) -> Option<Self> {
        let names: Vec<String> = headers.iter().map(|header| normalise(header)).collect();
        let column = |wanted: &[&str]| wanted.iter().find_map(|name| names.iter().position(|header| header == name));
        if let (Some(id), Some(who), Some(time)) = (column(&["chatid"]), column(&["actorid"]), column(&["createdat"])) {
            let (text, other_text) = (column(&["message"]), column(&["originalmessage"]));
            if text.is_some() || other_text.is_some() {
                let index = column(&["chatindex"]);
                return Some(Self { kind: Kind::ZendeskChat, id, time, who, text, other_text, index, subject: None });
            }
        }
        let (id, who) = (column(&["parentid", "caseid"])?, column(&["incoming"])?);
        let (text, other_text) = (column(&["textbody"]), column(&["htmlbody"]));
        (text.is_some() || other_text.is_some()).then_some(())?;
        Some(Self {
            kind: Kind::SalesforceMail,
            id,
            time: column(&["messagedate", "createddate"])?,
            who,
            text,
            other_text,
            index: None,
            subject: column(&["subject"]),
        })
    }

    /// The headers of the rewritten rows.
    pub(crate) fn headers() -> Vec<String> {
        HEADERS.iter().map(|name| (*name).to_owned()).collect()
    }

    /// One row; `None` when it is not a message.
    pub(crate) fn row(&self, fields: &[String]) -> Option<Vec<String>> {
        let field = |column: usize| fields.get(column).map_or("", |field| field.trim());
        let maybe = |column: Option<usize>| column.map_or("", field);
        let original: Option<Value> = match self.kind {
            Kind::ZendeskChat => serde_json::from_str(maybe(self.other_text)).ok(),
            Kind::SalesforceMail => None,
        };
        let original = original.as_ref().and_then(Value::as_object);
        let text = match (maybe(self.text), self.kind) {
            ("", Kind::ZendeskChat) => original.and_then(words_of)?,
            ("", Kind::SalesforceMail) => maybe(self.other_text).to_owned(),
            (text, _) => text.to_owned(),
        };
        if text.is_empty() {
            return None;
        }
        let (speaker, channel) = match self.kind {
            Kind::ZendeskChat => (chat_speaker(field(self.who), original), "chat"),
            Kind::SalesforceMail => (
                match field(self.who).to_ascii_lowercase().as_str() {
                    "true" | "1" | "vrai" => "customer",
                    "false" | "0" | "faux" => "agent",
                    _ => "",
                },
                "email",
            ),
        };
        let parts: [&str; 7] =
            [field(self.id), field(self.time), speaker, &text, channel, maybe(self.index), maybe(self.subject)];
        Some(parts.iter().map(|part| (*part).to_owned()).collect())
    }
}

/// The words of Zendesk's own message object; forms and carousels have none.
fn words_of(original: &reach::Object) -> Option<String> {
    reach::at(original, &["content", "text", "text"])
        .or_else(|| reach::at(original, &["content", "text"]))
        .and_then(reach::string)
}

/// `agent:403…` is an agent unless the bot wrote in its name; `__trigger` and `__system` are nobody.
fn chat_speaker(actor: &str, original: Option<&reach::Object>) -> &'static str {
    let of = |path: &[&str]| original.and_then(|original| reach::at(original, path)).and_then(Value::as_str);
    if of(&["author", "type"]).is_some_and(|kind| kind.eq_ignore_ascii_case("user")) {
        return "customer";
    }
    if actor.starts_with("__") {
        return "ivr";
    }
    if of(&["source", "type"]).is_some_and(|kind| kind.to_ascii_lowercase().contains("bot")) {
        return "bot";
    }
    if actor.starts_with("agent:") || of(&["author", "type"]).is_some_and(|kind| kind.eq_ignore_ascii_case("business"))
    {
        return "agent";
    }
    if actor.is_empty() { "" } else { "customer" }
}

#[cfg(test)]
mod tests {
    use crate::contact::{Channel, Speaker};
    use crate::source::testing;

    #[test]
    fn chat_events_without_words_are_no_messages_and_the_bot_is_a_bot() {
        let text = "chat_id,created_at,actor_id,chat_index,message,original_message,type\n\
            c1,2026-09-03 09:12:00,agent:9,0,Bonjour,\"{\"\"source\"\":{\"\"type\"\":\"\"zd:answerBot\"\"}}\",ChatMessage\n\
            c1,2026-09-03 09:12:10,__system,1,,,ChatJoin\n\
            c1,2026-09-03 09:12:20,77,2,,\"{\"\"content\"\":{\"\"text\"\":{\"\"text\"\":\"\"Un humain !\"\"}}}\",ChatMessage\n\
            c1,2026-09-03 09:13:00,agent:9,3,Je suis là,,ChatMessage\n";
        let (contacts, rejects, _) = testing::read_bytes("ticket_chat_event.csv", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        let speakers: Vec<Speaker> = contacts[0].turns.iter().map(|turn| turn.speaker).collect();
        assert_eq!(speakers, [Speaker::Bot, Speaker::Customer, Speaker::Agent]);
        assert_eq!((contacts[0].channel, contacts[0].turns[2].start_s), (Some(Channel::Chat), Some(60.0)));
    }

    #[test]
    fn mails_of_a_case_are_its_turns() {
        let text = "Id,ParentId,Incoming,Subject,TextBody,MessageDate\n\
            02s1,500A,true,Colis,Où est mon colis ?,2026-09-03T07:12:00.000Z\n02s2,500A,false,Re: Colis,Demain.,2026-09-03T08:12:00.000Z\n";
        let (contacts, rejects, _) = testing::read_bytes("EmailMessage.csv", text.as_bytes());
        assert!(rejects.is_empty(), "{rejects:?}");
        assert_eq!((contacts.len(), contacts[0].contact_id.as_str()), (1, "500A"));
        let speakers: Vec<Speaker> = contacts[0].turns.iter().map(|turn| turn.speaker).collect();
        assert_eq!(speakers, [Speaker::Customer, Speaker::Agent]);
    }
}
