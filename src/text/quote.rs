//! Finds the quoted history of an e-mail: `>` lines, the headers that mail programs write above the message answered
//! to, and what follows them.
//!
//! Headers come in three shapes, in the languages of Europe that write to French and English services:
//! - a sentence: `Le lun. 3 nov. 2025 à 10:12, Claire <c@x.fr> a écrit :`, often broken over two or three lines;
//! - a block of fields: `De : … Envoyé : … À : … Objet : …`;
//! - a rule: `-----Message d'origine-----`, `Begin forwarded message:`, `________________________________`.
//!
//! What they must not catch: "Le 3 novembre 2025, votre conseiller a écrit :" (words of the customer), and a trip told as
//! "De : Paris / À : Lyon / Date : 3 mai" (no address and no subject).

use std::sync::LazyLock;

use regex::Regex;

use super::fold::pattern;
use super::lines::Line;

/// A header of quoted history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// Lines from the first line of the header to the last, blank lines between its parts included.
    pub lines: usize,
    /// The mail program says that what follows is forwarded, not answered.
    pub is_forward: bool,
    /// The first line is a rule of underscores or dashes, which says nothing by itself.
    pub is_ruled: bool,
    /// Fields are all that is known (`De : …`): a forward looks the same as an answer.
    pub is_ambiguous: bool,
}

/// Longest header sentence, in lines and bytes.
const SENTENCE_LINES: usize = 5;
const SENTENCE_BYTES: usize = 500;
/// Longest block of fields, in lines; lists of recipients run long.
const BLOCK_LINES: usize = 40;

/// Header of quoted history that starts at `lines[at]`, if there is one. Every line of it has the depth of its first.
pub(super) fn header_at(lines: &[Line<'_>], at: usize) -> Option<Header> {
    let line = lines.get(at)?;
    if line.is_blank() {
        return None;
    }
    let announced = rule(&line.folded).or_else(|| {
        // BlackBerry's has no dashes: only the fields right below tell it from a title of the customer's.
        let title = title(&line.folded).filter(|_| block_at(lines, skip_blank(lines, at + 1, 1), 2).is_some());
        title.map(|(is_forward, _)| is_forward)
    });
    if let Some(is_forward) = announced {
        let mut used = 1;
        let next = skip_blank(lines, at + 1, 2);
        let is_bare = is_line_rule(&line.folded);
        if let Some(inner) = titled_at(lines, next).filter(|_| is_bare) {
            // SFR: a rule of equals signs, then "Message du : 03/11/2025 10:12" and the fields.
            return Some(Header { lines: next + inner.lines - at, is_ruled: true, ..inner });
        }
        if let Some(block) = block_at(lines, next, 1) {
            used = next + block - at;
        } else if let Some(sentence) = sentence_at(lines, next) {
            used = next + sentence - at;
        } else if is_bare {
            // A line of underscores or dashes alone is also used to separate one's own paragraphs.
            return None;
        }
        return Some(Header { lines: used, is_forward, is_ruled: is_bare, is_ambiguous: is_bare });
    }
    if let Some(used) = sentence_at(lines, at) {
        return Some(Header { lines: used, is_forward: false, is_ruled: false, is_ambiguous: false });
    }
    if is_fields_in_line(&start_of(line)) {
        return Some(Header { lines: 1, is_forward: false, is_ruled: false, is_ambiguous: true });
    }
    if is_dashed_title(&line.folded) {
        let next = skip_blank(lines, at + 1, 2);
        return block_at(lines, next, 1).map(|block| Header {
            lines: next + block - at,
            is_forward: false,
            is_ruled: false,
            is_ambiguous: true,
        });
    }
    let used = block_at(lines, at, 2).filter(|used| !is_form(lines, at, *used))?;
    Some(Header { lines: used, is_forward: false, is_ruled: false, is_ambiguous: true })
}

/// A header that opens with words of its own ("Message du 03/11/2025 10:12", "Original message"), below a bare rule.
fn titled_at(lines: &[Line<'_>], at: usize) -> Option<Header> {
    let line = lines.get(at)?;
    let is_titled = !line.is_blank() && !is_line_rule(&line.folded) && rule(&line.folded).is_some();
    if is_titled { header_at(lines, at) } else { None }
}

/// The fields of a header run together on one line, as some converters of HTML write them.
fn is_fields_in_line(folded: &str) -> bool {
    static FIELDS: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^[*\- ]*(?:de|from|von|da|van|od|fra|fran) ?: ?[^:]{3,120} \*?(?:envoye|envoye le|sent|date|gesendet|datum|inviato|verzonden|enviado|enviado el|data|sendt|skickat) ?: ?\*? ?.{6,60}?",
            r" \*?(?:a|to|an|para|aan|til|till|pour|do) ?: ?\*? ?[^:]{3,200}"
        ))
    });
    FIELDS.is_match(folded) && folded.contains('@')
}

