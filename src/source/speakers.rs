//! Speaker labels of one contact to roles.
//!
//! In this order: the rules of `[values.speaker]` (labels, with `*` for any characters; the channel of a recording by its
//! number); what the platform states; labels that are words (client, agent, bot…). Other labels (`SPEAKER_00`, a person's
//! name, a channel number) are resolved per contact, and `speaker_confidence` says how sure that is:
//!
//! | what is known | taken | confidence |
//! | --- | --- | --- |
//! | every role is stated | as stated | none: nothing was inferred |
//! | one label is open and the other party is there | the missing party | 0.85 |
//! | several labels are open beside the customer, no agent | agents (a transfer) | 0.7 |
//! | of two labels, one alone says what only an agent says ("comment puis-je vous aider") | it is the agent | 0.9 |
//! | of two labels, one speaks more as an agent does ("votre commande", "je vérifie") and the other as a customer does ("ma commande", "je n'ai pas reçu") | accordingly | 0.55 to 0.85, by the difference |
//! | a convention tells (Twilio: the agent is on channel 1; `Support Nautile` is the company) and the words do not contradict it | the convention | 0.8, or 0.95 when the words agree |
//! | only agents say what this label says, among more than two labels | it is an agent | 0.6 |
//! | the comments of a ticket, whose authors are numbers | the first author asks, the others answer | 0.75 |
//! | one label for all that is said, as recordings on one channel have it, and no convention | unknown, since both parties may stand under it | 0 |
//! | nothing of that, or no label at all | unknown | 0 |
//!
//! Flags: `speakers_inferred`, `speakers_unknown`, and `single_speaker` for a conversation of one role only.

use crate::config::Options;
use crate::contact::{Speaker, Turn};

use super::columns::normalise;
use super::value;

/// Flag: at least one role was inferred.
const INFERRED: &str = "speakers_inferred";
/// Flag: roles could not be told.
pub(super) const UNKNOWN: &str = "speakers_unknown";
/// Flag: a conversation of several turns with one role only.
const SINGLE: &str = "single_speaker";

/// Words of labels that name the company's side.
const COMPANY_WORDS: [&str; 13] = [
    "support",
    "service",
    "sav",
    "assistance",
    "helpdesk",
    "hotline",
    "conseiller",
    "conseillere",
    "agent",
    "agente",
    "advisor",
    "technicien",
    "technicienne",
];
/// What an agent says at the start of a contact and a customer does not, normalised.
const AGENT_PHRASES: [&str; 24] = [
    "commentpuisjevousaider",
    "commentpuisjevousrenseigner",
    "quepuisjefairepourvous",
    "enquoipuisjevousaider",
    "serviceclientbonjour",
    "bienvenueau",
    "jevousecoute",
    "bienvenuechez",
    "merciderappeler",
    "mercidavoirappele",
    "mercidenouscontacter",
    "alappareilquepuis",
    "puisjeavoirvotrenomdeclient",
    "votrenumerodeclient",
    "avotreecoute",
    "avotreservice",
    "howcanihelp",
    "howmayihelp",
    "howcaniassist",
    "howmayiassist",
    "thankyouforcalling",
    "thanksforcalling",
    "thankyouforcontacting",
    "whatcanidoforyou",
];
/// Words of one who answers for the company, normalised.
const AGENT_WORDS: [&str; 26] = [
    "votrecommande",
    "votrecolis",
    "votrefacture",
    "votredossier",
    "votrecontrat",
    "votrecompte",
    "votreabonnement",
    "votreadresse",
    "votrenumero",
    "votredemande",
    "vouspatientez",
    "jeverifie",
    "jeregardecela",
    "jevousinvitea",
    "jevouspropose",
    "nequittezpas",
    "meconfirmer",
    "avezvousdautresquestions",
    "autrechose",
    "yourorder",
    "youraccount",
    "yourinvoice",
    "letmecheck",
    "canyouconfirm",
    "mayihave",
    "anythingelse",
];
/// Words of one who asks the company, normalised.
const CUSTOMER_WORDS: [&str; 26] = [
    "macommande",
    "moncolis",
    "mafacture",
    "mondossier",
    "moncontrat",
    "moncompte",
    "monabonnement",
    "merembourser",
    "jevousappelle",
    "jappelleparceque",
    "jappellepour",
    "jenaipasrecu",
    "jenaitoujoursrien",
    "jenaitoujourspas",
    "jenaiencorerien",
    "jevoudraissavoir",
    "jaimeraissavoir",
    "jaiunprobleme",
    "jaicommande",
    "myorder",
    "myaccount",
    "myinvoice",
    "mybill",
    "imcalling",
    "ihaveaproblem",
    "ihaventreceived",
];

