"""Stage `full`: every weight of the base fine-tuned. The weights stay; figures and directions are
what comes back, for comparison with LoRA."""

from typing import Any

import torch

from real import adapters, corrector, measure
from real.learn import Hooks, Trainer
from real.llama import Llama
from real.packing import pack
from real.settings import Settings


def train(settings: Settings, minutes: float) -> dict[str, Any]:
    """Trains, then measures like the adapters."""
    base = settings.base
    names = list(base.tensors)
    shapes = [base.tensors[name].shape for name in names]

    def make(flat: torch.Tensor) -> Llama:
        pieces = flat.to(settings.dtype).split([shape.numel() for shape in shapes])
        views = (piece.view(shape) for piece, shape in zip(pieces, shapes, strict=True))
        return Llama(base.shape, dict(zip(names, views, strict=True)))

    flat = torch.cat([base.tensors[name].float().flatten() for name in names])
    plan = adapters.recipe(
        settings,
        settings.sizes.full_epochs,
        settings.seed,
        minutes,
        settings.rates["full"],
    )
    validate, last = corrector.validator(settings), {}

    def at_validation(flat: torch.Tensor, step: int) -> None:
        last.update(validate(make(flat), step))
        settings.log("full", {"step": step, **last})

    hooks = Hooks(
        lambda entry: settings.log("full", entry),
        settings.work / "full.checkpoint",
        at_validation,
        save_seconds=120,
    )
    rows = pack(corrector.groups(settings, "corrector"), settings.sizes.width, plan.decision)
    trainer = Trainer(make, flat, plan, hooks)
    trainer.run(rows)
    model = make(trainer.flat.data)
    found = corrector.held_out(settings)
    return {
        "steps": trainer.step,
        **last,
        "directions": measure.directions(settings, model, "full", found),
        "loop": measure.loop(settings, model, "full"),
    }
