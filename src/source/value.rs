//! Written values to typed ones: channels, speakers, yes and no, numbers with a decimal comma, durations.
//!
//! The user's `[values]` win over the built-in French and English words.

use crate::config::Options;
use crate::contact::{Channel, Direction, Speaker, TransferType};

use super::columns::{Field, UnknownValue, normalise};

/// One cell of a row, whatever the format it came from.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    /// Text as written.
    Text(String),
    /// A number; integers up to 2^53 are exact.
    Number(f64),
    /// A large integer identifier, kept exactly.
    Integer(i64),
    /// True or false.
    Bool(bool),
    /// A typed instant (Parquet).
    Instant(chrono::DateTime<chrono::Utc>),
    /// A typed local time without zone (Parquet).
    Local(chrono::NaiveDateTime),
    /// A typed date without time of day (Parquet).
    Date(chrono::NaiveDate),
}

impl Cell {
    /// The cell as text: identifiers, names.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Bool(value) => value.to_string(),
            Self::Instant(time) => time.to_rfc3339(),
            Self::Local(time) => time.to_string(),
            Self::Date(date) => date.to_string(),
        }
    }

    /// Whether the cell says that there is no value: blank, or one of the marks of exports.
    pub(crate) fn is_missing(&self) -> bool {
        match self {
            Self::Text(text) => is_missing_mark(text),
            Self::Number(number) => !number.is_finite(),
            _ => false,
        }
    }

    /// Whether the cell, as the identifier of a customer, is the same for all of whom nobody knows who they are.
    pub(crate) fn names_nobody(&self) -> bool {
        match self {
            Self::Text(text) => names_nobody(text),
            other => other.is_missing() || names_nobody(&other.text()),
        }
    }

    /// The cell without what keeps a spreadsheet from taking it for a number: see [`as_typed`].
    pub(crate) fn into_typed(self) -> Self {
        match self {
            Self::Text(text) if text.trim_start().starts_with(['=', '\'', '’']) => {
                Self::Text(as_typed(&text).to_owned())
            }
            other => other,
        }
    }

    /// The cell as a number.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Text(text) => number(text),
            Self::Number(number) => Some(*number),
            Self::Integer(number) => Some(*number as f64),
            Self::Bool(_) | Self::Instant(_) | Self::Local(_) | Self::Date(_) => None,
        }
    }
}

/// Blank or a usual mark of a missing value.
pub(crate) fn is_missing_mark(text: &str) -> bool {
    let text = text.trim();
    text.is_empty()
        || matches!(
            text.to_ascii_lowercase().as_str(),
            "null"
                | "none"
                | "nan"
                | "nat"
                | "n/a"
                | "#n/a"
                | "na"
                | "\\n"
                | "-"
                | "--"
                | "n.c."
                | "nc"
                | "(null)"
                | "<na>"
                | "undefined"
        )
}

/// A value without what keeps a spreadsheet from taking it for a number.
///
/// Caught: `="0639980011"` and `'0639980011` for `0639980011`. Not caught: `'t Hooft`, a name.
pub(crate) fn as_typed(text: &str) -> &str {
    let text = text.trim();
    if let Some(inside) = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"')) {
        return inside.trim();
    }
    match text.strip_prefix(['\'', '’']) {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit() || c == '+') => rest,
        _ => text,
    }
}

/// Whether a spreadsheet has rounded an identifier, so that many share what is left of it.
///
/// Caught: `3,36E+10`, `1.20231e+13`. Not caught: `7E12`, `3E+A`, which are codes.
pub(crate) fn is_rounded(text: &str) -> bool {
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let Some((mantissa, exponent)) = as_typed(text).split_once(['E', 'e']) else { return false };
    let Some(exponent) = exponent.strip_prefix('+') else { return false };
    let (first, rest) = mantissa.split_once([',', '.']).unwrap_or((mantissa, ""));
    first.len() == 1
        && (2..=3).contains(&exponent.len())
        && are_digits(first)
        && are_digits(rest)
        && are_digits(exponent)
}

