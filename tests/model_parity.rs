//! The encoder against the Python reference on tiny random-weight models, every row, and its promises of
//! independence. The models and the reference output come from `fixtures/models/make.py`.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // A test that cannot go on should say where.

use std::path::{Path, PathBuf};

use motif::model::{
    Encoder, EncoderOptions, Encodings, KernelChoice, ModelError, ModelFiles, SequenceClassifier, Task, TaskHead,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    /// Of the models with a tokenizer of their own: what the ids are of, by SentencePiece itself.
    text: Option<String>,
    input_ids: Vec<u32>,
    embedding: Vec<f32>,
    sentiment_logits: Option<Vec<f32>>,
    emotion_logits: Option<Vec<f32>>,
    class_logits: Option<Vec<f32>>,
}

/// Sentence encoders with and without heads.
const MODELS: [&str; 5] = ["bert_tiny", "bert_tiny_int8", "roberta_tiny", "two_heads_tiny", "two_paths_tiny"];

/// Sequence classifiers of every family, whose encoders are sentence encoders too.
const CLASSIFIERS: [&str; 8] = [
    "bert_classifier_tiny",
    "roberta_classifier_tiny",
    "xlm_roberta_tiny",
    "camembert_tiny",
    "distilbert_tiny",
    "deberta_tiny",
    "deberta_v2_tiny",
    "modernbert_tiny",
];

fn directory(model: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/models").join(model)
}

fn load(model: &str, kernel: KernelChoice) -> Encoder {
    let files = ModelFiles::open(directory(model)).unwrap();
    Encoder::load(&files, EncoderOptions { kernel, ..EncoderOptions::default() }).unwrap()
}

fn expected(model: &str) -> Vec<Expected> {
    serde_json::from_slice(&std::fs::read(directory(model).join("expected.json")).unwrap()).unwrap()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(x, y)| (x - y).abs()).fold(0.0, f32::max)
}

/// Kernel classes that this machine has, the reference first.
fn available_kernels() -> Vec<KernelChoice> {
    let files = ModelFiles::open(directory("bert_tiny")).unwrap();
    let kernels: Vec<KernelChoice> = KernelChoice::NAMES
        .iter()
        .map(|(_, kernel)| *kernel)
        .filter(|kernel| *kernel != KernelChoice::Auto)
        .filter(|kernel| Encoder::load(&files, EncoderOptions { kernel: *kernel, ..Default::default() }).is_ok())
        .collect();
    assert_eq!(kernels[0], KernelChoice::Reference);
    kernels
}

#[test]
fn the_reference_agrees_with_python_on_every_row() {
    for model in MODELS.iter().chain(&CLASSIFIERS) {
        let encoder = load(model, KernelChoice::Reference);
        assert_eq!(encoder.kernel_class(), "candle");
        let rows = expected(model);
        let windows: Vec<Vec<u32>> = rows.iter().map(|row| row.input_ids.clone()).collect();
        let ours = encoder.encode(&windows).unwrap();
        for (index, row) in rows.iter().enumerate() {
            let embedding = &ours.embeddings[index * encoder.hidden_size()..][..encoder.hidden_size()];
            let difference = largest_difference(embedding, &row.embedding);
            assert!(difference < 1e-4, "{model}, row {index}: embedding differs by {difference}");
            for (task, ours, theirs) in [
                (Task::Sentiment, &ours.sentiment_logits, &row.sentiment_logits),
                (Task::Emotion, &ours.emotion_logits, &row.emotion_logits),
            ] {
                let labels = encoder.head(task).map_or(0, |head| head.labels().len());
                assert_eq!(ours.is_some(), theirs.is_some(), "{model}, {task:?}");
                if let (Some(ours), Some(theirs)) = (ours, theirs) {
                    let difference = largest_difference(&ours[index * labels..][..labels], theirs);
                    assert!(difference < 1e-4, "{model}, {task:?}, row {index}: logits differ by {difference}");
                }
            }
        }
    }
}

/// What Python says of the model that ships: see `models/training/reference.py`.
#[derive(Deserialize)]
struct Shipped {
    revision: String,
    rows: Vec<ShippedRow>,
}

