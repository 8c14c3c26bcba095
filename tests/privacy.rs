//! No identifier planted in the inputs survives in anything that a run writes: tables, report, record, rejects, cache, log.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test that cannot go on should say where.

mod common;

use std::fmt::Write as _;
use std::path::Path;

use arrow::array::{Array as _, ArrayData};
use common::{motif, run};

/// Digits whose check the recognisers demand: the last is chosen so that the Luhn sum is a multiple of ten.
fn luhn(start: &str) -> String {
    let sum: u32 = start
        .bytes()
        .rev()
        .enumerate()
        .map(|(at, byte)| {
            let digit = u32::from(byte - b'0');
            if at % 2 == 0 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        })
        .sum();
    format!("{start}{}", (10 - sum % 10) % 10)
}

/// Remainder modulo 97 of a number written as digits.
fn modulo_97(digits: &str) -> u64 {
    digits.bytes().fold(0, |rest, byte| (rest * 10 + u64::from(byte - b'0')) % 97)
}

fn grouped(text: &str, size: usize) -> String {
    text.as_bytes().chunks(size).map(|part| String::from_utf8_lossy(part)).collect::<Vec<_>>().join(" ")
}

/// A sentence with one identifier, and the identifier as written. Kinds turn with `n`.
fn sentence(n: usize) -> (String, String) {
    let letter = |at: usize| char::from(b"ABCDEFGHJKLMNPQRSTVWXYZ"[at % 23]);
    let (kind, k) = (n % 14, n / 14);
    let value = match kind {
        0 => format!("planted.person{n}@example.org"),
        1 => format!("06 39 98 {:02} {:02}", 10 + k, 11 + k),
        2 => format!("+44 7700 900{:03}", 100 + k),
        3 => {
            let account = format!("30006000011{:010}{:02}", 1_234_560_000 + n, 10 + k);
            let key = 98 - modulo_97(&format!("{account}152700"));
            grouped(&format!("FR{key:02}{account}"), 4)
        }
        4 => grouped(&luhn(&format!("497010{:09}", 100_000_007 + n)), 4),
        5 => {
            let number = format!("1{:02}0575{:06}", 50 + k, 100_200 + n);
            format!("{number}{:02}", 97 - modulo_97(&number))
        }
        6 => luhn(&format!("{}", 41_200_000 + n * 7)),
        7 => format!("{}", 88_204_000 + n),
        8 => format!("CTR-{}-{n:04}", 2000 + k),
        9 => format!("{:02}/{:02}/19{:02}", 1 + k % 28, 1 + k % 12, 50 + k % 40),
        10 => format!("Zk{n:04}!quartz"),
        11 => format!("{}{}-{:03}-{}{}", letter(n), letter(n + 3), 101 + n, letter(n + 7), letter(n + 5)),
        12 => format!("10.{}.{}.77", 20 + k, 100 + k),
        _ => format!("{} rue des Planteurs", 100 + n),
    };
    let words = match kind {
        0 => format!("Mon adresse est {value}."),
        1 | 2 => format!("Rappelez-moi au {value}."),
        3 => format!("Voici mon IBAN : {value}."),
        4 => format!("Ma carte {value} a été débitée."),
        5 => format!("Mon numéro de sécurité sociale est {value}."),
        6 => format!("Notre SIREN est {value}."),
        7 => format!("Ma commande n° {value} n'est pas arrivée."),
        8 => format!("Mon contrat n° {value} est faux."),
        9 => format!("Je suis né le {value}."),
        10 => format!("Mon mot de passe : {value}"),
        11 => format!("La voiture immatriculée {value} est en panne."),
        12 => format!("Le routeur a l'adresse IP {value}."),
        _ => format!("J'habite {value} 69003 Lyon."),
    };
    (words, value)
}

/// Hands out sentences and remembers what they hold.
#[derive(Default)]
struct Planter {
    planted: Vec<String>,
}

impl Planter {
    fn next(&mut self) -> String {
        let (words, value) = sentence(self.planted.len());
        self.planted.push(value);
        words
    }

    fn several(&mut self, count: usize) -> String {
        (0..count).map(|_| self.next()).collect::<Vec<_>>().join(" ")
    }
}

