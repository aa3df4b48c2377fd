"""Trains one LoRA adapter on examples; used for the upstream, the correctors and the Aligner."""

from collections.abc import Callable

import torch

from real import learn, lora
from real.learn import Hooks, Recipe, Trainer
from real.llama import Llama
from real.packing import Example, pack
from real.settings import Settings


def recipe(settings: Settings, epochs: float, seed: int, minutes: float, lr: float) -> Recipe:
    """The settings' recipe, bounded by `minutes`."""
    return Recipe(
        lr=lr,
        epochs=epochs,
        minutes=minutes,
        budget=settings.sizes.budget,
        seed=seed,
        steps=settings.steps,
        decision=settings.decision,
        validations=settings.sizes.validations,
    )


def train(
    settings: Settings,
    name: str,
    groups: list[list[Example]],
    plan: Recipe,
    validate: Callable[[Llama, int], dict] | None = None,
) -> dict:
    """Writes the adapter folder `name`, at every validation and at the end; returns the last
    validation."""
    base, layout = settings.base, lora.Layout.of(settings.base, settings.rank)
    scale = settings.alpha / settings.rank
    last: dict = {}

    def make(flat: torch.Tensor) -> Llama:
        return Llama(base.shape, base.tensors, layout.split(flat.to(settings.dtype)), scale)

    def at_validation(flat: torch.Tensor, step: int) -> None:
        lora.save(settings.adapter(name), layout, flat, settings.alpha, "SmolLM2-135M-Instruct")
        if validate:
            last.update(validate(settings.merged(name), step))
            settings.log(name, {"step": step, **last})

    rows = pack(groups, settings.sizes.width, plan.decision)
    settings.log(name, {"rows": len(rows), "tokens": sum(len(row.ids) for row in rows)})
    hooks = Hooks(
        lambda entry: settings.log(name, entry), settings.work / f"{name}.checkpoint", at_validation
    )
    flat = layout.new(plan.seed).to(settings.device)
    trainer = Trainer(make, flat, plan, hooks)
    trainer.run(rows)
    return {"steps": trainer.step, "minutes": round(trainer.spent / 60, 3), **last}


def mean_loss(model: Llama, groups: list[list[Example]], settings: Settings) -> float:
    """Mean loss over the tokens to write."""
    rows = pack(groups, settings.sizes.width, 1.0)
    total, count = 0.0, 0
    with torch.inference_mode():
        for start in range(0, len(rows), 24):
            piece = rows[start : start + 24]
            size = sum(len(row.targets) for row in piece)
            total += learn.batch_loss(model, piece, settings.device)[0].item() * size
            count += size
    return total / count
