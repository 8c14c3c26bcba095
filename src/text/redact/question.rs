//! What a turn asks for: "Et votre numéro de client ?" to the kind of personal data that the next words are.
//!
//! A dialogue that checks an identity asks in one turn and answers in the next, so that neither holds personal data by
//! its own words. `data/redaction/questions.toml` declares what is asked and the form of the answer; `answer.rs` finds it.

use regex::{Regex, RegexSet};
use serde::Deserialize;

use super::answer::leads_only;
use super::recogniser::Recognisers;
use crate::contact::Speaker;
use crate::error::{Error, Result};
use crate::text::fold::fold;

/// The questions that ship.
const SHIPPED: &str = include_str!("../../../data/redaction/questions.toml");
/// How far before the end of a turn its question is looked for, in bytes.
const REACH: usize = 320;
/// Sentences at the end of a turn that may hold the question.
const SENTENCES: usize = 3;
/// A sentence of so few words asks without a verb: "Votre date de naissance".
const SHORT_WORDS: usize = 6;
/// A remark of so few words does not come between question and answer: "Très bien.", "S'il vous plaît."
const REMARK_WORDS: usize = 3;
/// Turns of the customer in a row that may answer one question: "Bien sûr" and then the number.
const ANSWERS: u8 = 4;
/// Digits of a turn that has told a number: nothing more is awaited.
const ANSWERED_DIGITS: usize = 4;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    request: String,
    polite: String,
    question: Vec<Declared>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declared {
    kind: String,
    form: Form,
    pattern: String,
    #[serde(default)]
    not_in: Option<String>,
    #[serde(default)]
    digits: usize,
}

/// How an answer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Form {
    /// Words of a name.
    Name,
    /// A date.
    Date,
    /// A number or code, in digits or spelt out.
    Number,
    /// A house number and street.
    Address,
    /// An e-mail address, typed or said.
    Email,
    /// A word or code.
    Secret,
}

impl Form {
    /// Any word can be the answer, so only a question that nothing follows is believed.
    fn is_free(self) -> bool {
        matches!(self, Self::Name | Self::Secret)
    }
}

/// One thing that can be asked.
#[derive(Debug)]
pub(super) struct Question {
    /// Index of the kind.
    pub kind: usize,
    pub form: Form,
    /// Fewest digits of a number.
    pub digits: usize,
    not_in: Option<Regex>,
}

/// Everything that can be asked, compiled.
#[derive(Debug)]
pub(super) struct Questions {
    pub all: Vec<Question>,
    /// Those whose answer is words, as a set.
    of_words: u32,
    patterns: RegexSet,
    request: Regex,
    polite: Regex,
}

/// What a turn asks for: a set of the questions that ship.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    all: u32,
    /// Those of them that words answer, which later turns are full of.
    of_words: u32,
}

impl Asked {
    /// Nothing is asked.
    pub const NOTHING: Self = Self { all: 0, of_words: 0 };

    pub(super) fn holds(self, index: usize) -> bool {
        self.all & (1 << index) != 0
    }

    /// What is left to answer when the customer has said more than "Bien sûr": a number has a form of its own, and what comes later
    /// tells a story where a name was asked for.
    fn behind(self, turn: &str) -> Self {
        const OF_WORDS: [&str; 3] = ["[NAME_", "[ADDRESS_", "[PASSWORD_"];
        let placeholders = super::placeholder::ranges(turn);
        let is_number =
            |range: &std::ops::Range<usize>| !OF_WORDS.iter().any(|kind| turn[range.clone()].starts_with(kind));
        let has_told_a_number =
            placeholders.iter().any(is_number) || turn.bytes().filter(u8::is_ascii_digit).count() >= ANSWERED_DIGITS;
        match (leads_only(turn), has_told_a_number) {
            (true, _) => self,
            (false, true) => Self::NOTHING,
            (false, false) => Self { all: self.all & !self.of_words, of_words: 0 },
        }
    }
}

impl Questions {
    /// # Errors
    ///
    /// [`Error::Bug`] if what ships cannot be read.
    pub(super) fn new(recognisers: &Recognisers) -> Result<Self> {
        let bug = |error: &dyn std::fmt::Display| Error::bug(format!("questions.toml: {error}"));
        let regex = |pattern: &str| Regex::new(pattern).map_err(|error| bug(&error));
        let file: File = toml::from_str(SHIPPED).map_err(|error| bug(&error))?;
        let patterns = file.question.iter().map(|question| question.pattern.as_str());
        let patterns = RegexSet::new(patterns).map_err(|error| bug(&error))?;
        let all = file.question.iter().map(|question| {
            let kind =
                recognisers.kind(&question.kind).ok_or_else(|| bug(&format!("unknown kind {}", question.kind)))?;
            let not_in = question.not_in.as_deref().map(regex).transpose()?;
            Ok(Question { kind, form: question.form, digits: question.digits, not_in })
        });
        let all: Vec<Question> = all.collect::<Result<_>>()?;
        if all.len() > 32 {
            return Err(bug(&"more questions than a set holds"));
        }
        let is_of_words = |question: &Question| question.form.is_free() || question.form == Form::Address;
        let of_words = all.iter().enumerate().filter(|(_, question)| is_of_words(question));
        let of_words = of_words.fold(0, |set, (index, _)| set | 1 << index);
        Ok(Self { all, of_words, patterns, request: regex(&file.request)?, polite: regex(&file.polite)? })
    }

