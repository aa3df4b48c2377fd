"""Trains a causal language model on corrections, whole answers or plain solutions.

A loop of its own over `AutoModelForCausalLM`, not TRL's SFTTrainer: on a CPU three things decide
the speed, and none of them fits a Trainer: batches filled to a number of tokens with sequences of
nearly equal lengths, logits only where a token counts, and attention that is quick for short
sequences in bfloat16. `sft.py` is the TRL route for large models on a GPU.
"""

import argparse
import json
import math
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers.utils import logging as hf_logging

import attention
import muon
from data import Encoder, Mixture, Source, load_source, parse_source
from evaluation import evaluate

CHECKPOINT = "checkpoint.pt"
# Steps that compile; their time is not part of the budget.
WARM_STEPS = 2
# Models that change their logits after the head: these must compute them themselves.
OWN_HEAD = ("final_logit_softcapping", "logits_scaling", "logit_scale")


@dataclass
class Progress:
    """Where a training stands; all that a resume needs beside weights and optimiser."""

    chunk: int = 0
    batch: int = 0
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0


def build_model(args: argparse.Namespace, vocabulary: int, pad: int) -> PreTrainedModel:
    """A model from a config (random weights) or from a checkpoint folder or hub id."""
    torch.manual_seed(args.seed)
    implementation = "sdpa"
    config = AutoConfig.from_pretrained(args.init or args.config)
    if config.model_type == "llama" and args.device == "cpu":
        implementation = attention.register()
    options = {"attn_implementation": implementation, "dtype": torch.float32}
    if args.init:
        model = AutoModelForCausalLM.from_pretrained(args.init, **options)
    else:
        config.vocab_size, config.pad_token_id = vocabulary, pad
        model = AutoModelForCausalLM.from_config(config, **options)
    if args.grow:
        grow(model, args.grow)
    if model.get_input_embeddings().num_embeddings < vocabulary:
        model.resize_token_embeddings(vocabulary)
    return model.to(args.device)


def grow(model: PreTrainedModel, blocks: int) -> None:
    """Adds blocks on top that change nothing until they are trained.

    A model that was trained to solve has its result ready in its last blocks only; comparing that
    with a given sentence needs blocks after those.
    """
    layers, config = model.model.layers, model.config
    config.num_hidden_layers += blocks
    if getattr(config, "layer_types", None):
        config.layer_types = [*config.layer_types, *[config.layer_types[-1]] * blocks]
    for _ in range(blocks):
        block = type(layers[0])(config, layer_idx=len(layers))
        for name, parameter in block.named_parameters():
            if parameter.ndim > 1:
                ending = name.endswith(("o_proj.weight", "down_proj.weight"))
                torch.nn.init.normal_(parameter, std=0.0 if ending else config.initializer_range)
        layers.append(block)


def token_losses(
    model: PreTrainedModel,
    inputs: dict[str, torch.Tensor],
    select: torch.Tensor,
    targets: torch.Tensor,
) -> torch.Tensor:
    """Cross entropy `[N]` at the selected positions; logits exist only there."""
    if any(getattr(model.config, name, None) for name in OWN_HEAD):
        logits = model(**inputs, use_cache=False).logits.flatten(0, 1)[select]
    else:
        hidden = model.model(**inputs, use_cache=False).last_hidden_state
        logits = model.get_output_embeddings()(hidden.flatten(0, 1)[select])
    return F.cross_entropy(logits.float(), targets, reduction="none")


class Optimizers:
    """AdamW; with `muon`, Muon (K. Jordan, 2024) for the matrices of the blocks, its step scaled so
    that both have one learning rate (J. Liu et al., 2025). Norms and biases are not decayed."""

    def __init__(self, model: PreTrainedModel, args: argparse.Namespace) -> None:
        ends = {id(e.weight) for e in (model.get_input_embeddings(), model.get_output_embeddings())}
        trained = [p for p in model.parameters() if p.requires_grad]
        inner = [p for p in trained if p.ndim == 2 and id(p) not in ends]
        matrices = inner if args.optimizer == "muon" else []
        taken = {id(p) for p in matrices}
        others = [p for p in trained if id(p) not in taken]
        groups = [
            {"params": [p for p in others if p.ndim > 1], "weight_decay": args.weight_decay},
            {"params": [p for p in others if p.ndim <= 1], "weight_decay": 0.0},
        ]
        self.parts: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(groups, lr=args.lr, betas=(0.9, 0.95), fused=True)
        ]
        if matrices:
            if not args.bf16:
                muon.use_float32()
            options = {"lr": args.lr, "weight_decay": args.weight_decay}
            self.parts.append(torch.optim.Muon(matrices, adjust_lr_fn="match_rms_adamw", **options))

    def set_lr(self, lr: float) -> None:
        for part in self.parts:
            for group in part.param_groups:
                group["lr"] = lr

    def step(self) -> None:
        """One update with the gradients there are, which are dropped."""
        for part in self.parts:
            part.step()
            part.zero_grad(set_to_none=True)

    def state_dict(self) -> list[dict[str, object]]:
        return [part.state_dict() for part in self.parts]

    def load_state_dict(self, states: list[dict[str, object]]) -> None:
        for part, state in zip(self.parts, states, strict=True):
            part.load_state_dict(state)


