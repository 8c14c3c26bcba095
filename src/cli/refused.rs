//! What a run left out, as people read it: the names of the codes of rejects, files that were refused, and survey answers
//! outside their scale.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::sync::LazyLock;

use motif::config::options::SurveyOptions;
use motif::report::{Bilingual, Language, reject_meanings};
use serde::Deserialize;

/// Files that are told one by one; a folder may hold thousands that are none of ours.
const MOST_TOLD: usize = 10;

/// What a code of a reject means, in the words of the report; the code itself when it has none.
pub(crate) fn reject_name(code: &str, language: Language) -> &str {
    static NAMES: LazyLock<BTreeMap<String, Bilingual>> =
        LazyLock::new(|| reject_meanings().unwrap_or_default().into_iter().collect());
    NAMES.get(code).map_or(code, |name| name.get(language))
}

/// A reject, as `rejects.jsonl` holds it.
#[derive(Deserialize)]
struct Reject {
    file: String,
    record: Option<u64>,
    message: String,
}

/// Which files were refused, whole or from some place on, and why; beyond the first ones their number. Nothing when
/// `rejects.jsonl` cannot be read: this only repeats what it says.
pub(crate) fn refused_files(rejects: &Path) -> Vec<String> {
    let Ok(file) = File::open(rejects) else { return Vec::new() };
    let lines = BufReader::new(file).lines().map_while(Result::ok);
    let whole: Vec<Reject> = lines
        .filter_map(|line| serde_json::from_str(&line).ok())
        .filter(|reject: &Reject| reject.record.is_none())
        .collect();
    let mut told: Vec<String> =
        whole.iter().take(MOST_TOLD).map(|reject| format!("{}: {}", reject.file, reject.message)).collect();
    if whole.len() > MOST_TOLD {
        told.push(format!("other files left out, whole or in part: {}", whole.len() - MOST_TOLD));
    }
    told
}

/// Survey answers that were left out, which a scale of the company's own would take in. `flags` counts the contacts by flag.
pub(crate) fn answers_out_of_scale(flags: &BTreeMap<String, u64>, survey: &SurveyOptions) -> Vec<String> {
    [
        ("csat_out_of_scale", "survey.csat_scale", survey.csat_scale),
        ("nps_out_of_scale", "survey.nps_scale", survey.nps_scale),
        ("ces_out_of_scale", "survey.ces_scale", survey.ces_scale),
    ]
    .into_iter()
    .filter_map(|(flag, key, [low, high])| {
        let count = flags.get(flag).filter(|count| **count > 0)?;
        Some(format!("survey answers left out, which are no numbers from {low} to {high}: {count}; if your survey has another scale, set {key}"))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use motif::error::RejectCode;

    use super::*;

    #[test]
    fn a_code_is_named_in_the_words_of_the_report() {
        let code = RejectCode::MissingColumn.as_str();
        assert_eq!(reject_name(code, Language::French), "colonne absente");
        assert_eq!(reject_name(code, Language::English), "missing column");
        assert_eq!(reject_name("of_another_version", Language::French), "of_another_version");
    }

    #[test]
    fn files_refused_as_a_whole_are_told_with_the_reason_and_records_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rejects.jsonl");
        let whole = |file: &str| {
            format!(
                "{{\"file\":\"{file}\",\"record\":null,\"code\":\"empty_file\",\"field\":null,\"message\":\"the file has no row\"}}\n"
            )
        };
        let record = "{\"file\":\"b.csv\",\"record\":3,\"code\":\"bad_time\",\"field\":null,\"message\":\"x\"}\n";
        std::fs::write(&path, format!("{}{record}", whole("a.csv"))).unwrap();
        assert_eq!(refused_files(&path), ["a.csv: the file has no row"]);
        std::fs::write(&path, whole("a.csv").repeat(MOST_TOLD + 2)).unwrap();
        let told = refused_files(&path);
        assert_eq!(
            (told.len(), told.last().unwrap().as_str()),
            (MOST_TOLD + 1, "other files left out, whole or in part: 2")
        );
        assert_eq!(refused_files(Path::new("no/such/file")), Vec::<String>::new());
    }

    #[test]
    fn answers_outside_their_scale_are_told_with_the_key_that_takes_them_in() {
        let flags = BTreeMap::from([("csat_out_of_scale".to_owned(), 22), ("nps_out_of_scale".to_owned(), 0)]);
        assert_eq!(
            answers_out_of_scale(&flags, &SurveyOptions::default()),
            [
                "survey answers left out, which are no numbers from 1 to 5: 22; if your survey has another scale, set survey.csat_scale"
            ]
        );
    }
}