#[derive(Deserialize)]
struct ShippedRow {
    text: String,
    input_ids: Vec<u32>,
    embedding_first_8: Vec<f32>,
    sentiment_logits: Vec<f32>,
    emotion_logits: Vec<f32>,
}

#[test]
fn the_model_that_ships_agrees_with_python() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = root.join("models/motif-small-fr-en");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(shipped.join("manifest.json")).unwrap()).unwrap();
    let expected: Shipped =
        serde_json::from_slice(&std::fs::read(directory("bundled_reference.json")).unwrap()).unwrap();
    assert_eq!(manifest["revision"], expected.revision, "the reference is another model's");
    let files = ModelFiles::open(shipped).unwrap();
    // The kernels round to eight bits or to bf16, where the machine has those.
    for (kernel, allowed) in [(KernelChoice::Reference, 1e-4), (KernelChoice::Auto, 0.05)] {
        let encoder = Encoder::load(&files, EncoderOptions { kernel, ..EncoderOptions::default() }).unwrap();
        let tokens = encoder.tokens().unwrap();
        let windows: Vec<Vec<u32>> = expected.rows.iter().map(|row| tokens.window(&row.text).unwrap().0).collect();
        let ours = encoder.encode(&windows).unwrap();
        let (sentiment, emotion) = (ours.sentiment_logits.unwrap(), ours.emotion_logits.unwrap());
        for (index, row) in expected.rows.iter().enumerate() {
            assert_eq!(windows[index], row.input_ids, "row {index}");
            let embedding = &ours.embeddings[index * encoder.hidden_size()..][..8];
            let [of_sentiment, of_emotion] = [&row.sentiment_logits, &row.emotion_logits].map(Vec::len);
            for (part, found, wanted, factor) in [
                ("embedding", embedding, &row.embedding_first_8, 1.0),
                ("sentiment", &sentiment[index * of_sentiment..][..of_sentiment], &row.sentiment_logits, 10.0),
                ("emotion", &emotion[index * of_emotion..][..of_emotion], &row.emotion_logits, 10.0),
            ] {
                let difference = largest_difference(found, wanted);
                // The reference has logits to six decimals and is held to the same measure.
                let most = if kernel == KernelChoice::Reference { allowed } else { allowed * factor };
                assert!(difference < most, "{kernel:?}, row {index}: {part} differs by {difference}");
            }
        }
    }
}

#[test]
fn layer_norms_by_their_old_names_are_read_by_every_kernel() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["config.json", "tokenizer.json"] {
        std::fs::copy(directory("bert_tiny").join(file), copy.path().join(file)).unwrap();
    }
    let bytes = std::fs::read(directory("bert_tiny").join("model.safetensors")).unwrap();
    let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let old =
        |name: &str| name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta");
    let renamed: Vec<(String, _)> = tensors.iter().map(|(name, view)| (old(name), view)).collect();
    assert!(renamed.iter().any(|(name, _)| name.ends_with("gamma")));
    std::fs::write(copy.path().join("model.safetensors"), safetensors::serialize(renamed, None).unwrap()).unwrap();
    for kernel in available_kernels() {
        let options = EncoderOptions { kernel, ..EncoderOptions::default() };
        let [ours, theirs] = [copy.path().to_owned(), directory("bert_tiny")].map(|folder| {
            let encoder = Encoder::load(&ModelFiles::open(folder).unwrap(), options).unwrap();
            encoder.encode(&[vec![2, 5, 6, 7, 3]]).unwrap().embeddings
        });
        assert!(largest_difference(&ours, &theirs) < 1e-6, "{kernel:?}");
    }
}

