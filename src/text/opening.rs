//! A customer's words without the greeting and the name that they open with: the title of a FAQ candidate.

use std::sync::LazyLock;

use regex::Regex;

use super::fold::pattern;

/// Fewer letters than this are no question: the words then stay as they are.
const SHORTEST: usize = 12;

/// What may follow a greeting before its mark: "madame", "Lumio", "mes amis de Lumio", a name that was masked.
const ADDRESSED: &str = r"(?:[ ,]+(?:\p{Lu}[^\s,.!?;:…]*|\[NAME_\d+\]|madame|monsieur|à|vous|tous|toutes|l['’]équipe|mes|amis|de|chez|there|all|team|everyone)){0,4}";

/// A greeting up to its mark.
static GREETING: LazyLock<Regex> = LazyLock::new(|| {
    let words = "(?:re)?bonjour|bonsoir|salut|coucou|all[oô]|hello|hiya|hi|hey|good (?:morning|afternoon|evening)|morning|evening";
    pattern(&format!(r"^(?i:{words})\b{ADDRESSED}\s*[,.!?;:…–—-]+\s*"))
});

/// Who speaks, with a mark or an "and" behind it.
static NAME: LazyLock<Regex> = LazyLock::new(|| {
    let opening = "je m['’]appelle|mon nom est|ici|c['’]est|my name is|my name['’]s|this is|i am|i['’]m|it['’]s";
    let title = "madame |monsieur |mme |m\\. |mr\\.? |mrs\\.? |ms\\.? ";
    pattern(&format!(
        r"(?i)^(?:(?:{opening})\s+)?(?:{title})?\[NAME_\d+\](?:\s+(?:à l['’]appareil|speaking|here))?\s*(?:[,.!;:–—-]+|\bet\b|\band\b)\s*"
    ))
});

/// The words from where the matter begins, with a capital; all of them where little is left.
pub(crate) fn without_opening(words: &str) -> String {
    let mut rest = words;
    // "Bonjour, bonjour madame, je m'appelle…": each may come after the other.
    for _ in 0..4 {
        let Some(found) = [&GREETING, &NAME].into_iter().find_map(|opening| opening.find(rest)) else { break };
        rest = &rest[found.end()..];
    }
    if rest.chars().filter(|c| c.is_alphabetic()).count() < SHORTEST {
        return words.to_owned();
    }
    let mut letters = rest.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    if rest.len() == words.len() { words.to_owned() } else { first.chain(letters).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_begins_where_its_matter_does() {
        for (words, wanted) in [
            (
                "Bonjour madame, je m'appelle [NAME_1], je vous appelle pour déclarer un dégât des eaux.",
                "Je vous appelle pour déclarer un dégât des eaux.",
            ),
            ("Bonjour mes amis de Lumio, c'est [NAME_1]. Ma théière est-elle partie ?", "Ma théière est-elle partie ?"),
            (
                "Bonjour, [NAME_1], auberge des Trois Sapins. Pour les 5 pieds fendus…",
                "Auberge des Trois Sapins. Pour les 5 pieds fendus…",
            ),
            (
                "Hi, hi, I need to stop my card, I'm in an awful panic.",
                "I need to stop my card, I'm in an awful panic.",
            ),
            ("Hiya [NAME_1]! So, we got the keys!", "So, we got the keys!"),
            (
                "evening! code AUTUMN15, your email says until 31 October",
                "Code AUTUMN15, your email says until 31 October",
            ),
            ("Good afternoon Lumio. Your web page says four.", "Your web page says four."),
            ("Hello, this is Mrs [NAME_2] speaking, and my parcel is late", "And my parcel is late"),
            ("Allô ? Ma box ne marche plus.", "Ma box ne marche plus."),
        ] {
            assert_eq!(without_opening(words), wanted);
        }
    }

    #[test]
    fn words_that_are_the_matter_stay() {
        for words in [
            "mot de passe oublié",
            "Bonjour, une facture",
            "Bonjour je n'arrive pas à me connecter depuis hier, que faire ?",
            "Bonjour je ne comprends pas, ma facture a doublé.",
            "Hidden fees on my invoice, why?",
            "Morning delivery never came",
            "C'est le [PHONE_1], la ligne. On m'a prélevé deux fois.",
            "[NAME_1]",
            "",
        ] {
            assert_eq!(without_opening(words), words);
        }
    }
}
