"""Times `motif run` again after an edit of the taxonomy: the vectors of the contacts are cached, all else is done anew.

Usage: python benches/edited.py --motif target/release/motif --input work/repeated.jsonl --work work/edited [--rounds 5]

Several programs may be given with `--motif A --motif B`: each has its own output, and rounds go through them in turn, so that
both meet the same moments of a processor whose speed drifts. Every round adds another example to one reason, so that no
round finds the taxonomy of the one before.
"""

import argparse
import os
import re
import resource
import shutil
import statistics
import subprocess
import time
from pathlib import Path

SECRET = "only for this benchmark, never in use"
EDITED = 'id = "delivery.'


def edit(taxonomy: Path, original: str, example: str) -> None:
    """Writes the taxonomy with one more English example in its first delivery reason."""
    start = original.index(EDITED)
    found = re.compile(r"^en = \[$", re.MULTILINE).search(original, start)
    if found is None:
        raise SystemExit(f"{taxonomy}: no list of English examples after {EDITED}")
    taxonomy.write_text(f'{original[: found.end()]}\n  "{example}",{original[found.end() :]}', encoding="utf-8")


def run(program: Path, folder: Path, source: Path) -> tuple[float, float]:
    """Elapsed seconds and processor seconds of one run."""
    environment = {**os.environ, "MOTIF_SECRET": SECRET}
    command = [program, "run", "--config", folder / "motif.toml", "--input", source, "--output", folder / "out", "--quiet"]
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, env=environment)
    elapsed, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Reads the arguments, encodes once, then times the rounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--motif", type=Path, action="append", required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    programs = [path.resolve() for path in arguments.motif]
    folders = [arguments.work.resolve() / str(place) for place in range(len(programs))]
    for program, folder in zip(programs, folders):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([program, "init", folder, "--quiet"], check=True)
        print(f"{program}: {run(program, folder, arguments.input)[0]:.2f} s with nothing cached", flush=True)
    originals = [(folder / "taxonomy.toml").read_text(encoding="utf-8") for folder in folders]
    times: list[list[float]] = [[] for _ in programs]
    for number in range(arguments.rounds):
        for place, (program, folder) in enumerate(zip(programs, folders)):
            edit(folder / "taxonomy.toml", originals[place], f"the parcel of round {number} is still on its way")
            elapsed, used = run(program, folder, arguments.input)
            times[place].append(elapsed)
            print(f"round {number + 1}, {program}: {elapsed:.2f} s elapsed, {used:.2f} s of processor time", flush=True)
    for program, own in zip(programs, times):
        print(f"{program}: median {statistics.median(own):.2f} s, {min(own):.2f} to {max(own):.2f}")


if __name__ == "__main__":
    main()