/// The label of a turn, and the role that a convention suggests for it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Voice {
    /// Label as written.
    pub(crate) label: Option<String>,
    /// Role by the platform's convention.
    pub(crate) usual_role: Option<Speaker>,
}

/// Gives every turn its role; `voices` has one entry per turn. Turns whose role is stated keep it, unless the
/// configuration has a rule for their label. The result is the confidence of the table above.
pub(crate) fn resolve(turns: &mut [Turn], voices: &[Voice], options: &Options, flags: &mut Vec<String>) -> Option<f64> {
    for (turn, voice) in turns.iter_mut().zip(voices) {
        if let Some(label) = &voice.label {
            if let Some(speaker) = value::configured_speaker(label, options) {
                turn.speaker = speaker;
            } else if turn.speaker == Speaker::Unknown {
                turn.speaker = value::speaker(label, options).unwrap_or(Speaker::Unknown);
            }
        }
    }
    let open = open_labels(turns, voices);
    let (assigned, confidence) = assign(turns, voices, &open);
    for (turn, voice) in turns.iter_mut().zip(voices) {
        if turn.speaker == Speaker::Unknown
            && let Some((_, speaker)) = assigned.iter().find(|(label, _)| Some(label) == voice.label.as_ref())
        {
            turn.speaker = *speaker;
        }
    }
    if !assigned.is_empty() {
        push(flags, INFERRED);
    }
    flag(turns, flags);
    let is_left = turns.iter().any(|turn| turn.speaker == Speaker::Unknown);
    match (assigned.is_empty(), is_left) {
        (true, true) => Some(0.0),
        (true, false) => None,
        (false, true) => Some(confidence.min(0.5)),
        (false, false) => Some(confidence),
    }
}

fn open_labels(turns: &[Turn], voices: &[Voice]) -> Vec<String> {
    // More voices than a conversation has are not resolved.
    const MOST: usize = 24;
    let mut open: Vec<String> = Vec::new();
    for (turn, voice) in turns.iter().zip(voices) {
        if turn.speaker == Speaker::Unknown
            && let Some(label) = &voice.label
            && open.len() < MOST
            && !open.contains(label)
        {
            open.push(label.clone());
        }
    }
    open
}

/// Roles of the open labels, and how sure they are.
fn assign(turns: &[Turn], voices: &[Voice], open: &[String]) -> (Vec<(String, Speaker)>, f64) {
    let has = |speaker| turns.iter().any(|turn| turn.speaker == speaker);
    let all = |speaker| open.iter().map(|label| (label.clone(), speaker)).collect::<Vec<_>>();
    match (open, has(Speaker::Customer), has(Speaker::Agent)) {
        ([], ..) => (Vec::new(), 0.0),
        ([only], false, false) if usual_role(voices, only).is_none() && says_all(turns, voices, only) => {
            (Vec::new(), 0.0)
        }
        ([_], true, false) => (all(Speaker::Agent), 0.85),
        ([_], false, true) => (all(Speaker::Customer), 0.85),
        (_, true, false) => (all(Speaker::Agent), 0.7),
        ([first, second], false, false) => of_two(turns, voices, first, second),
        _ => {
            let (mut assigned, mut confidence) = (Vec::new(), 0.6);
            for label in open {
                let cues = Cues::of(turns, voices, label);
                match usual_role(voices, label) {
                    Some(role) => {
                        assigned.push((label.clone(), role));
                        confidence = 0.8;
                    }
                    None if cues.has_agent_phrase => assigned.push((label.clone(), Speaker::Agent)),
                    None => {}
                }
            }
            (assigned, confidence)
        }
    }
}

/// Whether several turns have this label, and no others are there.
///
/// Caught: `SPEAKER_00` before "comment puis-je vous aider ?" and before "ma box est en panne". Not caught: the label of one
/// turn, and `SPEAKER_00` beside a bot.
fn says_all(turns: &[Turn], voices: &[Voice], label: &str) -> bool {
    turns.len() > 1 && voices.iter().all(|voice| voice.label.as_deref() == Some(label))
}

