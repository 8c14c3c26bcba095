"""Reads the public data sets into plain lists of texts, pairs and labels.

Every set is declared once, with its licence. `permissive_only` leaves out the sets marked `Terms.TWEETS` (no clear
licence) and `Terms.COPYLEFT`. Held-out parts are chosen by a hash of the English text, so that they stay the same
whatever the order of the files, and their texts are removed from everything that is trained on.
"""

from __future__ import annotations

import csv
import dataclasses
import enum
import functools
import gzip
import hashlib
import json
import pathlib
import random
import re
import unicodedata
from typing import NamedTuple


class Terms(enum.Enum):
    """What a set's licence allows, as far as this project is concerned."""

    PERMISSIVE = "permissive"
    COPYLEFT = "share-alike or copyleft"
    TWEETS = "no clear licence"
    OWN = "written for this project"


@dataclasses.dataclass(frozen=True)
class DataSet:
    """One file of a public data set: where it lies, its licence, and what is taken from it."""

    name: str
    path: str
    licence: str
    terms: Terms
    limit: int | None = None


class AlikePair(NamedTuple):
    """Two sentences, the English ones that they are or translate, and how alike people find them, 0 to 5."""

    texts: tuple[str, str]
    english: tuple[str, str]
    score: float


PAIRS = [
    DataSet("tatoeba", "parallel_en_fr/tatoeba.tsv.gz", "CC BY 2.0", Terms.PERMISSIVE),
    DataSet("opensubtitles_xed", "parallel_en_fr/opensubtitles_xed.tsv.gz", "CC BY 4.0", Terms.PERMISSIVE),
    DataSet("python_docs", "parallel_en_fr/python_docs.tsv.gz", "CC0 1.0", Terms.PERMISSIVE, 5000),
    DataSet("stsb_deepl", "parallel_en_fr/stsb_deepl.tsv.gz", "CC BY-SA 4.0", Terms.COPYLEFT),
    DataSet("odoo_docs", "parallel_en_fr/odoo_docs.tsv.gz", "CC BY-SA", Terms.COPYLEFT),
    DataSet("erpnext_ui", "parallel_en_fr/erpnext_ui.tsv.gz", "GPL-3.0", Terms.COPYLEFT),
    DataSet("dolibarr_ui", "parallel_en_fr/dolibarr_ui.tsv.gz", "GPL-3.0+", Terms.COPYLEFT),
    DataSet("magento_ui", "parallel_en_fr/magento_ui.tsv.gz", "OSL-3.0 / AFL-3.0", Terms.COPYLEFT),
]

# The English sentences of STS-B with their translation.
STSB_PAIRS = next(data_set for data_set in PAIRS if data_set.name == "stsb_deepl")

INTENTS = [
    DataSet("clinc150", "clinc150/train.tsv.gz", "CC BY 3.0", Terms.PERMISSIVE),
    DataSet("hwu64", "hwu64/kfold1_train.tsv.gz", "CC BY 4.0", Terms.PERMISSIVE),
    DataSet("multidogo", "multidogo/turn_train.tsv.gz", "CDLA-Permissive-1.0", Terms.PERMISSIVE, 20000),
    DataSet("dstc11_insurance", "dstc11_intents/insurance_dev.jsonl.gz", "CDLA-Permissive-2.0", Terms.PERMISSIVE),
    DataSet("nlupp", "nlupp/banking_folds0-15_hotels_all.jsonl.gz", "CC BY 4.0", Terms.PERMISSIVE),
    DataSet("bitext", "bitext_customer_support/utterances.tsv.gz", "CDLA-Sharing-1.0", Terms.COPYLEFT),
]

MONOLINGUAL_EN = DataSet("common_voice_en", "monolingual/common_voice_en.txt.gz", "CC0 1.0", Terms.PERMISSIVE, 15000)
MONOLINGUAL_FR = DataSet("common_voice_fr", "monolingual/common_voice_fr.txt.gz", "CC0 1.0", Terms.PERMISSIVE, 60000)

