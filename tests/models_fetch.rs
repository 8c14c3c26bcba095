//! `motif models fetch` against a server on this machine that plays the hub: redirects, tags, resumption, and every way
//! in which a fetch fails. No test leaves 127.0.0.1.
#![allow(clippy::unwrap_used)] // A test that cannot go on should say where.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use motif::hub::{self, Fetched, Step, fetch::Hub};
use motif::model::{Encoder, EncoderOptions};
use sha1::Sha1;
use sha2::{Digest, Sha256};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const ID: &str = "org/tiny";

/// How the server behaves.
#[derive(Clone, Default)]
struct Plan {
    /// Answers every request with this status.
    status: Option<u16>,
    /// Sends only so many bytes of the weights, so many times.
    cut: Option<(usize, u32)>,
    /// The weights' tag.
    tag: Option<String>,
    /// Ignores `Range`.
    no_range: bool,
    /// Files that the list leaves out.
    hidden: Vec<&'static str>,
    /// Asks for this token.
    token: Option<&'static str>,
    /// Fails so many times with 503 first.
    busy: u32,
    /// The answer for this file stops after its headers.
    broken: Option<&'static str>,
    /// The redirect of the weights has a weak tag of its own and none of the file.
    weak: bool,
}

/// One request as the server saw it.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    path: String,
    range: Option<String>,
    authorization: Option<String>,
}

struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let cdn = format!("http://{}", other.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let shared = Arc::new(Mutex::new(plan));
        // The weights come from another host, as on the real hub.
        for (listener, cdn) in [(listener, Some(cdn)), (other, None)] {
            let (seen, plan) = (Arc::clone(&seen), Arc::clone(&shared));
            std::thread::spawn(move || {
                for stream in listener.incoming() {
                    // A client that went away is no failure of the server.
                    let _ = serve(stream.unwrap(), cdn.as_deref(), &plan, &seen);
                }
            });
        }
        Self { address, seen }
    }

    fn paths(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|seen| seen.path.clone()).collect()
    }

    fn fetch(&self, cache: &Path, token: Option<&str>) -> motif::Result<Fetched> {
        self.fetch_with(cache, token, &mut |_| ())
    }

    fn fetch_with(
        &self,
        cache: &Path,
        token: Option<&str>,
        progress: &mut dyn FnMut(Step<'_>),
    ) -> motif::Result<Fetched> {
        let hub = Hub {
            endpoint: self.address.clone(),
            cache: cache.to_owned(),
            token: token.map(str::to_owned),
            pause: Duration::from_millis(1),
        };
        hub::fetch(&hub, ID, "main", progress)
    }
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models/distilbert_tiny")
}

