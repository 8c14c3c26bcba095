//! Finds where the signature of an e-mail starts: delimiters, mobile signatures, closings followed by a name block,
//! and name blocks without a closing.
//!
//! Decisions, as they shape what counts as the customer's words:
//! - A closing that stands alone on its line ("Cordialement,", "Best regards", "Veuillez agréer…") opens the signature
//!   and belongs to it, with or without a name below.
//! - A closing at the end of a longer line ("Dans l'attente de votre réponse, cordialement,") stays in the reply; the
//!   short lines below it are the signature.
//! - Thanks ("Merci d'avance", "Thanks") are the customer's words and stay in the reply, even right above the name.
//! - What follows a closing must look like a name block: at most eight short lines, none of them a sentence.
//!   "Cordialement" with a paragraph of explanations below it therefore opens nothing; a postscript is given back to
//!   the reply.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::lines::Line;
use super::names::{Sender, is_first_name};

/// Most lines of a name block.
const BLOCK_LINES: usize = 8;
/// Longest line of a name block, in characters.
const BLOCK_LINE_CHARS: usize = 90;
/// Most lines below a bare `--`, which is also used to separate paragraphs.
const BARE_DELIMITER_LINES: usize = 15;

/// Parts of `lines[segment]` that are signature, in order. A `true` marks lines that only delimit (`-- `).
pub(super) fn find(lines: &[Line<'_>], segment: Range<usize>, sender: &Sender) -> Vec<(Range<usize>, bool)> {
    let mut found = Vec::new();
    let end = segment.end;
    let Some(first) = segment.clone().find(|&at| !lines[at].is_blank()) else { return found };
    // The lower of two delimiters that frame words.
    let mut frame_end = None;
    for at in first..end {
        let line = &lines[at];
        if line.is_blank() || frame_end == Some(at) {
            continue;
        }
        if is_delimiter(line) && !line_is_strict_delimiter(line) {
            frame_end = frame(lines, at, end);
            if frame_end.is_some() {
                continue;
            }
        }
        let is_ornament = is_delimiter(line) && !line_is_strict_delimiter(line) && is_ornament(lines, first, at, end);
        if is_delimiter(line) && !is_ornament {
            // Some programs write the delimiter twice, once for themselves.
            let twice = |line: &Line<'_>| line.is_blank() || is_delimiter(line);
            let after = (at + 1..end).find(|&next| !twice(&lines[next])).unwrap_or(end);
            found.push((at..after, true));
            found.push((after..end, false));
            return found;
        }
        if is_mobile(&line.folded) {
            // Some telephones write their line above the words.
            if at > first && block_end(lines, at + 1..end, 4) == end {
                found.push((at..end, false));
                return found;
            }
            found.push((at..at + 1, false));
            continue;
        }
        let formula = formula_at(lines, at, end);
        let opens_at = match closing(line, sender) {
            _ if formula > 0 && at > first => Some(at),
            Closing::Alone if at > first || has_words(lines, at + 1..end) => Some(at),
            Closing::Final if is_own_name(next(lines, at + 1..end), sender) => Some(at + 1),
            _ => None,
        };
        if let Some(from) = opens_at {
            let stop = block_end(lines, at + formula.max(1)..end, BLOCK_LINES);
            if stop == end {
                found.push((from..end, false));
                return found;
            }
            // Afterthoughts below a signed name: the name is a signature, the rest is words.
            let is_signed = at > first
                && lines[stop - 1].is_blank()
                && lines[at + 1..stop]
                    .iter()
                    .find(|line| !line.is_blank())
                    .is_some_and(|line| is_certain_name(line.text, sender));
            if is_signed {
                found.push((from..stop, false));
                found.extend(find(lines, stop..end, sender));
                return found;
            }
            if is_postscript(&lines[stop].folded) {
                found.push((from..stop, false));
                // The words after a postscript are words; a delimiter or mobile line may still follow.
                found.extend(find_marked(lines, stop..end));
                return found;
            }
        }
    }
    if let Some(at) = name_block(lines, first..end, sender).or_else(|| last_name(lines, first..end, sender)) {
        found.push((at..end, false));
    }
    found
}

/// Delimiters and mobile signatures only.
fn find_marked(lines: &[Line<'_>], segment: Range<usize>) -> Vec<(Range<usize>, bool)> {
    for at in segment.clone() {
        if is_delimiter(&lines[at]) {
            return vec![(at..at + 1, true), (at + 1..segment.end, false)];
        }
        if is_mobile(&lines[at].folded) && block_end(lines, at + 1..segment.end, 4) == segment.end {
            return vec![(at..segment.end, false)];
        }
    }
    Vec::new()
}

/// `-- `, `--`, `—`, `__`, `***` alone on a line.
fn is_delimiter(line: &Line<'_>) -> bool {
    let text = line.text;
    let count = text.chars().count();
    (count == 1 && text == "—")
        || (count >= 2 && text.chars().all(|c| matches!(c, '-' | '–' | '—')))
        || (count >= 2 && text.chars().all(|c| c == '_'))
        || (count >= 3 && text.chars().all(|c| matches!(c, '*' | '=' | '~' | '+')))
}

/// Whether a bare delimiter only decorates: above the whole message, above sentences, or a long rule that no name
/// follows.
fn is_ornament(lines: &[Line<'_>], first: usize, at: usize, end: usize) -> bool {
    let below = || {
        let words = lines[at + 1..end].iter().take_while(|line| !is_delimiter(line));
        words.filter(|line| !line.is_blank() && !is_image(line.text))
    };
    let is_long = lines[at].text.chars().count() > 3;
    (at == first && lines[at].text != "--")
        || below().take(BARE_DELIMITER_LINES + 1).count() > BARE_DELIMITER_LINES
        || below().take(3).any(|line| !is_block_line(line) && !is_mobile(&line.folded))
        || (is_long && !below().next().is_some_and(|line| is_nameish(line.text) || is_mobile(&line.folded)))
}

/// The lower of two delimiters that frame a list inside the words, if the one at `at` is the upper: no line between them is
/// a name, and words follow the lower.
///
/// Caught: "Il manque : / --- / Lampe bleue / --- / Je demande le remboursement". Not caught: "-- / Paul Leroy / ----- /
/// advertisement", "--- / Lampe bleue / --- / Paul Leroy".
fn frame(lines: &[Line<'_>], at: usize, end: usize) -> Option<usize> {
    const MOST_LINES: usize = 2 * BARE_DELIMITER_LINES;
    let lower = (at + 1..end).take(MOST_LINES).find(|&next| is_delimiter(&lines[next]))?;
    let is_contact = |line: &Line<'_>| {
        is_nameish(line.text) || is_name_line(line.text) || is_mobile(&line.folded) || is_image(line.text)
    };
    let mut framed = lines[at + 1..lower].iter().filter(|line| !line.is_blank()).peekable();
    if framed.peek().is_none() || framed.any(is_contact) {
        return None;
    }
    let mut after = lines[lower + 1..end].iter().take(MOST_LINES).filter(|line| !line.is_blank());
    let is_speech = |line: &Line<'_>| !is_contact(line) && line.text.split_whitespace().count() > 3;
    after.next().filter(|line| !is_delimiter(line) && is_speech(line)).map(|_| lower)
}

fn line_is_strict_delimiter(line: &Line<'_>) -> bool {
    line.text == "--" && line.whole.end > line.range.end
}

/// Lines that a telephone or mail program adds by itself.
pub(super) fn is_mobile(folded: &str) -> bool {
    static MOBILE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^[\s*_\[(<>|\-]*(?:",
            r"envoye (?:de |d'|depuis |a partir de |a partir d'|a l'aide de |a l'aide d'|avec |via |par |grace a )\[?(?:mon|ma|l'|l'application|la|un|une|le|outlook|yahoo|proton|gmail|orange|sfr|free|bouygues|courrier|mail|icloud|windows|samsung|hotmail|laposte|android|ipad|iphone|zoho|tutanota|infomaniak|my)\b.{0,80}|",
            r"(?:telecharge[rz]?|obtenez|obtenir|decouvrez|installez) (?:l'application )?(?:outlook|yahoo|orange|bluemail|gmail|mail orange)\b.{0,120}|",
            r"provenance ?: ?(?:courrier|mail)\b.{0,60}|",
            r"(?:sent|send) (?:from|via|using|with|by) \[?(?:my|an?|the|outlook|yahoo|proton|gmail|mail|windows|samsung|aol|android|ipad|iphone|icloud|bluemail|mailbird|zoho|tutanota|spark|galaxy|hey)\b.{0,80}|",
            r"get \[?(?:outlook|bluemail|yahoo|mail) (?:for|on)\b.{0,120}|download (?:outlook|the yahoo)\b.{0,100}|",
            r"(?:von meinem|gesendet (?:von|mit|aus)|holen sie sich outlook|outlook fur)\b.{0,100}|",
            r"(?:enviado (?:desde|do|a partir|de|via|com)|obtener outlook|obter o? ?outlook|descarga outlook)\b.{0,100}|",
            r"(?:inviato (?:da|dal|con|tramite)|ottieni outlook|scarica outlook)\b.{0,100}|",
            r"(?:verstuurd (?:vanaf|met|via)|verzonden (?:vanaf|met|via)|outlook voor|download outlook voor|skickat fran|sendt fra|hamta outlook|hent outlook)\b.{0,100}|",
            r"(?:wyslan[eo] z|odeslano z|odoslane z|trimis de pe|отправлено с|enviat des|poslano z|iphone'umdan gonderildi|hanki outlook|pobierz outlook|stahnout outlook)\b.{0,80}|lahetetty (?:iphone|ipad|samsung|android|outlook|puhelim)\S*.{0,40}|",
            r"(?:message|mail|e-mail|courriel) envoye (?:de|depuis|via|avec) .{0,80}(?:iphone|ipad|android|smartphone|mobile|samsung|telephone|webmail|orange|tablette)\b.{0,40}|",
            r"(?:sent|envoye) (?:via|from|par|depuis) .{1,60}(?:text messaging|messaging service|messagerie texte|mobility|mobilite)\b.{0,40}|",
            r"yahoo mail ?: .{0,100}|outlook (?:pour|for) (?:ios|android|mac|windows)\b.{0,60}",
            r")[\])>*_. ]*$"
        ))
        .expect("a literal pattern that the tests compile")
    });
    if folded.len() > 160 || !MOBILE.is_match(folded) {
        return false;
    }
    // "Sent from my office last week, it never came." is a sentence.
    let names_program =
        ["outlook", "messagerie", "proton", "messaging", "orange", "excuse", "pardon", "typo", "fautes", "brevity"]
            .iter()
            .any(|name| folded.contains(name));
    !(folded.ends_with('.') && folded.split_whitespace().count() > 7 && !names_program)
}

enum Closing {
    /// The line is a closing, possibly followed by a name on the same line.
    Alone,
    /// The line ends with a closing or is a thank-you; a name below is a signature.
    Final,
    No,
}

fn closing(line: &Line<'_>, sender: &Sender) -> Closing {
    static ALONE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^[\s*_\-]*(?:et |and |en vous souhaitant (?:une )?|avec )?(?P<closing>",
            r"(?:bien|tres|plus|meilleurs?|mes|sinceres|respectueusement|tout) cordialement|cordialement(?: (?:votre|vôtre|a vous|a tous))?|cordi?al\w{2,7}|cdlt|cdt|cdmt|cordlt|bien cdlt|bien cdt|sinceres? salutations|(?:mes |nos )?(?:sinceres|meilleures|cordiales|respectueuses|distinguees|bonnes) salutations|salutations(?: (?:distinguees|cordiales|respectueuses|sinceres|les meilleures))?|mes salutations|slts|",
            r"(?:bien )?sincerement(?: (?:votre|vous))?|bien (?:a|sincerement a) (?:vous|toi|tous)|respectueusement|amicalement|bien amicalement|amities|bises|bisous|(?:mes |avec mes )?(?:sinceres |cordiaux )?respects|",
            r"(?:tres |une tres |une |passez une )?(?:bonne|belle|excellente|agreable) (?:journee|soiree|fin de journee|apres-midi|apres midi|semaine|fin de semaine|reception|continuation)(?: (?:a vous|a tous|a toi))?|(?:bon|tres bon) (?:week-end|weekend|we|apres-midi|courage)|a (?:bientot|tres bientot|tres vite)|",
            r"(?:veuillez|je vous prie|nous vous prions|priere|recevez|agreez|croyez|je vous adresse|en vous remerciant|dans cette attente|dans l'attente).{0,100}(?:salutations|sentiments|consideration|respects|hommages)\b.{0,40}|",
            r"(?:best|kind|kindest|warm|warmest|many|with|with best|with kind|with kindest|very best|sincere) regards|regards|rgds|brgds|b/r|br|(?:with )?(?:best|warm|kind|all good|good) wishes|best|all the best|",
            r"(?:yours |very )?(?:sincerely|faithfully|truly|respectfully)(?: yours)?|yours|cheers|respectfully|have a (?:nice|good|great|lovely|wonderful) (?:day|evening|weekend|week|one|afternoon)|kindly|take care|",
            r"(?:mit )?(?:freundlichen?|besten?|lieben?|herzlichen?|vielen?|viele|liebe|herzliche|beste|schone) (?:grussen?|gruse|grusen|grusse|gruessen?|gruss)(?: aus .{1,30})?|hochachtungsvoll|mfg|lg|vg|",
            r"(?:un |reciba un |reciban un )?(?:cordial|cordiales|atento|atentos|muchos)? ?(?:saludos?)(?: cordial(?:es)?)?|atentamente|un abrazo|",
            r"(?:cordiali|distinti|cari|un cordiale|i miei|tanti) saluti|saluti|cordialmente|",
            r"(?:met )?(?:vriendelijke|hartelijke) groet(?:en)?|groet(?:en|jes)?|mvg|hoogachtend|",
            r"(?:serdecznie |z powazaniem,? )?pozdrawiam(?: serdecznie)?|(?:z powazaniem|z wyrazami szacunku)|pozdrowienia|",
            r"(?:med |de )?(?:basta |bedste |beste )?(?:vanliga?|venlige?|vennlige?|basta|beste|bedste|hjertelige?) (?:halsning(?:ar)?|hilsner?|hilsen)|(?:mvh|hilsen|halsningar|hilsner)|",
            r"(?:ystavallisin|parhain|terveisin) ?(?:terveisin)?|terveisin|(?:s|se srdecnym|s pratelskym) pozdrav(?:em|om)|s uctou|udvozlettel|tisztelettel|cu (?:stima|respect|drag)|cu stima si respect|",
            r"με (?:εκτιμηση|σεβασμο)|φιλικα|с уважением|saygılarımla|saygilarimla|iyi gunler|(?:srdacan|lep|lijep) pozdrav|(?:s postovanjem|lp|pozdrav)|(?:cordials |atentes )?salutacions|",
            r"(?:com os )?(?:melhores|os meus melhores) cumprimentos|cumprimentos|atenciosamente|atentamente|abracos?|obrigad[oa] e cumprimentos",
            r")\s*(?P<after>[^\p{L}\p{N}?\[<]*(?:[(:;]-?[)D])?)(?P<name>.*)$"
        ))
        .expect("a literal pattern that the tests compile")
    });
    static FINAL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:(?:^|[ ,.;!])(?:cordialement|cordiales salutations|sinceres salutations|bien a vous|salutations distinguees|salutations|(?:bonne|belle) (?:journee|soiree|fin de journee)|bon week-end|a bientot|regards|best wishes|sincerely|great day|nice day)",
            r"|^(?:(?:un )?(?:grand )?merci|thanks|thank you|thx|tks|many thanks|avec (?:tous )?(?:mes|nos) remerciements|remerciements|en vous remerciant|danke|vielen dank|gracias|grazie|bedankt|dank|obrigad[oa])\b[^.?!:]{0,80}|^dans l'attente\b[^.?!:]{0,90})",
            r"[^\p{L}\p{N}?]*$"
        ))
        .expect("a literal pattern that the tests compile")
    });
    let folded = line.folded.as_str();
    if folded.is_empty() || folded.len() > 200 {
        return Closing::No;
    }
    if let Some(captures) = ALONE.captures(folded) {
        let name = captures.name("name").map_or("", |found| found.as_str());
        let separator = captures.name("after").map_or("", |found| found.as_str());
        // "Bestellung" starts like "best", "Cordialement Paul" names someone, "Regards to your team who…" goes on.
        if name.is_empty() {
            return Closing::Alone;
        }
        let written = last_words(line.text, name.split_whitespace().count());
        let is_someone =
            is_name(written) || is_all_initials(written) || is_name_line(written) || sender.is_named(written);
        let is_certain = !separator.is_empty() || is_certain_closing(&captures["closing"]);
        if is_certain && is_someone && !is_content_word(written) {
            return Closing::Alone;
        }
    }
    // "Merci de livrer à cette adresse :" announces what follows.
    if FINAL.is_match(folded) && !folded.ends_with(':') { Closing::Final } else { Closing::No }
}