SENTIMENT = [
    DataSet("umsab", "umsab/train_fr_en.tsv.gz", "none stated (tweets)", Terms.TWEETS),
    DataSet("semeval", "semeval_tweets/semeval2013-2016_A.tsv.gz", "none stated (tweets)", Terms.TWEETS),
    DataSet("goemotions", "goemotions/train.tsv.gz", "Apache-2.0", Terms.PERMISSIVE),
    DataSet("xed", "xed_emotions/xed_en_fr.tsv.gz", "CC BY 4.0", Terms.PERMISSIVE),
    DataSet("allocine", "allocine_sample/train.tsv.gz", "MIT (origin); reviews of allocine.fr", Terms.PERMISSIVE),
]

# Texts taken of a set of feelings to keep the student's English on the teacher.
ENGLISH_LIMITS = {"goemotions": 12000, "semeval": 8000}

STSB = [DataSet("stsb_en", "stsb/en_train.tsv.gz", "CC BY-SA 4.0", Terms.COPYLEFT),
        DataSet("stsb_fr", "stsb/fr_train.tsv.gz", "CC BY-SA 4.0", Terms.COPYLEFT)]

TWEETEVAL_EMOTION = DataSet("tweeteval_emotion", "tweeteval/emotion_train.tsv.gz", "none stated (tweets)", Terms.TWEETS)

OWN_SERVICE = DataSet("service_utterances", "", "as this repository", Terms.OWN)
OWN_LINES = DataSet("service_lines", "", "as this repository", Terms.OWN)
OWN_DESCRIPTIONS = DataSet("intent_descriptions", "", "as this repository", Terms.OWN)
OWN_ALIKE = DataSet("alike_pairs", "", "as this repository", Terms.OWN)
OWN_STOCK = DataSet("stock_phrases", "", "as this repository", Terms.OWN)

HELD_OUT = pathlib.Path(__file__).resolve().parents[2] / "data/evaluation"

LABELS = ["negative", "neutral", "positive"]
EMOTIONS = ["satisfaction", "dissatisfaction", "frustration", "confusion", "none"]


def key(text: str) -> str:
    """Case, accent and punctuation folded away: two texts with one key are the same text. A text without a letter is its own key."""
    folded = unicodedata.normalize("NFD", text.lower())
    return re.sub(r"[^a-z0-9]+", " ", "".join(c for c in folded if not unicodedata.combining(c))).strip() or text.strip()


def bucket(text: str, modulus: int) -> int:
    """A stable number in 0..modulus for a text, used to hold parts out."""
    return int(hashlib.sha1(key(text).encode()).hexdigest()[:8], 16) % modulus


def read_tsv(path: pathlib.Path) -> list[dict[str, str]]:
    """Rows of a gzip TSV file with a header; nothing is quoted."""
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as lines:
        header = next(lines).rstrip("\n").split("\t")
        return [dict(zip(header, line.rstrip("\n").split("\t"))) for line in lines]


def read_csv(path: pathlib.Path) -> list[dict[str, str]]:
    """Rows of a CSV file with a header."""
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def read_jsonl(path: pathlib.Path) -> list[dict]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