fn files() -> BTreeMap<String, Vec<u8>> {
    let names = [
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "modules.json",
        "1_Pooling/config.json",
        "sentence_bert_config.json",
    ];
    let mut files: BTreeMap<String, Vec<u8>> =
        names.iter().map(|name| ((*name).to_owned(), std::fs::read(fixture().join(name)).unwrap())).collect();
    files.insert("README.md".to_owned(), b"# A model\n".to_vec());
    files.insert("onnx/model.onnx".to_owned(), b"not for us".to_vec());
    files
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn serve(stream: TcpStream, cdn: Option<&str>, plan: &Mutex<Plan>, seen: &Mutex<Vec<Seen>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut request = String::new();
    reader.read_line(&mut request)?;
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let header = |name: &str| headers.get(name).cloned();
    seen.lock().unwrap().push(Seen {
        path: path.clone(),
        range: header("range"),
        authorization: header("authorization"),
    });
    let mut out = stream;
    let mut answer = |status: u16, more: &str, body: &[u8], sent: usize| -> std::io::Result<()> {
        let length = body.len();
        write!(out, "HTTP/1.1 {status} X\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n")?;
        out.write_all(&body[..sent])?;
        out.flush()
    };
    let mut plan = plan.lock().unwrap();
    if plan.busy > 0 {
        plan.busy -= 1;
        return answer(503, "", b"", 0);
    }
    if let Some(status) = plan.status {
        return answer(status, "", b"{}", 2);
    }
    if cdn.is_some()
        && let Some(token) = plan.token
        && header("authorization") != Some(format!("Bearer {token}"))
    {
        return answer(401, "", b"{}", 2);
    }
    let files = files();
    if path.starts_with("/api/models/") {
        let siblings: Vec<_> = files
            .keys()
            .filter(|name| !plan.hidden.contains(&name.as_str()))
            .map(|name| serde_json::json!({"rfilename": name}))
            .chain([serde_json::json!({"rfilename": "pytorch_model.bin"})])
            .collect();
        let body = serde_json::json!({"sha": COMMIT, "siblings": siblings}).to_string();
        return answer(200, "", body.as_bytes(), body.len());
    }
    let name =
        path.rsplit_once(&format!("/resolve/{COMMIT}/")).map_or(path.trim_start_matches("/cdn/"), |(_, name)| name);
    let Some(bytes) = files.get(name) else { return answer(404, "", b"", 0) };
    let is_large = name == "model.safetensors";
    if let (true, Some(cdn)) = (is_large, cdn) {
        let tag = plan.tag.clone().unwrap_or_else(|| hexadecimal(&Sha256::digest(bytes)));
        let size = bytes.len();
        let facts = if plan.weak {
            "ETag: W/\"of-the-redirect\"\r\n".to_owned()
        } else {
            format!("X-Linked-Etag: \"{tag}\"\r\nX-Linked-Size: {size}\r\n")
        };
        return answer(302, &format!("{facts}Location: {cdn}/cdn/{name}\r\n"), b"", 0);
    }
    let mut git = Sha1::new();
    git.update(format!("blob {}\0", bytes.len()));
    git.update(bytes);
    let etag = if is_large && !plan.weak {
        "\"of-the-cdn\"".to_owned()
    } else {
        format!("\"{}\"", hexadecimal(&git.finalize()))
    };
    let from: usize = match header("range") {
        Some(range) if !plan.no_range => range.trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap(),
        _ => 0,
    };
    if from >= bytes.len() {
        return answer(416, &format!("Content-Range: bytes */{}\r\n", bytes.len()), b"", 0);
    }
    let body = &bytes[from..];
    let mut sent = body.len();
    if let (true, Some((limit, times))) = (is_large, &mut plan.cut)
        && *times > 0
    {
        *times -= 1;
        sent = sent.min(*limit);
    }
    if plan.broken == Some(name) {
        sent = 0;
    }
    let more = if from > 0 {
        format!("ETag: {etag}\r\nContent-Range: bytes {from}-{}/{}\r\n", bytes.len() - 1, bytes.len())
    } else {
        format!("ETag: {etag}\r\n")
    };
    answer(if from > 0 { 206 } else { 200 }, &more, body, sent)
}

fn found(cache: &Path) -> Option<hub::Local> {
    hub::find(cache, ID).unwrap()
}

/// Everything under the cache but the locks.
fn left(cache: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![cache.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().unwrap() != "lock" {
                names.push(path.strip_prefix(cache).unwrap().display().to_string());
            }
        }
    }
    names.sort();
    names
}

#[test]
fn a_model_is_fetched_verified_recorded_and_found_without_network() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(Plan::default());
    let mut steps = Vec::new();
    let fetched = server
        .fetch_with(cache.path(), None, &mut |step| {
            if let Step::File { name, bytes, resumed: 0 } = step {
                steps.push((name.to_owned(), bytes.unwrap()));
            }
        })
        .unwrap();
    assert_eq!(fetched.record.commit, COMMIT);
    assert_eq!((fetched.downloaded, fetched.record.files.len(), steps.len()), (7, 7, 7));
    assert!(
        !server.paths().iter().any(|path| path.contains("onnx") || path.contains("pytorch")),
        "only what is needed"
    );
    let weights = files()["model.safetensors"].clone();
    assert_eq!(fetched.record.files["model.safetensors"].sha256, hexadecimal(&Sha256::digest(&weights)));

    let local = found(cache.path()).unwrap();
    assert_eq!(local.record.as_ref(), Some(&fetched.record));
    assert_eq!(local.verify().unwrap(), 7);
    let encoder = Encoder::load(&local.open().unwrap(), EncoderOptions::default()).unwrap();
    assert_eq!(encoder.encode(&[vec![2, 3]]).unwrap().embeddings.len(), encoder.hidden_size());

    // A second fetch reads the list and nothing else.
    let before = server.paths().len();
    assert_eq!(server.fetch(cache.path(), None).unwrap().downloaded, 0);
    assert_eq!(server.paths().len(), before + 1);
}

