//! The output folder of a finished run, for the commands that read one: where it is, what says so, and whether this version
//! can read what is in it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use motif::Error;
use motif::config;
use motif::report::check_tables;
use motif::table::schema::Table;

/// The named configuration, or the `motif.toml` of this folder.
pub(crate) fn sources(named: Option<&Path>) -> config::Sources {
    let default = PathBuf::from("motif.toml");
    config::Sources {
        config: named.map(Path::to_path_buf).or_else(|| default.exists().then_some(default)),
        ..config::Sources::default()
    }
}

/// The output folder of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finished {
    /// The folder, which may not be there.
    pub(crate) folder: PathBuf,
    /// What names it.
    origin: Origin,
}

/// What names an output folder.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// `--output`.
    Argument,
    /// `--set output.dir=…`.
    Assignment,
    /// The key of this configuration.
    Key(PathBuf),
    /// Nobody.
    Default,
}

impl Finished {
    /// The folder of `--output`, else the one to which the configuration writes.
    ///
    /// # Errors
    /// The configuration cannot be read, or what it says of the folder is wrong.
    pub(crate) fn of(named: Option<&Path>, sources: &config::Sources) -> Result<Self> {
        if let Some(folder) = named {
            return Ok(Self { folder: folder.to_path_buf(), origin: Origin::Argument });
        }
        let (settings, mut problems) = config::examine(sources)?;
        // What a run alone needs, such as the key of the pseudonyms, may be out of reach of those who read its output.
        problems.retain(|problem| problem.at.is_empty() || problem.at == "output" || problem.at.starts_with("output."));
        if problems.is_empty() {
            Ok(Self { folder: settings.output, origin: Origin::of(sources) })
        } else {
            Err(Error::Config { problems }.into())
        }
    }

    /// Refuses a folder in which no run has finished, and tables that another version wrote. `wanted` are the tables that the
    /// command reads, each with its columns; without any, the record of the run is what it cannot do without.
    ///
    /// # Errors
    /// [`Error::File`] with the folder, what names it, and the ways on.
    pub(crate) fn check(&self, wanted: &[(&Table, &[&str])]) -> Result<()> {
        let Self { folder, origin } = self;
        let advice = "run `motif run` first, or name the folder of a finished run with --output DIR";
        if !folder.is_dir() {
            let expected = format!("there is no such folder; it comes from {}", origin.words());
            return Err(Error::file(folder, expected, advice).into());
        }
        // Tables alone are enough for those who read nothing else.
        let has_table = wanted.iter().any(|(table, _)| folder.join(table.name).is_dir());
        if !has_table && !folder.join("run.json").is_file() {
            let expected = format!("no run has finished in this folder; it comes from {}", origin.words());
            return Err(Error::file(folder, expected, advice).into());
        }
        Ok(check_tables(folder, wanted)?)
    }
}