/// What exports write in the place of a customer whom nobody knows, normalised.
const NOBODY: [&str; 68] = [
    "inconnu",
    "inconnue",
    "clientinconnu",
    "numeroinconnu",
    "appelantinconnu",
    "unknown",
    "unknowncustomer",
    "unknownuser",
    "unknowncaller",
    "anonyme",
    "clientanonyme",
    "anonymous",
    "anonymoususer",
    "masque",
    "masquee",
    "numeromasque",
    "appelmasque",
    "prive",
    "privee",
    "numeroprive",
    "private",
    "privatenumber",
    "restricted",
    "withheld",
    "blocked",
    "unavailable",
    "indisponible",
    "nondisponible",
    "nondispo",
    "nondefini",
    "noncommunique",
    "nonrenseigne",
    "nonrenseignee",
    "nonidentifie",
    "nonidentifiee",
    "notidentified",
    "unidentified",
    "undefined",
    "sans",
    "sansobjet",
    "sansnumero",
    "aucun",
    "aucune",
    "neant",
    "nul",
    "vide",
    "blank",
    "empty",
    "missing",
    "notavailable",
    "notprovided",
    "notapplicable",
    "nonapplicable",
    "guest",
    "invite",
    "visitor",
    "visiteur",
    "client",
    "customer",
    "prospect",
    "oui",
    "non",
    "yes",
    "no",
    "true",
    "false",
    "vrai",
    "faux",
];

/// Whether the identifier, address or telephone number of a customer says that none is known. Everybody who has it would be
/// one customer, who comes back all the time.
///
/// Caught: `N/A`, `Inconnu`, `Numéro masqué`, `#REF!`, `?`, `0`, `0000000000`, `-1`, `999999`, and numbers that a spreadsheet
/// has rounded. Not caught: `9`, `10`, `100000`, `K-000`, `inconnu@example.com`, `Client (4521)`.
pub(crate) fn names_nobody(text: &str) -> bool {
    const FEWEST_NINES: usize = 6;
    let text = as_typed(text);
    if is_missing_mark(text) || is_rounded(text) || text == "-1" {
        return true;
    }
    let is_fault = text.starts_with('#') && text.ends_with(['!', '?']);
    let is_number = text.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || matches!(c, '+' | '-' | '.' | ','));
    if is_number {
        let mut digits = text.bytes().filter(u8::is_ascii_digit);
        let nines = text.bytes().filter(|byte| *byte == b'9').count();
        return digits.all(|digit| digit == b'0') || (nines == text.len() && nines >= FEWEST_NINES);
    }
    is_fault || !text.chars().any(char::is_alphanumeric) || is_word_for_nobody(text)
}

/// Whether one of the words for an unknown customer stands in the place of the customer: a column in which it means
/// somebody would lose its customers.
///
/// Caught: `Inconnu`, `Numéro masqué`, `<unknown>`. Not caught: `Client (4521)`, `Visiteur [77]`, `Private (Bob)`, whose
/// brackets tell one from another, nor initials: `ND`.
pub(crate) fn is_word_for_nobody(text: &str) -> bool {
    let tells_apart = |c: char| c.is_numeric() || matches!(c, '(' | ')' | '[' | ']');
    !is_missing_mark(text) && !text.contains(tells_apart) && NOBODY.contains(&normalise(text).as_str())
}

/// Looks a value up in `[values.<field>]`, exactly first, then without case and accents.
fn configured<'a>(options: &'a Options, field: Field, text: &str) -> Option<&'a str> {
    let values = options.values.get(field.name())?;
    let text = text.trim();
    let wanted = normalise(text);
    values
        .get(text)
        .or_else(|| {
            values.iter().find(|(key, _)| !wanted.is_empty() && normalise(key) == wanted).map(|(_, value)| value)
        })
        .or_else(|| {
            values.iter().find(|(key, _)| key.contains('*') && matches_stars(key, text)).map(|(_, value)| value)
        })
        .map(String::as_str)
}

