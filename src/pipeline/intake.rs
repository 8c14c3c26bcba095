//! Files to labelled contacts set aside on disk, with what the next stage needs of each kept in memory.
//!
//! Contacts go through in batches: while one is encoded and labelled, the next is cleaned. What stays in memory per
//! contact is its identifiers, times and meaning (about two kilobytes), never its words.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use hmac::{Hmac, Mac};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::config::Settings;
use crate::contact::{Contact, RecordKind};
use crate::cost::Cost;
use crate::encode::{Encoded, Vectors};
use crate::error::{Error, RecordError, Result};
use crate::label::taxonomy::text_hash;
use crate::label::{Catalogue, Labelled, Labeller};
use crate::progress::Progress;
use crate::repeat::{Linked, Meaning};
use crate::source::{InputFile, Record, Remark, Source, Unread};
use crate::table::read_back;
use crate::table::spill::{Place, Spill, Spilled};
use crate::text::Cleaner;

/// Contacts that go through together.
const BATCH: usize = 1024;
/// Characters after which a batch is closed early, so that a few huge contacts do not fill the memory.
const BATCH_CHARS: usize = 8_000_000;

/// Records that the reading thread hands over together, and the characters after which it does so earlier.
const PARCEL: usize = 128;
const PARCEL_CHARS: usize = 1_000_000;
/// Parcels that the reading thread may be ahead.
const PARCELS_AHEAD: usize = 8;
/// Bytes of its stack, as a main thread has.
const READER_STACK: usize = 8 << 20;

/// What is remembered of a contact.
#[derive(Debug, Clone)]
pub struct Entry {
    /// For the repeat search.
    pub linked: Linked,
    /// Kind.
    pub kind: RecordKind,
    /// Local day of the start.
    pub contact_date: NaiveDate,
    /// Where the labelled contact is set aside.
    pub place: Place,
    /// Hash of the cleaned content without its provenance.
    pub content: [u8; 16],
    /// Hash of the customer's words; `None` when there are too few to recognise.
    pub words: Option<[u8; 16]>,
    /// Hash of all that was said, whoever said it; `None` when nothing was.
    pub said: Option<[u8; 16]>,
    /// A duplicate of a contact in which other words were said.
    pub has_other_words: bool,
    /// File and record; the record is 0 for contacts of a kept month.
    pub provenance: (u32, u64),
    /// From the taxonomy; `None` for the reserved reasons.
    pub is_self_service_eligible: Option<bool>,
    /// Whether an article could answer it: see [`crate::faq::is_answerable`].
    pub is_answerable: bool,
    /// Unit cost.
    pub cost: Option<Cost>,
    /// Language.
    pub language: Option<String>,
    /// The lenient verdict, that FAQ candidates count; `None` without words of the customer's.
    pub is_avoidable_lenient: Option<bool>,
    /// Whether the customer had looked for the answer, as FAQ candidates count it.
    pub looked_in_vain: Option<bool>,
}

impl AsRef<Linked> for Entry {
    fn as_ref(&self) -> &Linked {
        &self.linked
    }
}

/// One input file, as it was read.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct FileRecord {
    /// The file, as given.
    pub file: String,
    /// SHA-256 of its bytes.
    pub sha256: String,
    /// Size in bytes.
    pub bytes: u64,
    /// Format that was recognised.
    pub format: Option<String>,
    /// Records met.
    pub records: u64,
    /// Contacts among them.
    pub contacts: u64,
    /// Rejects among them.
    pub rejects: u64,
}

/// What the intake found, apart from the words.
#[derive(Debug, Default)]
pub struct Collected {
    /// Contacts.
    pub entries: Vec<Entry>,
    /// Rejects so far.
    pub rejects: Vec<RecordError>,
    /// Files.
    pub files: Vec<FileRecord>,
    /// Replaced personal data, by kind.
    pub redactions: BTreeMap<String, u64>,
    /// Flags, by code.
    pub flags: BTreeMap<String, u64>,
    /// Contacts of kept months.
    pub kept_contacts: u64,
    /// Kept months.
    pub kept_months: Vec<String>,
}