/// `----- Any title -----`, in whatever language; a header when fields follow.
fn is_dashed_title(folded: &str) -> bool {
    static TITLE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:[-_=*]{2,}) ?\p{L}[\p{L}' ()\-]{2,60}[\p{L})] ?(?:[-_=*]{2,})$"));
    TITLE.is_match(folded)
}

/// Whether fields belong to a form of a web site and not to a mail header: other labels touch them.
///
/// Caught: `Nom : Leroy / De : paul@example.com / Objet : Retard / Message : …`. Not caught: the header of a mail program,
/// which stands alone and is followed by a blank line or the words.
fn is_form(lines: &[Line<'_>], at: usize, used: usize) -> bool {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^[*\- ]*(?:(?:votre |vos |your |le |la )?(?:civilite|nom|prenom|nom et prenom|nom complet|telephone|tel|portable|adresse|ville|code postal|message|commentaires?|description|demande|motif|",
            r"numero (?:de )?(?:client|commande|contrat)|n° (?:de )?(?:client|commande|contrat)|reference|name|first name|last name|full name|phone|address|company|comments?|order(?: number)?|customer(?: number)?|topic|reason|request|question))\s*:"
        ))
    });
    let touches = |line: Option<&Line<'_>>| line.is_some_and(|line| LABEL.is_match(&line.folded));
    touches(at.checked_sub(1).and_then(|above| lines.get(above))) || touches(lines.get(skip_blank(lines, at + used, 1)))
}

/// Whether the line asks to write above it (help-desk software); everything below is history.
pub(super) fn is_reply_above(folded: &str) -> bool {
    static ABOVE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^[#\-= ]*(?:please (?:type|write)|type|write|veuillez (?:ecrire|taper|saisir|repondre)|ecrivez|merci de repondre|repondre|repondez|responder|bitte).{0,60}(?:above this line|au-dessus de cette ligne|ci-dessus de cette ligne|por encima de esta linea|oberhalb dieser linie)",
        )
    });
    ABOVE.is_match(folded)
}

fn skip_blank(lines: &[Line<'_>], mut at: usize, most: usize) -> usize {
    let stop = at + most;
    while at < stop && lines.get(at).is_some_and(Line::is_blank) {
        at += 1;
    }
    at
}

pub(super) fn is_line_rule(folded: &str) -> bool {
    folded.len() >= 5 && folded.bytes().all(|b| matches!(b, b'_' | b'-' | b'=' | b'*'))
}

/// `(is_forward, is_marked)` for the words that announce another message, with dashes or a colon or without.
fn title(folded: &str) -> Option<(bool, bool)> {
    static DASHED: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^(?:begin |debut du |inicio del |inizio |inicio da |anfang der )?[\-_*=> ]*\s*(?:(?P<forward>",
            r"message transfere|message reexpedie|mail transfere|courriel transfere|e-mail transfere|",
            r"forwarded message|forwarded mail|forwarded by .{1,80}|begin forwarded message|weitergeleitete nachricht|weitergeleitete e-mail|",
            r"mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada|mensagem reencaminhada|",
            r"debut du message (?:reexpedie|transfere)|anfang der weitergeleiteten (?:nachricht|e-mail)|inicio del mensaje reenviado|",
            r"inizio messaggio inoltrato|begin doorgestuurd bericht|inicio da mensagem (?:encaminhada|reencaminhada)|",
            r"vidarebefordrat (?:meddelande|brev)|videresendt (?:besked|meddelelse|melding)|edelleenlahetetty viesti|valitetty viesti|wiadomosc przekazana|",
            r"(?:przekazana|tresc przekazanej) wiadomosci?|preposlana zprava|tovabbitott uzenet|mesaj redirectionat|пересылаемое сообщение)|(?:",
            r"message d'origine|message original|message initial|message precedent|mail original|mail d'origine|courriel original|courriel d'origine|",
            r"e-mail d'origine|courrier d'origine|original message|original email|original e-mail|reply message|ursprungliche nachricht|urspruengliche nachricht|",
            r"originalnachricht|original-nachricht|mensaje original|messaggio originale|messaggio di origine|oorspronkelijk bericht|",
            r"origineel bericht|mensagem original|wiadomosc oryginalna|oryginalna wiadomosc|ursprungligt meddelande|originalmeddelande|",
            r"oprindelig meddelelse|oprindelig besked|opprinnelig melding|alkuperainen viesti|puvodni (?:zprava|e-mail)|povodna sprava|eredeti uzenet|",
            r"mesaj original|αρχικο μηνυμα|исходное сообщение|orijinal mesaj|izvorna poruka|izvirno sporocilo|missatge original))\s*:?\s*[\-_*=]*$"
        ))
    });
    let captures = DASHED.captures(folded)?;
    let is_marked = folded.starts_with(['-', '_', '*', '=']) || folded.ends_with([':', '-', '_', '*', '=']);
    Some((captures.name("forward").is_some(), is_marked))
}

