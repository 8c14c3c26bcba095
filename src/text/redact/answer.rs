//! A short turn behind a question to the personal data that it is: "Diallo Fatoumata" where a name was asked for.
//!
//! Most of such a turn is the value, so that its form is looked for alone; longer turns tell a story and are left to the
//! recognisers.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::candidates::Candidate;
use super::question::{Asked, Form, Questions};
use super::recogniser::Recognisers;
use crate::text::fold::fold;

/// Words of a turn that answers and does little else.
const MOST_WORDS: usize = 16;
const MOST_BYTES: usize = 200;
/// Above references and telephone numbers, below what has check digits: what was asked tells the kind.
const SCORE: f32 = 0.915;
/// By how much the kinds asked for come behind one another, in the order of their declaration.
const STEP: f32 = 0.001;
/// A number of no kind that the question names: any recogniser knows better.
const SCORE_ANY: f32 = 0.62;
/// Words of a name, at most.
const NAME_WORDS: usize = 4;

/// A list of words, folded.
type Words = LazyLock<BTreeSet<&'static str>>;

/// Words that lead to an answer.
static LEADING: Words = LazyLock::new(|| {
    "oui ouais yes yeah yep sure ok okay d'accord alors euh ben bah donc voila tenez bien sur bonjour bonsoir hi \
     hello well so um uh c'est cest ce sera it's its it is est mon ma my nom name prenom moi je m'appelle suis am \
     i'm im the full first last and et mail email e-mail adresse address numero number le la madame monsieur mme mr \
     mrs ms certainly absolutely tout of course mot de passe good morning afternoon evening password code i would \
     be please merci thanks surname that's right dr"
        .split_whitespace()
        .collect()
});

/// Words that answer without telling, or go on with something else. Names hold none of them.
static NO_NAME: Words = LazyLock::new(|| {
    "a ai ainsi allo already an annule any apres aren't as at attendez aucun aucune aujourd'hui avait avez avoir \
     because been before besoin but can can't car cela certain chez comment connais could dans deja depuis dit \
     dites do don't dont donne elle en encore enfin envoi exactement exactly faire fait fine for from give given go \
     got great had has have hein hier hold how if il ils in instant j'ai j'en just justement know l'ai later let \
     lost mais maintenant meme mine minute moment n'ai n'est ne need never nice no non nope not nous now on one or \
     oubli ou par parce pardon parfait pas perdu peux plus pour pourquoi problem puis qu'est quand que qui quoi \
     sais same sec seconde see tiens attention stop ecoutez listen really vraiment honestly correct rien nothing \
     thing things there both deux les bonne bon ca cette new nouveau nouvelle other autre autres si sorry to tres \
     un une vas veux volontiers vous wait want was we what when where which why will with worries you absolument \
     effectivement affirmatif indeed definitely speaking none mari femme epouse wife husband celui franchement tout juste \
     remboursement remboursez-moi panne colis livraison facture commande resiliation reclamation internet connexion \
     bloque bloquee casse cassee abime abimee avalee voyant rouge virement parcel missing screen broken cracked leaking \
     broadband router blinking washing machine order refund cancellation billing down delivery late fault"
        .split_whitespace()
        .collect()
});

/// Particles between the words of a name.
static PARTICLES: Words =
    LazyLock::new(|| "de du des la le van von der ben el al da di bin".split_whitespace().collect());

/// Words that open something else behind a value.
static TURNING: Words = LazyLock::new(|| {
    "et and mais but my mon ma je j'ai i comme with avec c'est car parce because pour".split_whitespace().collect()
});

/// Numbers in words; `quatre-vingt-dix` is told by its pieces.
static NUMBERS: Words = LazyLock::new(|| {
    "zero un une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize vingt vingts \
     trente quarante cinquante soixante septante octante huitante nonante cent cents mille et oh nought double \
     triple one two three four five seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen \
     eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand premier first second \
     third fourth fifth sixth twelfth twentieth thirtieth"
        .split_whitespace()
        .collect()
});

/// Months.
static MONTHS: Words = LazyLock::new(|| {
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre january february march \
     april may june july august september october november december"
        .split_whitespace()
        .collect()
});

/// One word of an answer.
struct Word<'a> {
    /// The word without the marks around it.
    text: &'a str,
    range: Range<usize>,
    folded: String,
    /// A mark behind it ends what it belongs to.
    ends: bool,
}

