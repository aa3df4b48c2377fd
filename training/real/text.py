"""Texts to tokens: chat turns, and the sentences of an answer."""

from pathlib import Path

from tokenizers import Tokenizer

from formats import Record, turns

SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
END = "<|im_end|>"
# Sentences of an answer stand one a line.
JOIN = "\n"


def chat(user: str) -> str:
    """The chat template's text up to where the assistant writes (`check.py` compares)."""
    return (
        f"<|im_start|>system\n{SYSTEM}{END}\n<|im_start|>user\n{user}{END}\n<|im_start|>assistant\n"
    )


def joined(sentences: list[str]) -> str:
    """Sentences as the text that a next one follows directly."""
    return "".join(sentence + JOIN for sentence in sentences)


class Encoder:
    """The tokenizer of a Hugging Face folder."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.end = self.tokenizer.token_to_id(END)
        # What ends a sentence.
        self.stops = (self.end, self.tokenizer.encode(JOIN).ids[0])

    def __call__(self, texts: list[str]) -> list[list[int]]:
        return [e.ids for e in self.tokenizer.encode_batch(texts, add_special_tokens=False)]

    def decode(self, rows: list[list[int]]) -> list[str]:
        return self.tokenizer.decode_batch(rows)

    def records(self, records: list[Record]) -> list[tuple[list[int], list[int]]]:
        """(prompt, target with its end token) of each record."""
        parts = [turns(record) for record in records]
        prompts = self([chat(user) + given for user, given, _ in parts])
        targets = self([target for _, _, target in parts])
        return [(p, [*t, self.end]) for p, t in zip(prompts, targets, strict=True)]