/// `Some(is_forward)` for a line that announces another message.
fn rule(folded: &str) -> Option<bool> {
    static ORANGE: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^message du ?:? \d{1,2}/\d{1,2}/\d{2,4} (?:a )?\d{1,2}[:h]\d{2}"));
    if is_line_rule(folded) {
        return Some(false);
    }
    if ORANGE.is_match(folded) {
        return Some(false);
    }
    // Without dashes or a colon the words may be the customer's own ("Message original" as a title is not enough).
    title(folded).filter(|(_, is_marked)| *is_marked).map(|(is_forward, _)| is_forward)
}

/// Number of lines of the sentence "On …, X wrote:" that starts here.
fn sentence_at(lines: &[Line<'_>], at: usize) -> Option<usize> {
    static OPENING: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^[\-*_ ]*(?:(?:le|on|el|il|em|en|in|am|op|den|dne|dnia|w dniu|a|at|no dia|pe|ma|di|lun|mar|mer|jeu|ven|sam|dim|mon|tue|wed|thu|fri|sat|sun)\b|στις\b|на\b|",
            r"\d{1,4}[\-./]|\d{1,2} \p{L}{3,10}\b|\p{L}{1,5}[.,]{0,2} \d{1,2}\b|<|",
            r#""|'|\p{L}[^:]{1,80}<[^<>\s]+@|\p{L}[\p{L} .'\-]{1,60} (?:a ecrit|wrote|schrieb|kirjoitti|on |le ))"#
        ))
    });
    static WHOLE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(concat!(
            r"^(?P<before>.*?)\b(?:a ecrit|a repondu|ecrivait|wrote|writes|has written|escribio|schrieb|geschrieben|ha scritto|schreef|escreveu|skrev|",
            r"napisal(?:\(a\)|a)?|napisao(?: je)?|pisze|kirjoitti|a scris|ezt irta|εγραψε|написал(?:\(а\)|а)?|написа|пише|yazdı|va escriure)(?:\b|\))",
            // Zoho ends its sentence with dashes instead of a colon.
            r"(?P<after>(?:[^!?]|[!?]\S){0,200}?)(?:\s?:\s?[\-*_]*|\s-{2,})$"
        ))
    });
    static GMAIL_BARE: LazyLock<Regex> = LazyLock::new(|| {
        // Gmail before the verb was added: `2013/6/16 Name <name@company.com>`, with or without a colon.
        pattern(
            r"^(?:\d{4}[/\-]\d{1,2}[/\-]\d{1,2}|\d{1,2}[/.]\d{1,2}[/.]\d{4})(?: \d{1,2}:\d{2}(?: gmt[+\-]\d{1,2}:\d{2})?)?,? .{1,80}<[^<>\s]+@[^<>\s]+>:?$",
        )
    });
    // Yahoo's telephones go on with the words of the answered message on the line of the header:
    // `On Mon, Nov 3, 2025 at 10:12 AM, Claire<c@example.com> wrote:   Dear Paul,`.
    static INLINE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"^ *(?P<before>\p{L}[^<>]{8,120}<[^<>\s]+@[^<>\s]+>,? ?)(?:a ecrit|wrote|escribio|ha scritto|schreef|escreveu)\s?: {2,}\S",
        )
    });
    let first = lines.get(at)?;
    let start = start_of(first);
    if let Some(found) = INLINE.captures(&start)
        && let (Some(header), Some(before)) = (found.get(0), found.name("before"))
        && is_written_by_program(header.as_str(), before.as_str(), "")
    {
        return Some(1);
    }
    if first.folded.is_empty() || !OPENING.is_match(&first.folded) {
        return None;
    }
    let mut joined = String::new();
    let mut used = 0;
    for line in lines[at..].iter().take(SENTENCE_LINES) {
        used += 1;
        if line.is_blank() {
            // Some programs put a blank line between the parts, after a comma or an address.
            if !joined.ends_with([',', '<', '>']) || lines.get(at + used).is_none_or(Line::is_blank) {
                return None;
            }
            continue;
        }
        if line.depth != first.depth || line.folded.is_empty() || joined.len() + line.folded.len() > SENTENCE_BYTES {
            return None;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&line.folded);
        if let Some(captures) = WHOLE.captures(&joined) {
            let before = captures.name("before").map_or("", |found| found.as_str());
            let after = captures.name("after").map_or("", |found| found.as_str());
            if is_written_by_program(&joined, before, after) {
                // A day alone may be the customer's; only a program writes `>` below it.
                let is_header = is_precise(&joined) || is_marked_below(lines, at + used, first.depth);
                return (is_header && starts_here(lines, at, used)).then_some(used);
            }
        } else if GMAIL_BARE.is_match(&joined) {
            return starts_here(lines, at, used).then_some(used);
        }
    }
    None
}