#[test]
fn what_a_config_leaves_out_is_what_the_reference_takes() {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(directory("roberta_tiny")).unwrap().map(Result::unwrap) {
        let target = copy.path().join(entry.file_name());
        if entry.path().is_file() {
            std::fs::copy(entry.path(), target).unwrap();
        } else {
            std::fs::create_dir(&target).unwrap();
            std::fs::copy(entry.path().join("config.json"), target.join("config.json")).unwrap();
        }
    }
    let mut config: serde_json::Value =
        serde_json::from_slice(&std::fs::read(directory("roberta_tiny").join("config.json")).unwrap()).unwrap();
    assert_eq!(config["pad_token_id"], 1);
    for (pad, positions) in [(None, None), (Some(serde_json::Value::Null), Some(serde_json::Value::Null))] {
        let fields = config.as_object_mut().unwrap();
        for (name, value) in [("pad_token_id", pad), ("position_embedding_type", positions)] {
            fields.remove(name);
            fields.extend(value.map(|value| (name.to_owned(), value)));
        }
        std::fs::write(copy.path().join("config.json"), config.to_string()).unwrap();
        let options = EncoderOptions { kernel: KernelChoice::Reference, ..EncoderOptions::default() };
        let encoder = Encoder::load(&ModelFiles::open(copy.path()).unwrap(), options).unwrap();
        let rows = expected("roberta_tiny");
        let windows: Vec<Vec<u32>> = rows.iter().map(|row| row.input_ids.clone()).collect();
        let ours = encoder.encode(&windows).unwrap().embeddings;
        for (row, ours) in rows.iter().zip(ours.chunks(encoder.hidden_size())) {
            assert!(largest_difference(ours, &row.embedding) < 1e-4);
        }
    }
}

fn classifier(model: &str, kernel: KernelChoice) -> SequenceClassifier {
    let files = ModelFiles::open(directory(model)).unwrap();
    SequenceClassifier::load(&files, EncoderOptions { kernel, ..EncoderOptions::default() }).unwrap()
}

#[test]
fn classifiers_of_every_family_agree_with_python_on_every_row() {
    for model in CLASSIFIERS {
        let classifier = classifier(model, KernelChoice::Reference);
        let rows = expected(model);
        let windows: Vec<Vec<u32>> = rows.iter().map(|row| row.input_ids.clone()).collect();
        let ours = classifier.encode(&windows).unwrap().sentiment_logits.unwrap();
        let labels = classifier.labels().len();
        for (index, row) in rows.iter().enumerate() {
            let difference = largest_difference(&ours[index * labels..][..labels], row.class_logits.as_ref().unwrap());
            assert!(difference < 1e-4, "{model}, row {index}: logits differ by {difference}");
        }
    }
}

#[test]
fn unigram_tokenizers_give_the_pieces_that_sentencepiece_gives() {
    // `make_unigram.py`: both files stand special pieces in front, CamemBERT's begin at 5, and characters are replaced first.
    for model in ["xlm_roberta_tiny", "camembert_tiny"] {
        let tokens = load(model, KernelChoice::Auto).tokens().unwrap();
        let worded: Vec<Expected> = expected(model).into_iter().filter(|row| row.text.is_some()).collect();
        assert!(worded.len() >= 9, "{model}");
        for row in worded {
            let text = row.text.unwrap();
            assert_eq!(tokens.window(&text).unwrap(), (row.input_ids, false), "{model}: {text:?}");
        }
    }
}

#[test]
fn labels_of_a_classifier_are_in_the_order_of_their_numbers() {
    let labels = |model| classifier(model, KernelChoice::Auto).labels().to_vec();
    // The file writes them in the order 2, 0, 1.
    assert_eq!(labels("bert_classifier_tiny"), ["negative", "neutral", "positive"]);
    assert_eq!(labels("roberta_classifier_tiny"), ["LABEL_0", "LABEL_1", "LABEL_2"]);
    assert_eq!(labels("modernbert_tiny"), ["1 star", "2 stars", "3 stars", "4 stars", "5 stars"]);
}