/// Whether a line ends the words of a message: a closing, or the delimiter of a signature.
pub(super) fn closes(line: &Line<'_>) -> bool {
    line_is_strict_delimiter(line) || matches!(closing(line, &Sender::default()), Closing::Alone)
}

/// Closings that a name follows without a comma: "Cordialement Paul". Not "Best Buy".
fn is_certain_closing(folded: &str) -> bool {
    [
        "cordialement",
        "cdt",
        "cdlt",
        "regards",
        "salutations",
        "sincer",
        "amicalement",
        "bien a vous",
        "respectueusement",
    ]
    .iter()
    .any(|closing| folded.contains(closing))
}

/// The last `count` words of a line, as written.
fn last_words(text: &str, count: usize) -> &str {
    let mut starts = text
        .char_indices()
        .filter(|(at, c)| !c.is_whitespace() && text[..*at].chars().next_back().is_none_or(char::is_whitespace));
    let from = count.checked_sub(1).and_then(|back| starts.by_ref().nth_back(back));
    from.map_or("", |(at, _)| &text[at..])
}

/// Lines of a polite formula that is broken over several, or written in one long sentence; 0 when there is none.
///
/// Caught: "Dans l'attente de votre retour, je vous prie d'agréer, Madame, / Monsieur, mes salutations distinguées."
/// Not caught: "Dans l'attente de votre réponse", which has no salutation.
fn formula_at(lines: &[Line<'_>], at: usize, end: usize) -> usize {
    static START: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^(?:et |je |nous )?(?:vous )?(?:veuillez|je vous prie|nous vous prions|vous prie|vous prions|priere d|dans (?:l'|cette )attente|recevez|agreez|croyez|receve[zr]|en (?:vous remerciant|esperant|attendant|l'attente|comptant)|restant|avec (?:mes|nos|l'expression)|vous remerciant|remercie|comptant|par avance|esperant)\b"
        )
        .expect("a literal pattern that the tests compile")
    });
    static FINISH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"\b(?:salutations?|sentiments?|consideration|respects|hommages|devouement|souhaits)(?: (?:les |mes |tres |plus )*(?:distingue|cordia|respectue|sincere|meilleur|devoue|affectue|attristes|bons)\w*)*(?: et \w+)?[\s,.!*_]*$"
        )
        .expect("a literal pattern that the tests compile")
    });
    if !START.is_match(&lines[at].folded) {
        return 0;
    }
    let mut joined = String::new();
    for (used, line) in lines[at..end].iter().enumerate().take(4) {
        if line.is_blank() || line.folded.is_empty() || line.text.contains('?') || joined.len() > 400 {
            return 0;
        }
        joined.push_str(&line.folded);
        joined.push(' ');
        if FINISH.is_match(&joined) {
            return used + 1;
        }
    }
    0
}

