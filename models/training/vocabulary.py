"""One lower-cased, accent-stripped WordPiece vocabulary for both languages and the signs of `symbols`, and the embeddings
it starts from."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterable

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

import symbols

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
MAX_LENGTH = 256


def _bare(vocab: dict[str, int] | None = None) -> Tokenizer:
    model = models.WordPiece(vocab, unk_token="[UNK]") if vocab else models.WordPiece(unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = symbols.normalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


def build(texts: Iterable[str], teacher: pathlib.Path, size: int = 16000, from_teacher: int = 22000) -> Tokenizer:
    """Pieces trained on `texts`, united with the Latin-script part of the teacher's most frequent ones."""
    trained = _bare()
    trained.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=size, special_tokens=SPECIALS, show_progress=False))
    old = json.loads((teacher / "tokenizer.json").read_text())["model"]["vocab"]
    latin = re.compile(r"^(##)?[\x21-\x7e°€£§«»’‘“”…–—œæß]+$")
    kept = [piece for piece, index in sorted(old.items(), key=lambda item: item[1])
            if index < from_teacher and latin.match(piece) and not piece.startswith("[unused")]
    new = [piece for piece, _ in sorted(trained.get_vocab().items(), key=lambda item: item[1]) if latin.match(piece)]
    pieces = list(dict.fromkeys(SPECIALS + [p for p in kept + new + symbols.pieces() if p not in SPECIALS]))
    tokenizer = _bare({piece: index for index, piece in enumerate(pieces)})
    tokenizer.add_special_tokens(SPECIALS)
    ids = {name: pieces.index(name) for name in SPECIALS}
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", ids["[CLS]"]), ("[SEP]", ids["[SEP]"])])
    tokenizer.enable_truncation(MAX_LENGTH)
    return tokenizer


def initial_embeddings(tokenizer: Tokenizer, teacher_tokenizer: Tokenizer, old: torch.Tensor,
                       pairs: list[tuple[str, str]]) -> torch.Tensor:
    """A piece that the teacher has keeps its vector, any other starts as the mean of the teacher's pieces for it; a
    piece that is mostly French starts as the mean of the English pieces that it is aligned with."""
    old_vocab, rows = teacher_tokenizer.get_vocab(), []
    inner = teacher_tokenizer.model
    signs = {signs[0]: words for signs, words in symbols.groups()}
    for piece, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1]):
        if piece in old_vocab:
            rows.append(old[old_vocab[piece]])
            continue
        if piece in signs:
            rows.append(symbols.first_vector(signs[piece], teacher_tokenizer, old))
            continue
        tokens = [token.id for token in inner.tokenize(piece.removeprefix("##"))]
        if piece.startswith("##"):
            # The teacher's first piece of a continuation should itself be a continuation where it has one.
            first = "##" + inner.id_to_token(tokens[0])
            tokens[0] = old_vocab.get(first, tokens[0])
        rows.append(old[tokens].mean(0))
    table = torch.stack(rows)
    aligned = aligned_pieces(tokenizer, teacher_tokenizer, pairs)
    for piece, weights in aligned.items():
        ids, shares = torch.tensor(list(weights)), torch.tensor(list(weights.values()), dtype=old.dtype)
        shares = shares / shares.sum()
        mean = shares @ old[ids]
        # A mean of vectors is shorter than they are; the layer norm that follows was trained on their length.
        table[piece] = mean * (shares @ old[ids].norm(dim=1)) / mean.norm().clamp(min=1e-6)
    return table


def aligned_pieces(tokenizer: Tokenizer, teacher_tokenizer: Tokenizer, pairs: list[tuple[str, str]],
                   rounds: int = 4, least: int = 5) -> dict[int, dict[int, float]]:
    """For each mostly French piece, the English pieces it translates and how often (IBM model 1, Brown et al. 1993)."""
    english = [e.ids[1:-1] for e in teacher_tokenizer.encode_batch([en for en, _ in pairs])]
    french = [e.ids[1:-1] for e in tokenizer.encode_batch([fr for _, fr in pairs])]
    own_english = [e.ids[1:-1] for e in tokenizer.encode_batch([en for en, _ in pairs])]
    short = [row for row in range(len(pairs)) if 0 < len(english[row]) <= 22 and 0 < len(french[row]) <= 22]
    size, width = tokenizer.get_vocab_size(), 1 + max(max(ids) for ids in english if ids)
    cells, groups, group = [], [], 0
    for row in short:
        right = np.array(english[row])
        cells.append((np.array(french[row])[:, None] * width + right[None, :]).ravel())
        groups.append(np.repeat(np.arange(group, group + len(french[row])), len(right)))
        group += len(french[row])
    keys, cell = np.unique(np.concatenate(cells), return_inverse=True)
    groups = np.concatenate(groups)
    left, right = keys // width, keys % width
    odds = np.ones(len(keys))
    for _ in range(rounds):
        share = odds[cell]
        share = share / np.bincount(groups, share, group)[groups]
        counts = np.bincount(cell, share, len(keys))
        odds = counts / np.bincount(right, counts, width)[right]
    in_french = np.bincount(np.concatenate([french[row] for row in short]), minlength=size)
    in_english = np.bincount(np.concatenate([own_english[row] for row in short]), minlength=size)
    found: dict[int, dict[int, float]] = {}
    for piece, target, count in zip(left, right, counts):
        mostly_french = in_french[piece] >= least and in_french[piece] > 4 * in_english[piece]
        if mostly_french and count / in_french[piece] > 0.04:
            found.setdefault(int(piece), {})[int(target)] = float(count)
    return found