/// Fields whose values `[values]` can name.
const WITH_VALUES: [Field; 9] = [
    Field::Channel,
    Field::Direction,
    Field::Speaker,
    Field::TransferType,
    Field::Abandoned,
    Field::Transferred,
    Field::TransferredTo,
    Field::Public,
    Field::Private,
];

/// What `[values]` holds that no reader understands: a field without values of its own, or a value that does not exist.
pub(crate) fn unknown_values(options: &Options) -> Vec<UnknownValue> {
    let mut unknown = Vec::new();
    for (name, values) in &options.values {
        let Some(field) = Field::from_name(name).filter(|field| WITH_VALUES.contains(field)) else {
            unknown.push(UnknownValue {
                at: format!("values.{name}"),
                what: "key",
                found: name.clone(),
                known: WITH_VALUES.iter().map(|field| field.name()).collect(),
            });
            continue;
        };
        for (written, value) in values.iter().filter(|(_, value)| !is_value(field, value)) {
            unknown.push(UnknownValue {
                at: format!("values.{name}.{written}"),
                what: "value",
                found: value.clone(),
                known: values_of(field),
            });
        }
    }
    unknown
}

/// The values of a field, as they are written in the tables; yes and no for the others.
fn values_of(field: Field) -> Vec<&'static str> {
    match field {
        Field::Channel => Channel::ALL.iter().map(|value| value.as_str()).collect(),
        Field::Direction => Direction::ALL.iter().map(|value| value.as_str()).collect(),
        Field::Speaker => Speaker::ALL.iter().map(|value| value.as_str()).collect(),
        Field::TransferType => TransferType::ALL.iter().map(|value| value.as_str()).collect(),
        _ => vec!["true", "false"],
    }
}

fn is_value(field: Field, value: &str) -> bool {
    let is_boolean =
        matches!(field, Field::Abandoned | Field::Transferred | Field::TransferredTo | Field::Public | Field::Private);
    values_of(field).contains(&value)
        || (is_boolean && boolean(&Cell::Text(value.to_owned()), field, &Options::default()).is_some())
}

