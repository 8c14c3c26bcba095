//! Texts to windows of token ids as the reference library makes them: prompt, lower-casing, special tokens, and the
//! cut of what is too long.

use std::sync::Arc;

use serde::Deserialize;
use tokenizers::Tokenizer;
use tokenizers::normalizers::{Lowercase, NormalizerWrapper, Sequence};

use super::error::{ModelError, ModelResult};
use super::weights::ModelFiles;

/// `sentence_bert_config.json`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
    do_lower_case: bool,
}

/// The fields of `tokenizer_config.json` that are not in `tokenizer.json`.
#[derive(Deserialize, Default)]
#[serde(default)]
struct TokenizerConfig {
    /// Some files write 1e30 for "no limit".
    model_max_length: Option<f64>,
    truncation_side: Option<String>,
}

/// Which end of a text is lost when it is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Right,
    Left,
}

/// How a model wants its texts; cheap to keep beside the model.
#[derive(Debug, Clone)]
pub(crate) struct TextRules {
    tokenizer_json: Arc<[u8]>,
    prompt: Option<String>,
    lower_case: bool,
    side: Side,
    /// Longest window, special tokens included.
    pub(crate) max_seq_length: usize,
}

impl TextRules {
    /// Reads the files around the tokenizer. `max_tokens` is what the model has positions for.
    pub(crate) fn from_files(files: &ModelFiles, max_tokens: usize, prompt: Option<String>) -> ModelResult<Self> {
        let sentence: SentenceConfig = files.json("sentence_bert_config.json")?.unwrap_or_default();
        let tokenizer: TokenizerConfig = files.json("tokenizer_config.json")?.unwrap_or_default();
        let own = tokenizer.model_max_length.filter(|length| (1.0..1e9).contains(length)).map(|length| length as usize);
        let side = match tokenizer.truncation_side.as_deref() {
            None | Some("right") => Side::Right,
            Some("left") => Side::Left,
            Some(other) => {
                return Err(ModelError::Unsupported {
                    file: "tokenizer_config.json".to_owned(),
                    what: format!("truncation_side `{other}`"),
                    hint: "right and left are".to_owned(),
                });
            }
        };
        Ok(Self {
            tokenizer_json: files.get("tokenizer.json").unwrap_or_default().into(),
            prompt,
            lower_case: sentence.do_lower_case,
            side,
            max_seq_length: sentence.max_seq_length.or(own).unwrap_or(usize::MAX).min(max_tokens),
        })
    }

    /// The tokenizer itself, without truncation or padding.
    pub(crate) fn tokenizer(&self) -> ModelResult<Tokenizer> {
        let wrong = |error: tokenizers::Error| ModelError::Tokenizer { message: error.to_string() };
        let mut tokenizer = Tokenizer::from_bytes(&self.tokenizer_json).map_err(wrong)?;
        tokenizer.with_truncation(None).map_err(wrong)?;
        tokenizer.with_padding(None);
        if self.lower_case {
            // sentence-transformers lower-cases before the tokenizer's own normaliser when this flag is set.
            let mut steps = vec![NormalizerWrapper::from(Lowercase)];
            steps.extend(tokenizer.get_normalizer().cloned());
            tokenizer.with_normalizer(Some(Sequence::new(steps))).map_err(wrong)?;
        }
        Ok(tokenizer)
    }

    /// The tokenizer with all the rules.
    pub(crate) fn tokens(&self) -> ModelResult<Tokens> {
        Ok(Tokens { tokenizer: self.tokenizer()?, rules: self.clone() })
    }
}

/// A tokenizer that makes windows for one model.
#[derive(Debug, Clone)]
pub struct Tokens {
    tokenizer: Tokenizer,
    rules: TextRules,
}

impl Tokens {
    /// Token ids of a text, special tokens included, and whether a part of it was cut off to fit the model's limit.
    /// The special tokens stay: the model expects them.
    ///
    /// # Errors
    /// [`ModelError::Tokenizer`] when the tokenizer refuses the text, which is never quoted.
    pub fn window(&self, text: &str) -> ModelResult<(Vec<u32>, bool)> {
        let prompted;
        let text = match &self.rules.prompt {
            Some(prompt) => {
                prompted = format!("{prompt}{text}");
                prompted.as_str()
            }
            None => text,
        };
        let encoding = self
            .tokenizer
            .encode_fast(text, true)
            .map_err(|_| ModelError::Tokenizer { message: format!("it refused a text of {} bytes", text.len()) })?;
        let ids = encoding.get_ids();
        let limit = self.rules.max_seq_length;
        if ids.len() <= limit {
            return Ok((ids.to_vec(), false));
        }
        let special = encoding.get_special_tokens_mask();
        let before = special.iter().take_while(|is_special| **is_special == 1).count();
        let after = special[before..].iter().rev().take_while(|is_special| **is_special == 1).count();
        let words = &ids[before..ids.len() - after];
        let room = limit.saturating_sub(before + after);
        let kept = match self.rules.side {
            Side::Right => &words[..room],
            Side::Left => &words[words.len() - room..],
        };
        Ok(([&ids[..before], kept, &ids[ids.len() - after..]].concat(), true))
    }
}

