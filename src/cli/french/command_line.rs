//! Mistakes on the command line in French, which the library that reads it tells in English only.

use std::error::Error as _;
use std::fmt::Write as _;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::messages::Catalogue;

/// The mistake, what is close to it, the usage and where to read on; `None` for the kinds that have no French words.
pub(crate) fn mistake(error: &Error, usage: &str) -> Option<String> {
    let mut text = format!("erreur : {}\n", what(error)?);
    let mut tips = String::new();
    for (kind, one, several) in [
        (ContextKind::SuggestedSubcommand, "il existe une commande proche :", "il existe des commandes proches :"),
        (ContextKind::SuggestedArg, "il existe un argument proche :", "il existe des arguments proches :"),
        (ContextKind::SuggestedValue, "il existe une valeur proche :", "il existe des valeurs proches :"),
    ] {
        let close = strings(error, kind);
        if let Some(words) = [one, several].get(close.len().saturating_sub(1).min(1)).filter(|_| !close.is_empty()) {
            // Writing to a string cannot fail.
            let _ = writeln!(tips, "  conseil : {words} {}", quoted(&close));
        }
    }
    if let Some(ContextValue::StyledStrs(suggestions)) = error.get(ContextKind::Suggested) {
        for suggestion in suggestions {
            let suggestion = Catalogue::shipped().phrase_or_as_is(&["command_line"], &suggestion.to_string());
            let _ = writeln!(tips, "  conseil : {suggestion}");
        }
    }
    if !tips.is_empty() {
        text = format!("{text}\n{tips}");
    }
    if let Some(ContextValue::StyledStr(own)) = error.get(ContextKind::Usage) {
        let own = own.to_string();
        let own = own.trim_start_matches("Usage:").trim();
        let _ = write!(text, "\n{usage} {own}\n");
    }
    text.push_str("\nPour en savoir plus, essayez « --help ».\n");
    Some(text)
}

fn what(error: &Error) -> Option<String> {
    let (argument, value) = (string(error, ContextKind::InvalidArg), string(error, ContextKind::InvalidValue));
    Some(match error.kind() {
        ErrorKind::UnknownArgument => format!("argument inattendu « {} »", argument?),
        ErrorKind::InvalidSubcommand => {
            format!("commande inconnue « {} »", string(error, ContextKind::InvalidSubcommand)?)
        }
        ErrorKind::MissingSubcommand => {
            let command = string(error, ContextKind::InvalidSubcommand)?;
            format!("« {command} » demande une commande{}", listed("commandes", error, ContextKind::ValidSubcommand))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = strings(error, ContextKind::InvalidArg);
            let several =
                if missing.len() > 1 { "ces arguments sont nécessaires" } else { "cet argument est nécessaire" };
            missing.iter().fold(format!("{several} :"), |text, argument| format!("{text}\n  {argument}"))
        }
        ErrorKind::InvalidValue if value?.is_empty() => {
            format!("« {} » demande une valeur{}", argument?, listed("valeurs", error, ContextKind::ValidValue))
        }
        ErrorKind::InvalidValue => {
            let values = listed("valeurs", error, ContextKind::ValidValue);
            format!("valeur incorrecte « {} » pour « {} »{values}", value?, argument?)
        }
        ErrorKind::ValueValidation => {
            let why = error.source().map(|source| {
                let source = source.to_string();
                format!(" : {}", Catalogue::shipped().phrase_or_as_is(&["command_line"], &source))
            });
            format!("valeur incorrecte « {} » pour « {} »{}", value?, argument?, why.unwrap_or_default())
        }
        ErrorKind::TooManyValues => format!("valeur en trop « {} » pour « {} »", value?, argument?),
        ErrorKind::TooFewValues => {
            let (least, given) = (number(error, ContextKind::MinValues)?, number(error, ContextKind::ActualNumValues)?);
            format!("pas assez de valeurs pour « {} » : il en faut {least} au moins, et non {given}", argument?)
        }
        ErrorKind::WrongNumberOfValues => {
            let wanted = number(error, ContextKind::ExpectedNumValues)?;
            let given = number(error, ContextKind::ActualNumValues)?;
            format!("« {} » demande {wanted} valeurs, et non {given}", argument?)
        }
        ErrorKind::NoEquals => format!("il faut un signe égal pour donner une valeur à « {} »", argument?),
        ErrorKind::ArgumentConflict => conflict(error, argument?),
        _ => return None,
    })
}