/// Where a name block that starts at `range.start` stops: `range.end` when all of it qualifies, else the first line
/// that does not.
fn block_end(lines: &[Line<'_>], range: Range<usize>, most: usize) -> usize {
    let mut used = 0;
    for at in range.clone() {
        let line = &lines[at];
        if line.is_blank() {
            continue;
        }
        if used > 0 && is_delimiter(line) {
            // Below a delimiter that follows the name, anything is signature.
            return range.end;
        }
        if is_mobile(&line.folded) || is_delimiter(line) || is_image(line.text) {
            continue;
        }
        used += 1;
        if used > most || !is_block_line(line) {
            return at;
        }
    }
    range.end
}

/// Names of inline images and bare links of logos.
fn is_image(text: &str) -> bool {
    (text.starts_with("[cid:") || text.starts_with("[image") || text.starts_with("[Image") || text.starts_with("<http"))
        || (text.starts_with("http") && !text.contains(' '))
}

/// Short and not a sentence.
fn is_block_line(line: &Line<'_>) -> bool {
    let folded = line.folded.as_str();
    if folded.is_empty() || line.text.chars().count() > BLOCK_LINE_CHARS || is_postscript(folded) {
        return false;
    }
    if line.text.ends_with('?') || line.text.contains("? ") {
        return false;
    }
    static SPEECH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            // Whole words: "Je suis", not "Jean"; "car", not "Carole"; "can", not "Candice".
            r"^(?:j'|c'est\b|(?:je|nous (?:avons|sommes|voulons|attendons|vous)|on (?:m'|a)|vous (?:avez|etes|m'|pouvez|devez)|il (?:y|faut|me|m')|ca|mais|car|donc|or|de plus|par ailleurs|en effet|d'ailleurs|pouvez|pourriez|merci|ps|ci-joint|ci-dessous|veuillez|voici|voila|quand|pourquoi|comment|ou est|est-ce|sinon|sans (?:reponse|retour)|",
            r"i|i'(?:m|ve|d|ll)|we|you|your|my|please|thanks|thank you|could|can|would|but|also|because|it|it's|this|that|there|when|why|how|what|where|attached|see)\b)"
        ))
        .expect("a literal pattern that the tests compile")
    });
    if SPEECH.is_match(folded) {
        return false;
    }
    let words = line
        .text
        .split_whitespace()
        .filter(|word| word.chars().all(|c| !c.is_ascii_digit()))
        .filter(|word| word.chars().any(char::is_alphabetic))
        .count();
    let starts_lower = line.text.chars().next().is_some_and(char::is_lowercase);
    let is_address =
        line.text.contains('@') || folded.contains("www.") || folded.contains("http") || folded.contains("tel");
    if is_address {
        return words <= 10;
    }
    let ends_sentence = line.text.ends_with(['.', '!', '…']);
    !(words >= 10 || (words >= 6 && ends_sentence) || (starts_lower && words >= 4))
}