/// What of a text answers what was asked, when it is short enough to be an answer.
pub(super) fn answers(
    recognisers: &Recognisers,
    questions: &Questions,
    asked: Asked,
    text: &str,
    found: &mut Vec<Candidate>,
) {
    if asked == Asked::NOTHING || text.len() > MOST_BYTES || text.split_whitespace().nth(MOST_WORDS).is_some() {
        return;
    }
    let words = words(text);
    let asked = questions.narrowed(asked, text);
    for (index, question) in questions.all.iter().enumerate().filter(|(index, _)| asked.holds(*index)) {
        let is_any = recognisers.kinds[question.kind] == "REFERENCE";
        let score = if is_any { SCORE_ANY } else { SCORE - STEP * index as f32 };
        let mut push = |range: Option<Range<usize>>| {
            found.extend(range.map(|range| Candidate::new(question.kind, range, score)));
        };
        match question.form {
            Form::Name => {
                names(recognisers, &words).into_iter().chain(spelt(text)).for_each(|range| push(Some(range)));
            }
            Form::Date => push(date(recognisers, text, &words)),
            Form::Number => {
                let has_letters = recognisers.kinds[question.kind] != "PHONE";
                push(number(&words, question.digits, has_letters).map(|range| with_bracket(text, range)));
            }
            Form::Address => push(address(text, &words)),
            Form::Email => push(email(text, &words)),
            Form::Secret => push(secret(recognisers, &words)),
        }
    }
}

/// Whether a turn only leads to an answer that is to come: "Bien sûr", "Oui, c'est".
pub(super) fn leads_only(text: &str) -> bool {
    words(text).iter().all(|word| LEADING.contains(word.folded.as_str()))
}

fn words(text: &str) -> Vec<Word<'_>> {
    let is_edge = |c: char| !(c.is_alphanumeric() || matches!(c, '#' | '+' | '@' | '[' | ']'));
    let mut found = Vec::new();
    for piece in text.split_whitespace() {
        let at = piece.as_ptr() as usize - text.as_ptr() as usize;
        let start = at + piece.len() - piece.trim_start_matches(is_edge).len();
        let word = piece.trim_matches(is_edge);
        if word.is_empty() {
            continue;
        }
        let range = start..start + word.len();
        let ends = text[range.end..at + piece.len()].contains(['.', ',', ';', '!', '?', ':', '(', ')'])
            || text[at + piece.len()..].starts_with('\n');
        found.push(Word { text: word, range, folded: fold(word).into_owned(), ends });
    }
    found
}

/// The words behind those that lead to the answer.
fn told<'a, 'b>(words: &'b [Word<'a>]) -> &'b [Word<'a>] {
    let leading = words.iter().take_while(|word| LEADING.contains(word.folded.as_str())).count();
    &words[leading..]
}