/// The folded beginning of a line, of long ones too.
fn start_of<'a>(line: &'a Line<'_>) -> std::borrow::Cow<'a, str> {
    if line.folded.is_empty() && !line.text.is_empty() {
        let end = line.text.char_indices().nth(300).map_or(line.text.len(), |(at, _)| at);
        super::fold::fold(&line.text[..end])
    } else {
        line.folded.as_str().into()
    }
}

/// Whether the sentence starts at its first line and not at a later one that names the moment itself: "Le colis est
/// vide" above "Le 3 nov. 2025 à 10:12, … a écrit :" is the customer's.
fn starts_here(lines: &[Line<'_>], at: usize, used: usize) -> bool {
    static DATED: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"^(?:le|on|el|il giorno|il|em|am|op|den|dnia|w dniu)\b[^@]{0,40}\d"));
    (1..used).all(|skipped| {
        !DATED.is_match(&lines[at + skipped].folded)
            || sentence_at(lines, at + skipped).is_none_or(|later| skipped + later != used)
    })
}

/// Whether a sentence names an address or a time of day, as mail programs do.
fn is_precise(joined: &str) -> bool {
    has_address(joined) || has_clock(joined)
}

fn has_address(joined: &str) -> bool {
    joined.contains('@') || joined.contains("mailto:")
}

fn has_clock(joined: &str) -> bool {
    // A point between hours and minutes counts only behind the word for "at": `03.11.2025` is a day.
    static CLOCK: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"\d{1,2} ?[:h] ?\d{2}|\b(?:a|at|om|um|kl|klo|ore|alle|las|as|o|u|v|в)\.? \d{1,2}\.\d{2}\b")
    });
    CLOCK.is_match(joined)
}

/// Whether the first words from line `at` on are quoted deeper than `depth`.
fn is_marked_below(lines: &[Line<'_>], at: usize, depth: usize) -> bool {
    lines.get(skip_blank(lines, at, 2)).is_some_and(|line| line.depth > depth)
}

/// Whether a folded sentence tells what somebody wrote in the customer's own words.
///
/// Caught: "On 3 November 2025 your agent Claire wrote:". Not caught: "Le 3 nov. 2025 à 10:12, Votre conseiller
/// <c@exemple.fr> a écrit :", where the words are the name that a program gives with the address and the time.
pub(super) fn is_told_by_customer(sentence: &str) -> bool {
    static TOLD: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\b(?:your|you|our|i|votre|vous|vos|notre|nos|je)[ '].*\b(?:a ecrit|a repondu|ecrivait|wrote|writes|has written)\b",
        )
    });
    static BRACKETED: LazyLock<Regex> = LazyLock::new(|| pattern(r"[<\[(]\s*(?:mailto:)?[^<>\s]+@[^<>\s]+\s*[>\])]"));
    let is_named_by_program = BRACKETED.is_match(sentence) && has_clock(sentence);
    !is_named_by_program && TOLD.is_match(sentence)
}