fn conflict(error: &Error, argument: &str) -> String {
    let others = strings(error, ContextKind::PriorArg);
    match others.as_slice() {
        [other] if *other == argument => format!("« {argument} » ne peut être donné qu'une fois"),
        [] => format!("« {argument} » ne va pas avec les autres arguments"),
        others => format!("« {argument} » ne va pas avec {}", quoted(others)),
    }
}

fn string(error: &Error, kind: ContextKind) -> Option<&str> {
    match error.get(kind)? {
        ContextValue::String(value) => Some(value),
        _ => None,
    }
}

fn strings(error: &Error, kind: ContextKind) -> Vec<&str> {
    match error.get(kind) {
        Some(ContextValue::String(value)) => vec![value],
        Some(ContextValue::Strings(values)) => values.iter().map(String::as_str).collect(),
        _ => Vec::new(),
    }
}

fn number(error: &Error, kind: ContextKind) -> Option<isize> {
    match error.get(kind)? {
        ContextValue::Number(value) => Some(*value),
        _ => None,
    }
}

fn quoted(values: &[&str]) -> String {
    values.iter().map(|value| format!("« {value} »")).collect::<Vec<_>>().join(", ")
}

fn listed(what: &str, error: &Error, kind: ContextKind) -> String {
    let values = strings(error, kind);
    if values.is_empty() { String::new() } else { format!("\n  [{what} : {}]", values.join(", ")) }
}

#[cfg(test)]
mod tests {
    use motif::report::Language;

    use super::super::{command, mistake};

    fn said(arguments: &[&str]) -> String {
        let words = ["motif"].iter().chain(arguments);
        mistake(&command(Language::French).try_get_matches_from(words).unwrap_err()).unwrap()
    }

    #[test]
    fn an_unknown_argument_is_told_with_the_closest_one() {
        assert_eq!(
            said(&["run", "--inptu", "x"]),
            "erreur : argument inattendu « --inptu »\n\n  conseil : il existe un argument proche : « --input »\n\n\
             Utilisation : motif run --input <PATH>\n\nPour en savoir plus, essayez « --help ».\n"
        );
        assert!(said(&["schema", "--x y"]).contains("pour donner « --x y » comme valeur, écrivez « -- --x y »"));
    }

    #[test]
    fn every_kind_of_mistake_has_its_words() {
        for (arguments, words) in [
            (&["rnu"][..], "commande inconnue « rnu »\n\nUtilisation : motif"),
            (&["clean"], "cet argument est nécessaire :\n  <FILE>\n"),
            (&["evaluate", "run"], "ces arguments sont nécessaires :\n  --output <DIR>\n  --gold <FILE>\n"),
            (
                &["schema", "--language", "de"],
                "valeur incorrecte « de » pour « --language <LANGUAGE> »\n  [valeurs : fr, en]\n",
            ),
            (&["run", "--as-of"], "« --as-of <TIME> » demande une valeur\n"),
            (&["run", "--quiet", "--quiet"], "« --quiet » ne peut être donné qu'une fois\n"),
            (&["run", "--quiet=3"], "valeur en trop « 3 » pour « --quiet »\n"),
            (
                &["evaluate", "reason", "--train", "a", "--test", "b", "--gold", "c"],
                "« --train <FILE> » ne va pas avec « --gold <FILE> »\n",
            ),
        ] {
            let said = said(arguments);
            assert!(said.starts_with("erreur : ") && said.contains(words), "{arguments:?}: {said}");
            assert!(said.ends_with("« --help ».\n") && !said.contains("Usage"), "{arguments:?}: {said}");
        }
    }

    #[test]
    fn what_the_user_wrote_stays_as_it_is() {
        assert!(said(&["run", "--log-format", "no such language"]).contains("« no such language » pour"));
    }
}
