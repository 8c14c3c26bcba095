"""What the kernel classes cost in quality: STS-B and Banking77 figures of each, beside full precision.

    cargo bench --bench encoder --no-run          # prints the path of the program
    python benches/accuracy.py --model DIR --program PATH --stsb en_dev.tsv.gz --banking77 FOLDER

STS-B is a table of score, sentence1 and sentence2; the figure is the Spearman correlation of cosine and score, times 100.
Banking77 is a folder with `train.tsv.gz` and `test.tsv.gz`, tables of intent and text; the figures are test accuracies, in
per cent, of logistic regression on the frozen embeddings: trained on everything, and the mean of ten draws of eight texts a
label, as in MTEB. Draws and solver are the same for every class. Full precision is PyTorch's, through
sentence-transformers. The cosines are over all texts of both sets. Needs numpy, scipy, scikit-learn and what `compare.py` needs.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import sys
import tempfile
from pathlib import Path

import compare

DRAWS, SHOTS = 10, 8


def read_table(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def similarity(rows: list[dict[str, str]], embed) -> float:
    from scipy.stats import spearmanr

    left, right = (embed([row[column] for row in rows]) for column in ("sentence1", "sentence2"))
    return 100 * float(spearmanr((left * right).sum(1), [float(row["score"]) for row in rows]).statistic)


def intents(train: list[dict[str, str]], test: list[dict[str, str]], embed) -> tuple[float, float]:
    """Test accuracy of a head trained on everything, and the mean over small draws."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    x, y = embed([row["text"] for row in train]), np.array([row["intent"] for row in train])
    test_x, test_y = embed([row["text"] for row in test]), np.array([row["intent"] for row in test])
    accuracy = lambda rows, c: 100 * LogisticRegression(C=c, max_iter=1_000).fit(x[rows], y[rows]).score(test_x, test_y)
    draws = []
    for seed in range(DRAWS):
        order = np.random.default_rng(seed).permutation(len(y))
        draws.append(accuracy(np.concatenate([order[y[order] == label][:SHOTS] for label in np.unique(y)]), 1.0))
    return accuracy(np.arange(len(y)), 10.0), float(np.mean(draws))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--program", type=Path, required=True, help="the built bench program `encoder`")
    parser.add_argument("--stsb", type=Path, required=True)
    parser.add_argument("--banking77", type=Path, required=True)
    parser.add_argument("--kernels", default="avx512-vnni,avx512-bf16,avx2,avx2-int16")
    parser.add_argument("--engines", default="torch-fp32", help="engines of compare.py; the first is what others are compared with")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    import numpy as np

    stsb = read_table(options.stsb)
    train, test = (read_table(options.banking77 / f"{part}.tsv.gz") for part in ("train", "test"))
    texts = sorted({row[column] for row in stsb for column in ("sentence1", "sentence2")}
                   | {row["text"] for row in train + test})
    place = {text: index for index, text in enumerate(texts)}
    print(f"{len(stsb)} pairs of STS-B; Banking77 {len(train)} and {len(test)} texts\n")
    print("| engine | STS-B | Banking77, all | Banking77, 8 a label | mean cosine | lowest |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "texts").write_text("\n".join(" ".join(text.split()) for text in texts), encoding="utf-8")
        compare.write_windows(options.model, folder / "texts", folder / "windows.txt", 256)
        engines = [(name, compare.other_engine) for name in options.engines.split(",")]
        engines += [(name, compare.own_engine) for name in options.kernels.split(",")]
        reference, first = None, None
        for name, start in engines:
            engine = start(name, options, folder)
            engine.run(False)
            engine.stop()
            found = np.fromfile(folder / f"{engine.name}.f32", np.float32).reshape(len(texts), -1)
            embed = lambda own: found[[place[text] for text in own]]
            figures = [similarity(stsb, embed), *intents(train, test, embed)]
            reference, first = (found, figures) if reference is None else (reference, first)
            cosines = (found * reference).sum(1)
            shown = " | ".join(f"{own:.2f} ({own - full:+.2f})" for own, full in zip(figures, first))
            print(f"| {engine.title} | {shown} | {cosines.mean():.5f} | {cosines.min():.5f} |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