#[test]
fn a_checkpoint_without_its_family_prefix_is_the_same_model() {
    for (model, prefix) in [
        ("bert_classifier_tiny", "bert."),
        ("distilbert_tiny", "distilbert."),
        ("deberta_tiny", "deberta."),
        ("modernbert_tiny", "model."),
    ] {
        let copy = tempfile::tempdir().unwrap();
        for file in ["config.json", "tokenizer.json"] {
            std::fs::copy(directory(model).join(file), copy.path().join(file)).unwrap();
        }
        let bytes = std::fs::read(directory(model).join("model.safetensors")).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let bare: Vec<(String, _)> =
            tensors.iter().filter_map(|(name, view)| Some((name.strip_prefix(prefix)?.to_owned(), view))).collect();
        assert!(!bare.is_empty(), "{model}");
        std::fs::write(copy.path().join("model.safetensors"), safetensors::serialize(bare, None).unwrap()).unwrap();
        let options = EncoderOptions { kernel: KernelChoice::Reference, ..EncoderOptions::default() };
        let encode = |folder: &Path| {
            Encoder::load(&ModelFiles::open(folder).unwrap(), options).unwrap().encode(&[vec![2, 9, 3]]).unwrap()
        };
        let plain = tempfile::tempdir().unwrap();
        for file in ["config.json", "tokenizer.json", "model.safetensors"] {
            std::fs::copy(directory(model).join(file), plain.path().join(file)).unwrap();
        }
        assert_eq!(encode(copy.path()).embeddings, encode(plain.path()).embeddings, "{model}");
    }
}

#[test]
fn an_encoder_without_a_classification_head_is_no_classifier() {
    let files = ModelFiles::open(directory("roberta_tiny")).unwrap();
    let message = SequenceClassifier::load(&files, EncoderOptions::default()).unwrap_err().to_string();
    assert!(message.contains("classifier.weight") && message.contains("text classification"), "{message}");
}