/// The stage at work.
pub struct Intake<'a> {
    settings: &'a Settings,
    catalogue: &'a Catalogue,
    labeller: &'a Labeller,
    vectors: &'a mut Vectors,
    progress: &'a dyn Progress,
    stop: &'a dyn Fn() -> Result<()>,
    cleaner: Cleaner,
    spill: Spill,
    collected: Collected,
    batch: Batch,
    batch_chars: usize,
    /// The batch before, cleaned, whose turn to be labelled comes next.
    cleaned: Vec<Cleaned>,
}

/// Contacts as they were read, each with the number of its file.
type Batch = Vec<(Contact, u32)>;

/// A contact cleaned and cut into windows.
struct Cleaned {
    encoded: Encoded,
    file: u32,
    redactions: BTreeMap<String, u64>,
}

/// A contact labelled, as it is set aside and remembered.
struct Finished {
    entry: Entry,
    bytes: Vec<u8>,
    flags: Vec<String>,
    redactions: BTreeMap<String, u64>,
}

impl std::fmt::Debug for Intake<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Intake").field("contacts", &self.collected.entries.len()).finish_non_exhaustive()
    }
}

impl<'a> Intake<'a> {
    /// Gets ready.
    ///
    /// # Errors
    /// The disk is full.
    #[allow(clippy::too_many_arguments)] // The stage's collaborators; a struct would only rename them.
    pub fn new(
        settings: &'a Settings,
        catalogue: &'a Catalogue,
        cleaner: Cleaner,
        labeller: &'a Labeller,
        vectors: &'a mut Vectors,
        staging: &Path,
        progress: &'a dyn Progress,
        stop: &'a dyn Fn() -> Result<()>,
    ) -> Result<Self> {
        Ok(Self {
            settings,
            catalogue,
            labeller,
            vectors,
            progress,
            stop,
            cleaner,
            spill: Spill::create(&staging.join("contacts.spill"))?,
            collected: Collected::default(),
            batch: Vec::new(),
            batch_chars: 0,
            cleaned: Vec::new(),
        })
    }

    /// Reads every file. One thread reads while the others clean, encode and label what came before.
    ///
    /// # Errors
    /// The disk is full, the model failed, or the user stopped.
    pub fn read_files(&mut self, files: &[InputFile]) -> Result<()> {
        let source = Source::new(self.settings)?;
        let shared = source.customers().shared();
        if shared > 0 {
            self.progress.warn(&format!(
                "input.customers: addresses that stand with a second customer: {shared}; each stays with the first"
            ));
        }
        std::thread::scope(|scope| {
            let source = &source;
            let (sender, parcels) = sync_channel(PARCELS_AHEAD);
            let reader = std::thread::Builder::new()
                .name("reader".into())
                .stack_size(READER_STACK)
                .spawn_scoped(scope, move || read_all(source, files, Parcel::to(sender)))
                .map_err(|_| Error::bug("the system gives no thread to read with"))?;
            for item in parcels.into_iter().flatten() {
                match item {
                    Read::Record(Record::Contact(contact), file) => self.take(*contact, file, true)?,
                    Read::Record(Record::Reject(reject), _) => self.collected.rejects.push(reject),
                    Read::File(file, unread, remarks) => {
                        if let Some(unread) = unread {
                            self.warn_of_unread(&file.file, &unread);
                        }
                        remarks.iter().for_each(|remark| self.warn_of(&file.file, remark));
                        self.collected.files.push(file);
                    }
                }
            }
            reader.join().map_err(|_| Error::bug("the reading of a file ended before its time"))?
        })?;
        self.drain(true)
    }

