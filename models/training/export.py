"""The exported model: a folder in the Hugging Face layout, weights as int8 rows with one f32 scale each."""

from __future__ import annotations

import hashlib
import json
import pathlib

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import card
import evaluate
from corpora import EMOTIONS, LABELS, Corpora
from encoder import Encoder, SentimentHead
from sentiment_rows import training_rows
from vocabulary import MAX_LENGTH, SPECIALS

NAME = "motif-small-fr-en"
# Share of the multi-task stage's heads beside those of the model it started from, before they are fitted.
HEADS_MIX = 0.5
ENCODER_FILE = "model.safetensors"
HEADS = {"sentiment": LABELS, "emotion": EMOTIONS}
ROOT = pathlib.Path(__file__).resolve().parents[2]


def row_scales(matrix: torch.Tensor) -> torch.Tensor:
    """What one step of an int8 weight is worth in each row, (rows, 1)."""
    return matrix.abs().amax(1, keepdim=True).clamp(min=1e-12) / 127


def rounded(matrix: torch.Tensor) -> torch.Tensor:
    """The matrix as its int8 rows give it back."""
    scale = row_scales(matrix)
    return (matrix / scale).round() * scale


def quantise(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every 2-D tensor `NAME` becomes I8 plus `NAME.scale`, F32 of one value per row; the others become F32."""
    stored = {}
    for name, tensor in weights.items():
        tensor = tensor.float()
        if tensor.dim() == 2:
            scale = row_scales(tensor)
            stored[name] = (tensor / scale).round().clamp(-127, 127).to(torch.int8)
            stored[name + ".scale"] = scale[:, 0].contiguous()
        else:
            stored[name] = tensor.contiguous()
    return stored


def dequantise(stored: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The f32 weights of a stored file, quantised or not: `int8 * scale[row]`."""
    return {name: tensor.float() * stored[name + ".scale"][:, None] if tensor.dtype == torch.int8 else tensor.float()
            for name, tensor in stored.items() if not name.endswith(".scale")}


def write_json(path: pathlib.Path, value: object) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def write_model(folder: pathlib.Path, tokenizer: Tokenizer, model: Encoder, heads: dict[str, SentimentHead],
                temperatures: dict[str, float], quantised: bool = True) -> None:
    """All files that the program reads, but the manifest."""
    (folder / "1_Pooling").mkdir(parents=True, exist_ok=True)
    pack = quantise if quantised else (lambda weights: {name: tensor.float().contiguous() for name, tensor in weights.items()})
    meta = {"format": "pt"}
    save_file(pack(model.state_dict()), folder / ENCODER_FILE, meta)
    (folder / ENCODER_FILE).chmod(0o644)
    for name, head in heads.items():
        write_head(folder, name, head, temperatures[name], pack)
    config = dict(model.config)
    if quantised:
        config["motif_quantization"] = {
            "scheme": "int8_per_row", "scale_suffix": ".scale",
            "rule": "a tensor NAME of dtype I8 and shape (rows, columns) stands for NAME * NAME.scale[row]; others are F32"}
    write_json(folder / "config.json", config)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    write_json(folder / "tokenizer_config.json", {
        # Not BertTokenizer, which would replace the normaliser by its own.
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": MAX_LENGTH, **{name.strip("[]").lower() + "_token": name for name in SPECIALS}})
    write_json(folder / "modules.json", [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"}])
    write_json(folder / "1_Pooling" / "config.json", {
        "word_embedding_dimension": model.config["hidden_size"], "pooling_mode_cls_token": False,
        "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": False, "pooling_mode_mean_sqrt_len_tokens": False})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": MAX_LENGTH, "do_lower_case": False})


def write_head(folder: pathlib.Path, name: str, head: SentimentHead, temperature: float, pack) -> None:
    """`NAME_head.safetensors` and `NAME_head.json`."""
    file = f"{name}_head.safetensors"
    save_file(pack(head.state_dict()), folder / file, {"format": "pt"})
    (folder / file).chmod(0o644)
    write_json(folder / f"{name}_head.json", {
        "labels": HEADS[name], "temperature": round(temperature, 4), "weights": file, "queries": head.query.shape[0],
        "hidden_size": head.query.shape[1], "inner_size": head.dense.out_features, "activation": "gelu",
        "tensors": {"query": list(head.query.shape), "dense.weight": list(head.dense.weight.shape),
                    "dense.bias": list(head.dense.bias.shape), "output.weight": list(head.output.weight.shape),
                    "output.bias": list(head.output.bias.shape)},
        "forward": ["scores = hidden_states @ query.T / sqrt(hidden_size)", "weights = softmax of scores over the unmasked tokens",
                    "pooled = for query 0..queries, the weighted sum of hidden_states, joined end to end",
                    "logits = output(gelu(dense(pooled)))", "probabilities = softmax(logits / temperature)"]})


def read_model(folder: pathlib.Path) -> tuple[Tokenizer, Encoder, dict[str, SentimentHead]]:
    """Tokenizer, encoder and heads of an exported folder, weights in f32."""
    model = Encoder(json.loads((folder / "config.json").read_text()))
    model.load_state_dict(dequantise(load_file(folder / ENCODER_FILE)))
    heads = {}
    for path in sorted(folder.glob("*_head.json")):
        info = json.loads(path.read_text())
        head = SentimentHead(info["hidden_size"], info["queries"], info["inner_size"], len(info["labels"]))
        head.load_state_dict(dequantise(load_file(folder / info["weights"])))
        heads[path.name.removesuffix("_head.json")] = head.eval()
    return Tokenizer.from_file(str(folder / "tokenizer.json")), model.eval(), heads


def measure(run: evaluate.Runner, corpora: Corpora) -> tuple[dict, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """All dev figures of one model, and the sentiment logits."""
    found, outputs = evaluate.sentiment(run, corpora)
    return {**evaluate.similarity(run, corpora.data), **evaluate.retrieval(run, corpora), **evaluate.descriptions(run, ROOT),
            **found, **evaluate.emotion(run, corpora)}, outputs


def mean_of(parts: list[tuple[float, dict[str, torch.Tensor]]]) -> dict[str, torch.Tensor]:
    """The weighted mean of several sets of weights."""
    return {name: sum(share * weights[name].float() for share, weights in parts) for name in parts[0][1]}


def load_encoder(work: pathlib.Path, model: Encoder, mix: dict[str, float]) -> None:
    """Loads the mean of the stages' encoders into `model`, each with its share.

    Each stage forgets something that another knows; the mean of the weights keeps most of both. The shares are chosen on dev:
    `RESULTS.md`.
    """
    stages = []
    for name, share in mix.items():
        model.adopt(torch.load(work / f"{name}.pt", map_location="cpu")["weights"]["encoder"])
        stages.append((share, {key: tensor.clone() for key, tensor in model.state_dict().items()}))
    model.load_state_dict(mean_of(stages))


def heads_of(work: pathlib.Path, stage: str, start: pathlib.Path | None = None) -> dict[str, SentimentHead]:
    """The heads as a stage left them; with `start`, half of the way from those of the model that it started from."""
    learnt = torch.load(work / f"{stage}.pt", map_location="cpu")["weights"]
    before = read_model(start)[2] if start else {}
    heads = {}
    for name, labels in HEADS.items():
        weights = learnt[name]
        if name in before:
            weights = mean_of([(HEADS_MIX, weights), (1 - HEADS_MIX, before[name].state_dict())])
        hidden, queries = weights["query"].shape[1], weights["query"].shape[0]
        heads[name] = SentimentHead(hidden, queries, weights["dense.weight"].shape[0], len(labels))
        heads[name].load_state_dict(weights)
    return heads


def stage(options, corpora: Corpora, tokenizer: Tokenizer, model: Encoder) -> None:
    """From the checkpoints to the folder `--out` with manifest, card and measured figures."""
    for read in (corpora.french_only, corpora.intents, corpora.sts_train, corpora.descriptions, lambda: training_rows(corpora, options.times)):
        read()  # So that the manifest lists every set, also where an earlier stage ran in another process.
    load_encoder(options.work, model, options.mix)
    heads = heads_of(options.work, "heads")
    if model.fork is not None:
        model.feelings.load_state_dict(torch.load(options.work / "heads.pt", map_location="cpu")["weights"]["feelings"])
    before, outputs = measure(evaluate.Runner(tokenizer, model, heads), corpora)
    temperature, _ = evaluate.calibration(outputs, options.seed)
    write_model(options.out, tokenizer, model, heads, {"sentiment": temperature, "emotion": 1.0})
    run = evaluate.Runner(*read_model(options.out))
    after, outputs = measure(run, corpora)
    after.update(evaluate.calibration(outputs, options.seed)[1])
    for name, entry in before.items():
        after[name]["before_quantisation"] = entry["value"]
    finish(options.out, corpora, after)  # The few-shot figures take the longest: the folder is whole before them.
    after.update(evaluate.intents_dev(run, corpora.data))
    for shots, entry in evaluate.banking_train_only(run, corpora.data).items():
        after[f"banking77_train_part_{shots}_shot_accuracy"] = entry
    for shots, entry in evaluate.banking_test(run, corpora.data).items():
        after[f"banking77_test_{shots}{'_shot' if shots != 'full' else ''}_accuracy"] = entry
    finish(options.out, corpora, after)


def finish(folder: pathlib.Path, corpora: Corpora, figures: dict) -> None:
    """Writes manifest and card. The revision is the hash of the weights and tokenizer, so that it cannot be stale."""
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in ("manifest.json", "README.md"))
    digests = {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}
    named = (ENCODER_FILE, "sentiment_head.safetensors", "tokenizer.json", "sentiment_head.json", "emotion_head.safetensors")
    joined = "".join(digests[name] for name in named)
    manifest = {
        "name": NAME, "revision": hashlib.sha256(joined.encode()).hexdigest()[:16],
        "files": {name: {"sha256": digest, "bytes": (folder / name).stat().st_size} for name, digest in digests.items()},
        **card.FACTS, "architecture": card.architecture(json.loads((folder / "config.json").read_text())),
        "parameters": sum(tensor.numel() for name, tensor in load_file(folder / ENCODER_FILE).items() if not name.endswith(".scale")),
        "permissive_only": corpora.permissive_only,
        "training_data": [{"name": name, **entry} for name, entry in sorted(corpora.used.items())], "figures": figures}
    write_json(folder / "manifest.json", manifest)
    (folder / "README.md").write_text(card.render(manifest), encoding="utf-8")
    print(json.dumps({name: entry["value"] for name, entry in figures.items()}), flush=True)