fn of_two(turns: &[Turn], voices: &[Voice], first: &str, second: &str) -> (Vec<(String, Speaker)>, f64) {
    let as_agent = |agent: &str, customer: &str| {
        vec![(agent.to_owned(), Speaker::Agent), (customer.to_owned(), Speaker::Customer)]
    };
    let (a, b) = (Cues::of(turns, voices, first), Cues::of(turns, voices, second));
    let difference = a.lean() - b.lean();
    let by_phrase = match (a.has_agent_phrase, b.has_agent_phrase) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    };
    let by_words = (difference.abs() >= 0.5).then_some(difference > 0.0);
    let usual = match (usual_role(voices, first), usual_role(voices, second)) {
        (Some(Speaker::Agent), _) | (_, Some(Speaker::Customer)) => Some(true),
        (Some(Speaker::Customer), _) | (_, Some(Speaker::Agent)) => Some(false),
        _ => None,
    };
    let (is_first_agent, confidence) = match (by_phrase, by_words, usual) {
        (Some(said), _, Some(usual)) if said == usual => (said, 0.95),
        // The channels may be swapped in this installation: the words show it.
        (Some(said), _, Some(_)) => (said, 0.6),
        (Some(said), _, None) => (said, 0.9),
        (None, Some(said), Some(usual)) if said == usual => (usual, 0.9),
        (None, _, Some(usual)) => (usual, 0.8),
        (None, Some(said), None) => (said, (0.55 + (difference.abs() - 0.5) * 0.2).min(0.85)),
        (None, None, None) => return (Vec::new(), 0.0),
    };
    let assigned = if is_first_agent { as_agent(first, second) } else { as_agent(second, first) };
    (assigned, (confidence * 100.0).round() / 100.0)
}

/// The role that a convention suggests: that of the platform, or a word of the label (`Support Nautile`).
fn usual_role(voices: &[Voice], label: &str) -> Option<Speaker> {
    let stated = voices.iter().find(|voice| voice.label.as_deref() == Some(label)).and_then(|voice| voice.usual_role);
    stated.or_else(|| {
        let is_company =
            label.split(|c: char| !c.is_alphanumeric()).any(|word| COMPANY_WORDS.contains(&normalise(word).as_str()));
        is_company.then_some(Speaker::Agent)
    })
}

/// What the words of one label tell about its role.
#[derive(Debug, Default)]
struct Cues {
    has_agent_phrase: bool,
    agent: u32,
    customer: u32,
}

impl Cues {
    fn of(turns: &[Turn], voices: &[Voice], label: &str) -> Self {
        const TURNS: usize = 40;
        let mut cues = Self::default();
        let own = turns.iter().zip(voices).filter(|(_, voice)| voice.label.as_deref() == Some(label));
        for (index, (turn, _)) in own.take(TURNS).enumerate() {
            let start: String = turn.text.chars().take(400).collect();
            let start = normalise(&start);
            let count = |words: &[&str]| words.iter().filter(|word| start.contains(*word)).count() as u32;
            cues.has_agent_phrase |= index < 4 && count(&AGENT_PHRASES) > 0;
            cues.agent += count(&AGENT_WORDS);
            cues.customer += count(&CUSTOMER_WORDS);
        }
        cues
    }

    /// −1 (customer) to 1 (agent).
    fn lean(&self) -> f64 {
        (f64::from(self.agent) - f64::from(self.customer)) / (f64::from(self.agent + self.customer) + 1.0)
    }
}

/// Comments of a ticket: its first author asked, the others answered. Applies only where no role is known.
pub(crate) fn first_is_customer(turns: &mut [Turn], voices: &[Voice], flags: &mut Vec<String>) -> bool {
    if turns.is_empty() || turns.iter().any(|turn| turn.speaker != Speaker::Unknown) {
        return false;
    }
    let Some(first) = voices.first().map(|voice| voice.label.clone()) else { return false };
    for (turn, voice) in turns.iter_mut().zip(voices) {
        turn.speaker = if voice.label == first { Speaker::Customer } else { Speaker::Agent };
    }
    flags.retain(|flag| flag != UNKNOWN);
    push(flags, INFERRED);
    flag(turns, flags);
    true
}

/// Flags conversations whose roles are unknown or of one kind only.
pub(crate) fn flag(turns: &[Turn], flags: &mut Vec<String>) {
    if turns.iter().any(|turn| turn.speaker == Speaker::Unknown) {
        push(flags, UNKNOWN);
    } else if turns.len() > 1 && turns.iter().all(|turn| turn.speaker == turns[0].speaker) {
        push(flags, SINGLE);
    }
}