#[test]
fn the_token_goes_to_the_hub_and_to_no_other_host() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(Plan { token: Some("hf_secret"), ..Plan::default() });
    server.fetch(cache.path(), Some("hf_secret")).unwrap();
    for seen in server.seen.lock().unwrap().iter() {
        let is_other = seen.path.starts_with("/cdn/");
        assert_eq!(seen.authorization.is_some(), !is_other, "{}", seen.path);
    }
}

#[test]
fn a_cut_download_goes_on_where_it_stopped() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(Plan { cut: Some((50_000, 2)), ..Plan::default() });
    let mut retries = Vec::new();
    server
        .fetch_with(cache.path(), None, &mut |step| {
            if let Step::Retry(reason) = step {
                retries.push(reason.to_owned());
            }
        })
        .unwrap();
    let ranges: Vec<Option<String>> = server
        .seen
        .lock()
        .unwrap()
        .iter()
        .filter(|seen| seen.path.starts_with("/cdn/"))
        .map(|seen| seen.range.clone())
        .collect();
    assert_eq!(ranges, [None, Some("bytes=50000-".to_owned()), Some("bytes=100000-".to_owned())]);
    assert!(retries.len() == 2 && retries[0].contains("cut after 50000 of"), "{retries:?}");
    assert!(found(cache.path()).unwrap().verify().is_ok());
}

#[test]
fn what_a_broken_fetch_left_serves_the_next_one_and_no_run() {
    let cache = tempfile::tempdir().unwrap();
    // Every attempt after the first brings nothing, so the fetch gives up.
    let server = Server::start(Plan { cut: Some((0, u32::MAX)), ..Plan::default() });
    let error = server.fetch(cache.path(), None).unwrap_err().to_string();
    assert!(error.contains("was cut after 0 of") && error.contains("run the same command again"), "{error}");
    assert!(found(cache.path()).is_none(), "no reference before everything is there");
    assert!(!left(cache.path()).iter().any(|name| name.ends_with("model.safetensors")), "{:?}", left(cache.path()));

    // Half of the weights are there when the next fetch begins.
    let part = hub::model_folder(cache.path(), ID).join("incomplete").join(format!("{COMMIT}-model.safetensors.part"));
    let weights = files()["model.safetensors"].clone();
    std::fs::write(&part, &weights[..70_000]).unwrap();
    let server = Server::start(Plan::default());
    server.fetch(cache.path(), None).unwrap();
    let seen = server.seen.lock().unwrap().clone();
    assert!(seen.iter().any(|seen| seen.range.as_deref() == Some("bytes=70000-")), "{seen:?}");
    assert_eq!(std::fs::read(found(cache.path()).unwrap().folder.join("model.safetensors")).unwrap(), weights);
}

#[test]
fn a_fetch_that_was_cut_in_a_later_file_keeps_the_weights_that_it_had() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(Plan { broken: Some("tokenizer.json"), ..Plan::default() });
    assert!(server.fetch(cache.path(), None).is_err());
    assert!(found(cache.path()).is_none(), "no reference before everything is there");
    let server = Server::start(Plan::default());
    let fetched = server.fetch(cache.path(), None).unwrap();
    assert!(!server.paths().iter().any(|path| path.ends_with("model.safetensors")), "{:?}", server.paths());
    assert_eq!((fetched.downloaded, fetched.record.files.len()), (1, 7));
    assert!(found(cache.path()).unwrap().verify().is_ok());
    assert!(!left(cache.path()).iter().any(|name| name.contains("incomplete")), "{:?}", left(cache.path()));
}

#[test]
fn the_tag_of_a_redirect_is_not_taken_for_that_of_the_file() {
    let cache = tempfile::tempdir().unwrap();
    let fetched = Server::start(Plan { weak: true, ..Plan::default() }).fetch(cache.path(), None).unwrap();
    assert_eq!(fetched.unchecked, 0);
}

