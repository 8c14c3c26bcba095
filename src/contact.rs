//! [`Contact`]: the one record that flows through the pipeline, from any source to the tables.
//!
//! Sources fill what they know and leave the rest `None`: unknown is never guessed and never −1. Text stages replace
//! the text of the turns; nothing after them sees the raw words.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Declares an enum whose values have one stable written form, used in tables, configuration and JSON.
macro_rules! written_enum {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$vmeta])* #[serde(rename = $text)] $variant,)+ }
        impl $name {
            /// Every value, in declaration order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The stable written form.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
            /// Reads the stable written form back.
            pub fn from_written(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

written_enum! {
    /// Where the contact took place.
    Channel {
        /// A call.
        Phone => "phone",
        /// An e-mail.
        Email => "email",
        /// A live chat or messaging conversation with a person.
        Chat => "chat",
        /// Text messages.
        Sms => "sms",
        /// A public or private message on a social network.
        Social => "social",
        /// A form on the web site or in the application.
        WebForm => "web_form",
        /// A conversation with a bot.
        Bot => "bot",
    }
}

written_enum! {
    /// Who started the contact.
    Direction {
        /// The customer.
        Inbound => "inbound",
        /// The company; an outbound follow-up is not a repeat contact.
        Outbound => "outbound",
    }
}

written_enum! {
    /// Who speaks or writes.
    Speaker {
        /// The customer.
        Customer => "customer",
        /// A person of the company.
        Agent => "agent",
        /// An automatic agent that converses.
        Bot => "bot",
        /// A voice menu or a system message.
        Ivr => "ivr",
        /// The source does not say, and nothing allows to tell.
        Unknown => "unknown",
    }
}

written_enum! {
    /// What kind of record this is; only [`RecordKind::Contact`] enters rates.
    RecordKind {
        /// A contact.
        Contact => "contact",
        /// An automatic reply (out of office, acknowledgement).
        AutoReply => "auto_reply",
        /// A delivery failure notice.
        Bounce => "bounce",
        /// The same contact a second time.
        Duplicate => "duplicate",
    }
}

written_enum! {
    /// What a transfer was for.
    TransferType {
        /// To a higher support level.
        LevelUp => "level_up",
        /// To another service, because the request belongs there.
        OtherService => "other_service",
        /// The contact had been routed to the wrong place.
        WrongRouting => "wrong_routing",
        /// To be called back.
        Callback => "callback",
    }
}

/// One turn of speech or one message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Turn {
    /// Who speaks.
    pub speaker: Speaker,
    /// The words; raw from the source, then cleaned and redacted by the text stages.
    pub text: String,
    /// Start, in seconds from the start of the contact.
    pub start_s: Option<f64>,
    /// End, in seconds from the start of the contact.
    pub end_s: Option<f64>,
    /// Language of this turn (ISO 639-1), when it could be told.
    pub language: Option<String>,
    /// How sure the speech recogniser is of the words, 0 to 1; `None` for written turns and where it does not say.
    pub confidence: Option<f64>,
}

impl Turn {
    /// A turn without times.
    pub fn new(speaker: Speaker, text: impl Into<String>) -> Self {
        Self { speaker, text: text.into(), start_s: None, end_s: None, language: None, confidence: None }
    }
}

/// Where in the organisation the contact was handled. All values are as the source wrote them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dimensions {
    /// Team.
    pub team: Option<String>,
    /// Agent; never a dimension of avoidability.
    pub agent_id: Option<String>,
    /// Site.
    pub site: Option<String>,
    /// Campaign.
    pub campaign: Option<String>,
    /// Queue.
    pub queue: Option<String>,
    /// Support level that answered: 1, 2 or 3.
    pub level: Option<u8>,
    /// Customer segment.
    pub segment: Option<String>,
    /// Product or line of business.
    pub product: Option<String>,
}

/// What happened to the contact while it was handled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Handling {
    /// Seconds waited before the answer.
    pub wait_s: Option<f64>,
    /// Seconds of conversation.
    pub talk_s: Option<f64>,
    /// Seconds on hold.
    pub hold_s: Option<f64>,
    /// Seconds of after-call work.
    pub acw_s: Option<f64>,
    /// The customer left before the answer.
    pub is_abandoned: Option<bool>,
    /// Where the contact was transferred to; `None` when it was not or when unknown.
    pub transferred_to: Option<String>,
    /// What the transfer was for.
    pub transfer_type: Option<TransferType>,
    /// Whether a transfer took place; `None` when the source has no transfer column.
    pub is_transferred: Option<bool>,
    /// Seconds in which nobody spoke, as the source states it, else from the times of the turns.
    pub silence_s: Option<f64>,
    /// Number of turns that began while the other party was still speaking, stated or from the times of the turns.
    pub interruptions: Option<u32>,
    /// Share of the speaking time of agent and customer that was the agent's, 0 to 1.
    pub agent_talk_share: Option<f64>,
}

/// Answers to the survey, on the scales declared in the configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Survey {
    /// Customer satisfaction (default scale 1 to 5).
    pub csat: Option<f64>,
    /// Net promoter question (0 to 10).
    pub nps: Option<f64>,
    /// Customer effort (default scale 1 to 7, 7 = very easy).
    pub ces: Option<f64>,
}

