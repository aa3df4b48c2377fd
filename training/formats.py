"""What the scripts of this folder share: records on disk, and the turns they become.

A record is a JSON object, one per line of a JSONL file or an element of a JSON array (the official
data sets are arrays). Its keys say what it is:

    {question, prefix, last, correction}   quadruple of Stream Aligner (official prompt)
    {question, answer, correction}         triple of Aligner (official prompt)
    {question, prefix?, answer}            plain solution: the assistant writes prefix, then answer
    {question, prefix, answer, open: true} the same, but the turn goes on after `answer`, which
                                           follows `prefix` without a space
    {question, prefix?}                    context, for sampling
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]

# Tokens of their own. The separators belong to the markers, which saves six tokens a prompt.
SPECIAL_TOKENS = ["<s>", "</s>", "<pad>", "<|user|>", "<|assistant|>"]
LAST_MARKER = " | ##Answer_Last_Sentence:"
REVISION_MARKER = " | ##Your_Revision:"
MARKERS = [
    "##Question:",
    " | ##Answer_Prefix:",
    LAST_MARKER,
    REVISION_MARKER,
    "\n##Answer:",
    "\n##Correction:",
]

# Nothing is trimmed: the official prompts end with a space.
CHAT_TEMPLATE = (
    "{% for m in messages %}"
    "{% if loop.first %}{{ bos_token }}{% endif %}"
    "{% if m['role'] == 'assistant' %}{{ '<|assistant|>' + m['content'] + eos_token }}"
    "{% else %}{{ '<|user|>' + m['content'] }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def read_records(path: str | Path) -> Iterator[Record]:
    """Reads a JSONL file, or a JSON array; names file and line of what is not an object."""
    path = Path(path)
    with path.open(encoding="utf-8") as file:
        first = file.read(1)
        file.seek(0)
        if first == "[":
            yield from json.load(file)
            return
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except json.JSONDecodeError as error:
                raise SystemExit(f"{path}:{number}: is not JSON ({error})") from error
            if not isinstance(record, dict):
                raise SystemExit(f"{path}:{number}: is no JSON object; one record a line")
            yield record


def stream_aligner_prompt(question: str, prefix: str, last: str) -> str:
    """The official prompt of Stream Aligner, trailing space included."""
    return (
        f"##Question: {question} | ##Answer_Prefix: {prefix}{LAST_MARKER} {last}{REVISION_MARKER} "
    )


def aligner_prompt(question: str, answer: str) -> str:
    """The official prompt of Aligner, trailing space included."""
    return f"##Question: {question}\n##Answer: {answer}\n##Correction: "


def turns(record: Record) -> tuple[str, str, str]:
    """One record as (user turn, given part of the assistant's turn, part to be written)."""
    keys = record.keys()
    question = record.get("question")
    if isinstance(question, str):
        if {"prefix", "last", "correction"} <= keys:
            prompt = stream_aligner_prompt(question, record["prefix"], record["last"])
            return prompt, "", record["correction"].strip()
        if {"answer", "correction"} <= keys:
            return aligner_prompt(question, record["answer"]), "", record["correction"].strip()
        if "answer" in keys:
            return question, record.get("prefix", "").strip(), record["answer"].strip()
    raise SystemExit(
        "record: unknown keys (expected question, prefix, last, correction; or question, answer, "
        f"correction; or question, prefix?, answer; got {', '.join(keys)})"
    )
