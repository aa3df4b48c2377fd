"""Fine-tunes a corrector with TRL's SFTTrainer: the route for a large model on a GPU.

The same records and prompts as `train.py`, handed over as prompt and completion; the loss is on the
completion and the end of the turn. The defaults are the papers' recipe: 3 epochs, 2e-5, cosine with
3 % warm-up, no weight decay, Adam (.9, .95), bfloat16.
"""

import argparse
from pathlib import Path

import torch
from datasets import Dataset
from transformers import AutoTokenizer
from trl import SFTConfig, SFTTrainer

from formats import Record, read_records, turns


def conversation(record: Record) -> dict[str, list[dict[str, str]]]:
    """One record as TRL's conversational prompt and completion."""
    user, given, target = turns(record)
    if given:
        raise SystemExit("sft: a turn half given is not known to TRL; use train.py for these data")
    return {
        "prompt": [{"role": "user", "content": user}],
        "completion": [{"role": "assistant", "content": target}],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--init", required=True, help="checkpoint folder or hub id")
    parser.add_argument("--data", required=True, type=Path, help="JSONL or JSON array of records")
    parser.add_argument("--out", required=True, help="folder to write")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--lr", type=float, default=2e-5)
    parser.add_argument("--batch", type=int, default=8, help="conversations a step and device")
    parser.add_argument("--accumulate", type=int, default=4)
    parser.add_argument("--max-length", type=int, default=2048)
    parser.add_argument("--max-steps", type=int, default=-1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--resume", action="store_true", help="continue from the last checkpoint")
    args = parser.parse_args()
    config = SFTConfig(
        output_dir=args.out,
        num_train_epochs=args.epochs,
        max_steps=args.max_steps,
        learning_rate=args.lr,
        lr_scheduler_type="cosine",
        warmup_steps=0.03,
        weight_decay=0.0,
        adam_beta2=0.95,
        per_device_train_batch_size=args.batch,
        gradient_accumulation_steps=args.accumulate,
        max_length=args.max_length,
        completion_only_loss=True,
        bf16=args.bf16,
        use_cpu=not torch.cuda.is_available(),
        logging_steps=10,
        save_steps=500,
        seed=args.seed,
        report_to="none",
    )
    tokenizer = AutoTokenizer.from_pretrained(args.init)
    data = Dataset.from_list([conversation(record) for record in read_records(args.data)])
    trainer = SFTTrainer(
        model=args.init, args=config, train_dataset=data, processing_class=tokenizer
    )
    trainer.train(resume_from_checkpoint=args.resume)
    trainer.save_model(args.out)


if __name__ == "__main__":
    main()