#[test]
fn an_endpoint_that_is_no_address_is_told_at_once() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server { address: "hub.example.com".to_owned(), seen: Arc::default() };
    let error = server.fetch(cache.path(), None).unwrap_err().to_string();
    assert!(error.contains("HF_ENDPOINT is `hub.example.com`; write an address such as https://"), "{error}");
}

#[test]
fn a_server_that_cannot_resume_sends_the_file_again() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(Plan { cut: Some((50_000, 1)), no_range: true, ..Plan::default() });
    server.fetch(cache.path(), None).unwrap();
    assert_eq!(
        std::fs::read(found(cache.path()).unwrap().folder.join("model.safetensors")).unwrap(),
        files()["model.safetensors"]
    );
}

#[test]
fn a_part_that_is_whole_is_verified_and_used() {
    let cache = tempfile::tempdir().unwrap();
    let incomplete = hub::model_folder(cache.path(), ID).join("incomplete");
    std::fs::create_dir_all(&incomplete).unwrap();
    let part = incomplete.join(format!("{COMMIT}-model.safetensors.part"));
    std::fs::write(&part, &files()["model.safetensors"]).unwrap();
    Server::start(Plan::default()).fetch(cache.path(), None).unwrap();
    assert!(found(cache.path()).unwrap().verify().is_ok());
}

#[test]
fn a_wrong_checksum_is_thrown_away() {
    for (plan, name) in [
        (Plan { tag: Some("ab".repeat(32)), ..Plan::default() }, "model.safetensors"),
        // A part from something else, resumed: right in size, wrong in content.
        (Plan::default(), "model.safetensors"),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let part = hub::model_folder(cache.path(), ID).join("incomplete").join(format!("{COMMIT}-{name}.part"));
        if plan.tag.is_none() {
            std::fs::create_dir_all(part.parent().unwrap()).unwrap();
            std::fs::write(&part, vec![7u8; 1000]).unwrap();
        }
        let error = Server::start(plan).fetch(cache.path(), None).unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("the checksum is") && error.contains("fetch again"), "{error}");
        assert!(found(cache.path()).is_none() && !part.exists());
        assert!(!left(cache.path()).iter().any(|file| file.ends_with(name)), "{:?}", left(cache.path()));
    }
}

#[test]
fn a_file_without_a_checksum_is_counted_as_such() {
    for (tag, unchecked) in [(Some("of-a-mirror".to_owned()), 1), (None, 0)] {
        let cache = tempfile::tempdir().unwrap();
        let fetched = Server::start(Plan { tag, ..Plan::default() }).fetch(cache.path(), None).unwrap();
        assert_eq!(fetched.unchecked, unchecked);
    }
}

#[test]
fn refusals_say_what_to_do() {
    for (status, token, parts) in [
        (401, None, &["HTTP 401", "HF_TOKEN", "private"][..]),
        (401, Some("hf_x"), &["HTTP 401", "token of HF_TOKEN is wrong", "conditions"][..]),
        (403, None, &["HTTP 403", "conditions"][..]),
        (404, None, &["HTTP 404", "org/tiny at revision main", "HF_ENDPOINT"][..]),
        (418, None, &["HTTP 418"][..]),
        (500, None, &["HTTP 500", "problem of its own"][..]),
        (429, None, &["HTTP 429", "slow down"][..]),
    ] {
        let cache = tempfile::tempdir().unwrap();
        let server = Server::start(Plan { status: Some(status), ..Plan::default() });
        let error = server.fetch(cache.path(), token).unwrap_err().to_string();
        for part in parts {
            assert!(error.contains(part), "{status}: {part} is missing in {error}");
        }
        assert!(!error.contains("hf_x"), "a token is never shown");
        assert_eq!(left(cache.path()), Vec::<String>::new());
    }
}

