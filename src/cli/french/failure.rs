//! Errors in French. Each kind of error is taken apart, so that a file's name or a user's value is never looked up as if
//! it were a phrase of the program.

use std::error::Error as StdError;
use std::io;
use std::path::Path;

use motif::Error;
use motif::error::Problem;
use motif::model::ModelError;

use super::messages::Catalogue;

/// An error with its causes, one a line.
pub(crate) fn failure(error: &anyhow::Error) -> String {
    let said: Vec<String> = error.chain().map(one).collect();
    said.join("\n  Cause : ")
}

/// One error of the chain, without its causes.
fn one(error: &(dyn StdError + 'static)) -> String {
    let catalogue = Catalogue::shipped();
    let said = if let Some(error) = error.downcast_ref::<Error>() {
        of_program(error)
    } else if let Some(error) = error.downcast_ref::<ModelError>() {
        of_model(error)
    } else if let Some(error) = error.downcast_ref::<io::Error>() {
        Some(reason(error))
    } else if error.is::<serde_json::Error>() {
        catalogue.phrase(&["syntax"], &error.to_string())
    } else {
        catalogue.phrase(&["context"], &error.to_string())
    };
    said.unwrap_or_else(|| error.to_string())
}

/// `None` for what has no French words: it is said in English.
fn of_program(error: &Error) -> Option<String> {
    let catalogue = Catalogue::shipped();
    let fill = |notation: &str, values: &[(&str, &str)]| catalogue.fill("error", notation, values);
    match error {
        Error::Config { problems } => {
            let noun = catalogue.phrase(&["problem_noun"], if problems.len() == 1 { "problem" } else { "problems" })?;
            let count = problems.len().to_string();
            let heading = fill("{count#} configuration {noun}", &[("count", &count), ("noun", &noun)])?;
            Some(problems.iter().fold(heading, |text, found| format!("{text}\n  - {}", problem(found))))
        }
        Error::Io { action, path, .. } => cannot(action, path),
        Error::File { path, expected, advice } => fill(
            "{path}: {expected}; {advice}",
            &[
                ("path", &path.display().to_string()),
                ("expected", &catalogue.phrase_or_as_is(&["expected"], expected)),
                ("advice", &catalogue.phrase_or_as_is(&["advice"], advice)),
            ],
        ),
        Error::Model { name, reason } => {
            // What is wrong with a model's files is said of the encoder, whatever the user named.
            let (name, reason) = match catalogue.phrase(&["model_file"], reason) {
                Some(reason) => (catalogue.phrase_or_as_is(&["model_name"], name), reason),
                None => (name.clone(), catalogue.phrase_or_as_is(&["model"], reason)),
            };
            fill("model {name}: {reason}", &[("name", &name), ("reason", &reason)])
        }
        Error::Usage { message } => catalogue.phrase(&["usage"], message),
        Error::Bug { message } => {
            let message = catalogue.phrase_or_as_is(&["bug"], message);
            fill("internal error: {message}; please report it", &[("message", &message)])
        }
        // The others have no parts.
        other => fill(&other.to_string(), &[]),
    }
}

/// `None` for what has no French words.
fn of_model(error: &ModelError) -> Option<String> {
    match error {
        ModelError::Io { path, .. } => cannot("read", path),
        other => Catalogue::shipped().phrase(&["model_file"], &other.to_string()),
    }
}

fn cannot(action: &str, path: &Path) -> Option<String> {
    let catalogue = Catalogue::shipped();
    let action = catalogue.phrase(&["action"], action)?;
    // Named by the program: `redact` reads and writes streams.
    let path = catalogue.phrase_or_as_is(&["stream"], &path.display().to_string());
    catalogue.fill("error", "cannot {action} {path}", &[("action", &action), ("path", &path)])
}

/// Why the system refused. The words differ from system to system, the kinds do not.
fn reason(error: &io::Error) -> String {
    let catalogue = Catalogue::shipped();
    let words = match error.kind() {
        io::ErrorKind::NotFound => "No such file or directory",
        io::ErrorKind::PermissionDenied => "Permission denied",
        io::ErrorKind::AlreadyExists => "File exists",
        io::ErrorKind::IsADirectory => "Is a directory",
        io::ErrorKind::NotADirectory => "Not a directory",
        io::ErrorKind::DirectoryNotEmpty => "Directory not empty",
        io::ErrorKind::StorageFull => "No space left on device",
        io::ErrorKind::ReadOnlyFilesystem => "Read-only file system",
        _ => return catalogue.phrase_or_as_is(&["system"], &error.to_string()),
    };
    let text = match error.raw_os_error() {
        Some(code) => format!("{words} (os error {code})"),
        None => error.to_string(),
    };
    catalogue.phrase_or_as_is(&["system"], &text)
}

fn problem(problem: &Problem) -> String {
    let catalogue = Catalogue::shipped();
    let Problem { file, at, message } = problem;
    let message = catalogue.phrase(&["problem", "syntax", "regex"], message).unwrap_or_else(|| of_toml(message));
    // After `--set` stands what the user wrote, elsewhere the place of the problem.
    let at = if file == "--set" { at.clone() } else { catalogue.phrase_or_as_is(&["place"], at) };
    let parts = [file, &at, &message].map(String::as_str);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" : ")
}

