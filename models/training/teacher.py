"""The teacher's sentence embeddings: computed when first needed, then kept."""

from __future__ import annotations

import json
import pathlib

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer

from batches import pad
from device import DEVICE, autocast
from encoder import Encoder, mean_pool


# Texts embedded together: small on a processor, whose caches are small.
AT_ONCE = 64 if DEVICE.type == "cpu" else 1024


class Teacher:
    """A frozen encoder of 384 dimensions, in bf16: all-MiniLM-L6-v2 (Apache-2.0), or an earlier model of this recipe."""

    def __init__(self, tokenizer: Tokenizer, model: Encoder) -> None:
        self.tokenizer, self.model = tokenizer, model.to(DEVICE).eval().requires_grad_(False)
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(192)
        self.latest: Targets | None = None

    @classmethod
    def of(cls, folder: pathlib.Path) -> Teacher:
        """all-MiniLM-L6-v2 in the Hugging Face layout."""
        model = Encoder(json.loads((folder / "config.json").read_text()))
        model.load_state_dict({name: tensor for name, tensor in load_file(folder / "model.safetensors").items()
                               if "pooler" not in name and "position_ids" not in name})
        return cls(Tokenizer.from_file(str(folder / "tokenizer.json")), model)

    @torch.no_grad()
    def embed(self, texts: list[str]) -> torch.Tensor:
        """(texts, hidden), unit length."""
        encodings = self.tokenizer.encode_batch(texts)
        order = sorted(range(len(texts)), key=lambda row: len(encodings[row].ids))
        out = torch.empty(len(texts), 384)
        for start in range(0, len(order), AT_ONCE):
            rows = order[start : start + AT_ONCE]
            ids, mask = pad([encodings[row] for row in rows])
            with autocast():
                out[rows] = mean_pool(self.model(ids, mask), mask).cpu()
        return out


class Targets:
    """Teacher embeddings of a fixed list of English texts; those that an earlier list has are taken from it."""

    def __init__(self, teacher: Teacher, texts: list[str]) -> None:
        self.teacher, self.texts = teacher, texts
        self.values = torch.zeros(len(texts), 384, dtype=torch.bfloat16)
        self.known = torch.zeros(len(texts), dtype=torch.bool)
        if earlier := teacher.latest:
            row_of = {text: row for row, text in enumerate(earlier.texts) if earlier.known[row]}
            shared = [row for row, text in enumerate(texts) if text in row_of]
            self.values[shared] = earlier.values[[row_of[texts[row]] for row in shared]]
            self.known[shared] = True
        teacher.latest = self

    def get(self, rows: list[int]) -> torch.Tensor:
        missing = sorted({row for row in rows if not self.known[row]})
        if missing:
            self.values[missing] = self.teacher.embed([self.texts[row] for row in missing]).bfloat16()
            self.known[missing] = True
        return self.values[rows].float().to(DEVICE)
