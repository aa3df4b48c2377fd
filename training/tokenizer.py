"""Trains the byte-level BPE tokenizer of the embedded models.

Words carry their leading space, and text that begins without one gets it: the first word of a
sentence is the same token after a marker, after the prefix, and at the start of the assistant's
turn, so that copying a sentence is copying its tokens. The decoder strips that one space again:
decode(encode(x)) == x for every x that does not begin with a space. Each digit is its own token,
and so is the space before a number.

All of it is plain `tokenizer.json` (ByteLevel, Split, Strip): it loads with AutoTokenizer in
Python and in @huggingface/transformers alike.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    trainers,
)

from formats import CHAT_TEMPLATE, MARKERS, SPECIAL_TOKENS, read_records

TEXT_KEYS = ("question", "prefix", "last", "correction", "answer")


def texts(paths: list[str], limit: int) -> Iterator[str]:
    """Every text of the records, at most `limit` records of each file."""
    for path in paths:
        for count, record in enumerate(read_records(path)):
            if count == limit:
                break
            for key in TEXT_KEYS:
                if isinstance(record.get(key), str):
                    yield record[key]


def train(corpus: Iterator[str], vocabulary: int) -> Tokenizer:
    """A tokenizer of `vocabulary` tokens, markers included (fewer if the corpus is small)."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.ByteLevel(add_prefix_space=True, use_regex=True),
            # Not `Digits`: its notion of a digit differs between the runtimes for bytes like ².
            pre_tokenizers.Split(Regex("[0-9]"), "isolated"),
        ]
    )
    tokenizer.decoder = decoders.Sequence([decoders.ByteLevel(), decoders.Strip(" ", 1, 0)])
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(MARKERS),
        special_tokens=SPECIAL_TOKENS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus, trainer)
    tokenizer.add_tokens([AddedToken(marker, normalized=False) for marker in MARKERS])
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path, max_length: int) -> None:
    """Writes `tokenizer.json` and `tokenizer_config.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "</s>",
        "pad_token": "<pad>",
        "extra_special_tokens": ["<|user|>", "<|assistant|>"],
        "add_prefix_space": True,
        "clean_up_tokenization_spaces": False,
        "model_max_length": max_length,
        "padding_side": "left",
        "chat_template": CHAT_TEMPLATE,
    }
    text = json.dumps(config, indent=2, ensure_ascii=False)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", nargs="+", help="JSONL files whose texts it is trained on")
    parser.add_argument("--out", required=True, type=Path, help="folder to write")
    parser.add_argument("--vocab", type=int, default=768, help="number of tokens (default 768)")
    parser.add_argument("--limit", type=int, default=50_000, help="records of each file")
    parser.add_argument("--max-length", type=int, default=768, help="the models' context length")
    args = parser.parse_args()
    tokenizer = train(texts(args.data, args.limit), args.vocab)
    save(tokenizer, args.out, args.max_length)
    print(f"{args.out}: {tokenizer.get_vocab_size()} tokens")


if __name__ == "__main__":
    main()
