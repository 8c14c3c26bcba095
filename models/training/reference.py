"""Writes what the exported model answers to a few texts, for the Rust parity test:

    python models/training/reference.py --model models/motif-small-fr-en --out tests/fixtures/models/bundled_reference.json

Computed in f32 on the exact quantised weights, one text at a time, so without padding.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import torch

from encoder import mean_pool
from export import read_model

TEXTS = [
    "Bonjour, je n'ai toujours pas reçu mon colis.",
    "bonjour je n ai toujours pas recu mon coli",
    "Hello, I still have not received my parcel.",
    "Merci, bonne journée !",
    "Thank you so much, everything works now.",
    "Je ne suis pas content du tout : c'est la 3e fois que j'appelle.",
    "Pas mal du tout, je recommande.",
    "My order number is 48213-B.",
    "Où en est mon remboursement de 54,90 € ?",
    "Great, another week without internet. Well done.",
    "L'œuvre « Été à Nîmes » coûte cher… 😡",
    "merci😊 Box® l´été m² ✅ok 👍🏽👍🏽 🤷\u200d♀️",
    "★★☆☆☆ 🥑 ﬁn 𝐆𝐫𝐚𝐭𝐮𝐢𝐭 chargé·e",
    "a",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    tokenizer, model, heads = read_model(options.model)
    infos = {name: json.loads((options.model / f"{name}_head.json").read_text()) for name in heads}
    rows = []
    with torch.no_grad():
        for text in TEXTS:
            ids = torch.tensor([tokenizer.encode(text).ids])
            mask = torch.ones_like(ids)
            states, feelings = model.both(ids, mask)
            row = {
                "text": text, "input_ids": ids[0].tolist(),
                "embedding_first_8": [round(float(x), 7) for x in mean_pool(states, mask)[0, :8]]}
            for name, head in heads.items():
                logits = head(feelings, mask)[0]
                row[f"{name}_logits"] = [round(float(x), 6) for x in logits]
                row[f"{name}_probabilities"] = [round(float(x), 6) for x in (logits / infos[name]["temperature"]).softmax(-1)]
            rows.append(row)
    manifest = options.model / "manifest.json"
    revision = json.loads(manifest.read_text())["revision"] if manifest.exists() else None
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps({"model": options.model.name, "revision": revision, "labels": infos["sentiment"]["labels"], "rows": rows},
                                      ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