/// `PS : …`, `P.-S.`, `NB : …`.
fn is_postscript(folded: &str) -> bool {
    let start = folded.trim_start_matches(['*', '_', ' ', '(']);
    ["ps:", "ps :", "p.s", "p.-s", "ps -", "ps.", "nb:", "nb :", "n.b", "post-scriptum", "ps ", "ps,"]
        .iter()
        .any(|mark| start.starts_with(mark))
}

fn has_words(lines: &[Line<'_>], range: Range<usize>) -> bool {
    lines[range].iter().any(|line| !line.is_blank())
}

fn next<'a>(lines: &'a [Line<'a>], range: Range<usize>) -> &'a str {
    lines[range].iter().find(|line| !line.is_blank()).map_or("", |line| line.text)
}

fn is_nameish(text: &str) -> bool {
    is_name(text) && !is_content_word(text)
}

/// One to five words that start with a capital, with the particles of names between them.
fn is_name(text: &str) -> bool {
    let text = text.trim_matches(|c: char| matches!(c, '*' | '_' | ',' | '.' | '!') || c.is_whitespace());
    let mut capitals = 0;
    let mut words = 0;
    for word in text.split_whitespace() {
        words += 1;
        let bare = word.trim_matches(|c: char| matches!(c, '.' | ',' | '(' | ')' | '*'));
        let first = bare.chars().next();
        if bare.chars().any(|c| !(c.is_alphabetic() || matches!(c, '-' | '\'' | '’' | '.'))) {
            return false;
        }
        if first.is_some_and(char::is_uppercase) {
            capitals += 1;
        } else if !matches!(
            bare,
            "de" | "du"
                | "des"
                | "la"
                | "le"
                | "van"
                | "von"
                | "der"
                | "den"
                | "et"
                | "and"
                | "d"
                | "di"
                | "da"
                | "el"
                | "ben"
        ) {
            return false;
        }
    }
    capitals >= 1 && words <= 5
}

/// Initials such as `JD` or `P.L.`.
fn is_all_initials(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    (1..=4).contains(&letters) && text.chars().all(|c| c.is_uppercase() || matches!(c, '.' | '-' | ' '))
}

/// Words that start messages and lines with a capital and are nobody's name.
fn is_content_word(text: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:merci|bonjour|bonsoir|oui|non|ok|okay|d'accord|super|parfait|urgent|svp|stp|s'il|aide|help|hello|hi|hey|dear|yes|no|thanks|thank|please|great|perfect|bonne|bien|tres|pas|rien|cher|chere|chers|objet|madame, monsieur|madame monsieur|messieurs|voila|voir|cordialement|regards|",
            r"commande|facture|livraison|remboursement|annulation|resiliation|reclamation|order|invoice|delivery|refund|cancellation|complaint|aucune|aucun|toujours|encore|bravo|honteux|inadmissible|inacceptable|scandaleux|desole|desolee|attention|reponse|relance|rappel|suite|re|tr|fw|fwd)\b"
        ))
        .expect("a literal pattern that the tests compile")
    });
    WORDS.is_match(&super::fold::fold(text))
}