class Corpora:
    """All texts and labels of one training run, and the parts held out of it."""

    def __init__(self, data: pathlib.Path, own: pathlib.Path, permissive_only: bool, seed: int) -> None:
        self.data, self.own, self.permissive_only, self.seed = data, own, permissive_only, seed
        self.used: dict[str, dict] = {}
        self.blocked = self._blocked_texts()

    def allowed(self, data_set: DataSet) -> bool:
        """Whether this run may train on the set."""
        return not self.permissive_only or data_set.terms in (Terms.PERMISSIVE, Terms.OWN)

    def note(self, data_set: DataSet, use: str, rows: int) -> None:
        entry = self.used.setdefault(
            data_set.name, {"licence": data_set.licence, "terms": data_set.terms.value, "rows": {}})
        entry["rows"][use] = rows

    def _blocked_texts(self) -> set[str]:
        """Keys of every text that is measured on: Banking77 (both splits), STS-B dev, UMSAB val, held-out pairs, and the
        project's own held-out sets."""
        blocked = {key(row["text"]) for row in read_tsv(self.data / "umsab/val_fr_en.tsv.gz")}
        for path in HELD_OUT.glob("*.csv"):
            blocked |= {key(text) for row in read_csv(path) for name, text in row.items() if name.startswith("text")}
        for split in ("train", "test"):
            blocked |= {key(row["text"]) for row in read_tsv(self.data / f"banking77/{split}.tsv.gz")}
        for lang in ("en", "fr"):
            for row in read_tsv(self.data / f"stsb/{lang}_dev.tsv.gz"):
                blocked |= {key(row["sentence1"]), key(row["sentence2"])}
        self.held_out_pairs = {"tatoeba": self._hold_out(PAIRS[0], 100, 1000),
                               "opensubtitles": self._hold_out(PAIRS[1], 12, 500)}
        for pairs in self.held_out_pairs.values():
            for en, fr in pairs:
                blocked |= {key(en), key(fr)}
        return blocked

    def _hold_out(self, data_set: DataSet, modulus: int, count: int) -> list[tuple[str, str]]:
        seen_en, seen_fr, kept = set(), set(), []
        for row in read_tsv(self.data / data_set.path):
            en, fr = row["en"], row["fr"]
            if bucket(en, modulus) or len(en) < 15 or key(en) in seen_en or key(fr) in seen_fr:
                continue
            seen_en.add(key(en))
            seen_fr.add(key(fr))
            kept.append((en, fr))
        return kept[:count]

    def sample(self, rows: list, limit: int | None, salt: str) -> list:
        rows = list(rows)
        random.Random(f"{self.seed}-{salt}").shuffle(rows)
        return rows if limit is None else rows[:limit]

    def pairs(self) -> list[tuple[str, str]]:
        """English-French sentence pairs to distil on."""
        return [pair for data_set in PAIRS if self.allowed(data_set) for pair in self.pairs_of(data_set)]

    def pairs_of(self, data_set: DataSet) -> list[tuple[str, str]]:
        rows = [(row["en"], row["fr"]) for row in read_tsv(self.data / data_set.path)]
        rows = [(en, fr) for en, fr in dict.fromkeys(rows)
                if 1 < len(en) <= 300 and 1 < len(fr) <= 350
                and key(en) not in self.blocked and key(fr) not in self.blocked]
        if data_set.name == "python_docs":
            rows = [(en, fr) for en, fr in rows if 30 <= len(en) <= 160]
        rows = self.sample(rows, data_set.limit, data_set.name)
        self.note(data_set, "distillation pairs", len(rows))
        return rows

    def service_pairs(self, part: str) -> list[dict[str, str]]:
        """Hand-written customer utterances (`en`, `fr`, `label`, `kind`); one line in five is `dev`."""
        rows = []
        for path in sorted(self.own.glob("service_*.tsv")):
            header, *lines = path.read_text(encoding="utf-8").splitlines()
            rows += [dict(zip(header.split("\t"), line.split("\t"))) for line in lines if line.strip()]
        rows = [row for row in rows if (bucket(row["en"], 5) == 0) == (part == "dev")]
        if part == "train":
            self.note(OWN_SERVICE, "distillation pairs", len(rows))
        return rows

    @functools.cached_property
    def _lines(self) -> list[dict[str, str]]:
        """Every object of `data/lines`, with the name of its file."""
        return [{**json.loads(line), "file": path.stem} for path in sorted((self.own / "lines").glob("*.jsonl"))
                for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]

    def _part(self, fields: tuple[str, ...], part: str) -> list[dict[str, str]]:
        """The lines that have these texts and none that is measured on; one in ten, by the first text, is `dev`. Matched
        lines (`pair`) stay together: the answer to one would give away the other's."""
        rows = [row for row in self._lines if all(name in row and key(row[name]) not in self.blocked for name in fields)]
        names = [f"{row['file']} {row['pair']}" if "pair" in row else row[fields[0]] for row in rows]
        return [row for row, name in zip(rows, names) if (bucket(name, 10) == 0) == (part == "dev")]

    def service_lines(self, part: str) -> list[dict[str, str]]:
        """Bilingual lines (`en`, `fr`, `label`, `emotion`, `intent` or empty)."""
        rows = self._part(("en", "fr"), part)
        if part == "train":
            self.note(OWN_LINES, "distillation pairs", len(rows))
        return rows

    def documents(self) -> list[tuple[str, str]]:
        """Three to six training lines on one matter as one text, in both languages: e-mails and long turns for distillation."""
        matters: dict[str, list[tuple[str, str]]] = {}
        for row in self.service_lines("train"):
            matters.setdefault(row["intent"] or row["file"], []).append((row["en"], row["fr"]))
        rng, joined = random.Random(f"{self.seed}-documents"), []
        for matter in sorted(matters):
            lines = matters[matter]
            rng.shuffle(lines)
            while len(lines) > 2:
                size = rng.randint(3, 6)
                taken, lines = lines[:size], lines[size:]
                joined.append((" ".join(en for en, _ in taken), " ".join(fr for _, fr in taken)))
        self.note(OWN_LINES, "distillation documents", len(joined))
        return joined

    def own_opinions(self, part: str) -> list[dict[str, str]]:
        """Labelled lines in one language only (`text`, `language`, `label`, `emotion`)."""
        return self._part(("text",), part)

    def descriptions(self) -> dict[str, list[str]]:
        """Names, definitions and a typical request of each intent, in both languages, by the label of `intents()`."""
        found = {"own:" + row["intent"]: [row[f"{part}_{lang}"] for part in ("name", "desc", "desc") for lang in ("en", "fr")]
                 for row in self._lines if "name_en" in row}
        public = self.own / "intent_descriptions.jsonl"
        for line in public.read_text(encoding="utf-8").splitlines() if public.exists() else []:
            entry = json.loads(line)
            found[f"{entry['set']}:{entry['label']}"] = [
                entry[f"{part}_{lang}"] for part in ("name", "desc", "desc", "ask") for lang in ("en", "fr")]
        self.note(OWN_DESCRIPTIONS, "intents described", len(found))
        return found

    def english_only(self) -> list[str]:
        """English texts near to what customers write, to keep the student on the teacher there."""
        sets = [data_set for data_set in (*INTENTS, SENTIMENT[2], SENTIMENT[1]) if self.allowed(data_set)]
        texts = [text for data_set in sets for text in self.english_of(data_set)]
        lines = gzip.open(self.data / MONOLINGUAL_EN.path, "rt", encoding="utf-8").read().splitlines()
        lines = [line for line in self.sample(lines, MONOLINGUAL_EN.limit, "cv-en") if key(line) not in self.blocked]
        self.note(MONOLINGUAL_EN, "English distillation texts", len(lines))
        return texts + lines

    def english_of(self, data_set: DataSet) -> list[str]:
        """The English texts of one set of intents or feelings."""
        if data_set in INTENTS:
            texts = [text for text, _ in self._intent_rows(data_set)]
        else:
            rows = [row["text"] for row in read_tsv(self.data / data_set.path)]
            texts = [text for text in self.sample(rows, ENGLISH_LIMITS[data_set.name], "en-" + data_set.name) if key(text) not in self.blocked]
        self.note(data_set, "English distillation texts", len(texts))
        return texts

    def _intent_rows(self, data_set: DataSet) -> list[tuple[str, str]]:
        path = self.data / data_set.path
        if data_set.name == "clinc150":
            rows = [(r["text"], "clinc:" + r["intent"]) for r in read_tsv(path) if r["intent"] != "oos"]
        elif data_set.name == "hwu64":
            rows = [(r["text"], "hwu:" + r["intent"]) for r in read_tsv(path)]
        elif data_set.name == "multidogo":
            skip = {"contentonly", "openinggreeting", "closinggreeting", "confirmation", "rejection", "thankyou", "outofdomain"}
            rows = [(r["utterance"], f"mdgo:{r['domain']}_{r['intent']}") for r in read_tsv(path)
                    if r["intent"] not in skip and "<div>" not in r["intent"] and len(r["utterance"]) > 12]
        elif data_set.name == "dstc11_insurance":
            rows = [(r["utterance"], "dstc:" + r["intent"]) for r in read_jsonl(path)]
        elif data_set.name == "nlupp":
            rows = [(r["text"], "nlupp:" + "+".join(sorted(r.get("intents", [])))) for r in read_jsonl(path)]
        else:
            rows = [(r["text"], "bitext:" + r["intent"]) for r in read_tsv(path)]
        distinct = {key(text): (text, label) for text, label in rows if key(text) and key(text) not in self.blocked}
        return self.sample(distinct.values(), data_set.limit, data_set.name)

    def intents(self) -> dict[str, list[str]]:
        """Texts per intent, for the contrastive loss (Banking77 is never among them)."""
        grouped: dict[str, list[str]] = {}
        for data_set in INTENTS:
            if data_set.name == "bitext" or not self.allowed(data_set):
                continue
            rows = self._intent_rows(data_set)
            self.note(data_set, "intent contrast", len(rows))
            for text, label in rows:
                grouped.setdefault(label, []).append(text)
        for row in self.service_lines("train"):
            if row["intent"]:
                grouped.setdefault("own:" + row["intent"], []).extend([row["en"], row["fr"]])
        return {label: texts for label, texts in grouped.items() if len(texts) >= 4}

    def sts_train(self) -> list[AlikePair]:
        """Sentence pairs with a similarity from 0 to 5: English, French, and one side of each; no sentence of the dev part."""
        pairs = self.pairs_of(STSB_PAIRS) if self.allowed(STSB_PAIRS) else []
        sources, french = {fr: en for en, fr in pairs}, dict(pairs)
        kept = []
        for data_set in STSB:
            if self.allowed(data_set):
                rows = [(r["sentence1"], r["sentence2"], float(r["score"])) for r in read_tsv(self.data / data_set.path)]
                english = [(a, b) if data_set.name == "stsb_en" else (sources.get(a), sources.get(b)) for a, b, _ in rows]
                rows = [AlikePair((a, b), origin, score) for (a, b, score), origin in zip(rows, english)
                        if None not in origin and key(a) not in self.blocked and key(b) not in self.blocked]
                self.note(data_set, "similarity ranking", len(rows))
                kept += rows
        # One side English, the other French: the score is about the meaning, whatever the language.
        both = [pair for pair in kept if pair.texts == pair.english and pair.texts[0] in french and pair.texts[1] in french]
        crossed = [AlikePair((french[pair.texts[0]], pair.texts[1]) if index % 2 else (pair.texts[0], french[pair.texts[1]]), pair.english, pair.score)
                   for index, pair in enumerate(both)]
        return kept + crossed + self._own_alike()

    def _own_alike(self) -> list[AlikePair]:
        """The graded pairs of `data/alike`, in English, in French, and crossed."""
        rows = [json.loads(line) for path in sorted((self.own / "alike").glob("*.jsonl"))
                for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        rows = [row for row in rows if all(key(row[name]) not in self.blocked for name in ("en1", "en2", "fr1", "fr2"))]
        self.note(OWN_ALIKE, "similarity ranking", len(rows))
        return [AlikePair(texts, (row["en1"], row["en2"]), float(row["score"])) for index, row in enumerate(rows)
                for texts in ((row["en1"], row["en2"]), (row["fr1"], row["fr2"]),
                              (row["fr1"], row["en2"]) if index % 2 else (row["en1"], row["fr2"]))]

    def french_only(self) -> list[str]:
        """French texts without a translation: for the vocabulary alone."""
        lines = gzip.open(self.data / MONOLINGUAL_FR.path, "rt", encoding="utf-8").read().splitlines()
        lines = self.sample(lines, MONOLINGUAL_FR.limit, "cv-fr")
        self.note(MONOLINGUAL_FR, "vocabulary", len(lines))
        return lines