    /// Says that a file's contacts came without words, although one of its columns may hold them.
    fn warn_of_unread(&self, file: &str, unread: &Unread) {
        let Unread { count, names } = unread;
        if names.is_empty() {
            self.progress.warn(&format!(
                "{file}: no column was recognised for the words of the contacts; columns left unread: {count}; set [columns] text in the configuration"
            ));
        } else {
            let names = names.join(", ");
            self.progress.warn(&format!(
                "{file}: no column was recognised for the words of the contacts; left unread: {names}; set [columns] text in the configuration"
            ));
        }
    }

    /// Says what had to be assumed of a file, or was left out of it.
    fn warn_of(&self, file: &str, remark: &Remark) {
        let order = |is_month_first: bool| if is_month_first { "month" } else { "day" };
        self.progress.warn(&match *remark {
            Remark::LinesAboveHeader { count } => {
                format!("{file}: the names of the columns were found below other lines; lines left out: {count}")
            }
            Remark::DateOrder { is_month_first, count, has_half_days: false } => {
                let order = order(is_month_first);
                format!(
                    "{file}: no date shows whether the day or the month comes first (03/04/2026); dates read with the {order} first: {count}; say which it is with input.date_order (dmy or mdy) in the configuration"
                )
            }
            Remark::DateOrder { is_month_first, count, has_half_days: true } => {
                let order = order(is_month_first);
                format!(
                    "{file}: no date shows whether the day or the month comes first (03/04/2026), and AM or PM beside them is usual where the month does; dates read with the {order} first: {count}; say which it is with input.date_order (dmy or mdy) in the configuration"
                )
            }
            Remark::TwoDateOrders { is_month_first, unread, count } => {
                let order = order(is_month_first);
                format!(
                    "{file}: some dates have the day first and others the month (31/12/2026, 12/31/2026); read with the {order} first: {count} that allow both; not read: {unread}; write all dates in one order"
                )
            }
            Remark::RoundedCustomers { count } => {
                format!(
                    "{file}: rows whose customer's number a spreadsheet has rounded (3,36E+10), so that nobody is known by it: {count}; export the column as text"
                )
            }
            Remark::UnknownCustomers { count } => {
                format!(
                    "{file}: rows whose customer is a word for nobody (Unknown, Guest), read without a customer: {count}; if they are customers, export their identifiers"
                )
            }
        });
    }

    /// Takes up the contacts of other months again.
    ///
    /// # Errors
    /// The previous output cannot be read.
    pub fn keep(&mut self, output: &Path, months: &[String]) -> Result<()> {
        let taken: BTreeMap<String, Delivered> = self
            .collected
            .entries
            .iter()
            .map(|entry| (entry.linked.contact_id.clone(), (entry.linked.customer_key.clone(), entry.said)))
            .collect();
        let before = self.collected.entries.len();
        for month in months {
            let (mut replaced, mut renamed) = (0, 0);
            read_back::contacts(output, month, &mut |mut contact| {
                match taken.get(&contact.contact_id) {
                    Some(new) if is_redelivered(&contact, new) => {
                        replaced += 1;
                        return Ok(());
                    }
                    // One of the two would pass for a duplicate of the other.
                    Some(_) => {
                        contact.contact_id = format!("{}@{month}", contact.contact_id);
                        renamed += 1;
                    }
                    None => {}
                }
                self.take(contact, u32::MAX, false)
            })?;
            if renamed > 0 {
                self.progress.warn(&format!(
                    "{month}: contacts of the previous output whose identifier is another contact's now: {renamed}; they are called IDENTIFIER@YYYY-MM"
                ));
            }
            if replaced > 0 {
                self.progress.warn(&format!("{month}: contacts of the previous output that came again with another date: {replaced}; the new ones replace them"));
            }
        }
        self.drain(false)?;
        self.collected.kept_contacts = (self.collected.entries.len() - before) as u64;
        self.collected.kept_months = months.to_vec();
        Ok(())
    }

