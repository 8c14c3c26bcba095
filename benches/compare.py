"""The encoder beside the usual engines: same model, same token windows, same run, in alternation.

    cargo bench --bench encoder --no-run          # prints the path of the program
    python benches/compare.py --model DIR --texts FILE --program PATH [--rounds 7] [--threads 2] [--engines ...]

`DIR` is a BERT-family sentence encoder with mean pooling in the Hugging Face layout, `FILE` has one text a line. Each engine lives in a
process of its own, loads and warms up, then waits for its turn: every round asks each engine once, so that all of
them see the same disturbances, and ratios are taken within a round. All get the same token ids; batches of 32 sorted by
length, padded, for the engines that need batches. Tokenisation is left out, mean pooling and normalisation are in.
Peak memory is that of the engine's process, its language and libraries included.

Needs numpy and tokenizers, and for each engine its package: torch with sentence-transformers, onnxruntime, openvino.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENGINES = ["torch-fp32", "torch-bf16", "onnxruntime-fp32", "onnxruntime-int8", "openvino-fp32", "openvino-bf16"]
BATCH = 32


def read_windows(path: Path) -> list[list[int]]:
    return [[int(token) for token in line.split()] for line in path.read_text().splitlines()]


def write_windows(model: Path, texts: Path, out: Path, longest: int) -> int:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    windows = [encoding.ids for encoding in tokenizer.encode_batch(texts.read_text(encoding="utf-8").splitlines())]
    windows = [ids if len(ids) <= longest else ids[: longest - 1] + ids[-1:] for ids in windows]
    out.write_text("".join(" ".join(map(str, ids)) + "\n" for ids in windows))
    return sum(map(len, windows))


def batches(windows: list[list[int]]):
    """Indices, ids and mask of each batch, sorted by length."""
    import numpy as np

    order = sorted(range(len(windows)), key=lambda index: -len(windows[index]))
    for start in range(0, len(order), BATCH):
        own = order[start : start + BATCH]
        longest = len(windows[own[0]])
        ids, mask = np.zeros((len(own), longest), np.int64), np.zeros((len(own), longest), np.int64)
        for row, index in enumerate(own):
            ids[row, : len(windows[index])] = windows[index]
            mask[row, : len(windows[index])] = 1
        yield own, ids, mask


def export_onnx(model: Path, out: Path) -> Path:
    """The encoder as ONNX: ids and mask in, last hidden states out."""
    import torch
    from transformers import AutoModel

    path = out / "model.onnx"
    if path.exists():
        return path

    class Wrapped(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = AutoModel.from_pretrained(model, attn_implementation="eager").eval()

        def forward(self, input_ids, attention_mask):
            return self.model(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state

    example = (torch.randint(5, 100, (2, 7)), torch.ones(2, 7, dtype=torch.int64))
    axes = {0: "batch", 1: "seq"}
    with torch.no_grad():
        torch.onnx.export(Wrapped(), example, str(path), input_names=["input_ids", "attention_mask"],
                          output_names=["states"], opset_version=17, dynamo=False,
                          dynamic_axes={"input_ids": axes, "attention_mask": axes, "states": axes})
    return path


def pool(states, mask):
    import numpy as np

    weights = mask[..., None].astype(np.float32)
    pooled = (states * weights).sum(1) / weights.sum(1)
    return pooled / np.linalg.norm(pooled, axis=1, keepdims=True)


def torch_engine(model: Path, threads: int, bf16: bool):
    import numpy as np
    import torch
    from sentence_transformers import SentenceTransformer

    torch.set_num_threads(threads)
    encoder = SentenceTransformer(str(model), device="cpu").eval()

    def run(ids, mask):
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            out = encoder({"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)})
            return out["sentence_embedding"].float().numpy()

    return run


def onnx_engine(model: Path, threads: int, folder: Path, int8: bool):
    import onnxruntime

    path = export_onnx(model, folder)
    if int8:
        from onnxruntime.quantization import QuantType, quantize_dynamic

        quantised = folder / "model.int8.onnx"
        if not quantised.exists():
            quantize_dynamic(path, quantised, weight_type=QuantType.QInt8)
        path = quantised
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return lambda ids, mask: pool(session.run(None, {"input_ids": ids, "attention_mask": mask})[0], mask)


def openvino_engine(model: Path, threads: int, folder: Path, precision: str):
    import openvino

    core = openvino.Core()
    compiled = core.compile_model(str(export_onnx(model, folder)), "CPU", {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    return lambda ids, mask: pool(request.infer({"input_ids": ids, "attention_mask": mask})[0], mask)


def worker(options: argparse.Namespace) -> None:
    import numpy as np

    name, folder = options.worker, options.folder
    if name.startswith("torch"):
        run = torch_engine(options.model, options.threads, name.endswith("bf16"))
    elif name.startswith("onnxruntime"):
        run = onnx_engine(options.model, options.threads, folder, name.endswith("int8"))
    else:
        run = openvino_engine(options.model, options.threads, folder, {"fp32": "f32", "bf16": "bf16"}[name[9:]])
    windows = read_windows(folder / "windows.txt")
    prepared = list(batches(windows))
    print("ready", name, flush=True)
    for _ in sys.stdin:
        embeddings = None
        started, before = time.perf_counter(), time.process_time()
        for own, ids, mask in prepared:
            found = run(ids, mask)
            if embeddings is None:
                embeddings = np.empty((len(windows), found.shape[1]), np.float32)
            embeddings[own] = found
        seconds, cpu = time.perf_counter() - started, time.process_time() - before
        embeddings.tofile(folder / f"{name}.f32")
        print(seconds, cpu, flush=True)


def machine() -> str:
    """The processor and those of its features that decide the speed of these engines."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return "unknown processor"
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    own = set(fields.get("flags", "").split())
    wanted = ["avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8"]
    return f"{fields.get('model name', 'unknown processor')}, {', '.join(flag for flag in wanted if flag in own)}"