/// Whether a text matches a rule with stars, without case: `CC-*` matches `cc-1234 (Lille)`.
fn matches_stars(rule: &str, text: &str) -> bool {
    let (rule, text) = (rule.to_lowercase(), text.to_lowercase());
    let parts: Vec<&str> = rule.split('*').collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return false };
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    for part in &parts[1..parts.len().max(2) - 1] {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// Reads a channel.
pub(crate) fn channel(text: &str, options: &Options) -> Option<Channel> {
    if let Some(value) = configured(options, Field::Channel, text) {
        return Channel::from_written(value);
    }
    Some(match normalise(text).as_str() {
        "phone" | "telephone" | "tel" | "telephonie" | "appel" | "appels" | "appelentrant" | "appelsortant"
        | "appeltelephonique" | "call" | "calls" | "phonecall" | "inboundcall" | "outboundcall" | "voice" | "voix"
        | "vocal" | "voip" | "telephony" | "audio" | "callcenter" | "phoneinbound" | "phoneoutbound" | "voicemail"
        | "messagerievocale" | "phonecallinbound" | "phonecalloutbound" | "voicecall" | "recording" => Channel::Phone,
        "email"
        | "emails"
        | "mail"
        | "mails"
        | "courriel"
        | "courriels"
        | "courrielentrant"
        | "courrierelectronique"
        | "mel"
        | "emailentrant"
        | "outlook"
        | "gmail" => Channel::Email,
        "chat"
        | "tchat"
        | "chats"
        | "livechat"
        | "webchat"
        | "messagerie"
        | "messaging"
        | "messagerieinstantanee"
        | "clavardage"
        | "chatenligne"
        | "nativemessaging"
        | "widget"
        | "intercom"
        | "chathumain" => Channel::Chat,
        "sms" | "texto" | "textmessage" | "mms" | "messagetexte" => Channel::Sms,
        "social" | "reseauxsociaux" | "reseausocial" | "rs" | "socialmedia" | "facebook" | "facebookmessenger"
        | "messenger" | "twitter" | "x" | "instagram" | "instagramdm" | "linkedin" | "whatsapp" | "tiktok"
        | "youtube" | "trustpilot" | "google" | "googlereviews" | "avisgoogle" | "twitterdm" => Channel::Social,
        "webform"
        | "form"
        | "formulaire"
        | "formulaireweb"
        | "formulairedecontact"
        | "formulairecontact"
        | "formulaireenligne"
        | "web"
        | "contactform"
        | "siteweb"
        | "site"
        | "website"
        | "portal"
        | "portail"
        | "espaceclient"
        | "internet"
        | "selfservice"
        | "helpcenter"
        | "onlineform"
        | "application"
        | "app" => Channel::WebForm,
        "bot" | "chatbot" | "callbot" | "voicebot" | "robot" | "assistantvirtuel" | "virtualassistant"
        | "agentvirtuel" | "virtualagent" | "botchat" | "assistant" => Channel::Bot,
        _ => return None,
    })
}

/// Reads who started the contact.
pub(crate) fn direction(text: &str, options: &Options) -> Option<Direction> {
    if let Some(value) = configured(options, Field::Direction, text) {
        return Direction::from_written(value);
    }
    Some(match normalise(text).as_str() {
        "inbound" | "in" | "entrant" | "entrante" | "entrants" | "appelentrant" | "incoming" | "received" | "recu"
        | "e" | "i" | "customer" | "client" => Direction::Inbound,
        "outbound" | "out" | "sortant" | "sortante" | "sortants" | "appelsortant" | "outgoing" | "sent" | "emis"
        | "envoye" | "s" | "o" | "callback" | "rappel" | "outboundapi" | "outbounddial" | "outboundreply" => {
            Direction::Outbound
        }
        _ => return None,
    })
}

/// The role that `[values.speaker]` gives to a label. The channel of a recording is written as its number there.
pub(crate) fn configured_speaker(text: &str, options: &Options) -> Option<Speaker> {
    configured(options, Field::Speaker, text)
        .or_else(|| configured(options, Field::Speaker, text.strip_prefix("SPEAKER_")?))
        .and_then(Speaker::from_written)
}

/// Reads who speaks. `None` when the label tells no role: a person's name, `SPEAKER_00`.
pub(crate) fn speaker(text: &str, options: &Options) -> Option<Speaker> {
    if let Some(speaker) = configured_speaker(text, options) {
        return Some(speaker);
    }
    let whole = normalise(text);
    role(&whole).or_else(|| {
        // "agent:403969141094", "Client 1", "Conseiller (Lille)", "Customer - 0612": the first word tells.
        let first = text.split(|c: char| !c.is_alphabetic()).find(|word| !word.is_empty())?;
        let rest = text.trim_start().get(first.len()..)?;
        // Not of an address: `contact@` is the company's.
        (!rest.trim_start().starts_with(char::is_alphabetic) && !rest.starts_with('@'))
            .then(|| role(&normalise(first)))
            .flatten()
    })
}

fn role(word: &str) -> Option<Speaker> {
    Some(match word {
        "customer" | "client" | "cliente" | "clients" | "caller" | "appelant" | "appelante" | "user" | "usager"
        | "usagere" | "utilisateur" | "utilisatrice" | "enduser" | "visitor" | "visiteur" | "visiteuse"
        | "consumer" | "consommateur" | "guest" | "adherent" | "adherente" | "assure" | "assuree" | "abonne"
        | "abonnee" | "patient" | "patiente" | "prospect" | "buyer" | "acheteur" | "member" | "contact" | "lead"
        | "requester" | "demandeur" | "locataire" | "external" | "internaute" | "voyageur" | "cust" | "cli"
        | "shopper" | "anyuser" => Speaker::Customer,
        "agent" | "agente" | "conseiller" | "conseillere" | "teleconseiller" | "teleconseillere" | "advisor"
        | "adviser" | "operator" | "operateur" | "operatrice" | "support" | "rep" | "representative"
        | "representant" | "representante" | "csr" | "staff" | "employee" | "technicien" | "technicienne"
        | "technician" | "sav" | "serviceclient" | "customerservice" | "chargedeclientele" | "chargeedeclientele"
        | "admin" | "teammate" | "expert" | "gestionnaire" | "hotesse" | "internal" | "teleoperateur"
        | "teleoperatrice" | "supervisor" | "superviseur" | "clerk" | "associate" | "agt" | "company"
        | "entreprise" | "hotline" | "gestionnaireclient" | "humanagent" | "business" => Speaker::Agent,
        "bot"
        | "chatbot"
        | "robot"
        | "assistant"
        | "assistantvirtuel"
        | "virtualassistant"
        | "virtualagent"
        | "callbot"
        | "voicebot"
        | "agentvirtuel"
        | "answerbot"
        | "assistantevirtuelle"
        | "custombot"
        | "automatedagent"
        | "operatorbot"
        | "aiagent"
        | "agentbot"
        | "botuser"
        | "flowbot"
        | "agentia" => Speaker::Bot,
        "ivr"
        | "svi"
        | "system"
        | "systeme"
        | "serveurvocal"
        | "annonce"
        | "menu"
        | "menuvocal"
        | "standardautomatique"
        | "announcement"
        | "automate"
        | "messageautomatique"
        | "trigger"
        | "workflow"
        | "acd" => Speaker::Ivr,
        "unknown" | "inconnu" | "inconnue" => return None,
        _ => return None,
    })
}

/// Reads yes or no.
pub(crate) fn boolean(cell: &Cell, field: Field, options: &Options) -> Option<bool> {
    match cell {
        Cell::Bool(value) => Some(*value),
        Cell::Number(number) => (*number == 0.0 || *number == 1.0).then_some(*number == 1.0),
        Cell::Integer(number) => (*number == 0 || *number == 1).then_some(*number == 1),
        Cell::Text(text) => {
            let text = configured(options, field, text).unwrap_or(text);
            match normalise(text).as_str() {
                "1" | "10" | "oui" | "o" | "yes" | "y" | "true" | "t" | "vrai" | "v" | "x" | "abandonne"
                | "abandoned" | "transfere" | "transferred" => Some(true),
                "0" | "00" | "non" | "n" | "no" | "false" | "f" | "faux" | "repondu" | "answered" | "traite" => {
                    Some(false)
                }
                _ => None,
            }
        }
        Cell::Instant(_) | Cell::Local(_) | Cell::Date(_) => None,
    }
}

/// Whether what is said of a message makes it an internal note: it is not public, or it is private. Tools write the kind
/// of the message in place of yes and no too.
pub(crate) fn is_note(public: Option<&Cell>, private: Option<&Cell>, options: &Options) -> bool {
    let says = |cell: Option<&Cell>, field: Field| {
        let cell = cell?;
        boolean(cell, field, options).or_else(|| {
            let is_private = match normalise(&cell.text()).as_str() {
                "private" | "prive" | "privee" | "internal" | "interne" | "note" | "noteinterne" | "noteprivee"
                | "internalnote" | "privatenote" => true,
                "public" | "publique" | "external" | "externe" => false,
                _ => return None,
            };
            Some(is_private == (field == Field::Private))
        })
    };
    says(public, Field::Public) == Some(false) || says(private, Field::Private) == Some(true)
}

/// Reads what a transfer was for.
pub(crate) fn transfer_type(text: &str, options: &Options) -> Option<TransferType> {
    if let Some(value) = configured(options, Field::TransferType, text) {
        return TransferType::from_written(value);
    }
    Some(match normalise(text).as_str() {
        "levelup" | "escalade" | "escalation" | "niveausuperieur" | "escalated" | "n2" | "l2" | "niveau2"
        | "level2" | "expert" | "montee" | "superviseur" | "supervisor" => TransferType::LevelUp,
        "otherservice" | "autreservice" | "autredepartement" | "otherdepartment" | "autrepole" | "service"
        | "department" => TransferType::OtherService,
        "wrongrouting" | "mauvaisroutage" | "erreurroutage" | "erreurderoutage" | "mauvaisaiguillage" | "misroute"
        | "misrouted" | "erreuraiguillage" | "wrongqueue" => TransferType::WrongRouting,
        "callback" | "rappel" | "rappeler" | "arappeler" => TransferType::Callback,
        _ => return None,
    })
}

/// Reads a level: `1`, `N2`, `niveau 3`, `tier 1`.
pub(crate) fn level(cell: &Cell) -> Option<u8> {
    let text = cell.text();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.as_str() {
        "1" | "10" if digits.len() == 1 || text.trim() == "1.0" => Some(1),
        "2" | "20" if digits.len() == 1 || text.trim() == "2.0" => Some(2),
        "3" | "30" if digits.len() == 1 || text.trim() == "3.0" => Some(3),
        _ => None,
    }
}

/// Reads a number with a decimal point or comma, spaces or dots between thousands, and an optional `/max`.
pub(crate) fn number(text: &str) -> Option<f64> {
    let compact: String =
        text.chars().filter(|c| !c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}' | '\'')).collect();
    let compact = compact.split_once('/').map_or(compact.as_str(), |(value, _)| value);
    if compact.is_empty()
        || compact.len() > 24
        || !compact.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b',' | b'e' | b'E'))
    {
        return None;
    }
    let written = match (compact.rfind(','), compact.rfind('.')) {
        (Some(comma), Some(dot)) if comma > dot => compact.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => compact.replace(',', ""),
        (Some(_), None) => compact.replace(',', "."),
        _ => compact.to_owned(),
    };
    written.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// The maximum that is written behind an answer: 10 in `4/10`.