    /// What the last sentences of a turn ask for.
    ///
    /// Caught: "Merci. Et votre nom ?", "Quel est votre numéro de client ? Il est sur la facture.", "votre date de
    /// naissance". Not caught: "Votre nom est bien noté. Autre chose ?", "Votre commande part demain."
    pub(super) fn asked(&self, turn: &str) -> Asked {
        let from = turn.ceil_char_boundary(turn.len().saturating_sub(REACH));
        let folded = fold(&turn[from..]);
        let mut asked = 0;
        let mut is_last = true;
        for sentence in sentences(&folded).into_iter().rev().take(SENTENCES) {
            let words = sentence.split_whitespace().count();
            let is_question = sentence.ends_with('?');
            let found = self.asked_in(sentence, is_last);
            if is_question || words <= SHORT_WORDS || self.request.is_match(sentence) {
                asked |= found;
                let asks_other = found == 0 && is_question && !self.polite.is_match(sentence);
                if asks_other {
                    break;
                }
            }
            is_last &= is_question || found != 0 || words <= REMARK_WORDS || self.polite.is_match(sentence);
        }
        self.set(asked)
    }

    /// Of what was asked, what an answer says it tells ("Username: cminh730"); all of it when it says nothing.
    pub(super) fn narrowed(&self, asked: Asked, answer: &str) -> Asked {
        let told = asked.all & self.asked_in(&fold(answer), true);
        if told == 0 { asked } else { self.set(told) }
    }

    fn set(&self, all: u32) -> Asked {
        Asked { all, of_words: all & self.of_words }
    }

    fn asked_in(&self, sentence: &str, is_last: bool) -> u32 {
        let mut asked = 0;
        for index in self.patterns.matches(sentence) {
            let question = &self.all[index];
            let is_refused = question.not_in.as_ref().is_some_and(|regex| regex.is_match(sentence));
            if !is_refused && (is_last || !question.form.is_free()) {
                asked |= 1 << index;
            }
        }
        asked
    }
}

/// Sentences with their marks: cut behind a mark that a space follows, and at line ends.
fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, c) in text.char_indices() {
        let next = text[at + c.len_utf8()..].chars().next();
        if c == '\n' || matches!(c, '.' | '?' | '!') && next.is_none_or(char::is_whitespace) {
            found.push(text[start..at + c.len_utf8()].trim());
            start = at + c.len_utf8();
        }
    }
    found.push(text[start..].trim());
    found.retain(|sentence| sentence.chars().any(char::is_alphanumeric));
    found
}

/// Who asks whom, turn after turn: the company asks, the customer answers; where nobody is named, the next turn does.
#[derive(Debug, Clone, Default)]
pub(crate) struct Dialogue {
    asked: Asked,
    answers_left: u8,
}

impl Dialogue {
    /// What a turn of this speaker may answer.
    pub(crate) fn asked_of(&self, speaker: Speaker) -> Asked {
        let answers = matches!(speaker, Speaker::Customer | Speaker::Unknown);
        if answers && self.answers_left > 0 { self.asked } else { Asked::NOTHING }
    }

    /// Takes note of a turn, where `asked` tells what it asks for.
    pub(crate) fn hear(&mut self, speaker: Speaker, turn: &str, asked: impl Fn(&str) -> Asked) {
        if speaker == Speaker::Customer {
            self.answers_left = self.answers_left.saturating_sub(1);
            self.asked = self.asked.behind(turn);
            return;
        }
        let new = asked(turn);
        let is_remark = turn.split_whitespace().nth(REMARK_WORDS).is_none();
        if new != Asked::NOTHING {
            (self.asked, self.answers_left) = (new, if speaker == Speaker::Unknown { 1 } else { ANSWERS });
        } else if !is_remark || speaker == Speaker::Unknown {
            self.answers_left = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn kinds_asked(turn: &str) -> Vec<String> {
        let recognisers = Recognisers::new(&BTreeMap::new()).unwrap();
        let questions = Questions::new(&recognisers).unwrap();
        let asked = questions.asked(turn);
        let all = questions.all.iter().enumerate().filter(|(index, _)| asked.holds(*index));
        all.map(|(_, question)| recognisers.kinds[question.kind].clone()).collect()
    }

    #[test]
    fn the_end_of_a_turn_tells_what_it_asks_for() {
        for (turn, kind) in [
            ("Très bien. Je peux avoir votre nom et prénom ?", "NAME"),
            ("À qui ai-je l'honneur ?", "NAME"),
            ("Can I take your full name please", "NAME"),
            ("Votre date de naissance", "DATE_OF_BIRTH"),
            ("Thank you. And your date of birth?", "DATE_OF_BIRTH"),
            ("Et votre numéro de client ? Il est en haut de la facture.", "CUSTOMER"),
            ("I'd just need the order number, please.", "ORDER"),
            ("Votre adresse, s'il vous plaît ?", "ADDRESS"),
            ("What's the best e-mail for you?", "EMAIL"),
            ("J'ai besoin de votre mot de passe vocal.", "PASSWORD"),
            ("Quel est le numéro de votre carte ?", "CARD"),
            ("Il me faut votre IBAN.", "IBAN"),
            ("Un numéro où vous joindre ?", "PHONE"),
        ] {
            assert!(kinds_asked(turn).iter().any(|found| found == kind), "{turn}: {:?}", kinds_asked(turn));
        }
    }

    #[test]
    fn words_about_data_are_no_question_for_it() {
        for turn in [
            "Votre nom est bien noté. Autre chose ?",
            "Votre commande 4502217 est partie de notre entrepôt ce matin.",
            "Vous avez oublié votre mot de passe ?",
            "Quel est le nom du produit ?",
            "C'est pour votre dernière facture ?",
            "Quel est le montant affiché ?",
            "Quel est votre code postal ?",
            "How can I help you today?",
        ] {
            assert_eq!(kinds_asked(turn), Vec::<String>::new(), "{turn}");
        }
    }
}
