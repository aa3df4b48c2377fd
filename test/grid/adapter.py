"""LoRA adapters on exported graphs against PEFT's merged model.

    npm run build && python adapter.py --out grid-adapters

Small decoders with random weights by several exporters, each with a random adapter on all of its
matrices. Node puts the adapter on the graph (`applyAdapter`), ONNX Runtime runs it, and its logits
are compared with those of `merge_and_unload`. Requirements: requirements.txt and peft 0.21.2.
"""

import argparse
import contextlib
import io
import shutil
import subprocess
import traceback
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from make import EXPORTERS, HEADS, PROMPTS, WIDTH, build, save_tokenizer
from peft import LoraConfig, PeftModel, get_peft_model

ROOT = Path(__file__).resolve().parents[2]
LLAMA = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
TARGETS = {
    "llama": LLAMA,
    "qwen2": LLAMA,
    "gpt2": ["c_attn", "c_proj", "c_fc"],
    "gpt-neox": ["query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h"],
}
MADE_BY = ["torchscript", "dynamo", "dynamo-23", "optimised", "fused", "genai"]
TOLERANCE = 1e-4
APPLY = """
import { openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { applyAdapter, readAdapter } from './dist/index.js';
const [base, folder, out] = process.argv.slice(1);
const adapter = readAdapter({
  config: readFileSync(join(folder, 'adapter_config.json'), 'utf8'),
  weights: readFileSync(join(folder, 'adapter_model.safetensors')),
}, folder);
const external = ({ location, offset, length }) => {
  const bytes = new Uint8Array(length);
  readSync(openSync(join(dirname(base), location), 'r'), bytes, 0, length, offset);
  return bytes;
};
writeFileSync(out, applyAdapter(readFileSync(base), { adapter, external }));
"""


def adapted(name: str, folder: Path) -> tuple[torch.nn.Module, torch.nn.Module]:
    """The base and the merged model; the adapter is saved in `folder`."""
    settings = LoraConfig(
        r=4,
        lora_alpha=6,
        target_modules=TARGETS[name],
        rank_pattern={TARGETS[name][0]: 2},
        use_rslora=name == "qwen2",
        fan_in_fan_out=name == "gpt2",
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(build(name), settings)
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_" in key:
                parameter.normal_(0, 0.3)
    model.save_pretrained(folder)
    merged = PeftModel.from_pretrained(build(name), folder).merge_and_unload()
    return build(name).eval(), merged.eval()


def graph_logits(path: Path, prompt: list[int]) -> np.ndarray:
    """Of an untouched export: an empty cache, one row."""
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    size = len(prompt)
    given = {
        "input_ids": np.array([prompt]),
        "attention_mask": np.ones((1, size), np.int64),
        "position_ids": np.arange(size)[None],
    }
    feeds = {}
    for value in session.get_inputs():
        if value.name in given:
            feeds[value.name] = given[value.name]
        else:
            # One row, an empty cache; GenAI's builder leaves the heads' width open.
            free = (1, 0, 0, WIDTH // HEADS)
            shape = [
                d if isinstance(d, int) else free[i] for i, d in enumerate(value.shape)
            ]
            feeds[value.name] = np.zeros(shape, np.float32)
    return session.run(["logits"], feeds)[0][0]


def deviation(path: Path, model: torch.nn.Module) -> float:
    """Largest difference of logits over the prompts, in units of max(1, RMS)."""
    worst = 0.0
    for prompt in PROMPTS:
        with torch.no_grad():
            wanted = model(torch.tensor([prompt])).logits[0].numpy()
        scale = max(1.0, float(np.sqrt(np.mean(wanted**2))))
        worst = max(
            worst, float(np.abs(graph_logits(path, prompt) - wanted).max()) / scale
        )
    return worst


def compare(name: str, exporter: str, out: Path) -> str:
    """One export: how far it is from the base, and with the adapter from the merged model."""
    folder = out / name / exporter
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    base, merged = adapted(name, out / name / "adapter")
    source = out / name / "huggingface"
    base.save_pretrained(source)
    save_tokenizer(source)
    log = io.StringIO()
    with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        EXPORTERS[exporter][1](base, source, folder)
    graph, result = folder / "model.onnx", folder / "adapted.onnx"
    command = [
        "node",
        "--input-type=module",
        "-e",
        APPLY,
        graph,
        out / name / "adapter",
        result,
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        reason = [line for line in done.stderr.splitlines() if line.startswith("Error")]
        return f"refused: {(reason or done.stderr.splitlines() or ['no message'])[0][:160]}"
    exact = deviation(result, merged)
    verdict = "ok" if exact <= TOLERANCE else "TOO FAR"
    moved = deviation(graph, merged)
    return f"{verdict}: {exact:.1e} from PEFT (base from torch {deviation(graph, base):.1e}, base from PEFT {moved:.1e})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--arch", nargs="+", choices=TARGETS, default=list(TARGETS))
    parser.add_argument("--exporter", nargs="+", choices=MADE_BY, default=MADE_BY)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name in args.arch:
        for exporter in args.exporter:
            try:
                said = compare(name, exporter, args.out.resolve())
            except Exception:  # noqa: BLE001 - exporters fail in every way there is
                said = (
                    f"not made: {traceback.format_exc().strip().splitlines()[-1][:120]}"
                )
            print(f"{name:10} {exporter:12} {said}", flush=True)


if __name__ == "__main__":
    main()