pub(crate) fn stated_maximum(cell: &Cell) -> Option<f64> {
    let Cell::Text(text) = cell else { return None };
    text.split_once('/').and_then(|(_, most)| number(most))
}

/// Reads a duration as seconds: a number, `mm:ss`, `hh:mm:ss`, `5 min 30 s`, `1h02`, `PT4M13S`.
pub(crate) fn seconds(cell: &Cell, unit: f64) -> Option<f64> {
    let seconds = match cell {
        // `03/09/2026 09:12` is a date, and no three seconds; nor is `4/10` a duration.
        Cell::Text(text) if text.contains('/') => return None,
        Cell::Text(text) => {
            number(text).map(|number| number * unit).or_else(|| clock_seconds(text)).or_else(|| worded_seconds(text))?
        }
        other => other.number()? * unit,
    };
    // Whole microseconds: 2760 ms are 2.76 s, not 2.7600000000000002.
    let seconds = (seconds * 1e6).round() / 1e6;
    (seconds.is_finite() && (0.0..=31.0 * 86_400.0).contains(&seconds)).then_some(seconds)
}

fn clock_seconds(text: &str) -> Option<f64> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    if !(2..=3).contains(&parts.len()) {
        return None;
    }
    parts.iter().try_fold(0.0, |total, part| {
        let part = part.trim().replace(',', ".");
        (!part.is_empty() && part.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
            .then(|| part.parse::<f64>().ok())
            .flatten()
            .map(|value| total * 60.0 + value)
    })
}