/// Adds a flag once.
pub(crate) fn push(flags: &mut Vec<String>, flag: &str) {
    if !flags.iter().any(|known| known == flag) {
        flags.push(flag.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(lines: &[(&str, &str)], options: &Options) -> (Vec<Speaker>, Vec<String>, Option<f64>) {
        let mut turns: Vec<Turn> = lines.iter().map(|(_, text)| Turn::new(Speaker::Unknown, *text)).collect();
        let voices: Vec<Voice> =
            lines.iter().map(|(label, _)| Voice { label: Some((*label).to_owned()), usual_role: None }).collect();
        let mut flags = Vec::new();
        let confidence = resolve(&mut turns, &voices, options, &mut flags);
        (turns.iter().map(|turn| turn.speaker).collect(), flags, confidence)
    }

    fn roles(lines: &[(&str, &str)]) -> (Vec<Speaker>, Vec<String>) {
        let (speakers, flags, _) = resolved(lines, &Options::default());
        (speakers, flags)
    }

    #[test]
    fn the_speaker_who_offers_help_is_the_agent() {
        let (speakers, flags, confidence) = resolved(
            &[("SPEAKER_00", "Bonjour, comment puis-je vous aider ?"), ("SPEAKER_01", "Mon colis n'est pas là.")],
            &Options::default(),
        );
        assert_eq!(speakers, [Speaker::Agent, Speaker::Customer]);
        assert_eq!((flags, confidence), (vec!["speakers_inferred".to_owned()], Some(0.9)));
    }

    #[test]
    fn possessives_tell_the_parties_when_nobody_greets() {
        let (speakers, _, confidence) = resolved(
            &[
                ("SPEAKER_01", "Je vous appelle pour ma commande, je n'ai pas reçu mon colis."),
                ("SPEAKER_00", "Je vérifie votre commande. Votre numéro, s'il vous plaît ?"),
            ],
            &Options::default(),
        );
        assert_eq!(speakers, [Speaker::Customer, Speaker::Agent]);
        assert!(confidence.is_some_and(|sure| (0.5..0.9).contains(&sure)), "{confidence:?}");
    }

    #[test]
    fn a_name_beside_the_word_client_is_the_agent() {
        let (speakers, _) = roles(&[("Client", "Bonjour"), ("Marie D.", "Bonjour")]);
        assert_eq!(speakers, [Speaker::Customer, Speaker::Agent]);
    }

    #[test]
    fn two_names_without_any_sign_stay_unknown() {
        let (speakers, flags, confidence) = resolved(&[("Paul", "Bonjour"), ("Marie", "Bonjour")], &Options::default());
        assert_eq!(speakers, [Speaker::Unknown, Speaker::Unknown]);
        assert_eq!((flags, confidence), (vec!["speakers_unknown".to_owned()], Some(0.0)));
    }

    #[test]
    fn a_conversation_of_one_role_is_flagged_and_stated_roles_need_no_confidence() {
        let (_, flags, confidence) = resolved(&[("client", "a"), ("client", "b")], &Options::default());
        assert_eq!((flags, confidence), (vec!["single_speaker".to_owned()], None));
    }

    #[test]
    fn one_label_for_both_parties_makes_nobody_the_agent() {
        let said = ["Bonjour, comment puis-je vous aider ?", "Ma box est en panne depuis lundi.", "Je regarde."];
        let (speakers, flags, confidence) = resolved(&said.map(|text| ("SPEAKER_00", text)), &Options::default());
        assert_eq!(speakers, [Speaker::Unknown; 3]);
        assert_eq!((flags, confidence), (vec!["speakers_unknown".to_owned()], Some(0.0)));
        // A label that names the company, and the words of a bot beside it.
        assert_eq!(roles(&said.map(|text| ("Service Lumio", text))).0, [Speaker::Agent; 3]);
        let with_bot = [("Bot", "Bonjour"), ("Marie", "Comment puis-je vous aider ?"), ("Marie", "Je regarde.")];
        assert_eq!(roles(&with_bot).0, [Speaker::Bot, Speaker::Agent, Speaker::Agent]);
    }

    #[test]
    fn rules_of_the_configuration_win_and_may_have_stars() {
        let mut options = Options::default();
        let rules = options.values.entry("speaker".into()).or_default();
        rules.insert("CC-*".into(), "agent".into());
        rules.insert("2".into(), "customer".into());
        let (speakers, flags, confidence) =
            resolved(&[("cc-0412 (Lille)", "a"), ("SPEAKER_2", "b"), ("Agent", "c")], &options);
        assert_eq!(speakers, [Speaker::Agent, Speaker::Customer, Speaker::Agent]);
        assert_eq!((flags.len(), confidence), (0, None));
    }

    #[test]
    fn swapped_channels_are_seen_in_the_words() {
        let mut turns = vec![
            Turn::new(Speaker::Unknown, "Bonjour, je n'ai rien reçu."),
            Turn::new(Speaker::Unknown, "Merci de nous contacter, comment puis-je vous aider ?"),
        ];
        let voice = |label: &str, role| Voice { label: Some(label.to_owned()), usual_role: Some(role) };
        let voices = [voice("SPEAKER_1", Speaker::Agent), voice("SPEAKER_2", Speaker::Customer)];
        let confidence = resolve(&mut turns, &voices, &Options::default(), &mut Vec::new());
        assert_eq!((turns[1].speaker, confidence), (Speaker::Agent, Some(0.6)));
    }
}
