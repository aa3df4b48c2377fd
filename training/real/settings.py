"""What the stages share: where things lie, how large they are, and where progress is told."""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from real import llama, lora
from real.text import Encoder


@dataclass
class Sizes:
    """Numbers that decide how long a run takes. `tiny` proves the pipeline on a CPU."""

    parts: dict[str, int]
    upstream_epochs: float
    corrector_epochs: float
    aligner_epochs: float
    full_epochs: float
    # Temperatures of the sentences sampled in each place, and of whole answers.
    temperatures: tuple[float, ...]
    answer_temperatures: tuple[float, ...]
    # Good and bad sentences kept of each place, at most.
    kept: int
    budget: int
    width: int
    rows: int
    held_out: int
    test: int
    # Tokens of a sentence and of an answer, and rounds of the loop, at most.
    sentence: int
    answer: int
    rounds: int
    validations: int


FULL = Sizes(
    parts={"upstream": 2700, "corrector": 4400, "validation": 373},
    upstream_epochs=3,
    corrector_epochs=3,
    aligner_epochs=3,
    full_epochs=2,
    temperatures=(0.0, 0.7, 0.8, 0.8, 0.9, 0.9, 1.0, 1.0),
    answer_temperatures=(0.0, 0.6, 0.7, 0.8, 0.9, 1.0),
    kept=8,
    budget=16_384,
    width=512,
    rows=8_000,
    held_out=1_000,
    test=1_319,
    sentence=72,
    answer=256,
    rounds=12,
    validations=3,
)
TINY = Sizes(
    parts={"upstream": 12, "corrector": 12, "validation": 4},
    upstream_epochs=2,
    corrector_epochs=1,
    aligner_epochs=1,
    full_epochs=0.5,
    temperatures=(0.0, 0.8, 1.0),
    answer_temperatures=(0.0, 1.0),
    kept=2,
    budget=768,
    width=384,
    rows=64,
    held_out=12,
    test=2,
    sentence=20,
    answer=40,
    rounds=2,
    validations=1,
)


@dataclass
class Settings:
    """One run; `work` keeps everything, `out` the few small files that are worth taking home."""

    work: Path
    out: Path
    data: Path
    wheel: Path
    device: str
    dtype: torch.dtype
    seed: int
    sizes: Sizes
    rank: int
    alpha: float
    rates: dict[str, float]
    decision: float
    opening: str
    solutions: bool
    deadline: float
    steps: int
    began: float = field(default_factory=time.monotonic)
    _base: llama.Llama | None = None
    _encoder: Encoder | None = None

    def left(self) -> float:
        """Seconds until the deadline."""
        return self.deadline - (time.monotonic() - self.began)

    def log(self, stage: str, entry: dict[str, Any]) -> None:
        """One line of progress: on the screen and in `log.jsonl`."""
        line = {"at": round(time.monotonic() - self.began, 1), "stage": stage, **entry}
        text = json.dumps(line, ensure_ascii=False)
        print(text, flush=True)
        with (self.work / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(text + "\n")

    @property
    def base(self) -> llama.Llama:
        """The base model, read once."""
        if self._base is None:
            self._base = llama.load(self.work / "base", self.device, self.dtype)
        return self._base

    @property
    def encoder(self) -> Encoder:
        if self._encoder is None:
            self._encoder = Encoder(self.work / "base")
        return self._encoder

    def adapter(self, name: str) -> Path:
        return self.work / "adapters" / name

    def merged(self, name: str) -> llama.Llama:
        """The base with an adapter merged into it."""
        return lora.merged(self.base, self.adapter(name), self.dtype)

    def described(self) -> dict[str, Any]:
        """For the results: everything that decided the run."""
        return {
            "seed": self.seed,
            "sizes": asdict(self.sizes),
            "rank": self.rank,
            "alpha": self.alpha,
            "rates": self.rates,
            "decision": self.decision,
            "opening": self.opening,
            "solutions": self.solutions,
            "dtype": str(self.dtype),
            "device": torch.cuda.get_device_name() if self.device == "cuda" else self.device,
            "torch": torch.__version__,
        }
