"""Writes writtenTexts.json: small tokenizers, and what Python's tokenizers makes of texts with them.

Each text is encoded as text, control tokens in it included (`encode_special_tokens`), and decoded
again without clean-up of spaces.

python -m pip install tokenizers==0.23.3
python test/runtime/goldens/writtenTexts.py
"""

import json
from pathlib import Path

from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers

CONTROL = ["<s>", "</s>", "<|user|>", "<|end|>"]
WORDS = "a? b a ? b it 's do n't 2 + 3 = 5 . , ! the sum is café".split(" ")


def byte_level(normalizer=None, ignore_merges=False) -> Tokenizer:
    """GPT-2's, Llama 3's."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merged = [("Ġ", "a"), ("Ġ", "?"), ("s", "u"), ("su", "m"), ("Ġ", "sum")]
    vocab = {token: i for i, token in enumerate([*CONTROL, *alphabet, *("".join(m) for m in merged)])}
    tokenizer = Tokenizer(models.BPE(vocab=vocab, merges=merged, ignore_merges=ignore_merges))
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def sentence_piece(byte_fallback: bool) -> Tokenizer:
    """Llama 2's: blanks become ▁, and one stands before every text."""
    letters = list("▁abcdefghijklmnopqrstuvwxyz?.,!'+=0123456789</s>|")
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else []
    merged = [("▁", "a"), ("▁", "b"), ("▁", "?"), ("s", "u"), ("su", "m")]
    tokens = ["<unk>", *CONTROL, *bytes_, *dict.fromkeys(letters), *("".join(m) for m in merged)]
    vocab = {token: i for i, token in enumerate(dict.fromkeys(tokens))}
    tokenizer = Tokenizer(
        models.BPE(vocab=vocab, merges=merged, unk_token="<unk>", byte_fallback=byte_fallback, fuse_unk=True)
    )
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return tokenizer


def unigram(control_score=0.0) -> Tokenizer:
    """T5's, Gemma's kin: pieces with scores, a prefix blank for the first piece alone."""
    letters = list("▁abcdefghijklmnopqrstuvwxyz?.,!'+=0123456789</>|é")
    pieces = [("<unk>", 0.0), *((token, control_score) for token in CONTROL)]
    pieces += [(letter, -8.0) for letter in letters]
    pieces += [("▁a", -3.0), ("▁b", -3.0), ("▁sum", -4.0), ("▁the", -4.0)]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=False))
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="first")
    return tokenizer


TOKENIZERS = {
    "byte-level": byte_level(),
    "byte-level, NFC": byte_level(normalizers.NFC(), ignore_merges=True),
    "byte-level, lower case": byte_level(normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase()])),
    "SentencePiece, bytes": sentence_piece(byte_fallback=True),
    "SentencePiece, no bytes": sentence_piece(byte_fallback=False),
    "unigram": unigram(),
}
TEXTS = [
    "a ? b",
    "a? b",
    "it 's n't , so . a !",
    "the sum is 5.",
    "  the sum",
    "cafe\u0301 cafe\u0301",
    "café",
    "The Sum",
    "stop </s> here",
    "</s>",
    "a<|end|><|user|>b <s>",
    "<|end|",
    "ẞ ﬁ ½",
    "日本 ☃ 👩‍🚀",
    "a\tb\n c",
    "a  b",
]


def whole(tokenizer: Tokenizer, text: str) -> bool:
    """Whether what is decoded is the text, but for what the normaliser does."""
    normal = tokenizer.normalizer.normalize_str if tokenizer.normalizer else str
    ids = tokenizer.encode(text.strip(), add_special_tokens=False).ids
    return normal(tokenizer.decode(ids, skip_special_tokens=True).strip()) == normal(text.strip())


def add_special(tokenizer: Tokenizer) -> None:
    known = tokenizer.get_vocab()
    special = [token for token in ["<unk>", *CONTROL] if token in known]
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])


cases = []
for name, tokenizer in TOKENIZERS.items():
    add_special(tokenizer)
    file = json.loads(tokenizer.to_str())
    if name == "unigram":
        # Its pieces are found in text even so. SentencePiece, which it follows, never finds them.
        tokenizer = unigram(control_score=-1000.0)
        add_special(tokenizer)
    tokenizer.encode_special_tokens = True
    texts = []
    for text in TEXTS:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        decoded = tokenizer.decode(ids, skip_special_tokens=True)
        texts.append({"text": text, "ids": ids, "decoded": decoded, "whole": whole(tokenizer, text)})
    cases.append({"name": name, "file": file, "texts": texts})

path = Path(__file__).with_name("writtenTexts.json")
path.write_text(json.dumps(cases, ensure_ascii=False) + "\n")
