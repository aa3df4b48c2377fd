"""Sentences of the shipped upstream for GSM8K problems that its run never saw, as files of the lab:

    python -m real.unseen --problems FILE --work work/real --limit 150

FILE is in GSM8K's own format, a problem a line; those of the run's own files are left out where
their folder is given (`--data`). The folder `base` must be in WORK (stage `base`). Sentences are
sampled, judged, balanced and chosen as stages `sample`, `quadruples` and `lab` do it. In
WORK/unseen, `others.jsonl` has all problems that are not the run's, in the order in which they are
drawn, `questions.jsonl` those of the limit, `all.jsonl` their sentences, and `test.jsonl` one good and
one bad one of each where there are. A group whose sentences are there is not made again.
"""

import argparse
import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from real import data, lab, quadruples, upstream
from real.settings import FULL, Settings

GROUP = 10


def strangers(file: Path, known: Path | None) -> list[dict[str, Any]]:
    """The problems of a file, numbered by its lines, without those of a folder of GSM8K's files."""
    rows = [{"line": i, **row} for i, row in enumerate(data.read_lines(file))]
    if known is None:
        return rows
    names = ("train.jsonl", "test.jsonl")
    seen = {row["question"].strip() for name in names for row in data.read_lines(known / name)}
    return [row for row in rows if row["question"].strip() not in seen]


def question(row: dict[str, Any]) -> dict[str, str]:
    """A problem as `evaluate --questions` reads it."""
    text = " ".join(row["question"].split())
    return {"id": f"unseen-{row['line']}", "question": text, "answer": row["answer"]}


def settings_of(args: argparse.Namespace) -> Settings:
    """As in the run, but for what is never trained here."""
    # A processor's memory holds fewer rows than a GPU's.
    sizes = replace(FULL, rows=64) if args.device == "cpu" else FULL
    return Settings(
        work=args.work,
        out=args.work,
        data=args.problems.parent,
        wheel=args.work,
        device=args.device,
        dtype=torch.float32 if args.device == "cpu" else torch.bfloat16,
        seed=args.seed,
        sizes=sizes,
        rank=0,
        alpha=0,
        rates={},
        decision=0,
        opening=args.opening,
        solutions=False,
        deadline=float("inf"),
        steps=0,
    )


def sentences(settings: Settings, problems: list[data.Problem]) -> list[dict[str, Any]]:
    """The balanced sentences of a group, made in a folder of its own."""
    path = settings.work / "quadruples-test.jsonl"
    if not path.exists():
        settings.work.mkdir(parents=True, exist_ok=True)
        rows = [{"part": "test", **problem} for problem in problems]
        data.write_lines(settings.work / "problems.jsonl", rows)
        upstream.sample(settings)
        data.write_lines(path, quadruples.of_part(settings, "test"))
    return data.read_lines(path)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--problems", type=Path, required=True, help="JSONL in GSM8K's format")
    parser.add_argument("--data", type=Path, help="folder of the run's own GSM8K files")
    parser.add_argument("--work", type=Path, default=Path("work/real"))
    shipped = Path(__file__).parents[2] / "artifacts/adapters/gsm8k-upstream"
    parser.add_argument("--upstream", type=Path, default=shipped, help="the upstream's adapter")
    parser.add_argument("--limit", type=int, default=150, help="problems, drawn")
    parser.add_argument("--opening", default="Actually, ", help="of the corrector's corrections")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    args = arguments()
    rows = strangers(args.problems, args.data)
    random.Random(args.seed).shuffle(rows)
    out = args.work / "unseen"
    out.mkdir(parents=True, exist_ok=True)
    questions = [question(row) for row in rows]
    data.write_lines(out / "others.jsonl", questions)
    questions = questions[: args.limit]
    data.write_lines(out / "questions.jsonl", questions)
    chosen = [data.problem(q["id"], q["question"], q["answer"], "####") for q in questions]
    whole = settings_of(args)
    found: list[dict[str, Any]] = []
    for start in range(0, len(chosen), GROUP):
        group = chosen[start : start + GROUP]
        shared = {"_encoder": whole.encoder, "_base": whole.base}
        settings = replace(whole, work=out / f"{start:04}", **shared)
        adapter = settings.adapter("upstream")
        if not adapter.exists():
            adapter.parent.mkdir(parents=True, exist_ok=True)
            adapter.symlink_to(args.upstream.resolve())
        found += sentences(settings, group)
        print(json.dumps({"problems": start + len(group), "sentences": len(found)}), flush=True)
    records = [lab.annotated(q) for q in found if q["goldValue"] is not None and q["last"]]
    few = lab.few(records, random.Random(f"{args.seed} few unseen"))
    data.write_lines(out / "all.jsonl", records)
    data.write_lines(out / "test.jsonl", few)
    print(json.dumps({"all": len(records), "test": len(few), "problems": len(questions)}))


if __name__ == "__main__":
    main()
