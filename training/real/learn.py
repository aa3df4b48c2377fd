"""The training loop: time-boxed, resumable, one flat fp32 parameter."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F

from real.llama import Llama, masked
from real.packing import Row, collate, epochs, plan

# Steps after which the time of one is known; the first ones warm the device up.
WARM, PROBE = 4, 14


@dataclass
class Recipe:
    """How to train; `minutes` bounds the loop, `steps` (when above 0) fixes its length instead, to
    repeat a run exactly on a machine of another speed."""

    lr: float
    epochs: float
    minutes: float
    budget: int
    seed: int
    steps: int = 0
    warm_up: float = 0.03
    decision: float = 1.0
    clip: float = 1.0
    validations: int = 4


@dataclass
class Hooks:
    """Where to tell progress, where to keep checkpoints, what to do at validations."""

    log: Callable[[dict], None]
    checkpoint: Path
    validate: Callable[[torch.Tensor, int], None]
    save_seconds: float = 25.0


def rate(step: int, total: int, recipe: Recipe) -> float:
    """Linear warm-up, then cosine to zero."""
    warm = max(8, math.ceil(recipe.warm_up * total))
    if step < warm:
        return recipe.lr * (step + 1) / warm
    done = (step - warm) / max(1, total - warm)
    return recipe.lr * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def batch_loss(model: Llama, rows: list[Row], device: str) -> tuple[torch.Tensor, int]:
    """Weighted mean cross-entropy over the tokens to predict; logits nowhere else."""
    dtype = next(iter(model.tensors.values())).dtype
    batch = collate(rows, device, dtype)
    attend = masked(batch.mask, model.shape.groups)
    hidden = model.hidden(batch.ids, batch.positions, attend)
    logits = model.logits(hidden[batch.select]).float()
    losses = F.cross_entropy(logits, batch.targets, reduction="none")
    return (losses * batch.weights).sum() / batch.weights.sum(), batch.tokens


class Trainer:
    """Trains `flat` in place; `make` turns it into a model whose gradients reach it."""

    def __init__(
        self,
        make: Callable[[torch.Tensor], Llama],
        flat: torch.Tensor,
        recipe: Recipe,
        hooks: Hooks,
    ) -> None:
        self.make, self.recipe, self.hooks = make, recipe, hooks
        self.flat = torch.nn.Parameter(flat)
        self.device = str(flat.device)
        self.optimizer = torch.optim.AdamW(
            [self.flat], lr=recipe.lr, betas=(0.9, 0.95), weight_decay=0.0, fused=True
        )
        self.step, self.total, self.spent = 0, 0, 0.0
        self.losses: list[torch.Tensor] = []
        self.tokens = 0

    def resume(self) -> None:
        if not self.hooks.checkpoint.exists():
            return
        state = torch.load(self.hooks.checkpoint, map_location=self.device)
        self.flat.data.copy_(state["flat"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.step, self.total, self.spent = state["step"], state["total"], state["spent"]

    def save(self) -> None:
        part = self.hooks.checkpoint.with_suffix(".part")
        state = {
            "flat": self.flat.data,
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "total": self.total,
            "spent": self.spent,
        }
        torch.save(state, part)
        part.rename(self.hooks.checkpoint)

    def one(self, rows: list[Row]) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = rate(self.step, self.total, self.recipe)
        loss, tokens = batch_loss(self.make(self.flat), rows, self.device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([self.flat], self.recipe.clip)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.losses.append(loss.detach())
        self.tokens += tokens
        self.step += 1

    def settle(self, elapsed: float, steps: int) -> None:
        """Shortens the schedule to what fits, once the time of a step is known."""
        if self.recipe.steps or steps == 0:
            return
        left = self.recipe.minutes * 60 - self.spent
        fits = self.step + max(1, int(left / (elapsed / steps)))
        self.total = min(self.total, fits)

    def report(self, seconds: float) -> None:
        loss = torch.stack(self.losses).mean().item()
        speed = round(self.tokens / max(seconds, 1e-9))
        entry = {"step": self.step, "of": self.total, "loss": round(loss, 4), "tokens/s": speed}
        self.hooks.log(entry)
        self.losses, self.tokens = [], 0

    def run(self, rows: list[Row]) -> None:
        """Goes on from the last checkpoint to the end of the schedule."""
        batches = len(plan(rows, self.recipe.budget, self.recipe.seed * 1000))
        self.total = self.recipe.steps or max(1, round(self.recipe.epochs * batches))
        self.resume()
        began = self.step
        start = mark = saved = time.monotonic()
        for batch in epochs(rows, self.recipe.budget, self.recipe.seed, self.step):
            if self.step >= self.total:
                break
            self.one(batch)
            done = self.step - began
            every = max(1, self.total // 25)
            if done in (WARM, PROBE) or self.step % every == 0 or self.step >= self.total:
                now = _now(self.device)
                if done > WARM:
                    self.report(now - mark)
                self.spent += now - mark
                if done == PROBE:
                    self.settle(now - mark, PROBE - WARM)
                mark = now
            if (
                self.step % max(1, self.total // self.recipe.validations) == 0
                or self.step >= self.total
            ):
                self.hooks.validate(self.flat.data, self.step)
                mark = _now(self.device)
            if time.monotonic() - saved > self.hooks.save_seconds:
                self.save()
                saved = time.monotonic()
        self.save()
        self.hooks.log({"trained": self.step, "seconds": round(time.monotonic() - start, 1)})


def _now(device: str) -> float:
    if device.startswith("cuda"):
        torch.cuda.synchronize()
    return time.monotonic()