/// Tells the header of a mail program from a sentence of the customer: the program names a moment to the minute or
/// year, or an address, and never writes "to me" or "your agent".
fn is_written_by_program(joined: &str, before: &str, after: &str) -> bool {
    static MOMENT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"\d{1,2} ?[:h.] ?\d{2}|\d{1,4}[/.\-]\d{1,2}[/.\-]\d{1,4}|\b\d{1,2}\.? [a-z]{3,10}\.? (?:\d{4}|\d{2}\b)|\b[a-z]{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}|\d{4}-\d{2}-\d{2}",
        )
    });
    static TO_SOMEONE: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?:\bm'|\bt'|\bnous|\bvous|\blui|\bleur|\bon|\bqu'il|\bqu'elle|\bqui|\bmir|\bmi)\s*$")
    });
    let to_me = after.trim_start();
    let to_me = to_me.starts_with("to me")
        || to_me.starts_with("me ")
        || to_me.starts_with("us ")
        || to_me.starts_with("that ");
    let names_moment = has_address(joined) || MOMENT.is_match(joined);
    names_moment && !TO_SOMEONE.is_match(before) && !to_me && !is_told_by_customer(joined)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    From,
    Date,
    To,
    Copy,
    Subject,
    Other,
}

fn field(folded: &str) -> Option<(Field, &str)> {
    let line = folded.trim_start_matches(['*', '|', ' ', '_']);
    let colon = line.find(':')?;
    if colon > 24 {
        return None;
    }
    let name = line[..colon].trim_end_matches(['*', ' ', '_']);
    let field = match name {
        "de" | "from" | "von" | "da" | "van" | "desde" | "expediteur" | "exp" | "emetteur" | "absender"
        | "mittente" | "afzender" | "remetente" | "fra" | "fran" | "od" | "avsender" | "avsandare" | "afsender"
        | "lahettaja" | "felado" | "de la" | "απο" | "от" | "kimden" | "gonderen" | "salje" | "posiljatelj"
        | "od koga" | "odosielatel" | "odesilatel" | "nadawca" => Field::From,
        "envoye"
        | "envoye le"
        | "sent"
        | "date"
        | "date d'envoi"
        | "gesendet"
        | "datum"
        | "enviado"
        | "enviado el"
        | "enviada"
        | "enviada em"
        | "fecha"
        | "data"
        | "inviato"
        | "verzonden"
        | "verstuurd"
        | "sent on"
        | "sendt"
        | "skickat"
        | "wyslano"
        | "wyslane"
        | "lahetetty"
        | "pvm"
        | "paivays"
        | "elkuldve"
        | "trimis"
        | "σταλθηκε"
        | "ημερομηνια"
        | "отправлено"
        | "дата"
        | "gonderildi"
        | "tarih"
        | "poslano"
        | "poslato"
        | "odeslano"
        | "odoslane"
        | "dato"
        | "message du" => Field::Date,
        "a" | "to" | "an" | "para" | "aan" | "pour" | "destinataire" | "destinataires" | "til" | "till" | "do"
        | "komu" | "adresat" | "vastaanottaja" | "cimzett" | "catre" | "προς" | "кому" | "kime" | "alici" | "prima"
        | "za" => Field::To,
        "cc" | "copie" | "copie a" | "cci" | "bcc" | "kopie" | "kopie (cc)" | "copia" | "c/c" | "kopia" | "kopi"
        | "kopio" | "masolat" | "κοιν" | "копия" | "bilgi" | "dw" => Field::Copy,
        "objet" | "sujet" | "subject" | "betreff" | "asunto" | "oggetto" | "onderwerp" | "assunto" | "emne"
        | "amne" | "temat" | "ogg" | "aihe" | "targy" | "subiect" | "θεμα" | "тема" | "konu" | "predmet" | "tema"
        | "assumpte" => Field::Subject,
        "importance" | "priorite" | "priority" | "reply-to" | "repondre a" | "pieces jointes" | "pj"
        | "attachments" | "attachment" | "adjuntos" | "anlagen" | "allegati" | "bijlagen" | "organisation"
        | "organization" | "message-id" | "envoye par" | "sent by" | "wichtigkeit" | "categories" | "heure" => {
            Field::Other
        }
        _ => return None,
    };
    Some((field, line[colon + 1..].trim_matches(['*', ' '])))
}

