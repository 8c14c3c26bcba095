"""Labelled texts for the sentiment head: how each set's own labels become negative, neutral or positive."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from collections.abc import Mapping

from corpora import (EMOTIONS, LABELS, OWN_LINES, OWN_SERVICE, OWN_STOCK, SENTIMENT, TWEETEVAL_EMOTION, Corpora, DataSet, Terms, key,
                     read_tsv)

GOOD = {"admiration", "amusement", "approval", "caring", "desire", "excitement", "gratitude", "joy", "love", "optimism",
        "pride", "relief"}
BAD = {"anger", "annoyance", "disappointment", "disapproval", "disgust", "embarrassment", "fear", "grief", "nervousness",
       "remorse", "sadness"}
PLUTCHIK = {"anger": "negative", "disgust": "negative", "fear": "negative", "sadness": "negative", "joy": "positive"}

FELT = {"satisfaction": {"gratitude", "joy", "admiration", "relief", "love", "excitement", "pride"},
        "dissatisfaction": {"disappointment", "disapproval", "sadness", "embarrassment", "remorse", "grief"},
        "frustration": {"annoyance", "anger"}, "confusion": {"confusion"}, "none": {"neutral"}}
FELT_IN_TWEETS = {"anger": "frustration", "sadness": "dissatisfaction", "joy": "satisfaction"}
IGNORED = -1

# Tokens of a text that training reads: reviews and complaints seldom have more, and the verdict may stand at their end.
LONGEST = 192

MULTIDOGO_STOCK = DataSet("multidogo_stock", "multidogo/turn_train.tsv.gz", "CDLA-Permissive-1.0", Terms.PERMISSIVE)


@dataclasses.dataclass(frozen=True)
class Part:
    """Labelled texts of one set in one language, and how often each appears in an epoch."""

    data_set: DataSet
    language: str
    times: int
    rows: list[tuple[str, str]]


NAMES = "Martin Dubois Nguyen Sophie Karim Laurent Emma Chloé Smith Johnson Patel Garcia Léa Thomas Fatima Oliver".split()
WORDS = {
    "fr": {"thing": ["commande", "facture", "dossier", "contrat", "compte", "réservation", "colis", "billet", "abonnement", "devis"],
           "day": ["lundi", "mardi", "jeudi", "vendredi", "samedi", "demain", "hier", "la semaine dernière"]},
    "en": {"thing": ["order", "invoice", "file", "contract", "account", "booking", "parcel", "ticket", "subscription", "quote"],
           "day": ["Monday", "Tuesday", "Thursday", "Friday", "Saturday", "tomorrow", "yesterday", "last week"]},
}
STOCK = {
    "fr": ["bonjour", "bonjour madame", "bonsoir", "bonjour, {name} à l'appareil", "oui", "non", "d'accord", "ok", "très bien", "c'est noté",
           "oui c'est ça", "un instant svp", "allô ?", "merci", "merci beaucoup", "merci, bonne journée", "merci au revoir", "bonne soirée",
           "cordialement", "bien cordialement, {name}", "bonne fin de journée à vous", "mon numéro de {thing} est {number}", "{number}",
           "c'est le {number}", "je m'appelle {name}", "mon nom est {name}", "mon adresse mail est {mail}", "{mail}", "c'était {day}",
           "la {thing} date de {day}", "je vous appelle au sujet de ma {thing}", "c'est pour une {thing}", "rue {name}, {number}",
           "je voudrais un renseignement sur mon {thing}", "où est-ce que je trouve mon numéro de {thing} ?", "vous êtes ouverts {day} ?",
           "je vous écris à propos du {thing} {number}", "comment modifier mon {thing} ?", "{name}", "oui, {name}, {number}", "euh oui attendez",
           "ci-joint la {thing} {number}", "je vous remercie d'avance", "dans l'attente de votre retour", "à {day}", "j'ai bien reçu votre message"],
    "en": ["hello", "hi there", "good morning", "hi, this is {name}", "yes", "no", "ok", "sure", "alright", "noted", "yes that's right",
           "one moment please", "thanks", "thank you", "thank you very much", "thanks, have a nice day", "thanks, bye", "have a good evening",
           "kind regards", "best regards, {name}", "my {thing} number is {number}", "{number}", "it's {number}", "my name is {name}",
           "my email is {mail}", "{mail}", "it was {day}", "the {thing} is from {day}", "I'm calling about my {thing}", "it's about a {thing}",
           "I'd like some information about my {thing}", "where do I find my {thing} number?", "are you open {day}?",
           "I am writing about {thing} {number}", "how do I change my {thing}?", "{name}", "yes, {name}, {number}", "um yes hold on",
           "please find attached {thing} {number}", "thank you in advance", "I look forward to your reply", "see you {day}", "I got your message"],
}


def stock_phrases(count: int, seed: int) -> list[tuple[str, int]]:
    """Greetings, thanks, names and numbers: what every contact holds, and what says nothing of how the customer feels."""
    rng, rows = random.Random(seed), []
    for index in range(count):
        lang = ("fr", "en")[index % 2]
        number = rng.choice([str(rng.randrange(100, 10**8)), f"{rng.choice('ABCFKX')}{rng.randrange(1000, 99999)}"])
        name = rng.choice(NAMES)
        filled = rng.choice(STOCK[lang]).format(name=name, number=number, mail=f"{name.lower()}{rng.randrange(99)}@mail.com",
                                                thing=rng.choice(WORDS[lang]["thing"]), day=rng.choice(WORDS[lang]["day"]))
        if rng.random() < 0.3:
            filled += ", " + rng.choice(STOCK[lang]).split("{")[0].strip()
        rows.append((filled[0].upper() + filled[1:] if rng.random() < 0.5 else filled, LABELS.index("neutral")))
    return rows


def polarity(labels: set[str]) -> str | None:
    """GoEmotions labels to one polarity; none where they disagree or say neither."""
    good, bad = bool(labels & GOOD), bool(labels & BAD)
    if good != bad:
        return "positive" if good else "negative"
    return "neutral" if labels == {"neutral"} else None


# How often an epoch holds each text of a set: those nearest to customers' words and the small ones several times over. A file of `data/lines` has
# an entry of its own, or else that of `lines` (both languages, each) or `opinions` (one language).
TIMES = {"umsab_fr": 8, "umsab_en": 4, "semeval": 1, "service": 8, "lines": 2, "opinions": 6}


def tweets(corpora: Corpora, times: Mapping[str, int]) -> list[Part]:
    """UMSAB and SemEval; the latter is far larger, so each label is capped."""
    umsab, semeval = SENTIMENT[0], SENTIMENT[1]
    rows = read_tsv(corpora.data / umsab.path)
    parts = [Part(umsab, lang, times[f"umsab_{lang}"], [(r["text"], r["label"]) for r in rows if r["lang"] == lang]) for lang in ("fr", "en")]
    rows = [(r["text"], r["label"]) for r in read_tsv(corpora.data / semeval.path)]
    by_label = {label: [row for row in rows if row[1] == label] for label in LABELS}
    kept = [row for label in LABELS for row in corpora.sample(by_label[label], 7000, "semeval-" + label)]
    return parts + [Part(semeval, "en", times["semeval"], kept)]


def comments(corpora: Corpora) -> Part:
    """GoEmotions comments that have one polarity."""
    goemotions = SENTIMENT[2]
    rows = [(r["text"], polarity(set(r["labels"].split("|")))) for r in read_tsv(corpora.data / goemotions.path)]
    return Part(goemotions, "en", 1, corpora.sample([r for r in rows if r[1]], 12000, "goemotions"))


def subtitles(corpora: Corpora, lang: str, limit: int) -> Part:
    """XED lines of one polarity; surprise and anticipation go either way, so lines with them are left out."""
    xed, kept = SENTIMENT[3], []
    for row in read_tsv(corpora.data / xed.path):
        labels = set(row["labels"].split("|"))
        marks = {PLUTCHIK[label] for label in labels if label in PLUTCHIK}
        if row["lang"] != lang or len(row["text"]) <= 8:
            continue
        if len(marks) == 1 and not labels & {"surprise", "anticipation"}:
            kept.append((row["text"], marks.pop()))
        elif labels == {"neutral"}:
            kept.append((row["text"], "neutral"))
    return Part(xed, lang, 1, corpora.sample(kept, limit, "xed-" + lang))


def reviews(corpora: Corpora) -> Part:
    """The verdict of a film review stands in its first and its last sentences; a longer part teaches to find it."""
    allocine, kept = SENTIMENT[4], []
    for row in read_tsv(corpora.data / allocine.path):
        parts = dict.fromkeys([row["text"][:350], row["text"][-350:], row["text"][-750:]])
        kept += [(part, row["label"]) for part in parts]
    return Part(allocine, "fr", 1, kept)


def stock_turns(corpora: Corpora) -> Part:
    """MultiDoGO greetings, confirmations, names and numbers."""
    stock = {"contentonly", "openinggreeting", "closinggreeting", "confirmation"}
    rows = [(r["utterance"], "neutral") for r in read_tsv(corpora.data / MULTIDOGO_STOCK.path) if r["intent"] in stock]
    return Part(MULTIDOGO_STOCK, "en", 1, corpora.sample(rows, 1500, "multidogo-stock"))


def emotion_of(labels: set[str]) -> int:
    """GoEmotions labels to one of `EMOTIONS`; `IGNORED` where they say several or another."""
    found = {name for name, members in FELT.items() if labels & members}
    return EMOTIONS.index(found.pop()) if len(found) == 1 and labels <= set.union(*FELT.values()) else IGNORED


def emotional_comments(corpora: Corpora, split: str = "train") -> list[tuple[str, int]]:
    """GoEmotions comments with one of the field's emotions; the neutral ones cut to the number of the next largest."""
    rows = [(r["text"], emotion_of(set(r["labels"].split("|")))) for r in read_tsv(corpora.data / f"goemotions/{split}.tsv.gz")]
    by_label = [[row for row in rows if row[1] == label] for label in range(len(EMOTIONS))]
    cap = max(len(part) for part in by_label[:-1])
    return [row for part in by_label for row in corpora.sample(part, min(cap, 5000), "goemotions-felt")]


