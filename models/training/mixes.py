"""What different means of the stages' encoders know, before a `--mix` is chosen:

    python models/training/mixes.py --data DIR --work WORK --mixes multitask=1 multitask=0.3,similarity=0.2,distil=0.5 …

Prints a Markdown row for each: likeness, reasons from a line of description, and reasons learnt from ten examples inside the train part of Banking77
(logistic regression on the embedding alone, five draws). Dev data, embeddings in bf16 where the processor has it, weights not rounded.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np
import torch
from tokenizers import Tokenizer

import evaluate
import export
from encoder import CONFIG, FEELINGS, Encoder
from train import shares

FEELINGS_LAYERS = {"after": CONFIG["num_hidden_layers"] - 2, "layers": 2}


class Quick(evaluate.Runner):
    """Embeddings in bf16."""

    def __call__(self, texts: list[str]) -> np.ndarray:
        return self.all(texts, bf16=True)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="the checkpoints of a run")
    parser.add_argument("--mixes", type=shares, nargs="+", required=True)
    options = parser.parse_args()
    torch.set_num_threads(2)
    tokenizer = Tokenizer.from_file(str(options.work / "tokenizer.json"))
    model = Encoder({**CONFIG, "vocab_size": tokenizer.get_vocab_size(), FEELINGS: FEELINGS_LAYERS})
    names = None
    for mix in options.mixes:
        export.load_encoder(options.work, model, mix)
        run = Quick(tokenizer, model)
        found = {**evaluate.similarity(run, options.data), **evaluate.descriptions(run, export.ROOT),
                 **{f"banking77_train_part_{shots}": entry for shots, entry in evaluate.banking_train_only(run, options.data, draws=5).items()}}
        if names is None:
            names = list(found)
            print(f"| mix | {' | '.join(names)} |\n|{'---|' * (len(names) + 1)}")
        print(f"| {json.dumps(mix)} | {' | '.join(str(found[name]['value']) for name in names)} |", flush=True)


if __name__ == "__main__":
    main()
