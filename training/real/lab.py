"""Stage `lab`: the quadruples as files of the lab, problem by problem. `stimuli.jsonl` holds all of
the validation problems, to find directions on. `validation.jsonl` and `test.jsonl` hold one good and
one bad sentence of each problem, where there are: for what is chosen, and for what is reported.

    python -m real.lab --out work/real/lab

writes those of the run in `results`, which needs neither GPU nor GSM8K.

The lab's names: `problem`, `quality` and `fault` beside the four keys of the official format. What
follows a complete answer is left out: an empty sentence can be neither copied nor corrected.
"""

import argparse
import gzip
import json
import random
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from typing import Any

from real import data
from real.settings import Settings


RESULTS = Path(__file__).parent / "results"


def write(settings: Settings) -> dict[str, int]:
    """Writes the files of a run; returns their numbers of lines."""
    folder = settings.work / "lab"
    return written(
        folder,
        lambda name: data.read_lines(settings.work / f"quadruples-{name}.jsonl"),
        settings.seed,
    )


def written(
    folder: Path, quadruples: Callable[[str], list[dict[str, Any]]], seed: int
) -> dict[str, int]:
    """Writes the files from the quadruples of `validation` and `test`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {}
    for name in ("validation", "test"):
        found = quadruples(name)
        records = [annotated(q) for q in found if q["goldValue"] is not None and q["last"]]
        # By problem, in random order: the first of the file are no special ones.
        order = sorted({record["problem"] for record in records})
        random.Random(f"{seed} lab {name}").shuffle(order)
        place = {problem: i for i, problem in enumerate(order)}
        records.sort(key=lambda record: place[record["problem"]])
        if name == "validation":
            files["stimuli"] = records
        files[name] = few(records, random.Random(f"{seed} few {name}"))
    for name, records in files.items():
        data.write_lines(folder / f"{name}.jsonl", records)
    return {name: len(records) for name, records in files.items()}


def few(records: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    """One sentence of each quality of each problem, drawn."""
    kept = []
    for _, group in groupby(records, lambda record: record["problem"]):
        shuffled = rng.sample(found := list(group), len(found))
        for quality in ("good", "bad"):
            kept += [q for q in shuffled if q["quality"] == quality][:1]
    return kept


def annotated(quadruple: dict[str, Any]) -> dict[str, Any]:
    """One quadruple under the lab's names."""
    kept = {key: quadruple[key] for key in ("question", "prefix", "last", "correction")}
    quality = "good" if quadruple["good"] else "bad"
    return {**kept, "problem": quadruple["id"], "quality": quality, "fault": quadruple["fault"]}


def recorded() -> tuple[dict[str, list[dict[str, Any]]], int]:
    """All texts of the run in results, by name, and its seed."""
    with gzip.open(RESULTS / "texts.json.gz", "rt") as file:
        texts = json.load(file)
    return texts, json.loads((RESULTS / "results.json").read_text())["run"]["seed"]


def main() -> None:
    parser = argparse.ArgumentParser(description="The lab's files of the run in results.")
    parser.add_argument("--out", type=Path, default=Path("work/real/lab"), help="folder")
    args = parser.parse_args()
    texts, seed = recorded()
    print(json.dumps(written(args.out, lambda name: texts[f"quadruples-{name}"], seed)))


if __name__ == "__main__":
    main()