#[test]
fn a_busy_server_is_asked_again() {
    let cache = tempfile::tempdir().unwrap();
    assert!(Server::start(Plan { busy: 2, ..Plan::default() }).fetch(cache.path(), None).is_ok());
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let cache = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server { address: format!("http://{address}"), seen: Arc::default() };
    let error = server.fetch(cache.path(), None).unwrap_err().to_string();
    assert!(error.contains(&address.to_string()) && error.contains("proxy"), "{error}");
}

#[test]
fn a_model_that_cannot_be_loaded_is_refused_before_anything_is_downloaded() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(Plan { hidden: vec!["model.safetensors"], ..Plan::default() });
    let error = server.fetch(cache.path(), None).unwrap_err().to_string();
    assert!(error.contains("no model.safetensors") && error.contains("pytorch_model.bin"), "{error}");
    assert_eq!(server.paths().len(), 1);
}

#[test]
fn names_that_are_none_open_no_connection() {
    let cache = tempfile::tempdir().unwrap();
    let server = Server::start(Plan::default());
    let hub = Hub { endpoint: server.address.clone(), cache: cache.path().into(), token: None, pause: Duration::ZERO };
    for (id, revision) in [("../evil", "main"), ("a/b/c", "main"), ("org/tiny", "../x")] {
        assert!(hub::fetch(&hub, id, revision, &mut |_| ()).is_err());
    }
    assert!(server.paths().is_empty());
}

#[test]
fn a_file_changed_after_the_fetch_is_neither_verified_nor_opened() {
    let cache = tempfile::tempdir().unwrap();
    Server::start(Plan::default()).fetch(cache.path(), None).unwrap();
    let local = found(cache.path()).unwrap();
    let path = local.folder.join("config.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{text} ")).unwrap();
    for error in [local.verify().unwrap_err(), local.open().unwrap_err()] {
        let error = error.to_string();
        assert!(error.contains("config.json") && error.contains("fetch it again"), "{error}");
    }
}

/// The command itself: environment, messages and exit codes.
#[test]
fn the_command_honours_the_environment_and_a_run_finds_what_it_fetched() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start(Plan { token: Some("hf_secret"), ..Plan::default() });
    let motif = |arguments: &[&str], token: &str| {
        std::process::Command::new(env!("CARGO_BIN_EXE_motif"))
            .args(arguments)
            .env("HF_ENDPOINT", &server.address)
            .env("HF_HOME", home.path())
            .env("HF_TOKEN", token)
            .env("NO_PROXY", "127.0.0.1")
            .env_remove("HF_HUB_CACHE")
            .env_remove("HF_HUB_OFFLINE")
            .output()
            .unwrap()
    };
    let refused = motif(&["models", "fetch", ID], "hf_wrong");
    let message = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{message}");
    assert!(message.contains("HTTP 401") && !message.contains("hf_wrong"), "{message}");

    let fetched = motif(&["models", "fetch", ID, "--json"], "hf_secret");
    assert_eq!(fetched.status.code(), Some(0), "{}", String::from_utf8_lossy(&fetched.stderr));
    let json: serde_json::Value = serde_json::from_slice(&fetched.stdout).unwrap();
    assert_eq!(json["record"]["commit"], COMMIT);

    let listed = motif(&["models", "list", "--json"], "");
    let models: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert!(models.as_array().unwrap().iter().any(|model| model["name"] == ID && model["commit"] == COMMIT));
    let verified = motif(&["models", "verify", ID, "--json"], "");
    let json: serde_json::Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(json["files_verified"], 7);
    let again = motif(&["models", "fetch", ID], "hf_secret");
    let message = String::from_utf8(again.stderr).unwrap();
    assert!(message.contains(&format!("use it with --model {ID}")), "{message}");

    let requests = server.paths().len();
    let (input, output) = (home.path().join("t.jsonl"), home.path().join("t.parquet"));
    std::fs::write(&input, "{\"text_id\":\"a\",\"text\":\"merci\"}\n").unwrap();
    let arguments = ["embed", "--input", input.to_str().unwrap(), "--output", output.to_str().unwrap(), "--model", ID];
    let embedded = motif(&arguments, "");
    assert_eq!(embedded.status.code(), Some(0), "{}", String::from_utf8_lossy(&embedded.stderr));
    assert!(output.exists());
    assert_eq!(server.paths().len(), requests, "a run never touches the network");
}