#[test]
fn variants_that_are_not_implemented_are_refused_by_name() {
    for (model, from, to, part) in [
        ("deberta_tiny", "\"norm_rel_ebd\"", "\"conv_kernel_size\": 3, \"norm_rel_ebd\"", "convolution"),
        ("modernbert_tiny", "\"rope_type\": \"default\"", "\"rope_type\": \"yarn\"", "yarn"),
        (
            "bert_tiny",
            "\"pad_token_id\"",
            "\"position_embedding_type\": \"relative_key\", \"pad_token_id\"",
            "relative_key",
        ),
    ] {
        let copy = tempfile::tempdir().unwrap();
        for file in ["tokenizer.json", "model.safetensors"] {
            std::fs::copy(directory(model).join(file), copy.path().join(file)).unwrap();
        }
        let config = std::fs::read_to_string(directory(model).join("config.json")).unwrap();
        assert!(config.contains(from), "{model}");
        std::fs::write(copy.path().join("config.json"), config.replace(from, to)).unwrap();
        let files = ModelFiles::open(copy.path()).unwrap();
        let message = Encoder::load(&files, EncoderOptions::default()).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
}

/// Lowest cosine to the reference that a class may have on these tiny models, whose 32 or 40 dimensions average out
/// fewer rounding errors than a real model's 384.
fn lowest_cosine(class: &str) -> f32 {
    match class {
        "candle" | "portable" => 0.999_999,
        "avx2" => 0.999_9,
        "avx512-bf16" => 0.999,
        _ => 0.995,
    }
}

#[test]
fn every_kernel_class_stays_close_to_the_reference() {
    for kernel in available_kernels() {
        for model in MODELS {
            let (encoder, reference) = (load(model, kernel), load(model, KernelChoice::Reference));
            let windows: Vec<Vec<u32>> = expected(model).into_iter().map(|row| row.input_ids).collect();
            let (ours, theirs) = (encoder.encode(&windows).unwrap(), reference.encode(&windows).unwrap());
            let hidden = encoder.hidden_size();
            for (index, (a, b)) in
                ours.embeddings.chunks_exact(hidden).zip(theirs.embeddings.chunks_exact(hidden)).enumerate()
            {
                let cosine: f32 = a.iter().zip(b).map(|(x, y)| x * y).sum();
                let lowest = lowest_cosine(encoder.kernel_class());
                assert!(cosine >= lowest, "{model}, {}, row {index}: cosine {cosine}", encoder.kernel_class());
            }
            for (ours, theirs) in
                [(&ours.sentiment_logits, &theirs.sentiment_logits), (&ours.emotion_logits, &theirs.emotion_logits)]
            {
                let (Some(ours), Some(theirs)) = (ours, theirs) else { continue };
                let size = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>().sqrt();
                let off: Vec<f32> = ours.iter().zip(theirs).map(|(a, b)| a - b).collect();
                let (off, whole) = (size(&off), size(theirs));
                let most = 3.0 * (2.0 - 2.0 * lowest_cosine(encoder.kernel_class())).sqrt();
                assert!(
                    off <= most * whole,
                    "{model}, {}: logits of size {whole} are {off} off",
                    encoder.kernel_class()
                );
            }
        }
    }
}

#[test]
fn a_window_has_the_same_bits_alone_in_any_company_and_on_any_number_of_threads() {
    for kernel in available_kernels() {
        for model in MODELS {
            let encoder = load(model, kernel);
            let windows: Vec<Vec<u32>> = expected(model).into_iter().map(|row| row.input_ids).collect();
            let together = encoder.encode(&windows).unwrap();
            let mut reversed = windows.clone();
            reversed.reverse();
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let backwards = pool.install(|| encoder.encode(&reversed)).unwrap();
                for (index, window) in windows.iter().enumerate() {
                    let alone = pool.install(|| encoder.encode(std::slice::from_ref(window))).unwrap();
                    let hidden = encoder.hidden_size();
                    let mirrored = windows.len() - 1 - index;
                    assert_eq!(alone.embeddings, together.embeddings[index * hidden..][..hidden], "{kernel:?} {model}");
                    assert_eq!(alone.embeddings, backwards.embeddings[mirrored * hidden..][..hidden]);
                    if let (Some(alone), Some(together)) = (&alone.sentiment_logits, &together.sentiment_logits) {
                        assert_eq!(alone[..], together[index * 3..][..3], "{kernel:?} {model}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_part_of_the_answer_has_the_bits_of_the_whole() {
    for kernel in available_kernels() {
        for model in MODELS {
            let encoder = load(model, kernel);
            let windows: Vec<Vec<u32>> = expected(model).into_iter().map(|row| row.input_ids).collect();
            let (all, part) = (encoder.encode(&windows).unwrap(), encoder.embed(&windows).unwrap());
            let sentiment_logits = all.sentiment_logits;
            assert_eq!(part, Encodings { embeddings: all.embeddings, ..Encodings::default() }, "{kernel:?} {model}");
            if encoder.head(Task::Sentiment).is_some() {
                let felt = classifier(model, kernel).encode(&windows).unwrap();
                assert_eq!(felt.sentiment_logits, sentiment_logits, "{kernel:?} {model}");
            }
        }
    }
}

#[test]
fn heads_may_have_layers_to_themselves_and_other_readers_see_a_plain_encoder() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["tokenizer.json", "model.safetensors"] {
        std::fs::copy(directory("two_paths_tiny").join(file), copy.path().join(file)).unwrap();
    }
    let write = |from: &str, to: &str| {
        let config = std::fs::read_to_string(directory("two_paths_tiny").join("config.json")).unwrap();
        assert!(config.contains(from));
        std::fs::write(copy.path().join("config.json"), config.replace(from, to)).unwrap();
        ModelFiles::open(copy.path()).unwrap()
    };
    let plain = Encoder::load(&write("motif_feelings", "of_no_meaning_here"), EncoderOptions::default()).unwrap();
    let windows: Vec<Vec<u32>> = expected("two_paths_tiny").into_iter().map(|row| row.input_ids).collect();
    let encodings = plain.encode(&windows).unwrap();
    assert_eq!(encodings.embeddings, load("two_paths_tiny", KernelChoice::Auto).embed(&windows).unwrap().embeddings);
    for (right, wrong) in [(r#""after": 1"#, r#""after": 3"#), (r#""layers": 2"#, r#""layers": 0"#)] {
        let files = write(right, wrong);
        let message = Encoder::load(&files, EncoderOptions::default()).unwrap_err().to_string();
        assert!(message.contains("motif_feelings") && message.contains("config.json"), "{message}");
    }
}

#[test]
fn no_windows_give_no_rows() {
    for kernel in available_kernels() {
        let encodings = load("bert_tiny", kernel).encode(&[]).unwrap();
        assert!(encodings.embeddings.is_empty());
        assert_eq!(encodings.sentiment_logits, Some(Vec::new()));
    }
}

#[test]
fn impossible_windows_are_refused_by_position() {
    for kernel in available_kernels() {
        let encoder = load("roberta_tiny", kernel);
        let longest = encoder.config().max_tokens();
        assert_eq!(longest, 46, "RoBERTa spends two positions on padding");
        assert!(encoder.encode(&[vec![2; longest]]).is_ok());
        for (bad, what) in [(vec![], "no token"), (vec![2; longest + 1], "47 tokens"), (vec![2, 60], "token id 60")] {
            match encoder.encode(&[vec![2], bad]) {
                Err(ModelError::Input { index: 1, problem }) => assert!(problem.contains(what), "{problem}"),
                other => panic!("{what}: {other:?}"),
            }
        }
    }
}

#[test]
fn embeddings_have_length_one() {
    for kernel in available_kernels() {
        let encoder = load("bert_tiny", kernel);
        let encodings = encoder.encode(&[vec![2, 9, 3], vec![2, 3]]).unwrap();
        for row in encodings.embeddings.chunks_exact(encoder.hidden_size()) {
            assert!((row.iter().map(|v| v * v).sum::<f32>() - 1.0).abs() < 1e-5);
        }
    }
}

#[test]
fn the_tokenizer_neither_cuts_nor_pads() {
    let encoder = load("bert_tiny", KernelChoice::Auto);
    let tokenizer = encoder.tokenizer().unwrap();
    let encode = |text: &str| tokenizer.encode(text, true).unwrap().get_ids().to_vec();
    assert_eq!(encode("Where is my order"), [2, 7, 8, 9, 10, 3]);
    assert_eq!(encode("MERCI"), [2, 6, 3]);
    assert_eq!(encoder.max_seq_length(), 45);
}

#[test]
fn labels_and_temperature_come_from_the_head() {
    let encoder = load("bert_tiny", KernelChoice::Auto);
    assert_eq!(encoder.sentiment_labels(), ["negative", "neutral", "positive"]);
    assert!((encoder.sentiment_temperature() - 1.25).abs() < 1e-6);
    let without = load("roberta_tiny", KernelChoice::Auto);
    assert!(without.sentiment_labels().is_empty());
    assert_eq!(without.encode(&[vec![2]]).unwrap().sentiment_logits, None);
}

#[test]
fn a_model_may_have_both_heads() {
    let encoder = load("two_heads_tiny", KernelChoice::Auto);
    let labels = |task| encoder.head(task).map(TaskHead::labels).unwrap_or_default().to_vec();
    assert_eq!(labels(Task::Sentiment), ["negative", "neutral", "positive"]);
    assert_eq!(labels(Task::Emotion), ["satisfaction", "dissatisfaction", "frustration", "confusion", "none"]);
    assert!(load("bert_tiny", KernelChoice::Auto).head(Task::Emotion).is_none());
}

#[test]
fn another_family_is_refused_by_name() {
    let copy = tempfile::tempdir().unwrap();
    for file in ["tokenizer.json", "model.safetensors"] {
        std::fs::copy(directory("bert_tiny").join(file), copy.path().join(file)).unwrap();
    }
    std::fs::write(copy.path().join("config.json"), r#"{"model_type":"t5"}"#).unwrap();
    let files = ModelFiles::open(copy.path()).unwrap();
    let message = Encoder::load(&files, EncoderOptions::default()).unwrap_err().to_string();
    assert!(message.contains("`t5`") && message.contains("camembert"), "{message}");
}

#[test]
fn a_model_inside_the_program_equals_the_same_model_on_disk() {
    let read = |name: &str| -> &'static [u8] {
        Box::leak(std::fs::read(directory("bert_tiny").join(name)).unwrap().into_boxed_slice())
    };
    let names = [
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "modules.json",
        "1_Pooling/config.json",
        "sentence_bert_config.json",
        "sentiment_head.json",
        "sentiment_head.safetensors",
    ];
    let bundled = ModelFiles::from_bytes(&names.map(|name| (name, read(name)))).unwrap();
    let on_disk = ModelFiles::open(directory("bert_tiny")).unwrap();
    assert_eq!(bundled.model_hash(), on_disk.model_hash());
    let encode = |files| Encoder::load(files, EncoderOptions::default()).unwrap().encode(&[vec![2, 3]]).unwrap();
    assert_eq!(encode(&bundled), encode(&on_disk));
}
