"""Targets of the multi-task stage from two teachers: better judges of likeness than either, in a space near the first's.

The unit embeddings of both are joined, each scaled by sqrt(1/2), so that the cosine of two joined vectors is the mean of
the teachers' cosines. The joined vectors are cut to the student's width by principal components, then turned (orthogonal
Procrustes) towards the first teacher's, where the student already is.
"""

from __future__ import annotations

import hashlib
import json
import pathlib

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from corpora import INTENTS, PAIRS, SENTIMENT, Corpora
from teacher import Targets, Teacher

# Texts a set gives, `None` for all: the second teacher is twenty times as slow as the first.
PAIR_LIMITS = {"stsb_deepl": None, "tatoeba": 12000, "opensubtitles_xed": 4000, "odoo_docs": 3000, "magento_ui": 1000, "erpnext_ui": 1000}
ENGLISH_LIMITS = {"clinc150": 6000, "hwu64": 4000, "dstc11_insurance": None, "nlupp": None, "multidogo": 3000, "bitext": 2000,
                  "semeval": 3000, "goemotions": 2000}
# Texts that the projection is fitted on.
FITTED = 12000
SAVED_EVERY = 4000


def blended_pairs(corpora: Corpora) -> list[tuple[str, str]]:
    """English-French pairs that both teachers see, without the project's own."""
    return [pair for data_set in PAIRS if data_set.name in PAIR_LIMITS and corpora.allowed(data_set)
            for pair in [(en, fr) for en, fr in corpora.pairs_of(data_set) if 12 <= len(en) <= 160][: PAIR_LIMITS[data_set.name]]]


def blended_english(corpora: Corpora) -> list[str]:
    """English texts without a translation that both teachers see."""
    sets = [data_set for data_set in INTENTS + SENTIMENT if data_set.name in ENGLISH_LIMITS and corpora.allowed(data_set)]
    return [text for data_set in sets for text in corpora.english_of(data_set)[: ENGLISH_LIMITS[data_set.name]]]


class SecondTeacher:
    """A sentence encoder of any family that `transformers` knows: mean pooling, unit length, single precision."""

    def __init__(self, folder: pathlib.Path) -> None:
        from transformers import AutoModel
        self.model = AutoModel.from_pretrained(folder, local_files_only=True).eval().requires_grad_(False)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(192)
        self.padding = self.model.config.pad_token_id
        weights = folder / "model.safetensors"
        self.digest = hashlib.sha256(weights.read_bytes()).hexdigest()

    @torch.no_grad()
    def embed(self, texts: list[str]) -> torch.Tensor:
        """(texts, hidden), unit length."""
        encodings = self.tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda row: len(encodings[row].ids))
        out = torch.empty(len(texts), self.model.config.hidden_size)
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            width = max(len(encodings[row].ids) for row in rows)
            ids = torch.full((len(rows), width), self.padding)
            mask = torch.zeros(len(rows), width, dtype=torch.long)
            for index, row in enumerate(rows):
                ids[index, : len(encodings[row].ids)] = torch.tensor(encodings[row].ids)
                mask[index, : len(encodings[row].ids)] = 1
            states = self.model(input_ids=ids, attention_mask=mask).last_hidden_state
            out[rows] = F.normalize((states * mask.unsqueeze(-1)).sum(1), dim=-1)
        return out


def remembered(second: SecondTeacher, texts: list[str], store: pathlib.Path) -> torch.Tensor:
    """The second teacher's embeddings of `texts`, (texts, hidden), kept in `store` as they come."""
    known: dict[str, torch.Tensor] = {}
    if store.exists():
        saved = torch.load(store)
        if saved["digest"] == second.digest:
            known = dict(zip(saved["texts"], saved["values"]))
    missing = [text for text in dict.fromkeys(texts) if text not in known]
    for start in range(0, len(missing), SAVED_EVERY):
        part = missing[start : start + SAVED_EVERY]
        known.update(zip(part, second.embed(part).half()))
        torch.save({"digest": second.digest, "texts": list(known), "values": torch.stack(list(known.values()))}, store)
        print(json.dumps({"second_teacher": start + len(part), "of": len(missing)}), flush=True)
    return torch.stack([known[text] for text in texts]).float()


def joined(first: torch.Tensor, second: torch.Tensor, share: float = 0.5) -> torch.Tensor:
    """(texts, first width + second width), unit length, with `share` of the cosine from `second`."""
    return torch.cat([first * (1 - share) ** 0.5, second * share**0.5], 1)


def projection(first: torch.Tensor, second: torch.Tensor, share: float = 0.5) -> torch.Tensor:
    """(first width + second width, first width): principal components of the joined embeddings, turned towards `first`."""
    both = joined(first, second, share)
    components = torch.linalg.svd(both, full_matrices=False)[2][: first.shape[1]].T
    left, _, right = torch.linalg.svd((both @ components).T @ first)
    return components @ left @ right


def blended_targets(teacher: Teacher, second_folder: pathlib.Path, texts: list[str], work: pathlib.Path) -> Targets:
    """Targets of `texts` from both teachers. They leave the first teacher's own targets alone."""
    wide = remembered(SecondTeacher(second_folder), texts, work / "second_teacher.pt")
    first = torch.cat([teacher.embed(texts[start : start + SAVED_EVERY]) for start in range(0, len(texts), SAVED_EVERY)])
    every = max(1, len(texts) // FITTED)
    turn = projection(first[::every], wide[::every])
    targets = Targets(teacher, texts)
    targets.values = F.normalize(joined(first, wide) @ turn, dim=-1).bfloat16()
    targets.known[:] = True
    return targets
