//! The help and the messages in French, for a French locale. The help's English stands in the doc comments of
//! [`super::arguments`], that of the messages where each is made.

mod command_line;
mod failure;
mod messages;
#[cfg(test)]
mod sources;
mod template;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use clap::{Arg, ArgAction, Command, CommandFactory as _};
use motif::report::Language;
use serde::Deserialize;

use super::arguments::Arguments;
use messages::Catalogue;

pub(crate) use failure::failure;

/// Texts of `french.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    words: Words,
    headings: BTreeMap<String, String>,
    texts: BTreeMap<String, String>,
    endings: BTreeMap<String, String>,
    arguments: BTreeMap<String, String>,
}

/// What the help says by itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    usage: String,
    commands: String,
    arguments: String,
    options: String,
    help: String,
    version: String,
    help_command: String,
    default: String,
    values: String,
}

/// The language of the locale: `LC_ALL`, else `LC_MESSAGES`, else `LANG` (POSIX.1-2017, Base Definitions 8.2); English
/// when it names another or none.
pub(crate) fn language() -> Language {
    let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(std::env::var_os)
        .find(|value| !value.is_empty())
        .unwrap_or_default();
    language_of(&locale.to_string_lossy())
}

fn language_of(locale: &str) -> Language {
    match locale.split(['_', '.', '@', '-']).next() {
        Some(code) if code.eq_ignore_ascii_case("fr") => Language::French,
        _ => Language::English,
    }
}

/// The commands, with their help in `language`.
pub(crate) fn command(language: Language) -> Command {
    let command = Arguments::command();
    match language {
        Language::English => command,
        Language::French => {
            let mut command = translated(command, "motif", texts());
            command.build();
            with_translated_help(command, &texts().words)
        }
    }
}

/// A mistake on the command line; `None` for the kinds that are told in English.
pub(crate) fn mistake(error: &clap::Error) -> Option<String> {
    command_line::mistake(error, &texts().words.usage)
}

/// A warning, a step done or a result in words; what is not known stays as it is.
pub(crate) fn note(message: &str) -> Cow<'_, str> {
    phrase("note", message)
}

/// The name of a stage of a run, and the other words beside a progress bar.
pub(crate) fn stage(name: &str) -> Cow<'_, str> {
    phrase("stage", name)
}

/// The name of a level of messages.
pub(crate) fn level(name: &str) -> Cow<'_, str> {
    phrase("level", name)
}

/// The title of an evaluation.
pub(crate) fn title(name: &str) -> Cow<'_, str> {
    phrase("evaluation", name)
}

fn phrase<'t>(section: &str, text: &'t str) -> Cow<'t, str> {
    Catalogue::shipped().phrase(&[section], text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Read once: the library wants some of them for as long as the program lives.
fn texts() -> &'static Texts {
    static TEXTS: LazyLock<Texts> =
        LazyLock::new(|| toml::from_str(include_str!("french.toml")).expect("the program's own file, read by a test"));
    &TEXTS
}

fn translated(command: Command, path: &str, texts: &'static Texts) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    let words = &texts.words;
    let long = texts.texts.get(path).map_or("", |text| text.trim());
    let mut command = command
        .about(long.lines().next().unwrap_or_default().to_owned())
        .long_about(long.to_owned())
        .help_template(format!("{{about-with-newline}}\n{} {{usage}}\n\n{{all-args}}{{after-help}}", words.usage))
        .subcommand_help_heading(words.commands.as_str())
        .disable_help_flag(true)
        .mut_args(|argument| translated_argument(argument, path, texts))
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .action(ArgAction::Help)
                .help(words.help.as_str())
                .help_heading(words.options.as_str()),
        );
    if command.get_version().is_some() {
        command = command.disable_version_flag(true).arg(
            Arg::new("version")
                .short('V')
                .long("version")
                .action(ArgAction::Version)
                .help(words.version.as_str())
                .help_heading(words.options.as_str()),
        );
    }
    if let Some(ending) = texts.endings.get(path) {
        command = command.after_help(ending.trim().to_owned());
    }
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| translated(sub, &format!("{path} {name}"), texts))
    })
}

/// The `help` commands, which the library adds by itself when it builds the others.
fn with_translated_help(command: Command, words: &'static Words) -> Command {
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.iter().fold(command, |command, name| {
        command.mut_subcommand(name, |sub| match name.as_str() {
            "help" => sub.about(words.help_command.as_str()),
            _ => with_translated_help(sub, words),
        })
    })
}