fn write_inputs(folder: &Path, planter: &mut Planter) -> Vec<String> {
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut customers = Vec::new();
    let mut csv = String::from("contact_id,customer_id,started_at,channel,subject,agent_reason,text\n");
    for row in 0..24 {
        let customer = format!("planted-customer-{row}@example.org");
        let (subject, reason, text) = (planter.next(), planter.next(), planter.several(5));
        // Every sixth row is refused, and its words must not be told.
        let time = if row % 6 == 5 { "hier".to_owned() } else { format!("2026-09-{:02}T09:00:00Z", 1 + row) };
        writeln!(csv, "csv{row},{customer},{time},chat,{},{},{}", quoted(&subject), quoted(&reason), quoted(&text))
            .unwrap();
        customers.push(customer);
    }
    std::fs::write(folder.join("contacts.csv"), csv).unwrap();
    let mut lines = String::new();
    for row in 0..15 {
        let turns: Vec<_> = ["customer", "agent", "customer"]
            .iter()
            .map(|speaker| serde_json::json!({"speaker": speaker, "text": planter.several(2)}))
            .collect();
        let customer = format!("+33 6 39 98 77 {:02}", 10 + row);
        let contact = serde_json::json!({"contact_id": format!("json{row}"), "customer_id": customer, "channel": "phone",
            "started_at": format!("2026-09-{:02}T10:00:00Z", 1 + row), "subject": planter.next(), "turns": turns});
        writeln!(lines, "{contact}").unwrap();
        customers.push(customer);
    }
    std::fs::write(folder.join("calls.jsonl"), lines).unwrap();
    let mut mailbox = String::new();
    for row in 0..20 {
        let customer = format!("planted-mail-{row}@example.org");
        let message = format!(
            "From: Planted Person <{customer}>\nTo: service@example.com\nSubject: {}\nDate: {} Sep 2026 11:00:00 +0200\nMessage-ID: <m{row}@mail.invalid>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nBonjour,\n\n{}\n\n-- \n{}\n\nLe 3 sept. 2026 à 10:12, Service a écrit :\n> {}\n",
            planter.next(),
            1 + row,
            planter.several(4),
            planter.next(),
            planter.next(),
        );
        if row < 10 {
            std::fs::write(folder.join(format!("mail{row}.eml")), message).unwrap();
        } else {
            writeln!(mailbox, "From {customer} Thu Sep  3 09:12:00 2026\n{message}").unwrap();
        }
        customers.push(customer);
    }
    std::fs::write(folder.join("box.mbox"), mailbox).unwrap();
    let mut captions = String::from("WEBVTT\n\n");
    for at in 0..30 {
        writeln!(captions, "00:00:{at:02}.000 --> 00:00:{:02}.500\n<v Client>{}</v>\n", at, planter.next()).unwrap();
    }
    std::fs::write(folder.join("2026-09-04_call.vtt"), captions).unwrap();
    let spoken: String = (0..20).map(|_| format!("Client : {}\nConseiller : D'accord.\n", planter.next())).collect();
    std::fs::write(folder.join("2026-09-05_call.txt"), spoken).unwrap();
    while planter.planted.len() < 500 {
        let row = planter.planted.len();
        let text = planter.several(4);
        std::fs::write(
            folder.join(format!("more{row}.json")),
            serde_json::json!([{"contact_id": format!("more{row}"), "customer_id": "k", "channel": "web_form",
                "started_at": "2026-09-20T10:00:00Z", "text": text}])
            .to_string(),
        )
        .unwrap();
    }
    customers
}

fn collect(data: &ArrayData, bytes: &mut Vec<u8>) {
    for buffer in data.buffers() {
        bytes.extend(buffer.as_slice());
        bytes.push(b'\n');
    }
    for child in data.child_data() {
        collect(child, bytes);
    }
}

/// Everything below a folder: Parquet decoded, other files as they stand and, where they are, decompressed.
fn collect_files(folder: &Path, bytes: &mut Vec<u8>, files: &mut usize) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        bytes.extend(path.to_string_lossy().bytes());
        if path.is_dir() {
            collect_files(&path, bytes, files);
            continue;
        }
        *files += 1;
        let content = std::fs::read(&path).unwrap();
        if path.extension().is_some_and(|extension| extension == "parquet") {
            let file = std::fs::File::open(&path).unwrap();
            let reader = parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
            for batch in reader.build().unwrap() {
                for column in batch.unwrap().columns() {
                    collect(&column.to_data(), bytes);
                }
            }
        } else if let Ok(plain) = zstd::decode_all(&content[..]) {
            bytes.extend(plain);
        }
        bytes.extend(content);
        bytes.push(b'\n');
    }
}

#[test]
fn none_of_five_hundred_planted_identifiers_survives() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("inputs");
    std::fs::create_dir(&inputs).unwrap();
    let mut planter = Planter::default();
    let customers = write_inputs(&inputs, &mut planter);
    assert!(planter.planted.len() >= 500, "{} identifiers", planter.planted.len());
    let output = folder.path().join("out");
    let arguments = ["run", "--input", inputs.to_str().unwrap(), "--output", output.to_str().unwrap()];
    let run =
        run(motif(&arguments).args(["--log-format", "json", "--set", "input.company_addresses=[\"@example.com\"]"]));
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    let (mut bytes, mut files) = (Vec::new(), 0);
    bytes.extend(&run.stdout);
    bytes.extend(&run.stderr);
    collect_files(&output, &mut bytes, &mut files);
    let everything = String::from_utf8_lossy(&bytes);
    assert!(files > 10 && everything.contains("[EMAIL_1]") && everything.contains("[PHONE_1]"), "nothing was written");
    let survivors: Vec<&String> =
        planter.planted.iter().chain(&customers).filter(|value| everything.contains(value.as_str())).collect();
    assert!(survivors.is_empty(), "{} survived: {survivors:?}", survivors.len());
}
