"""Reads a GGUF file with numpy alone: metadata, tensor table, and the three tensor types that the
wheel's SmolLM2 holds (F32, Q8_0, Q4_1).

Layout: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md; blocks as in ggml-quants.c.
Dequantised values equal those of the `gguf` package bit for bit (`check.py`).
"""

import mmap
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
STRING, ARRAY = 8, 9
# Type number: name, values a block, bytes a block.
TYPES = {0: ("F32", 1, 4), 3: ("Q4_1", 32, 20), 8: ("Q8_0", 32, 34)}


@dataclass
class Tensor:
    """Where a tensor lies; `shape` is row-major, that is GGUF's order reversed."""

    kind: int
    shape: tuple[int, ...]
    offset: int


class _Cursor:
    def __init__(self, data: mmap.mmap) -> None:
        self.data, self.place = data, 0

    def scalar(self, code: str) -> Any:  # noqa: ANN401 - the code says the type
        value = struct.unpack_from("<" + code, self.data, self.place)[0]
        self.place += struct.calcsize(code)
        return value

    def string(self) -> str:
        size = self.scalar("Q")
        self.place += size
        return self.data[self.place - size : self.place].decode()

    def value(self, kind: int) -> Any:  # noqa: ANN401 - the kind says the type
        if kind == STRING:
            return self.string()
        if kind == ARRAY:
            inner, count = self.scalar("I"), self.scalar("Q")
            return [self.value(inner) for _ in range(count)]
        return self.scalar(SCALARS[kind])


class GgufFile:
    """`metadata` and `tensors` of a file; `read(name)` gives fp32 values."""

    def __init__(self, path: str | Path) -> None:
        with open(path, "rb") as file:
            self.data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        cursor = _Cursor(self.data)
        if cursor.data[:4] != b"GGUF":
            raise SystemExit(f"{path}: is no GGUF file")
        cursor.place = 8
        tensors, pairs = cursor.scalar("Q"), cursor.scalar("Q")
        self.metadata: dict[str, Any] = {}
        for _ in range(pairs):
            key = cursor.string()
            self.metadata[key] = cursor.value(cursor.scalar("I"))
        self.tensors = dict(self._entry(cursor) for _ in range(tensors))
        alignment = self.metadata.get("general.alignment", 32)
        self.start = -(-cursor.place // alignment) * alignment

    def _entry(self, cursor: _Cursor) -> tuple[str, Tensor]:
        name = cursor.string()
        shape = tuple(cursor.scalar("Q") for _ in range(cursor.scalar("I")))[::-1]
        kind = cursor.scalar("I")
        if kind not in TYPES:
            names = ", ".join(entry[0] for entry in TYPES.values())
            raise SystemExit(f"gguf: {name} has type {kind} (expected one of {names})")
        return name, Tensor(kind, shape, cursor.scalar("Q"))

    def read(self, name: str) -> np.ndarray:
        """One tensor, fp32, row-major."""
        tensor = self.tensors[name]
        _, values, size = TYPES[tensor.kind]
        blocks = prod(tensor.shape) // values
        raw = np.frombuffer(self.data, np.uint8, blocks * size, self.start + tensor.offset)
        decode = {0: _f32, 3: _q4_1, 8: _q8_0}[tensor.kind]
        return decode(raw.reshape(blocks, size)).reshape(tensor.shape)


def _f32(raw: np.ndarray) -> np.ndarray:
    return raw.view("<f4").astype(np.float32)


def _q8_0(raw: np.ndarray) -> np.ndarray:
    """A block: scale fp16, then 32 signed bytes."""
    scale = raw[:, :2].copy().view("<f2").astype(np.float32)
    return scale * raw[:, 2:].view(np.int8).astype(np.float32)


def _q4_1(raw: np.ndarray) -> np.ndarray:
    """A block: scale and minimum fp16, then 16 bytes whose low halves are the first 16 values."""
    scale = raw[:, :2].copy().view("<f2").astype(np.float32)
    least = raw[:, 2:4].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([raw[:, 4:] & 15, raw[:, 4:] >> 4], 1)
    return scale * nibbles.astype(np.float32) + least
