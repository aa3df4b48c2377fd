"""Stages `upstream` and `sample`: the model whose sentences are corrected, and what it writes."""

import shutil
from pathlib import Path
from typing import Any

from real import adapters, data
from real.decode import Limits, generate
from real.settings import Settings
from real.text import chat, joined


def solution(problem: data.Problem) -> str:
    """The whole solution, one sentence a line."""
    return "\n".join(step["text"] for step in problem["steps"])


def part(settings: Settings, *names: str) -> list[data.Problem]:
    """The problems of these parts."""
    rows = data.read_lines(settings.work / "problems.jsonl")
    return [row for row in rows if row["part"] in names]


def train(settings: Settings) -> dict[str, Any]:
    """Fine-tunes the upstream on the solutions of its own part."""

    def examples(problems: list[data.Problem]) -> list[list[Any]]:
        records = [{"question": p["question"], "answer": solution(p)} for p in problems]
        return [[example] for example in settings.encoder.records(records)]

    held_out = examples(part(settings, "validation"))
    plan = adapters.recipe(
        settings, settings.sizes.upstream_epochs, settings.seed, 0.7, settings.rates["upstream"]
    )
    plan.decision = 1.0
    return adapters.train(
        settings,
        "upstream",
        examples(part(settings, "upstream")),
        plan,
        lambda model, _: {"loss held out": round(adapters.mean_loss(model, held_out, settings), 4)},
    )


def take(settings: Settings, folder: Path) -> dict[str, Any]:
    """An upstream that was trained before, instead of training one."""
    shutil.copytree(folder, settings.adapter("upstream"), dirs_exist_ok=True)
    return {"taken": folder.name}


def sample(settings: Settings) -> dict[str, Any]:
    """In each place of each solution where a gold sentence is sure, what the upstream would write.
    Equal sentences are there once, the greedy one first. Test problems are there to measure on."""
    model, encoder = settings.merged("upstream"), settings.encoder
    places = [
        {"problem": problem["id"], "step": k, "problem_": problem}
        for problem in part(settings, "corrector", "validation", "test")
        for k, step in enumerate(problem["steps"])
        if step["sure"]
    ]
    prompts = encoder([prompt(place["problem_"], place["step"]) for place in places])
    limits = Limits(
        settings.sizes.sentence,
        encoder.stops,
        settings.sizes.temperatures,
        rows=settings.sizes.rows,
        patience=0.99,
        cut=False,
    )
    written = generate(model, prompts, limits, settings.seed, settings.device)
    records, count = [], 0
    for place, rows in zip(places, written, strict=True):
        texts = list(dict.fromkeys(text.strip() for text in encoder.decode(rows)))
        records.append({"problem": place["problem"], "step": place["step"], "texts": texts})
        count += len(texts)
    data.write_lines(settings.work / "samples.jsonl", records)
    return {"places": len(places), "drawn": len(places) * len(limits.temperatures), "kept": count}


def prompt(problem: data.Problem, step: int) -> str:
    """What the upstream reads before it writes sentence number `step` after the gold ones."""
    return chat(problem["question"]) + joined([s["text"] for s in problem["steps"][:step]])
