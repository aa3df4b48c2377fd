"""Stage `aligner`: the rival that corrects whole answers, from the same upstream and problems."""

import random
from typing import Any

from real import adapters, data, measure
from real.decode import Limits, generate
from real.judge import after
from real.llama import Llama
from real.settings import Settings
from real.text import chat
from real.upstream import part, solution


def whole(settings: Settings, model: Llama, texts: list[str], heats: tuple) -> list[list[str]]:
    """Whole answers after each text; those that did not end in time are left out."""
    encoder = settings.encoder
    limits = Limits(
        settings.sizes.answer,
        (encoder.end,),
        heats,
        rows=settings.sizes.rows // 2,
        patience=0.97,
        cut=False,
    )
    found = generate(model, encoder(texts), limits, settings.seed, settings.device)
    return [[t.strip() for t in encoder.decode(rows)] for rows in found]


def triples(settings: Settings, name: str) -> list[dict[str, Any]]:
    """Answers of the upstream: right ones are copied, wrong ones corrected to the gold solution;
    as many of one kind as of the other."""
    problems = part(settings, name)
    heats = settings.sizes.answer_temperatures
    texts = [chat(problem["question"]) for problem in problems]
    sides: tuple[list, list] = ([], [])
    for problem, found in zip(
        problems, whole(settings, settings.merged("upstream"), texts, heats), strict=True
    ):
        for text in dict.fromkeys(found):
            good = measure.answered(problem, text.split("\n"))
            gold = after(settings.opening, solution(problem))
            record = {"question": problem["question"], "answer": text}
            record |= {"correction": text if good else gold, "id": problem["id"], "good": good}
            sides[good].append(record)
    rng = random.Random(f"{settings.seed} {name}")
    size = max(1, min(map(len, sides)))
    for side in sides:
        rng.shuffle(side)
    return sides[0][:size] + sides[1][:size]


def train(settings: Settings, minutes: float) -> dict[str, Any]:
    """Trains the Aligner and measures it on GSM8K's test problems."""
    for name in ("corrector", "validation"):
        path = settings.work / f"triples-{name}.jsonl"
        if not path.exists():
            data.write_lines(path, triples(settings, name))
    sets = {
        name: data.read_lines(settings.work / f"triples-{name}.jsonl")
        for name in ("corrector", "validation")
    }
    if not all(sets.values()):
        return {"triples": 0, "skipped": "the upstream gave no right answers to copy"}
    examples = {k: [[e] for e in settings.encoder.records(v)] for k, v in sets.items()}
    plan = adapters.recipe(
        settings,
        settings.sizes.aligner_epochs,
        settings.seed,
        minutes,
        settings.rates["corrector"],
    )
    result = adapters.train(
        settings,
        "aligner",
        examples["corrector"],
        plan,
        lambda model, _: {
            "loss held out": round(adapters.mean_loss(model, examples["validation"], settings), 4)
        },
    )
    return {"triples": len(sets["corrector"]), **result, "test": test(settings)}


def test(settings: Settings) -> dict[str, Any]:
    """The upstream's whole answer, then the Aligner's."""
    problems = part(settings, "test")[: settings.sizes.test]
    before = measure.alone(settings, settings.merged("upstream"))
    rows = data.read_lines(settings.work / "upstream-test.jsonl")
    records = [
        {"question": p["question"], "answer": "\n".join(row["sentences"]), "correction": ""}
        for p, row in zip(problems, rows, strict=True)
    ]
    prompts = [prompt for prompt, _ in settings.encoder.records(records)]
    encoder = settings.encoder
    limits = Limits(settings.sizes.answer, (encoder.end,), rows=settings.sizes.rows)
    found = generate(settings.merged("aligner"), prompts, limits, 0, settings.device)
    texts = [text.strip() for text in encoder.decode([row[0] for row in found])]
    right = [measure.answered(p, t.split("\n")) for p, t in zip(problems, texts, strict=True)]
    copied = [t == r["answer"] for t, r in zip(texts, records, strict=True)]
    return {
        **measure.interval(before, right, settings.seed),
        "copied": round(sum(copied) / len(copied), 4),
    }
