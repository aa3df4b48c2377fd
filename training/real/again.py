"""Measures a shipped corrector again, on held-out sentences of the run that trained it:

    python -m real.again --work work/real --adapter ../artifacts/adapters/gsm8k-corrector --limit 99

The folder `base` must be in WORK (stage `base`). No GSM8K is needed: whether a sentence is good was
judged when the texts were made. On the CPU in fp32, where the run was on a GPU in bf16.
"""

import argparse
import json
import random
from pathlib import Path

import torch

from real import llama, lora
from real.corrector import share
from real.decode import Limits, generate, last_states
from real.lab import recorded
from real.measure import auc
from real.text import Encoder

OPENING = "Actually, "


def held_out(limit: int) -> list[dict]:
    """The first of those that `corrector.held_out` chose."""
    texts, seed = recorded()
    found = [q for q in texts["quadruples-validation"] if q["goldValue"] is not None]
    random.Random(seed).shuffle(found)
    return found[:limit]


def measured(work: Path, adapter: Path, found: list[dict]) -> tuple[dict, list[str]]:
    """Rates, and what was written."""
    base = llama.load(work / "base", "cpu", torch.float32)
    model, encoder = lora.merged(base, adapter, torch.float32), Encoder(work / "base")
    prompts = [prompt for prompt, _ in encoder.records(found)]
    limits = Limits(80, encoder.stops, rows=32)
    rows = generate(model, prompts, limits, 0, "cpu")
    written = [text.strip() for text in encoder.decode([r[0] for r in rows])]
    _, logits = last_states(model, prompts, "cpu")
    score = torch.log_softmax(logits, -1)[:, encoder([OPENING])[0][0]]
    copied = [text == q["last"] for q, text in zip(found, written, strict=True)]
    good = [q["good"] for q in found]
    rates = {
        "adapter": adapter.name,
        "good": sum(good),
        "good copied": share([c for c, g in zip(copied, good, strict=True) if g]),
        "bad": len(good) - sum(good),
        "bad changed": share([not c for c, g in zip(copied, good, strict=True) if not g]),
        "auc": round(auc(score, ~torch.tensor(good)), 4),
    }
    return rates, written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--work", type=Path, default=Path("work/real"))
    parser.add_argument("--adapter", type=Path, required=True, help="folder of a PEFT adapter")
    parser.add_argument("--limit", type=int, default=1000, help="sentences (of 1,000)")
    parser.add_argument("--show", type=int, default=0, help="pairs to print")
    args = parser.parse_args()
    found = held_out(args.limit)
    with torch.inference_mode():
        rates, written = measured(args.work, args.adapter, found)
    for q, text in list(zip(found, written, strict=True))[: args.show]:
        print(json.dumps({"good": q["good"], "last": q["last"], "written": text}))
    print(json.dumps(rates))


if __name__ == "__main__":
    main()
