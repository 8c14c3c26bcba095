//! A short turn behind a question to the personal data that it is: "Diallo Fatoumata" where a name was asked for.
//!
//! Most of such a turn is the value, so that its form is looked for alone; longer turns tell a story and are left to
//! the recognisers.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::candidates::Candidate;
use super::question::{Asked, Form, Questions};
use super::recogniser::Recognisers;
use crate::text::fold::fold;
use crate::text::small_words::{NUMERAL_PARTS_FR, NUMERALS_EN, NUMERALS_FR, PARTICLES};

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
/// Words of an answer that are all of the name where one of them is a first name, at most.
const WORDS_WITH_FIRST_NAME: usize = 3;

/// Words of brands that are surnames where a name was asked for.
const BRANDS_OF_PEOPLE: [&str; 2] = ["poste", "canal"];

/// A list of words, folded.
type Words = LazyLock<BTreeSet<&'static str>>;

/// Words that lead to an answer.
static LEADING: Words = LazyLock::new(|| {
    "oui ouais yes yeah yep sure ok okay d'accord alors euh ben bah donc voila tenez bien sur bonjour bonsoir hi \
     hello well so um uh c'est cest ce sera it's its it is est mon ma my nom name prenom moi je m'appelle suis am \
     i'm im the full first last and et mail email e-mail adresse address numero number le la madame monsieur mme mr \
     mrs ms certainly absolutely tout of course mot de passe good morning afternoon evening password code i would \
     be please merci thanks surname that's right dr name's"
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
     thing things there both deux les ca cette other autre autres si sorry to tres \
     un une vas veux volontiers vous wait want was we what when where which why will with worries you absolument \
     effectivement affirmatif indeed definitely speaking none mari femme epouse wife husband celui franchement tout juste \
     remboursement remboursez-moi panne colis livraison facture commande resiliation reclamation internet connexion \
     bloque bloquee casse cassee abime abimee avalee voyant virement parcel missing screen broken cracked leaking \
     broadband router blinking washing machine order refund cancellation billing down delivery late fault"
        .split_whitespace()
        .collect()
});

/// Words that lead to a name where one of [`NAMING`] is among them: "au nom de", "de la part de", "under the name of".
static LEADING_NAME: Words =
    LazyLock::new(|| "au sous sur part titulaire famille under in on behalf account".split_whitespace().collect());

/// What a name is called by.
static NAMING: Words =
    LazyLock::new(|| "nom name prenom surname part behalf titulaire famille".split_whitespace().collect());

/// Words that open something else behind a value.
static TURNING: Words = LazyLock::new(|| {
    "et and mais but my mon ma je j'ai i comme with avec c'est car parce because pour bonjour bonsoir merci hello hi svp \
     please thanks voila"
        .split_whitespace()
        .collect()
});

/// Numbers in words; `quatre-vingt-dix` is told by its pieces.
static NUMBERS: Words = LazyLock::new(|| {
    const OF_DATES: &str = "mille thousand premier first second third fourth fifth sixth twelfth twentieth thirtieth";
    let said = NUMERALS_FR.into_iter().chain(NUMERAL_PARTS_FR).chain(NUMERALS_EN);
    said.chain(OF_DATES.split_whitespace()).collect()
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
    /// A sentence starts with it, so that its capital tells nothing.
    opens: bool,
}

impl Word<'_> {
    fn is_capital(&self) -> bool {
        self.text.starts_with(char::is_uppercase)
    }

    fn is_particle(&self) -> bool {
        PARTICLES.contains(&self.folded.as_str())
    }
}

/// How a turn is written.
#[derive(Debug, Clone, Copy)]
struct Manner {
    /// All in capitals.
    is_loud: bool,
}

