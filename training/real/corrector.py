"""Stages `corrector` and `seed2`: adapters fine-tuned on the quadruples, loss on the correction."""

import random
from itertools import groupby
from typing import Any

import torch

from real import adapters, data, measure
from real.decode import Limits, generate, last_states
from real.judge import judge, without
from real.llama import Llama
from real.settings import Settings
from real.upstream import part, solution


def groups(settings: Settings, name: str) -> list[list[Any]]:
    """Examples of one part, those of a problem together."""
    found = data.read_lines(settings.work / f"quadruples-{name}.jsonl")
    examples = settings.encoder.records(found)
    pairs = zip(found, examples, strict=True)
    return [[e for _, e in group] for _, group in groupby(pairs, lambda pair: pair[0]["id"])]


def solutions(settings: Settings) -> list[list[Any]]:
    """The corrector's own problems as plain solutions: a corrector that knows the domain as a
    language trusts good sentences more."""
    records = [
        {"question": p["question"], "answer": solution(p)} for p in part(settings, "corrector")
    ]
    return [[example] for example in settings.encoder.records(records)]


def held_out(settings: Settings) -> list[dict[str, Any]]:
    """Validation quadruples to write corrections for: a seeded choice, ends left out."""
    found = data.read_lines(settings.work / "quadruples-validation.jsonl")
    found = [q for q in found if q["goldValue"] is not None]
    random.Random(settings.seed).shuffle(found)
    return found[: settings.sizes.held_out]


def behaviour(settings: Settings, model: Llama, found: list[dict[str, Any]]) -> dict[str, float]:
    """What a corrector does with held-out sentences, written greedily; shares of 1.

    `auc`: how often a bad sentence has a higher probability of the opening's first token than a
    good one."""
    encoder = settings.encoder
    prompts = [prompt for prompt, _ in encoder.records(found)]
    limits = Limits(settings.sizes.sentence + 8, encoder.stops, rows=settings.sizes.rows)
    written = encoder.decode([r[0] for r in generate(model, prompts, limits, 0, settings.device)])
    problems = {p["id"]: p for p in part(settings, "corrector", "validation")}
    good = [(q, text) for q, text in zip(found, written, strict=True) if q["good"]]
    bad = [(q, text) for q, text in zip(found, written, strict=True) if not q["good"]]
    changed = [(q, text) for q, text in bad if text.strip() != q["last"]]

    def right(q: dict[str, Any], text: str) -> bool:
        rest = without(settings.opening, text.strip())
        return judge(rest, problems[q["id"]]["steps"], q["step"])[0]

    result = {
        "good copied": share([text.strip() == q["last"] for q, text in good]),
        "bad changed": share([text.strip() != q["last"] for q, text in bad]),
        "bad right after": share([right(q, text) for q, text in bad]),
        "changed right after": share([right(q, text) for q, text in changed]),
        "good right after": share([right(q, text) for q, text in good]),
    }
    if settings.opening:
        _, logits = last_states(model, prompts, settings.device)
        token = encoder([settings.opening])[0][0]
        score = torch.log_softmax(logits.float(), -1)[:, token]
        labels = torch.tensor([not q["good"] for q in found], dtype=torch.bool)
        result["auc"] = round(measure.auc(score, labels), 4)
    return result


def share(flags: list[bool]) -> float:
    """Of how many; NaN is no JSON, so none gives -1."""
    return round(sum(flags) / len(flags), 4) if flags else -1.0


def validator(settings: Settings) -> Any:  # noqa: ANN401 - a callback
    """Loss and behaviour on held-out sentences."""
    found = held_out(settings)
    pieces = groups(settings, "validation")

    def validate(model: Llama, _step: int) -> dict[str, float]:
        loss = adapters.mean_loss(model, pieces, settings)
        return {"loss held out": round(loss, 4), **behaviour(settings, model, found)}

    return validate


def train(settings: Settings, name: str, seed: int, minutes: float) -> dict[str, Any]:
    """One corrector."""
    sizes = settings.sizes
    lr = settings.rates["corrector"]
    plan = adapters.recipe(settings, sizes.corrector_epochs, seed, minutes, lr)
    examples = groups(settings, "corrector") + (solutions(settings) if settings.solutions else [])
    return adapters.train(settings, name, examples, plan, validator(settings))
