"""Writes a model's card (README.md beside config.json) from what was measured: training logs,
`evaluate.json` and `corrector.json`. No figure in a card is typed by hand.
"""

import argparse
import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]

HEAD = """---
license: mit
language: en
library_name: transformers.js
tags: [aligner-lab, stream-aligner, arithmetic]
---

# {name}

{about}

Trained from scratch on arithmetic word problems that `aligner-lab dataset` generates (numbers up
to 60, 2 to 6 steps); the wordings, names and number combinations of the test split, and one whole
family of steps, never occur in training. A model to study, of no use for real questions.

| | |
| --- | --- |
| architecture | Llama, {layers} layers × {width}, {heads} heads, {vocabulary} tokens |
| parameters | {parameters:,} |
| weights | fp16 in the file, fp32 in the arithmetic |
"""


def read_log(path: str) -> tuple[Json, Json, list[Json]]:
    """Start, end and data entries of a training's log; one that was stopped counts as it stood."""
    entries = [json.loads(line) for line in Path(path).read_text().splitlines()]
    starts = [e for e in entries if e.get("event") == "start"]
    ends = [e for e in entries if e.get("event") in ("done", "stopped")]
    if not starts or not ends:
        raise SystemExit(f"{path}: not the log of a finished training")
    used = {source.split(":")[0] for source in starts[-1]["data"]}
    data = {e["data"]: e for e in entries if "examples" in e and e["data"] in used}
    return starts[-1], ends[-1], list(data.values())


STAGE_COLUMNS = "| stage | data | tokens seen | seed | learning rate | batch | minutes |"


def rows_of_card(path: Path) -> list[str]:
    """The trainings in another model's card, of which this one was trained on."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if STAGE_COLUMNS not in lines:
        raise SystemExit(f"{path}: has no table of trainings; give a card made by this script")
    begin = lines.index(STAGE_COLUMNS) + 2
    rest = range(begin, len(lines))
    end = next((i for i in rest if not lines[i].startswith("|")), len(lines))
    return lines[begin:end]


def stage_rows(stages: list[str], before: Path | None) -> str:
    """A table of the trainings that led to the weights, `NAME=log.jsonl` each."""
    lines = [STAGE_COLUMNS, "| --- | --- | --- | --- | --- | --- | --- |"]
    lines += rows_of_card(before) if before else []
    for stage in stages:
        name, path = stage.split("=", 1)
        start, end, data = read_log(path)
        files = ", ".join(f"{Path(d['data']).stem} ({d['examples']:,})" for d in data)
        cells = [
            name,
            files,
            f"{end['tokens'] / 1e6:.1f} M",
            str(start["seed"]),
            f"{start['lr']:g}",
            batch_text(start),
            f"{end['seconds'] / 60:.0f}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def batch_text(start: Json) -> str:
    """A step's batch: tokens of our own loop, pairs of a preference training."""
    return (
        f"{start['batch_tokens']} tokens" if "batch_tokens" in start else f"{start['batch']} pairs"
    )


def percent(rate: float | None, ci: list[float] | None, n: int) -> str:
    if rate is None or ci is None:
        return f"(n = {n})"
    return f"{100 * rate:.1f} % [{100 * ci[0]:.1f}, {100 * ci[1]:.1f}] (n = {n})"


def all_and_groups(summary: Json) -> list[Json]:
    """Numbers of all problems, of those in seen families, and of those with the unseen one."""
    groups = {g["group"]: g for g in summary["groups"]}
    return [summary, groups["seen"], groups["unseen"]]


def answer_rows(measured: list[str]) -> str:
    """Accuracy of whole answers, `LABEL=evaluate.json:SYSTEM` each."""
    lines = ["| answers of | all | seen families | unseen family |", "| --- | --- | --- | --- |"]
    for given in measured:
        label, place = given.split("=", 1)
        path, name = place.rsplit(":", 1)
        systems = {s["name"]: s for s in json.loads(Path(path).read_text())["systems"]}
        if name not in systems:
            raise SystemExit(f"{path}: no system {name} (it has {', '.join(systems)})")
        cells = [percent(g["accuracy"], g["ci"], g["n"]) for g in all_and_groups(systems[name])]
        lines.append("| " + " | ".join([label, *cells]) + " |")
    return "\n".join(lines)


RATES = {
    "goodCopied": "good sentences copied verbatim",
    "badFixed": "bad sentences rewritten to right ones",
    "neutralImproved": "neutral sentences improved",
    "surplusStopped": "stopped when the answer was complete",
    "missingWritten": "written on where the upstream had stopped early",
    "badCopied": "bad sentences copied",
    "goodBroken": "good sentences spoilt",
}


def rate_rows(summary: Json) -> str:
    """What a corrector does with recorded sentences."""
    lines = ["| rate | all | seen families | unseen family |", "| --- | --- | --- | --- |"]
    for key, text in RATES.items():
        groups = all_and_groups(summary)
        cells = [percent(g[key]["rate"], g[key]["ci"], g[key]["n"]) for g in groups]
        lines.append("| " + " | ".join([text, *cells]) + " |")
    return "\n".join(lines)


def card(args: argparse.Namespace) -> str:
    config = json.loads((args.model / "config.json").read_text())
    start = read_log(args.stage[-1].split("=", 1)[1])[0]
    parts = [
        HEAD.format(
            name=args.model.name,
            about=args.about,
            layers=config["num_hidden_layers"],
            width=config["hidden_size"],
            heads=config["num_attention_heads"],
            vocabulary=config["vocab_size"],
            parameters=start["parameters"],
        ),
        "## Training\n\n" + stage_rows(args.stage, args.after) + "\n",
    ]
    if args.answers:
        parts.append(
            "## Test problems\n\nGreedy; 95 % intervals.\n\n" + answer_rows(args.answers) + "\n"
        )
    if args.corrector:
        summary = json.loads(args.corrector.read_text())
        parts.append(
            "## Test sentences of the upstream\n\nGreedy; 95 % intervals.\n\n"
            + rate_rows(summary)
            + "\n"
        )
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("model", type=Path, help="exported folder; its README.md is written")
    parser.add_argument("--about", required=True, help="what the model is, in a sentence or two")
    parser.add_argument("--stage", action="append", required=True, metavar="NAME=LOG")
    parser.add_argument("--after", type=Path, help="card of the model that was trained on")
    parser.add_argument(
        "--answers",
        action="append",
        default=[],
        metavar="LABEL=evaluate.json:SYSTEM",
        help="a system of a run, as a row of the table of test problems",
    )
    parser.add_argument("--corrector", type=Path, help="corrector.json of a run")
    args = parser.parse_args()
    (args.model / "README.md").write_text(card(args), encoding="utf-8")


if __name__ == "__main__":
    main()
