"""Direct preference optimisation of an upstream with TRL's DPOTrainer, on the Aligner's data.

Each triple {question, answer, correction} whose answer was corrected is a pair: the correction is
chosen, the answer rejected. Defaults: beta 0.1, one epoch, Adam (.9, .95), cosine; the learning
rate of the papers' large models (5e-7) moves nothing in a model of some million parameters.
"""

import argparse
import json
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import DPOConfig, DPOTrainer

from formats import Record, read_records


def pair(record: Record) -> dict[str, list[dict[str, str]]] | None:
    """One triple as TRL's conversational preference; None where there was nothing to correct."""
    if not {"question", "answer", "correction"} <= record.keys():
        raise SystemExit("dpo: expected records {question, answer, correction}")
    answer, correction = record["answer"].strip(), record["correction"].strip()
    if answer == correction or not correction:
        return None
    return {
        "prompt": [{"role": "user", "content": record["question"]}],
        "chosen": [{"role": "assistant", "content": correction}],
        "rejected": [{"role": "assistant", "content": answer}],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--init", required=True, help="checkpoint folder or hub id")
    parser.add_argument("--data", required=True, type=Path, help="triples, JSONL or JSON array")
    parser.add_argument("--out", required=True, type=Path, help="folder to write")
    parser.add_argument("--pairs", type=int, default=0, help="at most so many (default: all)")
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--lr", type=float, default=5e-6)
    parser.add_argument("--beta", type=float, default=0.1)
    parser.add_argument("--batch", type=int, default=32, help="pairs a step and device")
    parser.add_argument("--max-length", type=int, default=512)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pairs = [made for record in read_records(args.data) if (made := pair(record))]
    if not pairs:
        raise SystemExit(f"{args.data}: no answer was corrected, so there is nothing to prefer")
    pairs = pairs[: args.pairs or len(pairs)]
    config = DPOConfig(
        output_dir=str(args.out),
        num_train_epochs=args.epochs,
        learning_rate=args.lr,
        beta=args.beta,
        lr_scheduler_type="cosine",
        warmup_steps=0.1,
        weight_decay=0.0,
        adam_beta2=0.95,
        per_device_train_batch_size=args.batch,
        max_length=args.max_length,
        bf16=args.bf16,
        gradient_checkpointing=False,
        use_cpu=not torch.cuda.is_available(),
        logging_steps=10,
        save_strategy="no",
        seed=args.seed,
        report_to="none",
    )
    tokenizer = AutoTokenizer.from_pretrained(args.init)
    model = AutoModelForCausalLM.from_pretrained(args.init, dtype=torch.float32)
    trainer = DPOTrainer(
        model=model,
        args=config,
        train_dataset=Dataset.from_list(pairs),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model(str(args.out))
    keep_tokenizer(Path(args.init), args.out)
    write_log(args, trainer, len(pairs))


def write_log(args: argparse.Namespace, trainer: DPOTrainer, pairs: int) -> None:
    """In the shape of train.py's log, from which cards are made."""
    history = trainer.state.log_history
    parameters = sum(p.numel() for p in trainer.model.parameters())
    given = vars(args) | {"data": [str(args.data)], "parameters": parameters}
    data = {"data": str(args.data), "examples": pairs}
    done = {"tokens": history[-1]["num_tokens"], "seconds": history[-1]["train_runtime"]}
    lines = [data, {"event": "start", **given}, *history, {"event": "done", **done}]
    text = "".join(json.dumps(line, default=str) + "\n" for line in lines)
    (args.out / "log.jsonl").write_text(text, encoding="utf-8")


def keep_tokenizer(source: Path, out: Path) -> None:
    """The tokenizer's files as they came: saving them again rewrites them."""
    for name in ("tokenizer.json", "tokenizer_config.json"):
        if (source / name).exists():
            (out / name).write_bytes((source / name).read_bytes())
            (out / "chat_template.jinja").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
