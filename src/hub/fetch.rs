//! `motif models fetch`: one model of the hub to whole, verified files on disk.
//!
//! The revision is pinned to the commit that it stands for before anything is read. Each file is downloaded beside its
//! place, resumed after a cut, compared with the checksum that the hub gives, and only then moved to its place; the
//! reference by which a run finds the model is written last. So a run sees the whole model or none of it.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::client::{Client, Facts, Failure};
use super::{FileRecord, Record, is_commit, is_id, is_revision, model_folder, record_path};
use crate::error::{Error, Result};
use crate::model::weights::{decides, hexadecimal};
use crate::whole;

/// Where the hub is when `HF_ENDPOINT` does not say.
const ENDPOINT: &str = "https://huggingface.co";
/// Attempts for one file, or for the list of files.
const ATTEMPTS: u32 = 5;
/// Files that a person wants beside a model.
const PAPERS: [&str; 5] = ["README.md", "LICENSE", "LICENSE.txt", "LICENSE.md", "manifest.json"];

/// Where to fetch from and to.
#[derive(Clone)]
pub struct Hub {
    /// Address without a slash at the end.
    pub endpoint: String,
    /// Folder of the cache.
    pub cache: PathBuf,
    /// Token of a private or gated model.
    pub token: Option<String>,
    /// Pause before the second attempt; it doubles with each further one.
    pub pause: Duration,
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").field("endpoint", &self.endpoint).field("cache", &self.cache).finish_non_exhaustive()
    }
}

impl Hub {
    /// The hub of the environment: `HF_ENDPOINT`, `HF_HUB_CACHE` or `HF_HOME`, `HF_TOKEN` or the file that logging in
    /// leaves.
    ///
    /// # Errors
    /// `HF_HUB_OFFLINE` forbids it, or there is no home for a cache.
    pub fn from_environment() -> Result<Self> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        // The values that the hub's own tools take for yes.
        let is_yes = |value: String| ["1", "on", "yes", "true"].contains(&value.trim().to_lowercase().as_str());
        if variable("HF_HUB_OFFLINE").is_some_and(is_yes) {
            return Err(Error::usage("HF_HUB_OFFLINE is set; unset it to fetch a model"));
        }
        let cache = super::cache_folder()
            .ok_or_else(|| Error::usage("there is no place for models; set HF_HOME to a folder"))?;
        let token_file = variable("HF_TOKEN_PATH")
            .map(PathBuf::from)
            .or_else(|| super::home_folder().map(|home| home.join("token")));
        let token = variable("HF_TOKEN")
            .or_else(|| token_file.and_then(|path| std::fs::read_to_string(path).ok()))
            .map(|token| token.trim().to_owned())
            .filter(|token| !token.is_empty());
        Ok(Self {
            endpoint: variable("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned()),
            cache,
            token,
            pause: Duration::from_secs(1),
        })
    }
}

/// What happens during a fetch, for a progress bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step<'a> {
    /// A file begins, with so many bytes of it on disk already.
    File {
        /// Its name.
        name: &'a str,
        /// Its size.
        bytes: Option<u64>,
        /// What an earlier attempt left.
        resumed: u64,
    },
    /// So many more bytes of it have come.
    Bytes(u64),
    /// The connection was cut or the server is busy; another attempt follows.
    Retry(&'a str),
    /// The file is whole and verified.
    Done,
}

/// What a fetch gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// What was verified.
    pub record: Record,
    /// Where the files are.
    pub folder: PathBuf,
    /// Files that came over the network; the others were there.
    pub downloaded: usize,
    /// Of those, files for which the hub gave no checksum: their sizes alone were compared.
    pub unchecked: usize,
}