/// Number of lines of the block of fields that starts here; `parts` is how many different fields are enough when one
/// of them carries an address or a subject.
fn block_at(lines: &[Line<'_>], at: usize, parts: usize) -> Option<usize> {
    let first = lines.get(at)?;
    let (kind, _) = field(&first.folded)?;
    if kind == Field::Other {
        return None;
    }
    let mut seen = Vec::new();
    let mut has_address = false;
    let mut used = 0;
    let mut last_field = 0;
    let mut continued = 0;
    for (offset, line) in lines[at..].iter().enumerate().take(BLOCK_LINES) {
        if line.depth != first.depth && !line.is_blank() {
            break;
        }
        if line.is_blank() {
            // Fields are sometimes one paragraph each; a blank line ends the block once it is complete.
            let next_is_field = lines
                .get(at + offset + 1)
                .is_some_and(|next| next.depth == first.depth && field(&next.folded).is_some());
            if !next_is_field || seen.len() >= 4 {
                break;
            }
            continue;
        }
        if let Some((kind, value)) = field(&line.folded) {
            if seen.contains(&kind) && kind == Field::From {
                break;
            }
            if !seen.contains(&kind) && kind != Field::Other {
                seen.push(kind);
            }
            has_address |= value.contains('@');
            used = offset + 1;
            last_field = offset;
            continued = 0;
        } else {
            // A wrapped list of recipients or subject: at most three lines, touching the field, and only of values.
            continued += 1;
            let touches = lines[at + last_field..at + offset].iter().all(|line| !line.is_blank());
            let is_value = line.text.contains('@')
                || line.text.contains(';')
                || lines.get(at + offset + 1).is_some_and(|next| field(&next.folded).is_some());
            if continued > 3 || !touches || !is_value {
                break;
            }
            has_address |= line.text.contains('@');
            used = offset + 1;
        }
    }
    let has = |kind| seen.contains(&kind);
    let is_complete = match parts {
        1 => has(Field::From) || (has(Field::Date) && seen.len() >= 2) || (has(Field::Subject) && seen.len() >= 2),
        _ => {
            (has(Field::From) && has(Field::Subject) && seen.len() >= 3)
                || (has(Field::From)
                    && has_address
                    && seen.len() >= 2
                    && (has(Field::Date) || has(Field::Subject) || has(Field::To)))
        }
    };
    (is_complete && used > 0).then_some(used)
}

#[cfg(test)]
mod tests {
    use super::super::lines::lines;
    use super::*;

    fn used(body: &str) -> Option<usize> {
        header_at(&lines(body), 0).map(|header| header.lines)
    }

    #[test]
    fn header_sentences_of_mail_programs_are_recognised() {
        for header in [
            "Le lun. 3 nov. 2025 à 10:12, Claire Petit <c.petit@exemple.fr> a écrit :",
            "Le lun. 3 nov. 2025 à 10:12, Claire Petit <\nc.petit@exemple.fr> a écrit :",
            "Le 03/11/2025 à 10:12, Service client a écrit :",
            "Le 3 nov. 2025 à 10:12,\nService client <contact@exemple.fr>\na écrit :",
            "Le lundi 3 novembre 2025 à 10:12:00 UTC+1, Claire <c@exemple.fr> a écrit :",
            "On Mon, Nov 3, 2025 at 10:12 AM Claire <c@example.com> wrote:",
            "On Monday, November 3rd, 2025 at 10:12, Claire <c@example.com> wrote:",
            "El lun, 3 nov 2025 a las 10:12, Ana (<ana@example.com>) escribió:",
            "Am 03.11.2025 um 10:12 schrieb Anna Muster <anna@example.com>:",
            "Il giorno lun 3 nov 2025 alle ore 10:12 Anna <a@example.com> ha scritto:",
            "Op ma 3 nov. 2025 om 10:12 schreef Jan <jan@example.com>:",
            "Em seg., 3 de nov. de 2025 às 10:12, Ana <ana@example.com> escreveu:",
            "2025-11-03 10:12 GMT+01:00 Claire <c@example.com>:",
            "Claire Petit <c@exemple.fr> a écrit le lun. 3 nov. 2025 à 10:12 :",
        ] {
            assert_eq!(used(header), Some(header.lines().count()), "{header}");
        }
    }

    #[test]
    fn words_right_above_a_header_are_not_part_of_it() {
        let body = "Le colis est vide\nLe lun. 3 nov. 2025 à 10:12, A <a@exemple.fr>\na écrit :";
        let lines = lines(body);
        assert_eq!(header_at(&lines, 0), None);
        assert_eq!(header_at(&lines, 1).map(|header| header.lines), Some(2));
    }

    #[test]
    fn sentences_of_the_customer_are_not_headers() {
        for words in [
            "Le 3 novembre 2025, votre conseiller m'a écrit :",
            "Le technicien a écrit :",
            "On 3 November 2025 your agent Claire wrote:\n\"The refund will arrive within 5 days.\"\n\nIt never arrived.",
            "Le 3 novembre 2025, votre service client a écrit :\n« Votre colis partira demain. »\n\nOr je n'ai rien.",
            "Le 3 novembre 2025 à 10:12, votre conseiller a écrit :\n« Votre colis part. »",
            "I ordered on 3 Nov 2025 and your agent support@shop.example.com wrote:\nIt is sent.",
            "On your website (updated 3 November 2025) you wrote:\nDelivery in two days.",
            "On 3 November 2025 Claire from the shop wrote:\nThe parcel is lost.",
            "On 3 November 2025 your colleague wrote to me that it was sent:",
            "Le colis est arrivé à 10:12, la boîte était ouverte.",
            "De : Paris\nÀ : Lyon\nDate : 3 mai 2025",
            "-------",
            "Message original",
        ] {
            assert_eq!(used(words), None, "{words}");
        }
    }

    #[test]
    fn names_of_senders_that_sound_like_the_customers_words_are_headers() {
        for header in [
            "Le 3 nov. 2025 à 10:12, Votre conseiller <c@exemple.fr> a écrit :",
            "Le 3 nov. 2025 à 10:12, Notre boutique\n<contact@exemple.fr>\na écrit :",
            "On Mon, Nov 3, 2025 at 10:12 AM Your Shop <shop@example.com> wrote:",
            "On Mon, Nov 3, 2025 at 10:12 AM Our Team [mailto:team@example.com] wrote:",
            "Le 03/11/2025 à 10:12, I. Martin a écrit :",
            "Den 3. nov. 2025 kl. 10.12 skrev Jan:",
        ] {
            assert_eq!(used(header), Some(header.lines().count()), "{header}");
        }
    }

    #[test]
    fn a_header_with_a_day_alone_needs_marks_below() {
        assert_eq!(used("On 3 November 2025 Claire Petit wrote:\n> The parcel is on its way."), Some(1));
        assert_eq!(used("Le 3 novembre 2025, Claire Petit a écrit :\n\n> Votre colis part."), Some(1));
        assert_eq!(used("Le 3 novembre 2025, Claire Petit a écrit :\n\nVotre colis part."), None);
    }

    #[test]
    fn blocks_of_fields_and_rules_are_recognised() {
        for header in [
            "De : Service client <contact@exemple.fr>\nEnvoyé : lundi 3 novembre 2025 10:12\nÀ : Paul <p@exemple.fr>\nObjet : Votre commande",
            "From: A <a@example.com>\nSent: Monday, November 3, 2025 10:12 AM\nTo: B <b@example.com>\nSubject: Order",
            "-----Message d'origine-----\nDe : Service client\nEnvoyé : lundi 3 novembre 2025 10:12",
            "________________________________\nDe : A <a@exemple.fr>\nEnvoyé : lundi",
            "----- Mail original -----\nDe: \"A\" <a@exemple.fr>\nÀ: \"B\" <b@exemple.fr>\nEnvoyé: Lundi 3 Novembre 2025 10:12:00\nObjet: Re: Facture",
            "Début du message réexpédié :\n\nDe: A <a@exemple.fr>\nObjet: Facture\nDate: 3 novembre 2025\nÀ: b@exemple.fr",
            "*De :* A <a@exemple.fr>\n*Envoyé :* lundi\n*À :* b@exemple.fr;\nc@exemple.fr\n*Objet :* x",
            "Von: A <a@example.com>\nGesendet: Montag\nAn: b@example.com\nBetreff: x",
        ] {
            assert_eq!(used(header), Some(header.lines().count()), "{header}");
        }
        let forward =
            header_at(&lines("---------- Forwarded message ---------\nFrom: a@example.com\nDate: x"), 0).unwrap();
        assert!(forward.is_forward && forward.lines == 3);
        assert!(is_reply_above("##- veuillez ecrire votre reponse au-dessus de cette ligne -##"));
    }
}