    /// Moves contacts that lie in the future to the rejects, judged by the contacts so far.
    pub fn reject_future(&mut self) {
        super::assemble::reject_future(self.settings, &mut self.collected, &BTreeSet::new());
    }

    /// Months that the contacts cover so far.
    pub fn months(&self) -> BTreeSet<String> {
        self.collected.entries.iter().map(|entry| month_of(entry.contact_date)).collect()
    }

    /// Months of the previous output that this run replaces by fewer than half as many contacts.
    ///
    /// # Errors
    /// The previous output cannot be read.
    pub fn shrunken(&self, output: &Path, covered: &BTreeSet<String>) -> Result<Vec<(String, u64, u64)>> {
        let mut found = Vec::new();
        for month in read_back::months(output).into_iter().filter(|month| covered.contains(month)) {
            let before = read_back::count(output, &month)?;
            let now =
                self.collected.entries.iter().filter(|entry| month_of(entry.contact_date) == month).count() as u64;
            if now * 2 < before {
                found.push((month, before, now));
            }
        }
        Ok(found)
    }

    /// Ends the stage.
    ///
    /// # Errors
    /// The disk is full.
    pub fn finish(self) -> Result<(Collected, Spilled)> {
        Ok((self.collected, self.spill.finish()?))
    }

    fn take(&mut self, contact: Contact, file: u32, is_raw: bool) -> Result<()> {
        self.batch_chars += size(&contact);
        self.batch.push((contact, file));
        if self.batch.len() >= BATCH || self.batch_chars >= BATCH_CHARS { self.process(is_raw) } else { Ok(()) }
    }

    /// Brings what was taken up to its end.
    fn drain(&mut self, is_raw: bool) -> Result<()> {
        self.process(is_raw)?;
        self.process(is_raw)
    }

    /// Cleans the batch while the one before it is labelled: neither keeps every core busy alone.
    fn process(&mut self, is_raw: bool) -> Result<()> {
        (self.stop)()?;
        let batch = std::mem::take(&mut self.batch);
        self.batch_chars = 0;
        let before = std::mem::take(&mut self.cleaned);
        let (settings, cleaner) = (self.settings, &self.cleaner);
        let (labeller, catalogue, vectors) = (self.labeller, self.catalogue, &mut *self.vectors);
        let (cleaned, finished) = rayon::join(
            || clean(settings, cleaner, batch, is_raw),
            || finish(settings, catalogue, labeller, vectors, before),
        );
        self.cleaned = cleaned;
        let finished = finished?;
        let size = finished.len() as u64;
        for Finished { mut entry, bytes, flags, redactions } in finished {
            entry.place = self.spill.push(&bytes)?;
            for flag in flags {
                *self.collected.flags.entry(flag).or_insert(0) += 1;
            }
            for (kind, count) in redactions {
                *self.collected.redactions.entry(kind).or_insert(0) += count;
            }
            self.collected.entries.push(entry);
        }
        self.progress.advance(size);
        Ok(())
    }
}

/// Cleans contacts as they were read, `is_raw`, and cuts them into windows.
fn clean(settings: &Settings, cleaner: &Cleaner, batch: Batch, is_raw: bool) -> Vec<Cleaned> {
    let model = &settings.options.model;
    let cleaned = batch.into_par_iter().map(|(mut contact, file)| {
        let mut redactions = BTreeMap::new();
        if is_raw {
            redactions = cleaner.clean(&mut contact);
            crate::text::language::detect_contact(&mut contact);
            contact.customer_key =
                contact.customer_id.take().map(|customer| pseudonym(&settings.secret.bytes, &customer));
        }
        let mut encoded = Encoded::new(contact, model.window_chars, model.max_windows_per_contact);
        // Only now, since cutting flags contacts that are too long.
        encoded.contact.flags.sort();
        encoded.contact.flags.dedup();
        Cleaned { encoded, file, redactions }
    });
    cleaned.collect()
}