/// How e-mails of one conversation find each other (RFC 5322 section 3.6.4).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Thread {
    /// Message-ID without angle brackets.
    pub message_id: Option<String>,
    /// In-Reply-To and References, nearest first, without angle brackets.
    pub references: Vec<String>,
}

/// Where a record came from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Provenance {
    /// The file, as given on the command line or in the configuration.
    pub file: String,
    /// 1-based row, line or message number in the file.
    pub record: u64,
}

/// One interaction between a customer and the company.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Identifier, unique in the output (duplicates are marked).
    pub contact_id: String,
    /// The source's customer identifier (id, e-mail address or phone number). Raw: it is never written; see `customer_key`.
    pub customer_id: Option<String>,
    /// Names of the customer, as the source writes them. Raw: they are redacted from the words, then forgotten; never written.
    #[serde(skip)]
    pub names: Vec<String>,
    /// Keyed hash of the customer identifier, filled by the pipeline.
    pub customer_key: Option<String>,
    /// Channel; `None` when the source does not tell.
    pub channel: Option<Channel>,
    /// Who started it.
    pub direction: Direction,
    /// Contact, automatic reply, bounce or duplicate.
    pub kind: RecordKind,
    /// Main language of the customer's words (ISO 639-1).
    pub language: Option<String>,
    /// Start (UTC).
    #[serde(with = "crate::utc_micros")]
    pub started_at: DateTime<Utc>,
    /// Closing time (UTC); when the source has none, the pipeline takes the end of the last turn or the start.
    #[serde(with = "crate::utc_micros::option")]
    pub ended_at: Option<DateTime<Utc>>,
    /// Subject line of an e-mail or ticket.
    pub subject: Option<String>,
    /// E-mail threading.
    pub thread: Thread,
    /// Organisation.
    pub dimensions: Dimensions,
    /// Handling.
    pub handling: Handling,
    /// Survey.
    pub survey: Survey,
    /// The reason coded by the agent, as written.
    pub agent_reason: Option<String>,
    /// The conversation, in order.
    pub turns: Vec<Turn>,
    /// How sure it is who speaks, 0 to 1: `None` when the source states the roles or the contact is one text, 0 when nothing
    /// allows to tell.
    pub speaker_confidence: Option<f64>,
    /// File and record.
    pub provenance: Provenance,
    /// Things worth telling about the record (e.g. `unknown_channel_value`, `single_speaker`), as stable codes.
    pub flags: Vec<String>,
}

impl Contact {
    /// A contact with only what every contact has; the source fills the rest.
    pub fn new(contact_id: impl Into<String>, started_at: DateTime<Utc>, provenance: Provenance) -> Self {
        Self {
            contact_id: contact_id.into(),
            customer_id: None,
            names: Vec::new(),
            customer_key: None,
            channel: None,
            direction: Direction::Inbound,
            kind: RecordKind::Contact,
            language: None,
            started_at,
            ended_at: None,
            subject: None,
            thread: Thread::default(),
            dimensions: Dimensions::default(),
            handling: Handling::default(),
            survey: Survey::default(),
            agent_reason: None,
            turns: Vec::new(),
            speaker_confidence: None,
            provenance,
            flags: Vec::new(),
        }
    }

    /// Whether the contact counts in rates: made by a customer, not automatic, not a duplicate.
    pub fn is_counted(&self) -> bool {
        self.kind == RecordKind::Contact && self.direction == Direction::Inbound
    }

    /// Closing time, or the best stand-in: the last turn that has a time, its end or else its start; the start of the contact where
    /// no turn has one, or where it lies more than a year after the start, which a mistyped year does and a ticket does not.
    pub fn closed_at(&self) -> DateTime<Utc> {
        if let Some(ended_at) = self.ended_at {
            return ended_at;
        }
        let last = self.turns.iter().rev().find_map(|turn| turn.end_s.or(turn.start_s));
        match last {
            Some(seconds) if seconds.is_finite() && (0.0..=366.0 * 86_400.0).contains(&seconds) => {
                self.started_at + chrono::Duration::milliseconds((seconds * 1000.0) as i64)
            }
            _ => self.started_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    #[test]
    fn a_contact_without_closing_time_ends_with_its_last_timed_turn() {
        let start = Utc.with_ymd_and_hms(2026, 9, 1, 8, 0, 0).unwrap();
        let closed_after = |times: &[(Option<f64>, Option<f64>)]| {
            let mut contact = Contact::new("a", start, Provenance { file: "tickets.csv".into(), record: 1 });
            contact.turns = times
                .iter()
                .map(|&(start_s, end_s)| Turn { start_s, end_s, ..Turn::new(Speaker::Customer, "bonjour") })
                .collect();
            (contact.closed_at() - start).num_seconds()
        };
        assert_eq!(closed_after(&[(Some(0.0), Some(4.0)), (Some(5.0), Some(9.0)), (None, None)]), 9);
        // A ticket whose last comment came after 35 days.
        assert_eq!(closed_after(&[(Some(0.0), None), (Some(35.0 * 86_400.0), None)]), 35 * 86_400);
        // A comment of the year 2062.
        assert_eq!(closed_after(&[(Some(0.0), None), (Some(36.0 * 366.0 * 86_400.0), None)]), 0);
        assert_eq!(closed_after(&[(None, None)]), 0);
    }
}