/// A name and nothing else, or the sender's own name in whatever case.
fn is_own_name(text: &str, sender: &Sender) -> bool {
    is_nameish(text) || is_name_line(text) || sender.is_named(text)
}

/// A name with its telephone number or title on one line: `Jean Dupont - 06 00 00 00 00`,
/// `Jane Smith | Office Manager | Example Ltd`.
fn is_name_line(text: &str) -> bool {
    let Some(at) =
        [" | ", " - ", " – ", " / ", ", ", " // ", "|", "\t"].iter().filter_map(|mark| text.find(mark)).min()
    else {
        return false;
    };
    let (name, rest) = text.split_at(at);
    let words = name.split_whitespace().count();
    let shows = rest.matches('|').count() >= 2
        || rest.contains('@')
        || rest.bytes().filter(u8::is_ascii_digit).count() >= 8
        || (rest.contains('|') && rest.split_whitespace().count() <= 8);
    (1..=4).contains(&words) && is_nameish(name) && shows && text.chars().count() <= 160 && !text.ends_with('?')
}

/// Whether a line certainly names a person: the sender, somebody with a title, or a known first name.
fn is_certain_name(text: &str, sender: &Sender) -> bool {
    static TITLED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:m\.|mme|mlle|mr\.?|mrs\.?|ms\.?|monsieur|madame|mademoiselle|dr\.?) \S")
            .expect("a literal pattern that the tests compile")
    });
    // "— Jeanne", "- Jane", "/Jane".
    let text = text.trim_start_matches(['-', '–', '—', '/', '~', '*']).trim_start();
    if sender.is_named(text) {
        return true;
    }
    let name = text.split([',', '|', '/']).next().unwrap_or(text).trim();
    let mut words = name.split_whitespace();
    let is_known = |word: Option<&str>| word.is_some_and(is_first_name);
    is_nameish(name)
        && (is_known(words.clone().next()) || is_known(words.next_back()) || TITLED.is_match(&super::fold::fold(name)))
}

