"""One command from data to exported model:

    python models/training/train.py --data DIR --teacher DIR --out DIR [--permissive-only]

Stages: vocabulary, distillation, multi-task refinement, a short one for similarity, the heads on the encoder that ships, export with
calibration and evaluation. Each leaves a checkpoint in `--work`, so that `--first STAGE` can start again from there.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import random
import time

import numpy as np
import torch
from tokenizers import Tokenizer

import distil
import export
import heads
import multitask
import symbols
import vocabulary
from corpora import Corpora
from device import DEVICE
from encoder import CONFIG, FEELINGS, Encoder
from schedule import Progress
from teacher import Teacher

HERE = pathlib.Path(__file__).resolve().parent
WORDS = "embeddings.word_embeddings.weight"
STAGES = ["vocabulary", "distil", "multitask", "similarity", "heads", "export"]


def shares(text: str) -> dict[str, float]:
    """`multitask=0.6,distil=0.4` as a mapping; the shares add up to 1."""
    found = {name: float(share) for name, _, share in (part.partition("=") for part in text.split(","))}
    if not set(found) <= {"distil", "similarity", "multitask"} or abs(sum(found.values()) - 1) > 1e-6:
        raise argparse.ArgumentTypeError("give shares of distil, similarity and multitask that add up to 1")
    return found


def times(text: str) -> dict[str, int]:
    """`opinions=14,umsab_fr=2` as a mapping."""
    return {name: int(often) for name, _, often in (part.partition("=") for part in text.split(","))}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder with the public data sets")
    parser.add_argument("--teacher", type=pathlib.Path, required=True, help="all-MiniLM-L6-v2 in the Hugging Face layout")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the exported model")
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("target/training"), help="checkpoints and logs")
    parser.add_argument("--start", type=pathlib.Path, help="an exported model to go on from: its vocabulary, and its encoder in place of the teacher's")
    followed = parser.add_mutually_exclusive_group()
    followed.add_argument("--second-teacher", type=pathlib.Path,
                          help="all-mpnet-base-v2 in the Hugging Face layout: the multi-task stage then follows both teachers")
    followed.add_argument("--own-teacher", action="store_true",
                          help="the stages behind the distillation follow what the model of --start says of the English texts")
    parser.add_argument("--tuned-teacher", action="store_true",
                        help="with --own-teacher: joined with the teacher of --teacher, which first learns people's scores of English pairs")
    parser.add_argument("--permissive-only", action="store_true", help="leave out tweets and share-alike files")
    parser.add_argument("--first", choices=STAGES, default=STAGES[0], help="stage to start at, from the checkpoints in --work")
    parser.add_argument("--last", choices=STAGES, default=STAGES[-1], help="stage to end after")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--distil-steps", type=int, default=3200)
    parser.add_argument("--distil-minutes", type=float, default=600, help="upper limit; the rate decays by whichever is nearer")
    parser.add_argument("--distil-batch", type=int, default=160, help="sentences a step; more on a GPU")
    parser.add_argument("--distil-rate", type=float, default=3e-4, help="highest learning rate of the layers; five times it for the embeddings")
    parser.add_argument("--tuned-steps", type=int, default=600)
    parser.add_argument("--tuned-minutes", type=float, default=600)
    parser.add_argument("--similarity-steps", type=int, default=400)
    parser.add_argument("--similarity-minutes", type=float, default=600)
    parser.add_argument("--similarity-rate", type=float, default=2e-5)
    parser.add_argument("--multitask-steps", type=int, default=1300)
    parser.add_argument("--multitask-minutes", type=float, default=600)
    parser.add_argument("--resume", action="store_true", help="start the multi-task stage from its own last checkpoint")
    parser.add_argument("--multitask-rate", type=float, default=1.5e-4)
    parser.add_argument("--dropout", type=float, default=0.1, help="share of values left out in all stages but distillation")
    parser.add_argument("--feelings-layers", type=int, default=2, help="upper layers that the heads of sentiment and emotion have to themselves")
    parser.add_argument("--feelings-batch", type=int, default=96, help="texts a step for the heads of sentiment and emotion")
    parser.add_argument("--times", type=times, default={},
                        help="how often an epoch of them holds each text of a set or of a file of data/lines: opinions=14,umsab_fr=2,tweets_fr=4")
    parser.add_argument("--mix", type=shares, default=shares("multitask=0.4,similarity=0.4,distil=0.2"),
                        help="share of each stage's encoder in the model")
    parser.add_argument("--heads-steps", type=int, default=1500)
    parser.add_argument("--heads-minutes", type=float, default=600)
    parser.add_argument("--heads-rate", type=float, default=5e-4)
    options = parser.parse_args()
    if options.own_teacher and not options.start:
        parser.error("--own-teacher follows the model of --start: give that too")
    if options.tuned_teacher and not options.own_teacher:
        parser.error("--tuned-teacher joins the teacher with the model of --start: give --own-teacher too")
    return options


def started(folder: pathlib.Path) -> tuple[Tokenizer, dict[str, torch.Tensor]]:
    """Tokenizer and encoder of an exported model, which may be older than the signs of `symbols`."""
    tokenizer, model, _ = export.read_model(folder)
    weights = model.state_dict()
    tokenizer, weights[WORDS] = symbols.add_to(tokenizer, weights[WORDS])
    return tokenizer, weights


def first_weights(options: argparse.Namespace, teacher: Teacher, tokenizer: Tokenizer, pairs: list[tuple[str, str]]) -> dict[str, torch.Tensor]:
    """The encoder that distillation starts from: the one of `--start`, else the teacher's with embeddings for the new pieces."""
    if options.start:
        return started(options.start)[1]
    weights = {name: tensor.cpu() for name, tensor in teacher.model.state_dict().items()}
    weights[WORDS] = vocabulary.initial_embeddings(tokenizer, teacher.tokenizer, weights[WORDS], pairs)
    return weights