/// Default and possible values are written by hand, since the library has them in English only.
fn translated_argument(argument: Arg, path: &str, texts: &'static Texts) -> Arg {
    let id = argument.get_id().as_str();
    let own = texts.arguments.get(&format!("{path} {id}")).or_else(|| texts.arguments.get(id));
    let mut help = own.cloned().unwrap_or_default();
    let takes_value = argument.get_action().takes_values();
    let defaults: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if takes_value && !defaults.is_empty() {
        help += &format!(" [{} {}]", texts.words.default, defaults.join(", "));
    }
    let values: Vec<String> = argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    if takes_value && !values.is_empty() {
        help += &format!(" [{} {}]", texts.words.values, values.join(", "));
    }
    // Those without a heading get the library's own, whose words it has in English form only.
    let heading = match argument.get_help_heading() {
        Some(heading) => texts.headings.get(heading),
        None if argument.is_positional() => Some(&texts.words.arguments),
        None => Some(&texts.words.options),
    };
    let argument =
        argument.help(help.clone()).long_help(help).hide_default_value(takes_value).hide_possible_values(takes_value);
    match heading {
        Some(heading) => argument.help_heading(heading.as_str()),
        None => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_decides_on_the_language() {
        for (locale, language) in [
            ("fr_FR.UTF-8", Language::French),
            ("fr", Language::French),
            ("FR_CA@euro", Language::French),
            ("fr-BE", Language::French),
            ("frp_FR", Language::English),
            ("en_GB.UTF-8", Language::English),
            ("C", Language::English),
            ("", Language::English),
        ] {
            assert_eq!(language_of(locale), language, "{locale}");
        }
    }

    /// Every command and argument of the English help, with the texts that the French one has for it.
    fn each(command: &Command, path: &str, seen: &mut impl FnMut(&str, Option<&str>)) {
        seen(path, None);
        for argument in command.get_arguments() {
            seen(path, Some(argument.get_id().as_str()));
        }
        for sub in command.get_subcommands() {
            each(sub, &format!("{path} {}", sub.get_name()), seen);
        }
    }

    #[test]
    fn every_command_and_argument_has_its_text_in_french_and_none_is_left_over() {
        let texts = texts();
        let (mut missing, mut used) = (Vec::new(), std::collections::BTreeSet::new());
        each(&Arguments::command(), "motif", &mut |path, argument| {
            let keys = match argument {
                None => vec![path.to_owned()],
                Some(id) => vec![format!("{path} {id}"), id.to_owned()],
            };
            let texts = if argument.is_none() { &texts.texts } else { &texts.arguments };
            match keys.iter().find(|key| texts.contains_key(*key)) {
                Some(key) => drop(used.insert(key.clone())),
                None => missing.push(keys.join(" or ")),
            }
        });
        assert_eq!(missing, Vec::<String>::new());
        let unused: Vec<_> =
            texts.texts.keys().chain(texts.arguments.keys()).filter(|key| !used.contains(*key)).collect();
        assert_eq!(unused, Vec::<&String>::new());
    }

    #[test]
    fn the_french_command_line_is_the_english_one_with_other_words() {
        let mut french = command(Language::French);
        let mut english = Arguments::command();
        english.build();
        let names = |command: &Command| {
            let (mut seen, command) = (Vec::new(), command.clone());
            each(&command, "motif", &mut |path, id| seen.push(format!("{path} {}", id.unwrap_or_default())));
            seen.retain(|name| !name.contains(" help") && !name.ends_with(" version"));
            seen
        };
        assert_eq!(names(&french), names(&english));
        let help = french.render_long_help().to_string();
        assert!(
            help.contains("Utilisation :") && help.contains("Commandes") && help.contains("Codes de retour"),
            "{help}"
        );
        // A space before every colon, also after the headings that the library writes.
        let texts: Vec<String> = std::iter::once(help.clone())
            .chain(
                // The help of `help` is the library's own.
                french
                    .get_subcommands()
                    .filter(|sub| sub.get_name() != "help")
                    .map(|sub| sub.clone().render_long_help().to_string()),
            )
            .collect();
        for text in &texts {
            let bare: Vec<&str> = text.lines().filter(|line| line.ends_with(':') && !line.ends_with(" :")).collect();
            assert_eq!(bare, Vec::<&str>::new(), "{text}");
        }
        for heading in ["\nCommandes :\n", "\nEntrée :\n", "\nOptions :\n", "\nArguments :\n"] {
            assert!(texts.iter().any(|text| text.contains(heading)), "{heading}");
        }
        for english in ["Usage", "Commands:", "Print", "[default", "[possible", "Exit codes", "For people", "Show"] {
            assert!(!help.contains(english), "{english}: {help}");
        }
    }
}
