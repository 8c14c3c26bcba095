"""Makes inputs from MultiDoGO (customer turns of support chats, CDLA-Permissive-1.0): JSONL contacts, and lines of text.

Usage: python benches/multidogo.py FOLDER_WITH_turn_train.tsv.gz OUTPUT_FOLDER [--repeated 100000]

`contacts.jsonl` holds each conversation once; `repeated.jsonl` holds that many contacts made of them by repetition, with
varied customers and dates. Customers and times are invented, since the source has none, and the same on every run.
`turns.txt` has one turn a line, `short.txt` the turns of a conversation, 27 tokens on average, and `texts.txt` those of two conversations a
line, 1,000 lines spread evenly over the source: since the source leaves out many turns, that is nearer to a whole dialogue.
Then: /usr/bin/time -v motif run --input OUTPUT_FOLDER/contacts.jsonl --output out, once and once more (cached).
"""

import argparse
import csv
import gzip
import json
import random
from datetime import datetime, timedelta
from pathlib import Path

START = datetime(2026, 1, 1)
TEXTS = 1_000
CHANNELS = ["chat", "chat", "chat", "email", "phone", "web_form"]


def conversations(folder: Path) -> list[tuple[str, list[str]]]:
    """Domain and customer turns of every conversation, in the order of the files."""
    found: dict[str, tuple[str, list[tuple[int, str]]]] = {}
    for name in ("turn_train.tsv.gz", "turn_dev.tsv.gz"):
        with gzip.open(folder / name, "rt", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                # A few rows of the source are broken across lines.
                if row["turn"].isdecimal() and row["utterance"]:
                    turns = found.setdefault(row["conversation_id"], (row["domain"], []))[1]
                    turns.append((int(row["turn"]), row["utterance"]))
    return [(domain, [text for _, text in sorted(turns)]) for domain, turns in found.values()]


def write(path: Path, talks: list[tuple[str, list[str]]], count: int, customers: int) -> None:
    """Writes `count` contacts of `customers` customers over half a year."""
    draw = random.Random(20260101)
    with path.open("w", encoding="utf-8") as file:
        for index in range(count):
            domain, turns = talks[index % len(talks)]
            contact = {
                "contact_id": f"m{index:07}",
                "customer_id": f"k{draw.randrange(customers):06}",
                "channel": draw.choice(CHANNELS),
                "started_at": (START + timedelta(seconds=draw.randrange(181 * 86_400))).isoformat() + "Z",
                "product": domain,
                "turns": [{"speaker": "customer", "text": text} for text in turns],
            }
            file.write(json.dumps(contact, ensure_ascii=False) + "\n")


def main() -> None:
    """Reads the arguments and writes both files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--repeated", type=int, default=100_000)
    arguments = parser.parse_args()
    talks = conversations(arguments.source)
    arguments.output.mkdir(parents=True, exist_ok=True)
    write(arguments.output / "contacts.jsonl", talks, len(talks), len(talks) * 2 // 5)
    write(arguments.output / "repeated.jsonl", talks, arguments.repeated, arguments.repeated * 2 // 5)
    lines = [" ".join(" ".join(turns).split()) for _, turns in talks]
    (arguments.output / "turns.txt").write_text("".join(f"{' '.join(turn.split())}\n" for _, turns in talks for turn in turns), encoding="utf-8")
    spread = [index * (len(lines) - 1) // TEXTS for index in range(TEXTS)]
    (arguments.output / "short.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (arguments.output / "texts.txt").write_text("".join(f"{lines[i]} {lines[i + 1]}\n" for i in spread), encoding="utf-8")
    print(f"{len(talks)} conversations, {arguments.repeated} repeated contacts")


if __name__ == "__main__":
    main()
