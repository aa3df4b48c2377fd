"""Stage `data`: GSM8K as problems with one sentence a line, split by problem.

Parts: `upstream` (the upstream is fine-tuned on their solutions, nothing else uses them),
`corrector` (quadruples), `validation` (quadruples to measure on), `test` (GSM8K's own test set,
for measuring only).
"""

import json
import random
import re
from pathlib import Path
from typing import Any

from real import arithmetic

Problem = dict[str, Any]
ANNOTATION = re.compile(r"<<([^<>]*)>>")
# A full stop inside a line, which a sentence cutter would cut at; not after a title.
INNER_STOP = re.compile(r"(?<!\bMr)(?<!\bMrs)(?<!\bMs)(?<!\bDr)(?<!\bSt)(?<=[\w)%])[.] +(?=[A-Z])")


def answer_sentence(answer: str) -> str:
    """The last sentence of every solution. In words rather than GSM8K's `#### 18`: it is a sentence
    like the others, so upstream, corrector and a reader need no second syntax."""
    return f"The answer is {answer.strip().replace(',', '')}."


def clean(line: str) -> str:
    """A line as one plain sentence, without the calculator's annotations."""
    return INNER_STOP.sub("; ", " ".join(ANNOTATION.sub("", line).split()))


def step(line: str) -> dict[str, Any]:
    """A sentence, its value, and whether both are sure: the text alone says the same value as the
    annotation, and its equations hold. Only at such steps is an upstream's sentence judged."""
    text = clean(line)
    annotations = ANNOTATION.findall(line)
    read = arithmetic.value(text)
    noted = arithmetic.to_number(annotations[-1].rpartition("=")[2]) if annotations else None
    sure = read is not None and noted is not None and arithmetic.close(read, noted)
    return {"text": text, "value": read, "sure": sure and all(arithmetic.equations(text))}


def problem(name: str, question: str, solution: str, mark: str) -> Problem:
    """One problem; `mark` introduces the answer in the solution's last line."""
    body, _, answer = solution.rpartition(mark)
    steps = [step(line) for line in body.split("\n") if line.strip()]
    text = answer_sentence(answer)
    steps.append({"text": text, "value": arithmetic.value(text), "sure": True})
    return {
        "id": name,
        "question": " ".join(question.split()),
        "steps": steps,
        "answer": arithmetic.value(text),
    }


def read_lines(path: Path) -> list[dict[str, Any]]:
    """A JSONL file."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def write_lines(path: Path, records: list[dict[str, Any]]) -> None:
    """A JSONL file; it is there whole or not at all."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    part.rename(path)


def parts(sizes: dict[str, int], count: int, seed: int) -> list[str]:
    """The part of each training problem; what is left over goes to nobody."""
    names = [name for name, size in sizes.items() for _ in range(size)]
    if len(names) > count:
        raise SystemExit(f"data: {len(names)} problems asked for, {count} there")
    names += ["unused"] * (count - len(names))
    random.Random(seed).shuffle(names)
    return names


def build(folder: Path, out: Path, sizes: dict[str, int], seed: int) -> dict[str, int]:
    """Writes `problems.jsonl`; returns how many problems each part has."""
    train = read_lines(folder / "train.jsonl")
    names = parts(sizes, len(train), seed)
    problems = [
        {"part": part, **problem(f"train-{i}", row["question"], row["answer"], "####")}
        for i, (row, part) in enumerate(zip(train, names, strict=True))
        if part != "unused"
    ]
    for i, row in enumerate(read_lines(folder / "test.jsonl")):
        found = problem(f"test-{i}", row["question"], row["answer"], "####")
        problems.append({"part": "test", **found})
    write_lines(out, problems)
    counts: dict[str, int] = {}
    for row in problems:
        counts[row["part"]] = counts.get(row["part"], 0) + 1
    return counts