fn span(words: &[Word<'_>]) -> Option<Range<usize>> {
    Some(words.first()?.range.start..words.last()?.range.end)
}

/// The name at the start, and whole names behind it: "Kinloch, Alasdair Kinloch", "Good morning Niamh. Alasdair Kinloch".
fn names(recognisers: &Recognisers, words: &[Word<'_>]) -> Vec<Range<usize>> {
    let mut rest = told(words);
    let mut found: Vec<Range<usize>> = name(recognisers, rest, 1).into_iter().collect();
    while let Some(end) = rest.iter().position(|word| word.ends) {
        rest = told(&rest[end + 1..]);
        found.extend(name(recognisers, rest, 2));
    }
    found
}

/// Up to four words that are no others, up to a mark, a word that turns to something else, or the end. Among words that
/// go on without either, and where `fewest` asks for them, two with capitals are a name.
///
/// Caught: "Diallo Fatoumata", "oui c'est perrodin", "Crystal Minh, order 12". Not caught: "je ne sais plus", "attendez".
fn name(recognisers: &Recognisers, words: &[Word<'_>], fewest: usize) -> Option<Range<usize>> {
    let is_capital = |word: &Word<'_>| word.text.starts_with(char::is_uppercase);
    let is_part = |at: usize| {
        let word = &words[at];
        let is_written = word.text.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.'));
        let is_particle = PARTICLES.contains(word.folded.as_str());
        let is_word = word.text.chars().count() >= 2
            && !NO_NAME.contains(word.folded.as_str())
            && !TURNING.contains(word.folded.as_str())
            && !recognisers.is_not_name(word.text);
        is_written && (is_word || is_particle && at + 1 < words.len())
    };
    let mut length = 0;
    while length < words.len() && length < NAME_WORDS && is_part(length) {
        length += 1;
        if words[length - 1].ends {
            break;
        }
    }
    let is_turned =
        |next: &Word<'_>| TURNING.contains(next.folded.as_str()) || next.text.starts_with(|c: char| !c.is_alphabetic());
    let is_end = length > 0 && (words[length - 1].ends || words.get(length).is_none_or(is_turned));
    if !is_end || fewest > 1 {
        length = words[..length].iter().take_while(|word| is_capital(word)).count();
        length = if length >= 2 { length } else { 0 };
    }
    let parts = &words[..length];
    let is_alone = matches!(parts, [word] if PARTICLES.contains(word.folded.as_str()));
    let has_brand = parts.iter().any(|word| recognisers.is_brand(word.text));
    span(parts).filter(|_| !is_alone && !has_brand)
}

/// Letters said one by one: "G-O-U-R-D-I-N", "D I A L L O".
fn spelt(text: &str) -> Vec<Range<usize>> {
    static SPELT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\b\p{L}(?:[ .,-]{1,2}\p{L}\b){3,}").expect("a literal pattern that the tests compile")
    });
    SPELT.find_iter(text).map(|found| found.range()).collect()
}

/// A date in digits or with a month, or all in words.
fn date(recognisers: &Recognisers, text: &str, words: &[Word<'_>]) -> Option<Range<usize>> {
    if let Some(found) = recognisers.birth.find(text) {
        return Some(found.range());
    }
    let is_month = |word: &Word<'_>| MONTHS.contains(word.folded.as_str());
    let month = words.iter().position(is_month)?;
    let is_part = |word: &&Word<'_>| is_number(&word.folded) || matches!(word.folded.as_str(), "of" | "the" | "le");
    let before = words[..month].iter().rev().take_while(is_part).count();
    let after = words[month + 1..].iter().take_while(is_part).count();
    (before + after > 0).then(|| span(&words[month - before..=month + after])).flatten()
}

fn is_number(folded: &str) -> bool {
    !folded.is_empty() && folded.split('-').all(|piece| NUMBERS.contains(piece))
}

/// A number with the bracket before it: "(977) 625-2661".
fn with_bracket(text: &str, range: Range<usize>) -> Range<usize> {
    let opens = text[..range.start].ends_with('(') && text[range.clone()].contains(')');
    range.start - usize::from(opens)..range.end
}

/// The longest run of figures and short capitals, or of five numbers in words.
///
/// Caught: "LV 40 27 183", "88-4431-K", "quatre cinq zéro deux deux". Not caught: "le 12/03/2026", "129,90", "depuis 2019",
/// "3 mois", "48 heures".
fn number(words: &[Word<'_>], digits: usize, may_hold_letters: bool) -> Option<Range<usize>> {
    let count = |word: &Word<'_>| word.text.bytes().filter(u8::is_ascii_digit).count();
    let is_code = |word: &Word<'_>| {
        let is_short = word.text.chars().count() <= 3 && word.text.chars().all(char::is_uppercase);
        let is_ordinal = word.folded.ends_with("er") || word.folded.ends_with("eme");
        count(word) > 0 && !is_ordinal || is_short && !matches!(word.text, "ID" | "NO" | "REF" | "N" | "I" | "A" | "OK")
    };
    let mut best: Option<(usize, Range<usize>)> = None;
    let mut at = 0;
    while at < words.len() {
        let length = words[at..].iter().take_while(|word| is_code(word)).count();
        let run = &words[at..at + length];
        let has_letter = may_hold_letters && run.iter().any(|word| word.text.chars().any(char::is_alphabetic));
        let total: usize = run.iter().map(count).sum();
        let is_other = is_quantity(run, words.get(at + length));
        let is_long = total >= digits || has_letter && total + 1 >= digits.min(4);
        if is_long && !is_other && best.as_ref().is_none_or(|(most, _)| total > *most) {
            best = span(run).map(|range| (total, range));
        }
        at += length.max(1);
    }
    if best.is_some() {
        return best.map(|(_, range)| range);
    }
    let first = words.iter().position(|word| is_number(&word.folded))?;
    let length = words[first..].iter().take_while(|word| is_number(&word.folded)).count();
    (length >= 5).then(|| span(&words[first..first + length])).flatten()
}

/// Whether a run of figures is an amount, a date, a year, a time or a quantity.
fn is_quantity(run: &[Word<'_>], next: Option<&Word<'_>>) -> bool {
    static LONE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:\d+[.,]\d{1,2}|(?:19|20)\d{2}|\d{1,2}[/.-]\d{1,2}(?:[/.-]\d{2,4})?|\d{4}-\d{2}-\d{2}|\d{1,2}[h:]\d{0,2}|\d+(?:st|nd|rd|th|e|eme|er|am|pm|j|go|gb|mo|kg|km|eur?|k|x)|\d+[.,]?\d*[€$£%])$")
            .expect("a literal pattern that the tests compile")
    });
    static UNIT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:€|euros?|eur|dollars?|pounds?|quid|%|kwh|kw|go|mo|gb|mb|kg|mois|months?|jours?|days?|ans|years?|fois|times|heures?|hours?|minutes?|weeks?|semaines?|articles?|items?|pieces?)$")
            .expect("a literal pattern that the tests compile")
    });
    let is_lone = matches!(run, [word] if LONE.is_match(&word.folded));
    is_lone || next.is_some_and(|next| UNIT.is_match(&next.folded))
}