def own_rows(corpora: Corpora, times: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """The rows of `data/lines`, each as often as its file is to appear: see `TIMES`."""
    kinds = {"lines": (corpora.service_lines("train"), ("en", "fr")), "opinions": (corpora.own_opinions("train"), ("text",))}
    strangers = set(times) - set(TIMES) - {row["file"] for rows, _ in kinds.values() for row in rows}
    if strangers:
        raise SystemExit(f"no set and no file of data/lines is named {', '.join(sorted(strangers))}")
    kept: list[tuple[str, int, int]] = []
    for kind, (rows, texts) in kinds.items():
        counts: Counter[int] = Counter()
        for row in rows:
            often = times.get(row["file"], times[kind])
            counts[often] += len(texts)
            kept += [(row[text], LABELS.index(row["label"]), EMOTIONS.index(row["emotion"])) for text in texts] * often
        for often, count in sorted(counts.items()):
            corpora.note(OWN_LINES, f"sentiment and emotion, {'requests' if kind == 'lines' else 'reviews, complaints and posts'} (x{often})", count)
    return kept


def training_rows(corpora: Corpora, chosen: Mapping[str, int]) -> list[tuple[str, int, int]]:
    """(text, label index, emotion index) of one epoch, `IGNORED` where a set does not tell; `chosen` takes the place of entries of `TIMES`."""
    times = {**TIMES, **chosen}
    service = [(row[lang], row["label"]) for row in corpora.service_pairs("train") for lang in ("en", "fr")]
    parts = tweets(corpora, times) + [comments(corpora), subtitles(corpora, "fr", 6000), subtitles(corpora, "en", 4000), reviews(corpora),
                                      Part(OWN_SERVICE, "fr and en", times["service"], service), stock_turns(corpora)]
    kept: list[tuple[str, int, int]] = []
    for part in parts:
        if not part.times or corpora.permissive_only and part.data_set.terms not in (Terms.PERMISSIVE, Terms.OWN):
            continue
        rows = [(text, LABELS.index(label), IGNORED) for text, label in part.rows if key(text) and key(text) not in corpora.blocked]
        corpora.note(part.data_set, f"sentiment {part.language} (x{part.times})", len(rows))
        kept += rows * part.times
    kept += own_rows(corpora, times)
    felt = [(text, IGNORED, label) for text, label in emotional_comments(corpora) if key(text) not in corpora.blocked]
    corpora.note(SENTIMENT[2], "emotion en", len(felt))
    if not corpora.permissive_only:
        rows = read_tsv(corpora.data / TWEETEVAL_EMOTION.path)
        tweets_felt = [(r["text"], IGNORED, EMOTIONS.index(FELT_IN_TWEETS[r["label"]])) for r in rows if r["label"] in FELT_IN_TWEETS]
        corpora.note(TWEETEVAL_EMOTION, "emotion en", len(tweets_felt))
        felt += tweets_felt
    own = [(text, label, EMOTIONS.index("none")) for text, label in stock_phrases(2500, corpora.seed)]
    corpora.note(OWN_STOCK, "sentiment fr and en (x1)", len(own))
    return kept + felt + own