impl Origin {
    /// What of the configuration and of what `--set` changes in it names the folder.
    fn of(sources: &config::Sources) -> Self {
        let mut keys =
            sources.overrides.iter().map(|assignment| assignment.split('=').next().unwrap_or_default().trim());
        if keys.any(|key| key == "output.dir" || key == "output") {
            return Self::Assignment;
        }
        // The settings hold the default as if it were written.
        let has_key = |path: &Path| {
            let table: toml::Table = std::fs::read_to_string(path).ok()?.parse().ok()?;
            Some(table.get("output")?.get("dir")?.is_str())
        };
        match &sources.config {
            Some(path) if has_key(path) == Some(true) => Self::Key(path.clone()),
            _ => Self::Default,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Argument => "--output".to_owned(),
            Self::Assignment => "--set output.dir".to_owned(),
            Self::Key(path) => format!("[output] dir of {}", path.display()),
            Self::Default => "the default of [output] dir".to_owned(),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use arrow::array::{ArrayRef, RecordBatch, StringArray, new_null_array};
    use arrow::compute::cast;
    use motif::table::schema::{ColumnType, KPI, LINKS};
    use parquet::arrow::ArrowWriter;

    use super::*;

    /// Writes one row of a table with these columns alone.
    pub(crate) fn write(output: &Path, table: &Table, columns: &[&str]) {
        let cells = table.columns.iter().filter(|column| columns.contains(&column.name)).map(|column| {
            let text = match column.column_type {
                ColumnType::Text | ColumnType::Enum => "x",
                ColumnType::Boolean => "true",
                ColumnType::Timestamp => "2026-11-02T09:00:00Z",
                ColumnType::Date => "2026-11-02",
                _ => "1",
            };
            let data_type = column.column_type.arrow();
            let cell: ArrayRef = match column.column_type {
                ColumnType::TextList => new_null_array(&data_type, 1),
                _ => cast(&StringArray::from(vec![text]), &data_type).unwrap(),
            };
            (column.name, cell)
        });
        let batch = RecordBatch::try_from_iter(cells).unwrap();
        let folder = output.join(table.name);
        std::fs::create_dir_all(&folder).unwrap();
        let file = std::fs::File::create(folder.join("part-0000.parquet")).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    #[test]
    fn without_a_named_folder_the_configured_one_is_meant() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("our.toml");
        let found = |text: &str, named: Option<&str>| {
            std::fs::write(&path, text).unwrap();
            Finished::of(named.map(Path::new), &sources(Some(&path)))
        };
        let of = |folder: PathBuf, origin: Origin| Finished { folder, origin };
        let configured = of(place.path().join("results"), Origin::Key(path.clone()));
        assert_eq!(found("[output]\ndir = 'results'\n", None).unwrap(), configured);
        assert_eq!(found("[output]\ndir = 'results'\n", Some("other")).unwrap(), of("other".into(), Origin::Argument));
        assert_eq!(found("", None).unwrap(), of(place.path().join("motif-output"), Origin::Default));
        let nothing = config::Sources::default();
        assert_eq!(Finished::of(None, &nothing).unwrap(), of("motif-output".into(), Origin::Default));
        // What `--set` says of the folder goes before the file; what it says of the report does not.
        for (assignment, folder, origin) in [
            ("output.dir=elsewhere", "elsewhere", Origin::Assignment),
            ("report.title=x", "results", Origin::Key(path.clone())),
        ] {
            std::fs::write(&path, "[output]\ndir = 'results'\n").unwrap();
            let sources = config::Sources { overrides: vec![assignment.to_owned()], ..sources(Some(&path)) };
            assert_eq!(Finished::of(None, &sources).unwrap(), of(place.path().join(folder), origin));
        }
        // A key that only a run needs is no obstacle; a folder that cannot be told is one.
        let text = "[output]\ndir = 'results'\n[privacy]\nsecret_file = 'not-mine.key'\n";
        assert_eq!(found(text, None).unwrap(), configured);
        for broken in ["[output]\ndir = 3\n", "[output]\nfolder = 'results'\n", "[output\n"] {
            assert!(found(broken, None).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_folder_without_a_run_is_told_with_what_names_it_and_both_ways_on() {
        let place = tempfile::tempdir().unwrap();
        let config = place.path().join("motif.toml");
        std::fs::write(&config, "[output]\ndir = 'results'\n").unwrap();
        let folder = place.path().join("results");
        let refused = |finished: &Finished, wanted: &[(&Table, &[&str])]| {
            let told = finished.check(wanted).unwrap_err().to_string();
            let ways = "; run `motif run` first, or name the folder of a finished run with --output DIR";
            told.strip_suffix(ways).unwrap_or_else(|| panic!("{told}")).to_owned()
        };
        let configured = Finished::of(None, &sources(Some(&config))).unwrap();
        let from = format!("it comes from [output] dir of {}", config.display());
        let (shown, kpis) = (folder.display(), [(&KPI, &["kpi"][..])]);
        assert_eq!(refused(&configured, &kpis), format!("{shown}: there is no such folder; {from}"));
        std::fs::create_dir(&folder).unwrap();
        assert_eq!(refused(&configured, &kpis), format!("{shown}: no run has finished in this folder; {from}"));
        for (origin, words) in [
            (Origin::Argument, "--output"),
            (Origin::Assignment, "--set output.dir"),
            (Origin::Default, "the default of [output] dir"),
        ] {
            let told = refused(&Finished { origin, ..configured.clone() }, &kpis);
            assert!(told.ends_with(&format!("it comes from {words}")), "{told}");
        }
        // Other tables are none of those that are read, and the report needs the record of the run.
        write(&folder, &LINKS, &["from_contact_id"]);
        assert!(refused(&configured, &kpis).contains("no run has finished"));
        write(&folder, &KPI, &["kpi"]);
        configured.check(&kpis).unwrap();
        assert!(refused(&configured, &[]).contains("no run has finished"));
        std::fs::write(folder.join("run.json"), r#"{"version": "0.0.9"}"#).unwrap();
        configured.check(&[]).unwrap();
        let older = configured.check(&[(&KPI, &["kpi", "method"])]).unwrap_err().to_string();
        assert!(older.contains("the table kpi lacks: method; it was written by version 0.0.9 of motif"), "{older}");
    }
}