impl Tokens {
    /// Token ids of the whole of a text: one window where it fits the model's limit, else one for each part of it, the parts cut
    /// between words, each with the prompt and the special tokens.
    ///
    /// # Errors
    /// As for [`Self::window`].
    pub fn windows(&self, text: &str) -> ModelResult<Vec<Vec<u32>>> {
        let (ids, is_cut) = self.window(text)?;
        match halves(text).filter(|_| is_cut) {
            Some((first, second)) => Ok([self.windows(first)?, self.windows(second)?].concat()),
            None => Ok(vec![ids]),
        }
    }
}

/// A text in two, at the blank nearest to its middle, or between two characters where it has none; `None` for less than two.
fn halves(text: &str) -> Option<(&str, &str)> {
    let text = text.trim();
    let middle = text.len() / 2;
    let blanks = text.char_indices().filter(|(_, c)| c.is_whitespace()).map(|(at, _)| at);
    let places = text.char_indices().skip(1).map(|(at, _)| at);
    let at = blanks.min_by_key(|at| at.abs_diff(middle)).or_else(|| places.min_by_key(|at| at.abs_diff(middle)))?;
    let (first, second) = text.split_at(at);
    Some((first.trim_end(), second.trim_start()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Rules of the tiny model, with other files beside its tokenizer: `[CLS]` is 2, `[SEP]` 3, `[UNK]` 1.
    fn rules(sentence: &'static [u8], tokenizer: &'static [u8], prompt: Option<&str>) -> ModelResult<TextRules> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models/bert_tiny");
        let json: &'static [u8] = Box::leak(std::fs::read(folder.join("tokenizer.json")).unwrap().into_boxed_slice());
        let files = ModelFiles::from_bytes(&[
            ("config.json", b"{}"),
            ("tokenizer.json", json),
            ("model.safetensors", b""),
            ("sentence_bert_config.json", sentence),
            ("tokenizer_config.json", tokenizer),
        ])?;
        TextRules::from_files(&files, 48, prompt.map(str::to_owned))
    }

    fn window(rules: &TextRules, text: &str) -> (Vec<u32>, bool) {
        rules.tokens().unwrap().window(text).unwrap()
    }

    #[test]
    fn the_truncation_side_decides_which_end_is_lost() {
        let text = "where is my order late";
        let full = window(&rules(b"{}", b"{}", None).unwrap(), text).0;
        assert_eq!(full, [2, 7, 8, 9, 10, 15, 3]);
        let cut = |tokenizer| window(&rules(br#"{"max_seq_length":5}"#, tokenizer, None).unwrap(), text);
        assert_eq!(cut(br#"{"truncation_side":"right"}"#), (vec![2, 7, 8, 9, 3], true));
        assert_eq!(cut(br#"{"truncation_side":"left"}"#), (vec![2, 9, 10, 15, 3], true));
        assert_eq!(cut(b"{}"), (vec![2, 7, 8, 9, 3], true));
        assert!(rules(b"{}", br#"{"truncation_side":"middle"}"#, None).unwrap_err().to_string().contains("middle"));
    }

    #[test]
    fn the_whole_of_a_long_text_is_read_in_parts() {
        let tokens = rules(br#"{"max_seq_length":6}"#, b"{}", Some("merci ")).unwrap().tokens().unwrap();
        // Each part has the prompt and the special tokens.
        assert_eq!(tokens.windows("where is my").unwrap(), [[2, 6, 7, 8, 9, 3]]);
        assert_eq!(tokens.windows("where is my order late").unwrap(), [vec![2, 6, 7, 8, 9, 3], vec![2, 6, 10, 15, 3]]);
        // Nothing fits beside a long prompt: what is left of it is read all the same.
        let narrow = rules(br#"{"max_seq_length":2}"#, b"{}", None).unwrap().tokens().unwrap();
        assert!(narrow.windows("order").unwrap().iter().all(|ids| ids == &[2, 3]));
        assert_eq!(halves("où est"), Some(("où", "est")));
        assert_eq!(halves("éé"), Some(("é", "é")));
        assert_eq!(halves(" é "), None);
    }

    #[test]
    fn the_limit_comes_from_the_sentence_file_then_the_tokenizer_then_the_model() {
        let limit = |sentence, tokenizer| rules(sentence, tokenizer, None).unwrap().max_seq_length;
        assert_eq!(limit(br#"{"max_seq_length":20}"#, br#"{"model_max_length":30}"#), 20);
        assert_eq!(limit(b"{}", br#"{"model_max_length":30}"#), 30);
        assert_eq!(limit(b"{}", br#"{"model_max_length":1000000000000000019884624838656}"#), 48);
        assert_eq!(limit(br#"{"max_seq_length":512}"#, b"{}"), 48);
    }

    #[test]
    fn a_prompt_comes_before_every_text() {
        let prompted = rules(b"{}", b"{}", Some("merci ")).unwrap();
        assert_eq!(window(&prompted, "order").0, [2, 6, 10, 3]);
    }

    #[test]
    fn lower_casing_is_the_models_choice() {
        let cased = |sentence: &'static [u8]| {
            let mut rules = rules(sentence, b"{}", None).unwrap();
            // The same tokenizer, but without its own lower-casing.
            let text = String::from_utf8(rules.tokenizer_json.to_vec()).unwrap();
            let cased = text.replace("\"lowercase\": true", "\"lowercase\": false");
            assert_ne!(cased, text);
            rules.tokenizer_json = cased.into_bytes().into();
            window(&rules, "Merci").0
        };
        assert_eq!(cased(br#"{"do_lower_case":true}"#), [2, 6, 3]);
        assert_eq!(cased(br#"{"do_lower_case":false}"#), [2, 1, 3]);
    }
}