/// From the house number, or from the street without one, up to a word that turns to something else.
///
/// Caught: "12 rue des lilas à Lyon", "rue des lilas à Lyon", "12 les Tilleuls, Brignais". Not caught: "à Lyon", "3 jours".
fn address(text: &str, words: &[Word<'_>]) -> Option<Range<usize>> {
    static STREETS: Words = LazyLock::new(|| {
        "rue avenue av boulevard bd chemin impasse allee place route quai cours square villa passage residence \
     lotissement hameau street st road rd lane drive court close crescent gardens grove terrace way flat apartment"
            .split_whitespace()
            .collect()
    });
    let words = told(words);
    let is_house = |word: &Word<'_>| {
        word.text.starts_with(|c: char| c.is_ascii_digit())
            && word.text.len() <= 6
            && word.text.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '/')
    };
    let street = words.iter().position(|word| STREETS.contains(word.folded.as_str()));
    let start = match street {
        Some(street) => {
            let nearest = street.saturating_sub(4);
            words[nearest..street].iter().position(is_house).map_or(street.min(nearest + 4), |at| nearest + at)
        }
        None => usize::from(words.len() < 3 || !is_house(&words[0])) * words.len(),
    };
    let told = &words[start.min(words.len())..];
    if told.len() < 2 || street.is_none() && is_quantity(&told[..1], told.get(1)) {
        return None;
    }
    let is_turn = |word: &Word<'_>| TURNING.contains(word.folded.as_str());
    let mut length = told.iter().position(is_turn).unwrap_or(told.len());
    // A sentence ends: "12 rue des Lilas. Le colis est perdu".
    let ends = |pair: &[Word<'_>]| text[pair[0].range.end..pair[1].range.start].contains(['.', '?', '!']);
    if let Some(end) = told.windows(2).take(length.saturating_sub(1)).position(ends) {
        length = end + 1;
    }
    span(&told[..length]).filter(|_| length >= 2)
}

/// An address around the sign or a word for it, from the first word told.
fn email(text: &str, words: &[Word<'_>]) -> Option<Range<usize>> {
    static REST: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:@|\barobase\b|[(\[]at[)\]]|\bat\b)\s*[\p{L}\p{N}-]+(?:\s*(?:\.|\bpoint\b|\bdot\b)\s*[\p{L}\p{N}-]+){1,3}")
            .expect("a literal pattern that the tests compile")
    });
    let rest = REST.find(text)?;
    let first = told(words).first()?.range.start;
    let is_near = first < rest.start() && text[first..rest.start()].split_whitespace().count() <= 10;
    is_near.then(|| first..rest.end())
}

/// One word or code, or two.
///
/// Caught: "tournesol42", "c'est tournesol", "4821". Not caught: "non", "je l'ai oublié".
fn secret(recognisers: &Recognisers, words: &[Word<'_>]) -> Option<Range<usize>> {
    let words = told(words);
    let is_told = |word: &Word<'_>| {
        let is_word = !NO_NAME.contains(word.folded.as_str()) && !recognisers.is_not_name(word.text);
        is_word && word.text.chars().count() >= 3
    };
    let is_secret = (1..=2).contains(&words.len()) && words.iter().all(is_told);
    // Two numbers of a sentence would be something else.
    span(words).filter(|_| is_secret)
}