/// Start of a last paragraph that is a name and contact details without a closing above it.
fn name_block(lines: &[Line<'_>], segment: Range<usize>, sender: &Sender) -> Option<usize> {
    let last = segment.clone().rev().find(|&at| !lines[at].is_blank())?;
    let mut start = last;
    while start > segment.start && !lines[start - 1].is_blank() {
        start -= 1;
    }
    let line = &lines[start];
    let words = line.text.split_whitespace().count();
    let size = last + 1 - start;
    let is_certain = is_certain_name(line.text, sender);
    let before = lines[segment.start..start].iter().filter(|line| !line.is_blank() && !is_greeting(&line.folded));
    let wanted = if is_certain { 1 } else { 3 };
    let enough_before = before.clone().flat_map(|line| line.text.split_whitespace()).count() >= wanted;
    // "Voici ma nouvelle adresse :" announces a name and address that are the message.
    let is_announced = before.clone().next_back().is_some_and(|line| line.text.ends_with([':', ',']));
    // Where the sender is known, somebody else's name alone is not a signature.
    let is_somebody = (2..=4).contains(&words) && is_nameish(line.text) && (size > 1 || sender.is_unknown());
    let is_named = is_somebody || is_name_line(line.text) || is_certain;
    let is_block = start > segment.start
        && enough_before
        && (!is_announced || sender.is_named(line.text))
        && size <= 6
        && is_named
        && !line.text.ends_with(['?', ':'])
        && (is_certain || !line.text.ends_with(['.', '!']))
        && lines[start + 1..=last].iter().all(is_block_line);
    // Several lines must show what they are: a telephone number, an address, a link.
    let shows = size == 1
        || is_certain
        || lines[start + 1..=last].iter().any(|line| {
            line.text.contains('@')
                || line.folded.contains("www.")
                || line.folded.contains("tel")
                || line.text.bytes().filter(u8::is_ascii_digit).count() >= 5
        });
    (is_block && shows).then_some(start)
}

/// The last line of the last paragraph, when it certainly is a name and the line above ends its sentence.
///
/// Caught: "À quelle heure passez-vous ? / Jean Dupont". Not caught: "Le titulaire s'appelle / Jean Dupont".
fn last_name(lines: &[Line<'_>], segment: Range<usize>, sender: &Sender) -> Option<usize> {
    let last = segment.clone().rev().find(|&at| !lines[at].is_blank())?;
    let above = last.checked_sub(1).filter(|above| *above >= segment.start).map(|above| &lines[above])?;
    let (name, above) = (lines[last].text, above.text);
    let is_after_sentence = above.ends_with(['.', '!', '?', '…', ')']);
    let is_name = is_certain_name(name, sender) || (is_name_line(name) && !name.contains(':'));
    let is_item = name.starts_with(['-', '–']) && above.starts_with(['-', '–', '•']);
    let is_name = is_name && !is_item && name.split_whitespace().count() <= 12 && !name.ends_with(['?', ':']);
    let is_closed = is_after_sentence || (sender.is_named(name) && !above.ends_with([':', ',']));
    (is_name && is_closed && !above.is_empty()).then_some(last)
}

/// A line that only greets.
pub(super) fn is_greeting(folded: &str) -> bool {
    static GREETING: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:bonjour|bonsoir|hello|hi|hey|dear|salut|coucou|madame|monsieur|messieurs|mesdames|cher|chere|guten tag|hallo|hola|buongiorno|good (?:morning|afternoon|evening))\b[^,.?!]{0,30}[,.!]?$")
            .expect("a literal pattern that the tests compile")
    });
    GREETING.is_match(folded)
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn reply(body: &str) -> String {
        let lines = lines(body);
        let found = find(&lines, 0..lines.len(), &Sender::default());
        let kept: Vec<_> = (0..lines.len()).filter(|at| !found.iter().any(|(range, _)| range.contains(at))).collect();
        kept.into_iter().map(|at| lines[at].text).collect::<Vec<_>>().join("\n").trim().to_owned()
    }

    #[test]
    fn closings_with_a_name_block_are_signatures() {
        for end in [
            "Cordialement,\nPaul Leroy",
            "Bien cordialement\n\nPaul LEROY\n12 rue des Lilas\n69003 Lyon\nTél. : 06 12 34 56 78",
            "Cdt",
            "Cordialement, Paul",
            "Bien à vous,\nP. Leroy\nResponsable des achats, Société Dupont",
            "Best regards,\nJohn Smith\nHead of Purchasing",
            "Veuillez agréer, Madame, Monsieur, l'expression de mes salutations distinguées.\nPaul Leroy",
            "-- \nPaul\nN'importe quoi de plus long, avec des phrases. Et d'autres encore, sans limite de taille pour la ligne.",
            "--\nPaul Leroy",
            "Envoyé de mon iPhone",
            "Télécharger Outlook pour iOS<https://aka.ms/o0ukef>",
            "Paul Leroy\n06 12 34 56 78",
            "Paul Leroy",
            "Mit freundlichen Grüßen\nAnna Muster",
        ] {
            assert_eq!(
                reply(&format!("Bonjour,\nOù est ma commande ?\n\n{end}")),
                "Bonjour,\nOù est ma commande ?",
                "{end}"
            );
        }
    }

    #[test]
    fn delimiters_that_frame_a_list_are_no_signature() {
        for body in [
            "Ma commande est incomplète :\n---\nLampe bleue manquante\nTapis manquant\n---\nJe demande le remboursement de ces deux articles.",
            "Ma commande :\n---\nlampe bleue\n---\nRemboursement immédiat demandé svp",
        ] {
            assert_eq!(reply(body), body);
        }
        for end in [
            "---\nPaul Leroy\n---\nDécouvrez nos offres de la rentrée sur notre site.",
            "--\nPaul Leroy\nResponsable des achats",
            "-- \nPaul\n-----\nUne société du groupe Dupont et associés",
        ] {
            assert_eq!(reply(&format!("Où est ma commande ?\n\n{end}")), "Où est ma commande ?", "{end}");
        }
    }

    #[test]
    fn closings_inside_the_words_are_kept() {
        for body in [
            "Il m'a répondu cordialement\nmais rien n'a changé depuis.",
            "Bonjour,\nCordialement\nJe voulais vous dire que la livraison de ma commande n'est toujours pas arrivée.",
            "Best regards to your team who helped me last week.",
            "Merci d'avance",
            "Sent from my office last week, the parcel never came back to me.",
            "Merci de rappeler\nUrgent",
        ] {
            assert_eq!(reply(body), body, "{body}");
        }
    }

    #[test]
    fn thanks_and_final_closings_stay_and_the_name_goes() {
        assert_eq!(reply("Où est mon colis ?\nMerci d'avance,\nPaul Leroy"), "Où est mon colis ?\nMerci d'avance,");
        assert_eq!(
            reply("Dans l'attente de votre retour, cordialement,\nPaul"),
            "Dans l'attente de votre retour, cordialement,"
        );
    }

    #[test]
    fn a_postscript_belongs_to_the_reply() {
        assert_eq!(
            reply("Bonjour,\nJe renvoie le colis.\nCordialement,\nPaul\n\nPS : merci de me rappeler."),
            "Bonjour,\nJe renvoie le colis.\nPS : merci de me rappeler."
        );
    }
}