/// Encodes what is new of cleaned contacts, and labels them.
fn finish(
    settings: &Settings,
    catalogue: &Catalogue,
    labeller: &Labeller,
    vectors: &mut Vectors,
    cleaned: Vec<Cleaned>,
) -> Result<Vec<Finished>> {
    // One call for all, so that the encoder fills its batches.
    vectors.ensure_contacts(cleaned.iter().map(|cleaned| &cleaned.encoded))?;
    let vectors = &*vectors;
    let finished = cleaned.into_par_iter().map(|Cleaned { encoded, file, redactions }| {
        let (mut labelled, meaning) = labeller.label(encoded, vectors)?;
        let entry = entry(settings, catalogue, &mut labelled, meaning, file)?;
        Ok(Finished { entry, bytes: Spill::bytes_of(&labelled)?, flags: labelled.contact.flags, redactions })
    });
    finished.collect()
}

/// Bytes of a contact's words.
fn size(contact: &Contact) -> usize {
    contact.turns.iter().map(|turn| turn.text.len()).sum()
}

/// What the reading thread hands over.
enum Read {
    /// A record, and the number of its file.
    Record(Record, u32),
    /// The end of a file, its columns left unread while none holds words, and what else is to be told of it.
    File(FileRecord, Option<Unread>, Vec<Remark>),
}

/// Items on their way to the stages, handed over together: a handover costs more than a short record.
struct Parcel {
    sender: SyncSender<Vec<Read>>,
    items: Vec<Read>,
    chars: usize,
}

impl Parcel {
    fn to(sender: SyncSender<Vec<Read>>) -> Self {
        Self { sender, items: Vec::new(), chars: 0 }
    }

