"""Stage 3: the heads, and the layers that they alone read, are fitted to the encoder that ships.

The model's encoder is a mean of several and its weights are rounded to 8 bits, while the heads learnt on one of them alone. What learns here
reads its texts with its own weights rounded, too, as they will be stored.
With the layers below still, their states of every labelled text are computed once, and what stands on them learns from those for
some epochs: minutes instead of hours. Long texts are read as the program reads them, window by window, and learnt from
the mean of what the windows say.
"""

from __future__ import annotations

import json
import random

import torch
from tokenizers import Tokenizer

import export
from batches import bucketed, encode, weighted_windows
from corpora import Corpora
from device import DEVICE, autocast
from encoder import Encoder, SentimentHead, over_windows, padding
from multitask import class_weights, feeling_losses, labels_of, noisy_feeling, tensor
from schedule import Progress, Rounded, optimiser
from sentiment_rows import LONGEST, training_rows

BATCH = 256
# The rate of the layers of the feelings, which have learnt before, beside that of the heads.
LAYERS = 0.1


class States:
    """States of the windows of texts below the layers of the feelings, each (tokens, hidden) in bf16, with the share of its text's characters."""

    @torch.no_grad()
    def __init__(self, model: Encoder, tokenizer: Tokenizer, texts: list[str]) -> None:
        cut = [weighted_windows(text) for text in texts]
        pieces = list(dict.fromkeys(piece for parts in cut for piece, _ in parts))
        known = dict(zip(pieces, self._of(model, tokenizer, pieces)))
        self.rows = [[(known[piece], share) for piece, share in parts] for parts in cut]

    @staticmethod
    def _of(model: Encoder, tokenizer: Tokenizer, pieces: list[str]) -> list[torch.Tensor]:
        found: list[torch.Tensor] = [torch.empty(0)] * len(pieces)
        order = sorted(range(len(pieces)), key=lambda row: len(pieces[row]))
        for start in range(0, len(order), 64):
            rows = order[start : start + 64]
            ids, mask = encode(tokenizer, [pieces[row] for row in rows], LONGEST)
            for row, states, kept in zip(rows, model.lower(ids, mask)[0], mask.bool()):
                found[row] = states[kept].bfloat16().cpu()
            if start // 64 % 100 == 0:
                print(json.dumps({"states": start, "of": len(order)}), flush=True)
        return found

    def tokens(self, row: int) -> int:
        return sum(len(states) for states, _ in self.rows[row])

    def batch(self, rows: list[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        """(windows, longest, hidden) in f32 and the `attention_mask` of all windows; for each, the place of its text in `rows`
        and its share of it, both (windows,)."""
        held = [(place, states, share) for place, row in enumerate(rows) for states, share in self.rows[row]]
        values = torch.nn.utils.rnn.pad_sequence([states for _, states, _ in held], batch_first=True).to(DEVICE).float()
        lengths = torch.tensor([len(states) for _, states, _ in held], device=DEVICE)
        mask = (torch.arange(values.shape[1], device=DEVICE) < lengths[:, None]).long()
        return values, mask, tensor([place for place, _, _ in held]), tensor([share for _, _, share in held])


def run(model: Encoder, heads: dict[str, SentimentHead], states: States, rows: list[tuple[int, int, int]], progress: Progress, rate: float,
        seed: int) -> None:
    """Trains the heads and the layers of the feelings in place; a row is the index of its text, of its label and of its emotion."""
    weights = class_weights(rows)
    trained = [(head, rate) for head in heads.values()] + ([] if model.fork is None else [(model.feelings, LAYERS * rate)])
    update, stored = optimiser(trained, progress), Rounded([module for module, _ in trained], export.rounded)
    for module, _ in trained:
        module.train()
    rng, lengths = random.Random(seed + 2), [states.tokens(row[0]) for row in rows]
    while not progress.over():
        for batch in bucketed(list(range(len(rows))), lengths, BATCH, rng):
            if progress.over():
                break
            values, mask, places, shares = states.batch([rows[index][0] for index in batch])
            stored.put_on()
            with autocast():
                values = model.felt(values, padding(mask))
            logits = {name: over_windows(head(values, mask), places, shares, len(batch)) for name, head in heads.items()}
            losses = feeling_losses(logits, labels_of([rows[index] for index in batch]), weights)
            update(sum(losses.values()), stored.take_off)
            progress.step({name: loss.item() for name, loss in losses.items()}, len(batch), int(mask.sum()))
    for module, _ in trained:
        module.eval()


def stage(options, corpora: Corpora, tokenizer: Tokenizer, model: Encoder, heads: dict[str, SentimentHead]) -> None:
    """Fits `heads` and the layers of the feelings in place to the rest of `model`, which is rounded as it will be stored, and saves both as `heads.pt` in the work folder."""
    model.load_state_dict(export.dequantise(export.quantise(model.state_dict())))
    rng, labelled = random.Random(options.seed), training_rows(corpora, options.times)
    index = {text: row for row, text in enumerate(dict.fromkeys(row[0] for row in labelled))}
    label_of = {text: label for text, label, _ in labelled}
    texts = [noisy_feeling(text, label_of[text], rng) for text in index]
    states = States(model.eval(), tokenizer, texts)
    for head in heads.values():
        head.to(DEVICE)
    trained = dict(heads) if model.fork is None else {**heads, "feelings": model.feelings}
    progress = Progress("heads", options.heads_steps, options.heads_minutes, options.work, trained, 0.97)
    model.drop(options.dropout)
    run(model, heads, states, [(index[text], label, emotion) for text, label, emotion in labelled], progress, options.heads_rate, options.seed)
    progress.finish()
