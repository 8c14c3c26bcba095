//! `motif clean FILE.eml`: one e-mail to its clean parts, as JSON on standard output.

use std::io::Write;
use std::path::Path;

use crate::error::{Error, Result};
use crate::text::eml::clean_eml;

/// Writes the clean parts of the message in `file` to `output`, as one indented JSON object and a line end.
///
/// # Errors
///
/// The file cannot be read or the output cannot be written.
pub fn run(file: &Path, output: &mut impl Write) -> Result<()> {
    let bytes = std::fs::read(file).map_err(|error| Error::io("read", file, error))?;
    let json = serde_json::to_string_pretty(&clean_eml(&bytes)).map_err(|error| Error::bug(format!("a cleaned e-mail is not JSON: {error}")))?;
    writeln!(output, "{json}").and_then(|()| output.flush()).map_err(|error| Error::io("write", "standard output", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_has_the_keys_of_the_contract_in_order() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "From: A <a@exemple.fr>\r\nSubject: =?utf-8?q?Livr=C3=A9?=\r\nDate: Mon, 3 Nov 2025 10:12:00 +0100\r\n\r\nBonjour\r\n").unwrap();
        let mut output = Vec::new();
        run(file.path(), &mut output).unwrap();
        let text = String::from_utf8(output).unwrap();
        let keys: Vec<&str> = text.lines().filter_map(|line| line.trim().strip_prefix('"')?.split('"').next()).collect();
        assert_eq!(keys, ["subject", "from", "sent_at", "reply", "quoted", "signature", "disclaimer", "kind"]);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&value["subject"], &value["from"], &value["sent_at"]), (&"Livré".into(), &"a@exemple.fr".into(), &"2025-11-03T09:12:00Z".into()));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = run(Path::new("absent.eml"), &mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "cannot read absent.eml");
    }
}