fn worded_seconds(text: &str) -> Option<f64> {
    let lower = text.trim().to_lowercase();
    let rest = lower.strip_prefix("pt").unwrap_or(&lower);
    let (mut total, mut number_text, mut last_unit, mut seen) = (0.0, String::new(), 0.0, false);
    let mut chars = rest.chars().peekable();
    while let Some(c) = chars.next() {
        if c.is_ascii_digit() || c == '.' || c == ',' {
            number_text.push(if c == ',' { '.' } else { c });
            continue;
        }
        if c.is_whitespace() {
            continue;
        }
        let mut word = c.to_string();
        while let Some(next) = chars.next_if(|next| next.is_alphabetic()) {
            word.push(next);
        }
        last_unit = match word.as_str() {
            "h" | "heure" | "heures" | "hour" | "hours" | "hr" | "hrs" => 3600.0,
            "m" | "mn" | "min" | "mins" | "minute" | "minutes" | "'" => 60.0,
            "s" | "sec" | "secs" | "seconde" | "secondes" | "second" | "seconds" | "\"" => 1.0,
            "ms" => 0.001,
            _ => return None,
        };
        total += number_text.parse::<f64>().ok()? * last_unit;
        number_text.clear();
        seen = true;
    }
    if !number_text.is_empty() && seen {
        // "1h02" means two minutes, "5 min 30" thirty seconds.
        total += number_text.parse::<f64>().ok()? * last_unit / 60.0;
    }
    seen.then_some(total)
}

