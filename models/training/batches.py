"""Turns texts into padded batches: typing noise, tokenisation, length buckets."""

from __future__ import annotations

import random
import re
import textwrap
from collections.abc import Iterator, Sequence

import torch
from tokenizers import Encoding, Tokenizer

from device import DEVICE

LETTERS = "abcdefghijklmnopqrstuvwxyz"
NEAR = {"a": "qzs", "e": "zrd", "i": "uok", "o": "ipl", "u": "yij", "s": "qdz", "n": "b,h", "m": "lp,", "t": "rgy", "r": "etf"}


def with_typos(text: str, rng: random.Random) -> str:
    """The text as somebody in a hurry types it: a letter lost, doubled, swapped or hit beside, an apostrophe or the
    punctuation left out. The meaning, so the target, stays."""
    chars = list(text)
    for _ in range(1 + len(chars) // 60):
        if len(chars) < 8:
            break
        at, kind = rng.randrange(1, len(chars) - 1), rng.randrange(6)
        letter = chars[at].lower()
        if kind == 5:
            chars = [c for c in chars if c not in ".,;:!?"] if rng.random() < 0.6 else [" " if c in "'’" else c for c in chars]
        elif letter not in LETTERS:
            continue
        elif kind == 0:
            del chars[at]
        elif kind == 1:
            chars.insert(at, chars[at])
        elif kind == 2:
            chars[at], chars[at - 1] = chars[at - 1], chars[at]
        elif kind == 3:
            chars[at] = rng.choice(NEAR.get(letter, LETTERS))
        else:
            chars = list("".join(chars).replace("œ", "oe").replace("’", "'").replace("'", rng.choice(["'", "", "’"])))
    return "".join(chars) or text


# Characters of a window, as the program cuts turns.
WINDOW = 360
SENTENCE_END = re.compile(r"""(?:(?<=[.!?…;])|(?<=[.!?…;]["»)']))\s+""")


def windows(text: str) -> list[str]:
    """The text as the program cuts it: whole sentences up to `WINDOW` characters together, longer ones between words (here
    without the overlap). A text without a word is its own window."""
    sentences = [part for line in text.split("\n") for part in SENTENCE_END.split(line.strip()) if part]
    pieces = [piece for sentence in sentences for piece in (textwrap.wrap(sentence, WINDOW) if len(sentence) > WINDOW else [sentence])]
    joined: list[str] = []
    for piece in pieces:
        if joined and len(joined[-1]) + 1 + len(piece) <= WINDOW:
            joined[-1] += " " + piece
        else:
            joined.append(piece)
    return joined or [text]


def weighted_windows(text: str) -> list[tuple[str, float]]:
    """The windows of a text, each with its share of their characters."""
    parts = windows(text)
    whole = max(1, sum(map(len, parts)))
    return [(part, len(part) / whole) for part in parts]


def pad(encodings: Sequence[Encoding], limit: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """`input_ids` and `attention_mask`, (batch, seq), padded with 0 to the longest of the batch, on the device."""
    rows = [e.ids if limit is None or len(e.ids) <= limit else e.ids[: limit - 1] + e.ids[-1:] for e in encodings]
    width = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = torch.tensor(row)
        mask[index, : len(row)] = 1
    return ids.to(DEVICE), mask.to(DEVICE)


def encode(tokenizer: Tokenizer, texts: Sequence[str], limit: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    return pad(tokenizer.encode_batch(list(texts)), limit)


def bucketed(order: list[int], lengths: Sequence[int], size: int, rng: random.Random, chunk: int = 40) -> Iterator[list[int]]:
    """Batches of `size` rows of like length: shuffled chunks are sorted by length, then their batches shuffled."""
    rng.shuffle(order)
    for start in range(0, len(order), size * chunk):
        part = sorted(order[start : start + size * chunk], key=lambda row: lengths[row])
        cut = [part[i : i + size] for i in range(0, len(part), size)]
        rng.shuffle(cut)
        yield from (rows for rows in cut if len(rows) > size // 2)