impl Manner {
    fn of(words: &[Word<'_>]) -> Self {
        let mut letters = words.iter().flat_map(|word| word.text.chars());
        Self { is_loud: !letters.any(char::is_lowercase) }
    }
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
    const ENDING: [char; 8] = ['.', ',', ';', '!', '?', ':', '(', ')'];
    const STOPPING: [char; 5] = ['.', '!', '?', ':', '…'];
    let is_edge = |c: char| !(c.is_alphanumeric() || matches!(c, '#' | '+' | '@' | '[' | ']'));
    let mut found: Vec<Word<'_>> = Vec::new();
    let mut opens = true;
    for piece in text.split_whitespace() {
        let at = piece.as_ptr() as usize - text.as_ptr() as usize;
        let start = at + piece.len() - piece.trim_start_matches(is_edge).len();
        let word = piece.trim_matches(is_edge);
        let is_line_end = text[at + piece.len()..].starts_with('\n');
        let behind = if word.is_empty() { piece } else { &text[start + word.len()..at + piece.len()] };
        let ends = behind.contains(ENDING) || is_line_end;
        if !word.is_empty() {
            let range = start..start + word.len();
            found.push(Word { text: word, range, folded: fold(word).into_owned(), ends, opens });
            opens = false;
        } else if let Some(last) = found.last_mut() {
            // French has a space before its marks: "Encore ?".
            last.ends |= ends;
        }
        opens |= behind.contains(STOPPING) || is_line_end;
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

/// The name at the start, and whole names behind it: "Kinloch, Alasdair Kinloch", "Good morning Niamh. Alasdair
/// Kinloch". Where what comes before holds none, a capitalised word that stands alone is one too: "Je vous l'ai déjà
/// dit. Perrodin."
fn names(recognisers: &Recognisers, words: &[Word<'_>]) -> Vec<Range<usize>> {
    let manner = Manner::of(words);
    let mut found = Vec::new();
    let mut has_name = words.iter().any(|word| word.text.starts_with("[NAME_"));
    let mut rest = words;
    loop {
        let led = leading_to_name(rest);
        let Some(first) = rest.get(led) else { return found };
        let end = rest[led..].iter().position(|word| word.ends).map_or(rest.len(), |end| led + end + 1);
        let is_start = rest.len() == words.len();
        let is_alone = !has_name && end == led + 1 && first.is_capital();
        let fewest = if is_start || is_alone { 1 } else { 2 };
        let is_other = led > 0 && is_noun_or_verb(recognisers, &rest[led - 1], first);
        if !is_other {
            let start = led - article_of_name(&rest[..led], first);
            found.extend(name(recognisers, &rest[start..], fewest, manner));
        }
        has_name |= !found.is_empty();
        rest = &rest[end..];
    }
}

/// Number of words that lead to a name: "oui c'est", "au nom de", and "pour" before a capital.
fn leading_to_name(words: &[Word<'_>]) -> usize {
    let leads = |word: &&Word<'_>| LEADING.contains(word.folded.as_str());
    let names = |word: &&Word<'_>| leads(word) || LEADING_NAME.contains(word.folded.as_str());
    let mut led = words.iter().take_while(names).count();
    if !words[..led].iter().any(|word| NAMING.contains(word.folded.as_str())) {
        led = words.iter().take_while(leads).count();
    }
    let is_for = words.get(led).is_some_and(|word| matches!(word.folded.as_str(), "pour" | "for"));
    led + usize::from(is_for && words.get(led + 1).is_some_and(Word::is_capital))
}

/// Whether the word before makes the first word told a noun or a verb, which no name is.
///
/// Caught: "mon trampoline", "la troisième fois", "le frigidaire", "the gutter", "je refuse". Not caught: "le goff", "la
/// fontaine", "the Whitcombe one".
fn is_noun_or_verb(recognisers: &Recognisers, before: &Word<'_>, first: &Word<'_>) -> bool {
    if before.ends {
        return false;
    }
    let is_ordinary = || recognisers.is_ordinary(&first.folded);
    match before.folded.as_str() {
        "mon" | "ma" | "my" | "ce" | "tout" | "je" | "i" | "would" => true,
        "la" => is_ordinary() || first.folded.ends_with("ieme"),
        "the" => !first.is_capital() || is_ordinary(),
        "le" => is_ordinary(),
        _ => false,
    }
}

/// Number of words right before a name that belong to it: "Le" of "Le Goff", "De La" of "De La Tour".
fn article_of_name(led: &[Word<'_>], first: &Word<'_>) -> usize {
    let is_of_name = |word: &&Word<'_>| word.is_particle() && word.is_capital() && !word.ends;
    if first.is_capital() { led.iter().rev().take_while(is_of_name).count() } else { 0 }
}

/// Whether a word is an ordinary one, which people say in place of a name: "inadmissible", "rappelez-moi", "j'appelle",
/// "haven't". A capital inside a sentence that is not all capitals makes any word a name, and a first name is one in
/// any case.
///
/// Caught: "Seriously?", "ras le bol", "C'EST URGENT". Not caught: "c'est perrodin", "Madame Retard", "marie".
fn is_ordinary(recognisers: &Recognisers, word: &Word<'_>, manner: Manner) -> bool {
    const ELIDED: [&str; 8] = ["c", "j", "qu", "s", "jusqu", "lorsqu", "puisqu", "presqu"];
    const CONTRACTED: [&str; 6] = ["t", "re", "ve", "ll", "d", "m"];
    let is_chosen = word.is_capital() && !word.opens && !manner.is_loud;
    if is_chosen || recognisers.is_first_name(word.text) {
        return false;
    }
    let folded = word.folded.as_str();
    let is_listed = |word: &str| recognisers.is_ordinary(word) || NO_NAME.contains(word);
    let is_elided = folded.split_once('\'').is_some_and(|(before, behind)| {
        ELIDED.contains(&before)
            || matches!(before, "d" | "l" | "m" | "n" | "t") && is_listed(behind)
            || CONTRACTED.contains(&behind)
            || behind == "s" && is_listed(before)
    });
    // Adverbs and abstract nouns: "honnêtement", "récemment", "résiliation". Surnames are shorter ("Clément", "Sion").
    let is_adverb = folded.len() >= 9 && (folded.ends_with("ement") || folded.ends_with("mment"));
    let is_noun = folded.len() >= 6 && ["tion", "tions", "sion", "sions"].iter().any(|ending| folded.ends_with(ending));
    is_listed(folded) || is_elided || is_adverb || is_noun
}

/// Up to four words that are no others, up to a mark, a word that turns to something else, or the end. Among words that
/// go on without either, and where `fewest` asks for them, two with capitals are a name, and words with a first name.
///
/// Caught: "Diallo Fatoumata", "oui c'est perrodin", "Crystal Minh, order 12", "Perrodin à l'appareil", "marie
/// pourquoi". Not caught: "je ne sais plus", "attendez", "inadmissible", "troisième fois".
fn name(recognisers: &Recognisers, words: &[Word<'_>], fewest: usize, manner: Manner) -> Option<Range<usize>> {
    let is_first_name = |word: &Word<'_>| recognisers.is_first_name(word.text);
    // "Bureau Marie", "emma retard": beside a first name an ordinary word is a surname, unless a story goes on.
    let sentence = words.iter().position(|word| word.ends).map_or(words, |end| &words[..=end]);
    let is_name_alone = sentence.len() <= WORDS_WITH_FIRST_NAME && sentence.iter().any(is_first_name);
    let is_part = |at: usize| {
        let word = &words[at];
        let is_written = word.text.chars().all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-' | '.'));
        // "Marie de la Tour" in small letters.
        let is_behind_particle = at > 1 && words[at - 1].is_particle() && is_first_name(&words[0]);
        let is_word = word.text.chars().count() >= 2
            && !NO_NAME.contains(word.folded.as_str())
            && !TURNING.contains(word.folded.as_str())
            && !recognisers.is_not_name(word.text)
            && (is_behind_particle || is_name_alone || !is_ordinary(recognisers, word, manner));
        is_written && (is_word || word.is_particle() && at + 1 < words.len())
    };
    let mut length = 0;
    while length < words.len() && length < NAME_WORDS && is_part(length) {
        length += 1;
        if words[length - 1].ends {
            break;
        }
    }
    let is_end = length > 0 && (words[length - 1].ends || is_turned(&words[length..]));
    if !is_end || fewest > 1 {
        let is_known = fewest == 1 && words[..length].iter().any(is_first_name);
        let capitals = words[..length].iter().take_while(|word| word.is_capital()).count();
        length = match capitals {
            _ if is_known => length,
            0 | 1 => 0,
            two => two,
        };
    }
    while length > 1 && words[length - 1].is_particle() {
        length -= 1;
    }
    let parts = &words[..length];
    let is_alone = matches!(parts, [word] if word.is_particle());
    let is_brand =
        |word: &Word<'_>| recognisers.is_brand(word.text) && !BRANDS_OF_PEOPLE.contains(&word.folded.as_str());
    let has_brand = parts.iter().any(is_brand);
    span(parts).filter(|_| !is_alone && !has_brand)
}

/// Whether a name ends before these words: there are none, the first turns to something else, or says that somebody
/// speaks.
fn is_turned(words: &[Word<'_>]) -> bool {
    let Some(next) = words.first() else { return true };
    let folded = |at: usize| words.get(at).map_or("", |word| word.folded.as_str());
    TURNING.contains(folded(0))
        || next.text.starts_with(|c: char| !c.is_alphabetic())
        || matches!(folded(0), "speaking" | "here" | "calling")
        || matches!((folded(0), folded(1)), ("a", "l'appareil") | ("au", "telephone" | "bout"))
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
/// Caught: "LV 40 27 183", "88-4431-K", "quatre cinq zéro deux deux". Not caught: "le 12/03/2026", "129,90", "depuis
/// 2019", "3 mois", "48 heures".
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
/// Caught: "12 rue des lilas à Lyon", "rue des lilas à Lyon", "12 les Tilleuls, Brignais". Not caught: "à Lyon", "3
/// jours".
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