class Training:
    """The loop, its log and its checkpoints."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.out = Path(args.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self.tokenizer = AutoTokenizer.from_pretrained(args.tokenizer or args.init)
        self.encoder = Encoder(self.tokenizer)
        self.model = build_model(args, len(self.tokenizer), self.tokenizer.pad_token_id)
        self.optimizer = Optimizers(self.model, args)
        self.progress = Progress()
        self.stopped = False
        self.losses = torch.compile(token_losses, dynamic=True) if args.compile else token_losses
        if args.resume and (self.out / CHECKPOINT).exists():
            self._load()

    def _load(self) -> None:
        state = torch.load(self.out / CHECKPOINT, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        self.progress = Progress(**state["progress"])
        self.log({"event": "resumed", **asdict(self.progress)})

    def save(self) -> None:
        """Writes a checkpoint whole or not at all, and the model as a Hugging Face folder."""
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "progress": asdict(self.progress),
        }
        partial = self.out / f"{CHECKPOINT}.partial"
        torch.save(state, partial)
        partial.replace(self.out / CHECKPOINT)
        self.model.save_pretrained(self.out)
        self.tokenizer.save_pretrained(self.out)
        self._keep_tokenizer_files()

    def _keep_tokenizer_files(self) -> None:
        """The files as they came: saving them again rewrites them in this version's dialect."""
        folder = Path(self.args.tokenizer or self.args.init)
        for name in ("tokenizer.json", "tokenizer_config.json"):
            if (folder / name).exists() and folder.resolve() != self.out.resolve():
                (self.out / name).write_bytes((folder / name).read_bytes())
                (self.out / "chat_template.jinja").unlink(missing_ok=True)

    def log(self, entry: dict[str, object]) -> None:
        """One line to the log and to the terminal."""
        line = json.dumps(entry)
        print(line, flush=True)
        with (self.out / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    def share_done(self) -> float:
        """How much of the budget is spent, 0 … 1."""
        if self.args.tokens:
            return self.progress.tokens / self.args.tokens
        return self.progress.seconds / (60 * self.args.minutes)

    def learning_rate(self) -> float:
        """Linear warm-up, then a cosine down to `--final-lr` of the peak."""
        warm, floor = self.args.warmup, self.args.final_lr
        share = min(1.0, self.share_done())
        if share < warm:
            return self.args.lr * (share + 1e-3) / (warm + 1e-3)
        cosine = 0.5 * (1 + math.cos(math.pi * (share - warm) / (1 - warm)))
        return self.args.lr * (floor + (1 - floor) * cosine)

    def step(self, batch: object) -> float:
        """One update; returns the mean weighted loss."""
        self.optimizer.set_lr(self.learning_rate())
        device = self.args.device
        ids, positions, mask, select, targets, weights = (
            getattr(batch, name).to(device)
            for name in ("ids", "positions", "mask", "select", "targets", "weights")
        )
        inputs = {"input_ids": ids, "position_ids": positions, "attention_mask": mask}
        with torch.autocast(device, torch.bfloat16, enabled=self.args.bf16):
            losses = self.losses(self.model, inputs, select, targets)
        loss = (losses * weights).sum() / weights.sum()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.args.clip)
        self.optimizer.step()
        return float(loss.detach())

    def evaluate(self) -> None:
        if self.args.eval:
            model = self._plain_copy() if self.args.device == "cpu" else self.model
            figures = evaluate(model, self.encoder, self.args.eval, self.args.eval_items)
            self.log({"event": "eval", "tokens": self.progress.tokens, **figures})

    def _plain_copy(self) -> PreTrainedModel:
        """The same weights with standard attention, which knows padding and caches."""
        config = AutoConfig.for_model(**self.model.config.to_dict())
        copy = AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
        copy.load_state_dict(self.model.state_dict())
        return copy.eval()

    def run(self, sources: list[Source]) -> None:
        """Trains until the budget is spent or a signal asks to stop."""
        args = self.args
        pad = self.tokenizer.pad_token_id
        mixture = Mixture(sources, args.batch_tokens, args.seed, pad)
        self.model.train()
        last_save = last_log = clock = time.monotonic()
        total, steps, tokens, taken = 0.0, 0, 0, 0
        for position, batch in mixture.stream(self.progress.chunk, self.progress.batch):
            if self.share_done() >= 1 or self.stopped:
                break
            total += self.step(batch)
            steps, tokens, taken = steps + 1, tokens + batch.tokens, taken + 1
            now = time.monotonic()
            self.progress.chunk, self.progress.batch = position
            self.progress.step += 1
            self.progress.tokens += batch.tokens
            if taken > WARM_STEPS or not args.compile:
                self.progress.seconds += now - clock
            clock = now
            if now - last_log > args.log_seconds:
                speed = round(tokens / (now - last_log))
                self._log_step(total / steps, speed)
                total, steps, tokens, last_log = 0.0, 0, 0, now
            if now - last_save > 60 * args.save_minutes:
                self.save()
                self.evaluate()
                # Evaluation and saving are not part of the budget of minutes.
                last_save = clock = time.monotonic()
                last_log += clock - now
        self.save()
        if not self.stopped:
            self.evaluate()
        self.log({"event": "stopped" if self.stopped else "done", **asdict(self.progress)})

    def _log_step(self, loss: float, speed: int) -> None:
        entry = {
            "step": self.progress.step,
            "tokens": self.progress.tokens,
            "loss": round(loss, 4),
            "lr": float(f"{self.learning_rate():.3g}"),
            "tok_s": speed,
            "minutes": round(self.progress.seconds / 60, 2),
        }
        self.log(entry)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    start = parser.add_mutually_exclusive_group(required=True)
    start.add_argument("--config", help="config JSON: a new model with random weights")
    start.add_argument("--init", help="checkpoint folder or hub id to fine-tune")
    parser.add_argument(
        "--grow",
        type=int,
        default=0,
        metavar="BLOCKS",
        help="blocks to add on top, which change nothing at first (Llama-shaped models)",
    )
    parser.add_argument("--tokenizer", help="tokenizer folder (default: that of --init)")
    parser.add_argument(
        "--data",
        action="append",
        required=True,
        metavar="PATH[:SHARE[:LOSS]]",
        help="JSONL or JSON array; several are mixed by share of examples (default: by size); "
        "LOSS as --loss, or a number: the weight of the given tokens",
    )
    parser.add_argument("--loss", choices=["target", "all"], default="target")
    parser.add_argument("--prompt-weight", type=float, default=0.3, help="for --loss all")
    parser.add_argument(
        "--decision-weight",
        type=float,
        default=1.0,
        help="of a correction's first token, which decides between copying and rewriting",
    )
    parser.add_argument("--out", required=True, help="folder for model, checkpoint and log")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--tokens", type=float, help="budget in tokens, e.g. 2e7")
    budget.add_argument("--minutes", type=float, help="budget in minutes of training")
    parser.add_argument("--batch-tokens", type=int, default=8192)
    parser.add_argument("--max-length", type=int, default=0, help="default: the model's own")
    parser.add_argument("--optimizer", choices=["adamw", "muon"], default="adamw")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--final-lr", type=float, default=0.05, help="as a share of --lr")
    parser.add_argument("--warmup", type=float, default=0.03, help="share of the budget")
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--clip", type=float, default=1.0, help="largest norm of the gradient")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    flag = argparse.BooleanOptionalAction
    parser.add_argument("--bf16", action=flag, default=True, help="autocast to bfloat16")
    parser.add_argument("--compile", action=flag, default=True, help="torch.compile (needs g++)")
    parser.add_argument("--resume", action="store_true", help="continue from --out's checkpoint")
    parser.add_argument("--save-minutes", type=float, default=10.0)
    parser.add_argument("--log-seconds", type=float, default=20.0)
    parser.add_argument("--eval", help="validation file, evaluated at every checkpoint")
    parser.add_argument("--eval-items", type=int, default=500)
    args = parser.parse_args()
    if not args.tokenizer and not args.init:
        parser.error("--config needs --tokenizer")
    return args


def main() -> None:
    args = parse_arguments()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    hf_logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    torch.set_flush_denormal(True)
    training = Training(args)
    longest = args.max_length or training.model.config.max_position_embeddings
    specs = [parse_source(text, args.loss, args.prompt_weight) for text in args.data]
    weight = args.decision_weight
    sources = [load_source(spec, training.encoder, longest, weight) for spec in specs]
    for source in sources:
        entry = {"data": source.path, "examples": source.examples, "trees": len(source)}
        entry |= {"tokens": len(source.ids), "dropped": source.dropped}
        training.log({**entry, "weights": source.weights.tolist()})
    parameters = sum(p.numel() for p in training.model.parameters())
    training.log({"event": "start", "parameters": parameters, **vars(args)})

    def stop(*_: object) -> None:
        training.stopped = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    training.run(sources)


if __name__ == "__main__":
    main()