    fn add(&mut self, item: Read) -> Result<()> {
        if let Read::Record(Record::Contact(contact), _) = &item {
            self.chars += size(contact);
        }
        self.items.push(item);
        if self.items.len() >= PARCEL || self.chars >= PARCEL_CHARS { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<()> {
        self.chars = 0;
        // Nobody listens any more once a stage failed or the user stopped; that error is the one that is told.
        self.sender.send(std::mem::take(&mut self.items)).map_err(|_| Error::Interrupted)
    }
}

/// Reads the files in their order.
fn read_all(source: &Source<'_>, files: &[InputFile], mut parcel: Parcel) -> Result<()> {
    for (index, file) in files.iter().enumerate() {
        let summary = source.read(file, &mut |record| parcel.add(Read::Record(record, index as u32)))?;
        let record = FileRecord {
            file: file.name.clone(),
            sha256: summary.sha256,
            bytes: summary.bytes,
            format: summary.format.map(|format| format.as_str().to_owned()),
            records: summary.records_read,
            contacts: summary.contacts,
            rejects: summary.rejects,
        };
        // Of a file without contacts, the rejects tell.
        parcel.add(Read::File(record, summary.unread.filter(|_| summary.contacts > 0), summary.remarks))?;
    }
    parcel.send()
}

/// `YYYY-MM`.
pub fn month_of(day: NaiveDate) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// Keyed hash of a customer identifier: HMAC-SHA256 (RFC 2104), first 16 bytes in hexadecimal.
fn pseudonym(secret: &[u8], customer: &str) -> String {
    // HMAC takes keys of any length, so this cannot fail; an empty key would still give a valid hash.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return String::new() };
    mac.update(crate::source::normalise_identifier(customer).as_bytes());
    mac.finalize().into_bytes()[..16].iter().map(|byte| format!("{byte:02x}")).collect()
}

fn local_day(settings: &Settings, time: DateTime<Utc>) -> NaiveDate {
    time.with_timezone(&settings.time_zone).date_naive()
}

/// What is remembered of one contact.
fn entry(
    settings: &Settings,
    catalogue: &Catalogue,
    labelled: &mut Labelled,
    meaning: Option<Meaning>,
    file: u32,
) -> Result<Entry> {
    let content = content_hash(&mut labelled.contact)?;
    let contact = &labelled.contact;
    let reason = labelled.reason().and_then(|id| catalogue.taxonomy.reason(id));
    let mut words = String::new();
    for turn in contact.turns.iter().filter(|turn| crate::encode::window::is_customer(contact, turn.speaker)) {
        words.push_str(&turn.text);
        words.push('\n');
    }
    let is_counted = contact.is_counted();
    let is_abandoned = contact.handling.is_abandoned == Some(true);
    Ok(Entry {
        linked: Linked {
            contact_id: contact.contact_id.clone(),
            customer_key: contact.customer_key.clone(),
            started_at: contact.started_at,
            closed_at: contact.closed_at(),
            channel: contact.channel,
            reason: labelled.reason().map(str::to_owned),
            is_counted,
            is_abandoned,
            thread: contact.thread.clone(),
            meaning,
        },
        kind: contact.kind,
        contact_date: local_day(settings, contact.started_at),
        place: Place::default(),
        content,
        words: (words.chars().count() >= 20).then(|| half_hash(words.as_bytes())),
        said: said(contact),
        has_other_words: false,
        provenance: (file, contact.provenance.record),
        is_self_service_eligible: reason.map(|reason| reason.self_service),
        is_answerable: crate::faq::is_answerable(&catalogue.criteria, labelled),
        // What a contact costs is what handling it costs.
        cost: match (is_counted, is_abandoned) {
            (false, _) => None,
            (true, true) => Some(Cost { low: 0.0, high: 0.0 }),
            (true, false) => Cost::of(contact.channel, reason.map(|reason| reason.complexity), &settings.options.cost),
        },
        language: contact.language.clone(),
        is_avoidable_lenient: labelled.is_avoidable_lenient,
        looked_in_vain: crate::faq::looked_in_vain(&catalogue.criteria, labelled),
    })
}

/// Customer and words of a contact that this run read.
type Delivered = (Option<String>, Option<[u8; 16]>);

/// Whether a contact of the previous output is one that this run read again, with another date: it has the same identifier, and the
/// customer is the same, or, where one is not known, the words. Where identifiers begin anew each month, it is another contact, which must not be lost.
fn is_redelivered(before: &Contact, (customer, words): &Delivered) -> bool {
    match (&before.customer_key, customer) {
        (Some(old), Some(new)) => old == new,
        _ => said(before).zip(*words).is_none_or(|(old, new)| old == new),
    }
}

/// Hash of the words of all turns, however they are spaced.
fn said(contact: &Contact) -> Option<[u8; 16]> {
    let words: Vec<&str> = contact.turns.iter().flat_map(|turn| turn.text.split_whitespace()).collect();
    (!words.is_empty()).then(|| half_hash(words.join(" ").as_bytes()))
}

/// Hash of a contact without its provenance and flags, which are put back.
fn content_hash(contact: &mut Contact) -> Result<[u8; 16]> {
    let nowhere = crate::contact::Provenance { file: String::new(), record: 0 };
    let provenance = std::mem::replace(&mut contact.provenance, nowhere);
    let flags = std::mem::take(&mut contact.flags);
    let bytes = Spill::bytes_of(contact);
    (contact.provenance, contact.flags) = (provenance, flags);
    Ok(half_hash(&bytes?))
}

fn half_hash(bytes: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&Sha256::digest(bytes)[..16]);
    half
}

/// Hash of all contents, whatever their order: the identity of what a run was given.
pub fn inputs_hash(entries: &[Entry]) -> String {
    let mut contents: Vec<[u8; 16]> = entries.iter().map(|entry| entry.content).collect();
    contents.sort_unstable();
    let text: String = contents.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
    text_hash(&text)
}