def main() -> None:
    options = arguments()
    random.seed(options.seed)
    np.random.seed(options.seed)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    wanted = STAGES[STAGES.index(options.first): STAGES.index(options.last) + 1]

    corpora = Corpora(options.data, HERE / "data", options.permissive_only, options.seed)
    teacher = Teacher.of(options.teacher)
    service = [(row["en"], row["fr"]) for row in corpora.service_pairs("train") + corpora.service_lines("train")]
    pairs, english = corpora.pairs() + service, corpora.english_only()
    print(json.dumps({"pairs": len(pairs), "english": len(english), "own": len(service)}), flush=True)

    tokenizer_file = options.work / "tokenizer.json"
    if options.start:
        tokenizer, _ = started(options.start)
        if tokenizer_file.exists() and Tokenizer.from_file(str(tokenizer_file)).get_vocab() != tokenizer.get_vocab():
            raise SystemExit(f"the pieces of {tokenizer_file}, which its checkpoints have learnt, are not those of this recipe; use another --work")
        tokenizer.save(str(tokenizer_file))
    elif "vocabulary" in wanted:
        texts = [text for pair in pairs for text in pair] + english + corpora.french_only()
        vocabulary.build(texts, options.teacher).save(str(tokenizer_file))
    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    config = {**CONFIG, "vocab_size": tokenizer.get_vocab_size()}
    print(json.dumps({"vocabulary": tokenizer.get_vocab_size()}), flush=True)

    if "distil" in wanted:
        model = Encoder(config).to(DEVICE)
        model.adopt(first_weights(options, teacher, tokenizer, pairs))
        progress = Progress("distil", options.distil_steps, options.distil_minutes, options.work, {"encoder": model})
        items = distil.DistillationItems(teacher, tokenizer, pairs, english, 0.35, options.distil_batch, options.seed)
        distil.run(model, items, progress, options.distil_rate)
        progress.finish()
    elif options.start and STAGES.index(options.first) > STAGES.index("distil") and not (options.work / "distil.pt").exists():
        # The model itself stands for the stage before, also in the average.
        torch.save({"weights": {"encoder": first_weights(options, teacher, tokenizer, pairs)}}, options.work / "distil.pt")
    if options.start and STAGES.index(options.first) > STAGES.index("multitask") and not (options.work / "multitask.pt").exists():
        # Here too, with its heads: such a run teaches the upper layers alone.
        before = {name: head.state_dict() for name, head in export.read_model(options.start)[2].items()}
        torch.save({"weights": {"encoder": first_weights(options, teacher, tokenizer, pairs), **before}}, options.work / "multitask.pt")
    own = {FEELINGS: {"after": CONFIG["num_hidden_layers"] - options.feelings_layers, "layers": options.feelings_layers}}
    model = Encoder({**config, **(own if options.feelings_layers else {})}).to(DEVICE)
    if "similarity" in wanted or "multitask" in wanted:
        sampler = multitask.sampler_of(options, corpora, teacher, tokenizer, pairs, english)
        if "multitask" in wanted:
            multitask.stage(options, sampler, model)
        if "similarity" in wanted:
            multitask.similarity_stage(options, sampler, model)
    if "heads" in wanted:
        export.load_encoder(options.work, model, options.mix)
        heads.stage(options, corpora, tokenizer, model, export.heads_of(options.work, "multitask", options.start))
    if "export" in wanted:
        export.stage(options, corpora, tokenizer, model)


if __name__ == "__main__":
    main()
