"""A mutant: a file of the corpus with damage that follows from its own name alone."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from random import Random

from fuzz import (
    damaged_bytes,
    damaged_npz,
    damaged_onnx,
    damaged_text,
    damaged_tflite,
)


class Form(StrEnum):
    """What a file is for edgec; the value is how its name ends."""

    ONNX = "onnx"
    TFLITE = "tflite"
    TARGET = "edgec"
    SAMPLES = "npz"
    BOARD = "board.toml"
    CONFIG = "edgec.toml"
    REPORT = "report.json"
    GOLDEN = "golden.npz"


MODELS = frozenset({Form.ONNX, Form.TFLITE, Form.TARGET})

_BY_FIELDS: Mapping[Form, Callable[[bytes, Random], bytes]] = {
    Form.ONNX: damaged_onnx.damage,
    Form.TFLITE: damaged_tflite.damage,
    Form.TARGET: damaged_text.damage_target,
    Form.SAMPLES: damaged_npz.damage,
    Form.BOARD: damaged_text.damage_toml,
    Form.CONFIG: damaged_text.damage_toml,
    Form.REPORT: damaged_text.damage_json,
    Form.GOLDEN: damaged_npz.damage,
}
_BLIND = 0.3
"""The share of mutants whose bytes are damaged without a look at the format."""


@dataclass(frozen=True)
class Specimen:
    """A good file: what mutants are made of."""

    name: str
    form: Form
    data: bytes

    @cached_property
    def key(self) -> str:
        """Return the first digits of the SHA-256 of the bytes: what mutants call it."""
        return hashlib.sha256(self.data).hexdigest()[:12]


@dataclass(frozen=True)
class Mutant:
    """The ``index``-th damage of a specimen under a seed: a pure function of these three."""

    specimen: Specimen
    seed: int
    index: int

    @property
    def name(self) -> str:
        """Return what --replay takes."""
        return f"{self.specimen.key}-{self.seed}-{self.index}"

    def rng(self, purpose: str) -> Random:
        """Return the generator of one of its decisions."""
        return Random(f"{self.name}:{purpose}")

    @cached_property
    def data(self) -> bytes:
        """Return the damaged bytes."""
        rng = self.rng("damage")
        blind = rng.random() < _BLIND
        if not blind:
            try:
                return _BY_FIELDS[self.specimen.form](self.specimen.data, rng)
            except Exception:  # noqa: BLE001 - the file is odd itself, so it has no fields
                blind = True
        return damaged_bytes.damage(self.specimen.data, rng)