/// `GET /api/models/ID/revision/REVISION`.
#[derive(Deserialize)]
struct Listing {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
struct Sibling {
    rfilename: String,
}

/// Fetches a model at a revision.
///
/// # Errors
/// The id is not one, the hub refuses or cannot be reached, the model lacks what the program needs, a checksum is wrong,
/// or the disk is full. What was downloaded whole stays for the next attempt; nothing unverified is ever in its place.
pub fn fetch(hub: &Hub, id: &str, revision: &str, progress: &mut dyn FnMut(Step<'_>)) -> Result<Fetched> {
    let failed = |reason: String| Error::Model { name: id.to_owned(), reason };
    if !is_id(id) {
        return Err(failed(
            "it is no id of the hub; write ORG/NAME, as in sentence-transformers/all-MiniLM-L6-v2".into(),
        ));
    }
    if !is_revision(revision) {
        return Err(failed(format!("`{revision}` is no branch, tag or commit")));
    }
    let client = Client::new(&hub.endpoint, hub.token.clone()).map_err(failed)?;
    let listing = persist(hub, progress, || list(&client, id, revision)).map_err(failed)?;
    let commit = listing.sha.to_ascii_lowercase();
    if !is_commit(&commit) {
        return Err(failed(format!("{} does not say which commit `{revision}` stands for", client.endpoint())));
    }
    let names = wanted(&listing).map_err(failed)?;

    let model = model_folder(&hub.cache, id);
    let (folder, incomplete) = (model.join("snapshots").join(&commit), model.join("incomplete"));
    for place in [&folder, &incomplete, &model.join("refs"), &model.join("motif")] {
        std::fs::create_dir_all(place).map_err(|error| Error::io("create", place, error))?;
    }
    let lock_path = incomplete.join("lock");
    let lock = File::create(&lock_path).map_err(|error| Error::io("create", &lock_path, error))?;
    if lock.try_lock().is_err() {
        return Err(failed("another fetch of this model is at work".into()));
    }
    // What an earlier fetch of this commit verified, whether it came to its end or was cut.
    let unfinished = incomplete.join(format!("{commit}.json"));
    let mut known = read_files(&unfinished);
    known.extend(
        super::find(&hub.cache, &format!("{id}@{commit}"))?
            .and_then(|local| local.record)
            .map(|it| it.files)
            .unwrap_or_default(),
    );
    let mut files = BTreeMap::new();
    let (mut downloaded, mut unchecked) = (0, 0);
    for name in names {
        let target = folder.join(&name);
        if let Some(before) = known.get(&name)
            && target.is_file()
            && sha256_of(&target)? == before.sha256
        {
            files.insert(name, before.clone());
            continue;
        }
        let part = incomplete.join(format!("{commit}-{}.part", name.replace('/', "-")));
        let path = format!("/{id}/resolve/{commit}/{name}");
        let facts = download(hub, &client, &path, &name, &part, progress)?.map_err(failed)?;
        let record = match verify(&part, &facts, &name)? {
            Ok((record, is_checked)) => {
                unchecked += usize::from(!is_checked);
                record
            }
            Err(reason) => {
                // Whatever it is, resuming it would not help.
                std::fs::remove_file(&part).map_err(|error| Error::io("remove", &part, error))?;
                return Err(failed(reason));
            }
        };
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(|error| Error::io("create", parent, error))?;
        }
        std::fs::rename(&part, &target).map_err(|error| Error::io("rename", &part, error))?;
        progress(Step::Done);
        known.insert(name.clone(), record.clone());
        files.insert(name, record);
        downloaded += 1;
        replace(&unfinished, &json(&known)?)?;
    }
    let record = Record {
        id: id.to_owned(),
        revision: revision.to_owned(),
        commit: commit.clone(),
        endpoint: client.endpoint().to_owned(),
        files,
    };
    replace(&record_path(&model, &commit), &json(&record)?)?;
    if !is_commit(revision) {
        replace(&model.join("refs").join(revision), &commit)?;
    }
    if unfinished.is_file() {
        std::fs::remove_file(&unfinished).map_err(|error| Error::io("remove", &unfinished, error))?;
    }
    Ok(Fetched { record, folder, downloaded, unchecked })
}

/// The files of an unfinished fetch; a list that cannot be read costs a second download at most.
fn read_files(path: &Path) -> BTreeMap<String, FileRecord> {
    std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn json(value: &impl serde::Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).map_err(|_| Error::bug("a record could not be written"))?;
    Ok(format!("{text}\n"))
}

/// Tries again after passing failures, with growing pauses.
fn persist<T>(
    hub: &Hub,
    progress: &mut dyn FnMut(Step<'_>),
    mut attempt: impl FnMut() -> Result<T, Failure>,
) -> Result<T, String> {
    let (mut pause, mut count) = (hub.pause, 0);
    loop {
        count += 1;
        match attempt() {
            Ok(value) => return Ok(value),
            Err(Failure::Final(reason)) => return Err(reason),
            Err(Failure::Passing(reason)) if count >= ATTEMPTS => return Err(reason),
            Err(Failure::Passing(reason)) => {
                progress(Step::Retry(&reason));
                std::thread::sleep(pause);
                pause *= 2;
            }
        }
    }
}

fn list(client: &Client, id: &str, revision: &str) -> Result<Listing, Failure> {
    let answer = client.get(&format!("/api/models/{id}/revision/{}", revision.replace('/', "%2F")), 0)?;
    if answer.status != 200 {
        return Err(client.refusal(answer.status, &format!("model {id} at revision {revision}")));
    }
    let mut text = String::new();
    answer
        .reader()
        .take(64 << 20)
        .read_to_string(&mut text)
        .map_err(|error| Failure::Passing(format!("the list of files was cut: {error}")))?;
    serde_json::from_str(&text).map_err(|_| {
        Failure::Final(format!("{} is no hub: its list of files is not the JSON that was expected", client.endpoint()))
    })
}

/// The files to fetch, in order of name.
fn wanted(listing: &Listing) -> Result<Vec<String>, String> {
    let names: Vec<&str> = listing.siblings.iter().map(|file| file.rfilename.as_str()).collect();
    let missing: Vec<&str> = ["config.json", "tokenizer.json", "model.safetensors"]
        .into_iter()
        .filter(|name| !names.contains(name))
        .collect();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        return Err(if names.contains(&"model.safetensors.index.json") {
            format!("the model has no {missing}; weights in several files are not supported")
        } else if names.contains(&"pytorch_model.bin") {
            pickled(&missing)
        } else {
            format!("the model has no {missing}")
        });
    }
    let is_layer = |folder: &str| folder.starts_with(|c: char| c.is_ascii_digit());
    let layers = names.iter().filter_map(|name| name.strip_suffix("/pytorch_model.bin")).filter(|it| is_layer(it));
    if let Some(folder) = layers.into_iter().find(|it| !names.contains(&format!("{it}/model.safetensors").as_str())) {
        return Err(pickled(&format!("{folder}/model.safetensors")));
    }
    let mut wanted: Vec<String> = names
        .into_iter()
        .filter(|name| (decides(name) && !name.contains("..")) || PAPERS.contains(name))
        .map(str::to_owned)
        .collect();
    wanted.sort();
    wanted.dedup();
    Ok(wanted)
}

/// Why a model without these safetensors files is refused.
fn pickled(missing: &str) -> String {
    format!(
        "the model has no {missing}; weights as a pickle (pytorch_model.bin) are never loaded: look for a safetensors version"
    )
}

/// Downloads one file to `part`, resuming what is there. The inner error is what to tell the user.
fn download(
    hub: &Hub,
    client: &Client,
    path: &str,
    name: &str,
    part: &Path,
    progress: &mut dyn FnMut(Step<'_>),
) -> Result<Result<Facts, String>> {
    let mut pause = hub.pause;
    let mut attempts = 0;
    loop {
        let had = std::fs::metadata(part).map_or(0, |metadata| metadata.len());
        let failure = match attempt(client, path, name, part, had, progress)? {
            Ok(facts) => return Ok(Ok(facts)),
            Err(failure) => failure,
        };
        let has = std::fs::metadata(part).map_or(0, |metadata| metadata.len());
        // An attempt that brought something does not count: a large file may need many on a bad line.
        attempts = if has > had { 1 } else { attempts + 1 };
        match failure {
            Failure::Final(reason) => return Ok(Err(reason)),
            Failure::Passing(reason) if attempts >= ATTEMPTS => {
                return Ok(Err(format!("{name}: {reason}; run the same command again to go on where it stopped")));
            }
            Failure::Passing(reason) => {
                progress(Step::Retry(&reason));
                std::thread::sleep(pause);
                pause = (pause * 2).min(Duration::from_secs(30));
            }
        }
    }
}

/// One request for one file, from the byte that is missing first.
fn attempt(
    client: &Client,
    path: &str,
    name: &str,
    part: &Path,
    had: u64,
    progress: &mut dyn FnMut(Step<'_>),
) -> Result<Result<Facts, Failure>> {
    let answer = match client.get(path, had) {
        Ok(answer) => answer,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut file = match answer.status {
        200 => File::create(part).map_err(|error| Error::io("write", part, error))?,
        206 if answer.start == had => {
            OpenOptions::new().append(true).open(part).map_err(|error| Error::io("write", part, error))?
        }
        206 | 416 => {
            // What is on disk does not fit what the server has; begin again.
            let is_whole = answer.status == 416 && answer.facts.size == Some(had) && had > 0;
            if is_whole {
                return Ok(Ok(answer.facts));
            }
            std::fs::remove_file(part).map_err(|error| Error::io("remove", part, error))?;
            return Ok(Err(Failure::Passing("the server could not resume".to_owned())));
        }
        status => return Ok(Err(client.refusal(status, &format!("file {name}")))),
    };
    let (facts, mut size) = (answer.facts.clone(), answer.start);
    progress(Step::File { name, bytes: facts.size, resumed: size });
    let mut reader = answer.reader();
    let mut buffer = vec![0u8; 1 << 16];
    let cut = |size: u64, error: std::io::Error| {
        Failure::Passing(match facts.size {
            Some(whole) => format!("the connection was cut after {size} of {whole} bytes ({error})"),
            None => format!("the connection was cut after {size} bytes ({error})"),
        })
    };
    loop {
        let read = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) => return Ok(Err(cut(size, error))),
        };
        file.write_all(&buffer[..read]).map_err(|error| Error::io("write", part, error))?;
        size += read as u64;
        progress(Step::Bytes(read as u64));
    }
    file.sync_all().map_err(|error| Error::io("write", part, error))?;
    if let Some(whole) = facts.size.filter(|whole| size < *whole) {
        return Ok(Err(Failure::Passing(format!("the connection was cut after {size} of {whole} bytes"))));
    }
    Ok(Ok(facts))
}

/// Compares a whole download with what the hub said of it; also whether that held a checksum. The inner error is what to
/// tell the user.
fn verify(part: &Path, facts: &Facts, name: &str) -> Result<Result<(FileRecord, bool), String>> {
    let bytes = std::fs::metadata(part).map_err(|error| Error::io("read", part, error))?.len();
    if let Some(size) = facts.size.filter(|size| *size != bytes) {
        return Ok(Err(format!("{name}: {bytes} bytes came, the hub says {size}; it was thrown away, fetch again")));
    }
    let mut git = Sha1::new();
    git.update(format!("blob {bytes}\0"));
    let mut sha256 = Sha256::new();
    each_chunk(part, |chunk| {
        git.update(chunk);
        sha256.update(chunk);
    })?;
    let (git, sha256) = (hexadecimal(&git.finalize()), hexadecimal(&sha256.finalize()));
    let etag = facts.etag.as_deref().unwrap_or_default();
    let is_hash = etag.chars().all(|c| c.is_ascii_hexdigit());
    let found = match etag.len() {
        64 if is_hash => &sha256,
        40 if is_hash => &git,
        // Some mirrors give another kind of tag; the size is all that can be compared then.
        _ => return Ok(Ok((FileRecord { sha256, bytes }, false))),
    };
    if !found.eq_ignore_ascii_case(etag) {
        return Ok(Err(format!(
            "{name}: the checksum is {found}, the hub says {etag}; it was thrown away, fetch again, and if that does not \
             help, something between here and the hub changes files"
        )));
    }
    Ok(Ok((FileRecord { sha256, bytes }, true)))
}

/// SHA-256 of a file.
pub(crate) fn sha256_of(path: &Path) -> Result<String> {
    let mut sha256 = Sha256::new();
    each_chunk(path, |chunk| sha256.update(chunk))?;
    Ok(hexadecimal(&sha256.finalize()))
}

fn each_chunk(path: &Path, mut take: impl FnMut(&[u8])) -> Result<()> {
    let mut file = File::open(path).map_err(|error| Error::io("read", path, error))?;
    let mut buffer = vec![0u8; 1 << 16];
    loop {
        match file.read(&mut buffer).map_err(|error| Error::io("read", path, error))? {
            0 => return Ok(()),
            read => take(&buffer[..read]),
        }
    }
}

/// Writes a small file whole, and the folder that it lies in.
fn replace(path: &Path, text: &str) -> Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|error| Error::io("create", parent, error))?;
    }
    whole::write(path, text)
}