/// A mistake in a TOML file: where it is, the lines of the file, then what is wrong.
fn of_toml(message: &str) -> String {
    let catalogue = Catalogue::shipped();
    let shown = || {
        let (heading, rest) = message.split_once('\n')?;
        let (lines, reason) = rest.rsplit_once('\n')?;
        let indent = &reason[..reason.len() - reason.trim_start().len()];
        let reason = catalogue.phrase_or_as_is(&["syntax", "toml"], reason.trim_start());
        Some(format!("{}\n{lines}\n{indent}{reason}", catalogue.phrase(&["syntax"], heading)?))
    };
    shown().unwrap_or_else(|| message.to_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use motif::evaluate::Columns;
    use motif::evaluate::gold::{Field, Gold};
    use motif::label::Catalogue as Labels;
    use motif::label::catalogue::{SHIPPED_CRITERIA, SHIPPED_TAXONOMY};

    use super::*;

    fn french(error: impl Into<anyhow::Error>) -> String {
        failure(&error.into())
    }

    /// Why a file of labelled texts is refused, in French; `FILE` stands for its path.
    fn refusal(name: &str, text: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let fields = [Field::required(&["text"]), Field::required(&["label"])];
        let gold = Gold::read(&path, &Columns::default(), &fields);
        let error = gold.and_then(|gold| gold.labels(1).map(drop)).unwrap_err();
        french(error).replace(&path.display().to_string(), "FILE")
    }

    #[test]
    fn a_missing_file_is_named_with_the_reason_of_the_system() {
        let path = Path::new("no/such/file.csv");
        let error = std::fs::read(path).map_err(|error| Error::io("read", path, error)).unwrap_err();
        let said = french(error);
        assert!(
            said.starts_with("impossible de lire no/such/file.csv\n  Cause : fichier ou dossier introuvable"),
            "{said}"
        );
        let denied = io::Error::from_raw_os_error(13);
        assert_eq!(french(Error::io("write", "a", denied)).lines().next(), Some("impossible d'écrire a"));
        let other = Error::io("decompress", "a.gz", io::Error::other("words of a library"));
        assert_eq!(french(other), "impossible de décompresser a.gz\n  Cause : words of a library");
        let stream = Error::io("read", "standard input", io::Error::other("x"));
        assert!(french(stream).starts_with("impossible de lire l'entrée standard\n"));
    }

    #[test]
    fn a_bad_row_is_told_with_its_line_and_what_to_do() {
        assert_eq!(
            refusal("a.csv", "text,label\nhello,1\nhello\n"),
            "FILE : ligne 3 : pas le même nombre de colonnes (1) que l'en-tête (2) ; vérifiez les séparateurs de cette ligne"
        );
        assert_eq!(
            refusal("a.csv", "text,label\nhello, \n"),
            "FILE : ligne 2 : la colonne `label` est vide ; remplissez-la ou supprimez la ligne"
        );
        assert_eq!(
            refusal("a.jsonl", "[1]\n"),
            "FILE : ligne 1 : pas un objet JSON ; écrivez un objet JSON par ligne, comme {\"text\": \"…\", \"label\": \"…\"}"
        );
    }

    #[test]
    fn an_unknown_column_is_told_with_the_closest_one() {
        assert_eq!(
            refusal("a.csv", "texte,label\nhello,1\n"),
            "FILE : il n'y a pas de colonne `text` ; vouliez-vous dire `texte` ? Choix possibles : label, texte ; donnez un \
             autre nom avec --columns text=NOM, ou renommez la colonne"
        );
        assert!(
            refusal("a.jsonl", "{\"zzzzzzz\": 1}\n")
                .contains("ligne 1 : il n'y a pas de colonne `text`. Choix possibles")
        );
    }

    #[test]
    fn problems_of_a_taxonomy_are_told_one_by_one() {
        let taxonomy = SHIPPED_TAXONOMY.replacen("level = 1", "level = 7", 1).replacen(
            "owner = \"logistics\"",
            "owner = \"logistic\"",
            1,
        );
        let criteria = SHIPPED_CRITERIA.replacen("version = 2", "version = true", 1);
        let problems = Labels::parse("t.toml", &taxonomy, "c.toml", &criteria).unwrap_err();
        let said = french(Error::Config { problems });
        assert!(said.starts_with("3 problèmes de configuration\n  - t.toml : reason."), "{said}");
        for part in [
            ".level : le niveau de support est 1, 2 ou 3, et non 7",
            ".owner : il n'y a pas de service `logistic` ; vouliez-vous dire `logistics` ? Choix possibles : ",
            "\n  - c.toml : erreur de TOML ligne ",
            "\n      type incorrect : le booléen `true` ; attendu : un entier",
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
    }

    #[test]
    fn problems_of_other_libraries_are_told_in_french() {
        let say = |at: &str, message: &str| {
            let (at, message) = (at.to_owned(), message.to_owned());
            problem(&Problem { file: "m.toml".to_owned(), at, message })
        };
        let unclosed = String::from("(");
        let broken = regex::Regex::new(&unclosed).unwrap_err().to_string().replace('\n', " ");
        assert!(say("criterion.C01.cues, number 2", &broken).ends_with(" erreur : groupe non fermé"));
        assert!(say("criterion.C01.cues, number 2", &broken).starts_with("m.toml : criterion.C01.cues, numéro 2 : "));
        assert_eq!(
            say("input", "invalid type: integer `3`, expected a sequence; in `input.paths`"),
            "m.toml : input : type incorrect : l'entier `3` ; attendu : une liste ; dans `input.paths`"
        );
        assert_eq!(
            say("columns.text", "expected a name or a list of names"),
            "m.toml : columns.text : un nom ou une liste de noms était attendu"
        );
        for (text, french) in [
            (
                "unknown variant `a`, expected `strict` or `lenient`",
                "valeur inconnue `a` ; valeurs connues : `strict`, `lenient`",
            ),
            ("unknown field `de`, expected `fr` or `en`", "champ inconnu `de` ; champs connus : `fr`, `en`"),
        ] {
            assert_eq!(say("", text), format!("m.toml : {french}"));
        }
        let path = Path::new("no/such/taxonomy.toml");
        let problems = match Labels::from_files(Some(path), None) {
            Err(Error::Config { problems }) => problems,
            other => panic!("{other:?}"),
        };
        assert!(
            problem(&problems[0])
                .starts_with("no/such/taxonomy.toml : lecture impossible : fichier ou dossier introuvable"),
            "{problems:?}"
        );
        let error = toml::from_str::<toml::Table>("a = \n").unwrap_err().to_string();
        assert_eq!(
            say("", error.trim()),
            "m.toml : erreur de TOML ligne 1, colonne 5\n  |\n1 | a = \n  |     ^\nles textes se mettent entre \
             guillemets ; attendu : une chaîne littérale"
        );
    }

    #[test]
    fn a_model_that_is_not_there_is_told_with_what_to_give() {
        let said = french(crate::cli::models::load("no/such-model", "cpu").unwrap_err());
        assert!(said.starts_with("modèle no/such-model : introuvable ; essayé : no/such-model"), "{said}");
        assert!(
            said.ends_with("(`motif models fetch no/such-model`) ; un traitement ne télécharge jamais rien"),
            "{said}"
        );
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().display().to_string();
        let error = crate::cli::models::load(&place, "cpu").unwrap_err();
        assert!(failure(&error).starts_with(&format!("pas de modèle utilisable dans {place} : il manque config.json")));
        let error = ModelError::Unsupported {
            file: "config.json".to_owned(),
            what: "the model family `gpt`".to_owned(),
            hint: "absolute is".to_owned(),
        };
        assert_eq!(
            french(Error::from(error)),
            "modèle encodeur : config.json : le programme ne prend pas en charge la famille de modèles `gpt` ; il prend en \
             charge absolute"
        );
    }

    #[test]
    fn an_output_that_cannot_be_read_is_told_with_who_wrote_it_and_what_names_it() {
        let again = "run `motif run` again: nothing is encoded twice";
        let say = |expected: &str, advice: &str| french(Error::file("out/kpi", expected, advice));
        assert_eq!(
            say(
                "the table kpi lacks: n, method; it was written by version 0.0.9 of motif, this is version 0.1.0",
                again
            ),
            "out/kpi : il manque à la table kpi : n, method ; elle a été écrite par la version 0.0.9 de motif, celle-ci est la \
             version 0.1.0 ; relancez `motif run` : rien n'est encodé deux fois"
        );
        assert_eq!(
            say(
                "the table kpi holds with another type: value (Utf8); it was written by another version of motif",
                again
            ),
            "out/kpi : la table kpi contient sous un autre type : value (Utf8) ; elle a été écrite par une autre version de \
             motif ; relancez `motif run` : rien n'est encodé deux fois"
        );
        let said = say(
            "no run has finished in this folder; it comes from --output",
            "run `motif run` first, or name the folder of a finished run with --output DIR",
        );
        assert_eq!(
            said,
            "out/kpi : aucun traitement ne s'est terminé dans ce dossier ; il vient de l'option --output ; lancez d'abord \
             `motif run`, ou nommez le dossier d'un traitement terminé avec --output DOSSIER"
        );
    }

    #[test]
    fn what_a_user_wrote_stays_although_it_looks_like_a_message() {
        let path = PathBuf::from("it holds no row");
        let error = Error::file(&path, "it holds no row", "correct it");
        assert_eq!(french(error), "it holds no row : aucune ligne ; correct it");
        let set = Problem {
            file: "--set".to_owned(),
            at: "a.cues, number 2".to_owned(),
            message: "write it as section.key=value".to_owned(),
        };
        assert_eq!(problem(&set), "--set : a.cues, number 2 : écrivez section.clé=valeur");
        let name = Error::Model {
            name: "encoder".to_owned(),
            reason: "`unknown field` is no branch, tag or commit".to_owned(),
        };
        assert_eq!(
            french(name),
            "modèle encoder : `unknown field` n'est ni une branche, ni une étiquette, ni un commit"
        );
    }

    #[test]
    fn what_has_no_parts_and_what_is_for_the_authors() {
        assert_eq!(french(Error::Interrupted), "interrompu ; les résultats précédents sont restés tels quels");
        assert_eq!(french(Error::bug("a promise")), "erreur interne : a promise ; merci de la signaler");
        assert_eq!(french(Error::usage("words of nobody")), "words of nobody");
        let error = anyhow::Error::from(io::Error::other("x")).context("cannot listen to Ctrl-C");
        assert_eq!(failure(&error), "impossible de surveiller Ctrl-C\n  Cause : x");
    }
}