/// Reads a language name or tag as ISO 639-1.
pub(crate) fn language(text: &str) -> Option<String> {
    let known = normalise(text);
    let code = match known.as_str() {
        "francais" | "french" | "fra" | "fre" => "fr",
        "anglais" | "english" | "eng" => "en",
        "allemand" | "german" | "deutsch" => "de",
        "espagnol" | "spanish" | "espanol" => "es",
        "italien" | "italian" | "italiano" => "it",
        "neerlandais" | "dutch" | "nederlands" => "nl",
        "portugais" | "portuguese" => "pt",
        _ => {
            let tag = text.trim().split(['-', '_']).next()?;
            return (tag.len() == 2 && tag.bytes().all(|b| b.is_ascii_alphabetic())).then(|| tag.to_ascii_lowercase());
        }
    };
    Some(code.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn french_and_english_channels_are_known_and_others_are_not() {
        let options = Options::default();
        for (written, expected) in [
            ("Téléphone", Some(Channel::Phone)),
            ("tel.", Some(Channel::Phone)),
            ("VOICE", Some(Channel::Phone)),
            ("courriel", Some(Channel::Email)),
            ("E-mail", Some(Channel::Email)),
            ("tchat", Some(Channel::Chat)),
            ("réseaux sociaux", Some(Channel::Social)),
            ("formulaire", Some(Channel::WebForm)),
            ("SMS", Some(Channel::Sms)),
            ("chatbot", Some(Channel::Bot)),
            ("pigeon", None),
        ] {
            assert_eq!(channel(written, &options), expected, "{written}");
        }
    }

    #[test]
    fn what_stands_for_an_unknown_customer_names_nobody() {
        for written in [
            "N/A",
            " null ",
            "-",
            "Inconnu",
            "Non renseigné",
            "Numéro masqué",
            "anonymous",
            "#REF!",
            "#N/A",
            "?",
            "—",
            "0",
            "0,0",
            "0000000000",
            "00 00 00 00 00",
            "-1",
            "999999",
            "3,36E+10",
            "'3.36e+10",
            "Visiteur",
            "Non",
        ] {
            assert!(names_nobody(written), "{written}");
        }
        for written in [
            "9",
            "99999",
            "10",
            "100000",
            "0639980011",
            "K-000",
            "Visiteur 12",
            "inconnu@example.com",
            "7E12",
            "3E+A",
            "33E+10",
            "#12",
            "Noémie",
            "Client (4521)",
            "Visiteur [77]",
            "Inconnu (Paris)",
            "Private (Bob)",
            "(4521)",
            "ND",
            "nr",
        ] {
            assert!(!names_nobody(written), "{written}");
        }
        let words = ["Inconnu", "<unknown>", "N/A", "undefined", "?", "0", "K1"].map(is_word_for_nobody);
        assert_eq!(words, [true, true, false, false, false, false, false]);
        assert!(
            Cell::Integer(0).names_nobody() && Cell::Number(-1.0).names_nobody() && !Cell::Integer(7).names_nobody()
        );
    }

    #[test]
    fn the_marks_that_keep_a_number_a_text_are_none_of_it() {
        for (written, typed) in [
            ("=\"0639980011\"", "0639980011"),
            (" '0639980011 ", "0639980011"),
            ("’+33639980011", "+33639980011"),
            ("'t Hooft", "'t Hooft"),
            ("=A1", "=A1"),
            ("=\"", "=\""),
        ] {
            assert_eq!(as_typed(written), typed, "{written}");
        }
    }

    #[test]
    fn values_of_the_configuration_win() {
        let mut options = Options::default();
        options.values.entry("channel".into()).or_default().insert("Télé-accueil".into(), "phone".into());
        assert_eq!(channel("teleaccueil", &options), Some(Channel::Phone));
    }

    #[test]
    fn roles_are_read_from_words_and_from_the_first_word_but_not_from_names() {
        let options = Options::default();
        assert_eq!(speaker("Cliente", &options), Some(Speaker::Customer));
        assert_eq!(speaker("agent:403969141094", &options), Some(Speaker::Agent));
        assert_eq!(speaker("Conseiller 2", &options), Some(Speaker::Agent));
        assert_eq!(speaker("end-user", &options), Some(Speaker::Customer));
        assert_eq!(speaker("Virtual Assistant", &options), Some(Speaker::Bot));
        assert_eq!(speaker("SPEAKER_00", &options), None);
        assert_eq!(speaker("Marie Client", &options), None);
    }

    #[test]
    fn numbers_take_a_decimal_comma_and_thousands() {
        for (written, expected) in [
            ("4,5", Some(4.5)),
            ("1 234,5", Some(1234.5)),
            ("1,234.5", Some(1234.5)),
            ("4/5", Some(4.0)),
            ("12", Some(12.0)),
            ("douze", None),
            ("", None),
            ("1e999", None),
        ] {
            assert_eq!(number(written), expected, "{written}");
        }
    }

    #[test]
    fn durations_are_seconds_whatever_their_spelling() {
        for (written, expected) in [
            ("95", Some(95.0)),
            ("1:35", Some(95.0)),
            ("00:01:35", Some(95.0)),
            ("1 min 35", Some(95.0)),
            ("1 min 35 s", Some(95.0)),
            ("PT1M35S", Some(95.0)),
            ("1h02", Some(3720.0)),
            ("95,5", Some(95.5)),
            ("-3", None),
            ("03/09/2026 09:12", None),
            ("longtemps", None),
            ("1:xx", None),
        ] {
            assert_eq!(seconds(&text(written), 1.0), expected, "{written}");
        }
        assert_eq!(seconds(&Cell::Number(95_000.0), 0.001), Some(95.0));
    }

    #[test]
    fn values_that_do_not_exist_are_found() {
        let mut options = Options::default();
        for (field, written, value) in [
            ("channel", "email", "phonne"),
            ("channel", "Tél.", "phone"),
            ("chanel", "x", "phone"),
            ("speaker", "Marie", "agnet"),
            ("speaker", "CC-*", "unknown"),
            ("abandoned", "perdu", "oui"),
            ("is_public", "interne", "privé"),
        ] {
            options.values.entry(field.into()).or_default().insert(written.into(), value.into());
        }
        let found = unknown_values(&options);
        let places: Vec<(&str, &str)> = found.iter().map(|unknown| (unknown.at.as_str(), unknown.what)).collect();
        assert_eq!(
            places,
            [
                ("values.chanel", "key"),
                ("values.channel.email", "value"),
                ("values.is_public.interne", "value"),
                ("values.speaker.Marie", "value")
            ]
        );
        assert!(found[0].known.contains(&"channel") && found[3].known.contains(&"agent"));
    }

    proptest! {
        #[test]
        fn any_cell_is_read_without_panic(written in "\\PC{0,30}") {
            let options = Options::default();
            let cell = text(&written);
            let _ = (seconds(&cell, 1.0), number(&written), boolean(&cell, Field::Abandoned, &options), level(&cell), language(&written), speaker(&written, &options));
        }
    }
}