class Engine:
    def __init__(self, name: str, command: list[str], threads: int, variables: dict[str, str] | None = None) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), **(variables or {})}
        self.name, self.times = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        stderr=subprocess.DEVNULL, env=environment)
        while True:
            line = self.process.stdout.readline()
            if not line:
                raise SystemExit(f"{name} did not start: run `{' '.join(command)}` to see why")
            if line.startswith("ready"):
                self.title = line.split(maxsplit=1)[1].strip()
                break

    def peak_memory(self) -> float:
        """In MB, while the process lives; 0 where the system does not tell."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return 0.0
        return next((int(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)

    def run(self, cpu: bool) -> float:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline().split()[cpu])

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def own_engine(kernel: str, options: argparse.Namespace, folder: Path) -> Engine:
    """A kernel class of ours, on the windows in the folder; `avx2@1` is the class `avx2` on one thread."""
    name, _, threads = kernel.partition("@")
    threads = int(threads or options.threads)
    engine = Engine(f"motif-{kernel}", [
        str(options.program), "--serve", "--model", str(options.model), "--kernels", name,
        "--windows", str(folder / "windows.txt"), "--threads", str(threads),
        "--embeddings", str(folder / f"motif-{kernel}.f32")], threads)
    engine.title = f"{engine.name} ({engine.title})"
    return engine


def other_engine(name: str, options: argparse.Namespace, folder: Path) -> Engine:
    return Engine(name, [sys.executable, __file__, "--worker", name, "--model", str(options.model), "--folder", str(folder),
                         "--threads", str(options.threads)], options.threads)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--program", type=Path, help="the built bench program `encoder`")
    parser.add_argument("--kernels", default="auto,avx2", help="kernel classes of ours to compare; `auto@1` is `auto` on one thread")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu", action="store_true", help="processor time, for a busy machine; use --threads 1 with it")
    parser.add_argument("--max-length", type=int, default=256)
    parser.add_argument("--folder", type=Path, help="for exported models; kept if given")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        worker(options)
        return
    import numpy as np

    with tempfile.TemporaryDirectory() as temporary:
        options.folder = options.folder or Path(temporary)
        options.folder.mkdir(parents=True, exist_ok=True)
        tokens = write_windows(options.model, options.texts, options.folder / "windows.txt", options.max_length)
        count = len(read_windows(options.folder / "windows.txt"))
        engines = [own_engine(kernel, options, options.folder) for kernel in options.kernels.split(",")]
        engines += [other_engine(name, options, options.folder) for name in options.engines.split(",") if name]
        reference = "torch-fp32"
        for engine in engines:
            engine.run(False)  # warm-up: memory, primitive caches
        for _ in range(options.rounds):
            for engine in engines:
                engine.times.append(engine.run(options.cpu))
        states = {e.name: np.fromfile(options.folder / f"{e.name}.f32", np.float32).reshape(count, -1) for e in engines}
        load = f", load {os.getloadavg()[0]:.1f} of {os.cpu_count()} processors" if hasattr(os, "getloadavg") else ""
        print(f"{machine()}{load}")
        print(f"{count} windows, {tokens} tokens, {options.threads} threads, {options.rounds} rounds in alternation, "
              f"{'processor' if options.cpu else 'wall'} time\n")
        print(f"| engine | tokens/s (median) | tokens/s (best) | contacts/s | {engines[0].name} is faster by "
              "| mean cosine to fp32 | lowest | peak memory |")
        print("|---|---|---|---|---|---|---|---|")
        for engine in engines:
            ratio = statistics.median(other / own for own, other in zip(engines[0].times, engine.times))
            if reference in states:
                cosines = (states[engine.name] * states[reference]).sum(1)
                cosine = f"{cosines.mean():.5f} | {cosines.min():.5f}"
            else:
                cosine = "|"
            print(f"| {engine.title} | {tokens / statistics.median(engine.times):.0f} | {tokens / min(engine.times):.0f} "
                  f"| {count / statistics.median(engine.times):.0f} | {ratio:.2f} | {cosine} | {engine.peak_memory():.0f} MB |")


if __name__ == "__main__":
    main()
