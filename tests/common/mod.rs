//! What the tests of the program share: running it, and reading what it wrote.
#![allow(dead_code)] // Each test file uses its part.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// Root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A folder of public data, which is not part of the repository: the one that the variable names, else
/// `shared/data/NAME` beside the checkout or above. Says so when there is none.
#[allow(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn public_data(variable: &str, name: &str) -> Option<PathBuf> {
    let places = root().ancestors().skip(1).take(2).map(|place| place.join("shared/data").join(name));
    let folder = std::env::var_os(variable).map(PathBuf::from).into_iter().chain(places).find(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: no folder {name} of public data; set {variable} to one");
    }
    folder
}

/// The program, run from the root with a fixed key for pseudonyms.
pub(crate) fn motif(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_motif"));
    command
        .current_dir(root())
        .args(arguments)
        .env("MOTIF_SECRET", "a secret of the tests")
        .env("LC_ALL", "C")
        .env_remove("MOTIF_KERNEL");
    command
}

/// Gives an output the cache of a run with the bundled model that read one contact: the examples that ship are encoded and learnt. The
/// folder is made; what the runs of a test write is the same without it, and each takes seconds more.
pub(crate) fn warm(output: &Path) {
    static SEED: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("contacts.csv");
        write_csv(&input, &ROWS[..1]);
        let output = folder.path().join("out");
        let arguments = ["run", "--quiet", "--input", input.to_str().unwrap(), "--output", output.to_str().unwrap()];
        expect(0, &mut motif(&arguments));
        folder
    });
    let cache = SEED.path().join("out/cache");
    for model in std::fs::read_dir(&cache).unwrap().map(|entry| entry.unwrap().path()) {
        let place = output.join("cache").join(model.file_name().unwrap());
        std::fs::create_dir_all(&place).unwrap();
        for file in std::fs::read_dir(model).unwrap().map(|entry| entry.unwrap().path()) {
            std::fs::copy(&file, place.join(file.file_name().unwrap())).unwrap();
        }
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Output {
    command.output().unwrap()
}

/// Runs and expects an exit code; gives stdout.
pub(crate) fn expect(code: i32, command: &mut Command) -> String {
    let output = run(command);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// SHA-256 of every Parquet file under a folder, by relative path, without the cache.
pub(crate) fn parquet_hashes(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(current) = folders.pop() {
        for entry in std::fs::read_dir(&current).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().is_some_and(|name| name != "cache") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "parquet") {
                let hash = Sha256::digest(std::fs::read(&path).unwrap());
                found.insert(path.strip_prefix(folder).unwrap().to_path_buf(), format!("{hash:x}"));
            }
        }
    }
    found
}

/// `run.json` of an output.
pub(crate) fn record(output: &Path) -> serde_json::Value {
    serde_json::from_str(&std::fs::read_to_string(output.join("run.json")).unwrap()).unwrap()
}

/// A dozen contacts as CSV lines without the header `contact_id,customer_id,started_at,channel,text`.
pub(crate) const ROWS: [&str; 12] = [
    "c01,k1,2026-09-01T09:00:00Z,email,\"Bonjour, ma commande devait arriver lundi et je n'ai toujours rien reçu.\"",
    "c02,k1,2026-09-04T09:00:00Z,phone,\"Je rappelle pour la même chose, ma commande n'est toujours pas arrivée.\"",
    "c03,k2,2026-09-01T10:00:00Z,chat,I would like to change my delivery address please.",
    "c04,k2,2026-09-20T10:00:00Z,chat,How do I reset my password? I looked everywhere on your site and found nothing.",
    "c05,k3,2026-09-30T22:30:00Z,sms,Plus d'internet depuis ce matin !!",
    "c06,k3,2026-10-02T08:00:00Z,phone,\"Internet ne marche toujours pas, je vous ai déjà appelé avant-hier.\"",
    "c07,k4,2026-10-03T08:00:00Z,web_form,Where can I find a copy of my invoice?",
    "c08,k5,2026-10-05T08:00:00Z,web_form,Where can I download my last invoice?",
    "c09,k6,2026-10-06T08:00:00Z,email,\"Merci beaucoup pour votre aide, tout est parfait.\"",
    "c10,k7,2026-10-07T08:00:00Z,social,\"Facturé deux fois ce mois-ci, c'est inadmissible.\"",
    "c11,,2026-10-08T08:00:00Z,chat,\"Bonjour, à quelle heure ouvre le magasin ?\"",
    "c12,k8,2026-10-09T08:00:00Z,phone,I want to report a water leak in my kitchen.",
];

/// Header of [`ROWS`].
pub(crate) const HEADER: &str = "contact_id,customer_id,started_at,channel,text";

/// Writes rows as CSV.
pub(crate) fn write_csv(path: &Path, rows: &[&str]) {
    let mut text = String::from(HEADER);
    for row in rows {
        text.push('\n');
        text.push_str(row);
    }
    text.push('\n');
    std::fs::write(path, text).unwrap();
}
