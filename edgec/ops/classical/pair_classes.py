"""Classes from decisions between every two of them: by votes, and by probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.class_scores import FRACTION, LARGEST
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.fixed_floats import fixed_of, float_of
from edgec.ops.numerics.fixed_point_exp import exp_of_negative, one_over_one_plus
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter

ROUNDS = 100
LEAST = np.float32(1e-7)
"""The least probability of one of two classes; 1 less it is the largest."""


def pairs_of(count: int) -> int:
    """Return how many pairs of classes there are."""
    return count * (count - 1) // 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PairVotes(Operator):
    """x [...,P] float32 -> [...] int32: the label that most of the P pairs of classes vote for.

    A pair (i, j), i before j, votes for i where its decision is more than 0, else for j. Of equal
    votes the first class counts.
    Source: libsvm; ONNX-ML SVMClassifier (onnxruntime).
    """

    name: ClassVar[str] = "pair_votes"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    labels: tuple[int, ...]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if not is_float(x) or x.shape[-1:] != (pairs_of(len(self.labels)),):
            message = f"{self.name} of {x} with {len(self.labels)} labels"
            raise ValueError(message)
        return (TensorType(x.shape[:-1], DType.INT32),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (np.array(self.labels, np.int32)[votes(x, len(self.labels)).argmax(axis=-1)],)

    def stacked(self, samples: int) -> "PairVotes":
        return self

    def __str__(self) -> str:
        return f"pair_votes({len(self.labels)} labels)"


def votes(x: Array, count: int) -> Array:
    """Return how many pairs vote for each class, [...,count]."""
    found = np.zeros((*x.shape[:-1], count), np.int64)
    for place, (i, j) in enumerate(combinations(range(count), 2)):
        found[..., i] += x[..., place] > 0
        found[..., j] += ~(x[..., place] > 0)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class PairProbabilities(Operator):
    """x [...,P], a [P], b [P] float32 -> [...,C] float32: probabilities of C classes.

    A pair's probability is 1 / (1 + exp(a x + b)); those of the classes fit them best (Wu, Lin and
    Weng 2004), found in at most 100 rounds. All is float32, computed in integers; exp is fixed
    point of 26 bits. A round more or less than onnxruntime's makes 0.005 / C at most, one of equal
    rounds 2e-6.
    Source: libsvm; ONNX-ML SVMClassifier (onnxruntime).
    """

    name: ClassVar[str] = "pair_probabilities"
    takes_floats: ClassVar[bool] = True
    number_types: ClassVar[frozenset[DType]] = frozenset({DType.INT32})
    classes: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, a, b = inputs
        if not all(map(is_float, inputs)) or x.shape[-1:] != (pairs_of(self.classes),):
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        if a.shape != x.shape[-1:] or b.shape != x.shape[-1:]:
            message = f"{self.name} with {a} and {b}"
            raise ValueError(message)
        return (TensorType((*x.shape[:-1], self.classes)),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, a, b = inputs
        rows = x.reshape(-1, x.shape[-1])
        found = [self._fitted(self._products(each)) for each in _pair_odds(rows, a, b)]
        return (np.array(found, np.float32).reshape(signature.output.shape),)

    def _products(self, odds: Array) -> Array:
        """Return the matrix Q of the paper, of the probabilities of pairs."""
        count = self.classes
        r = np.zeros((count, count), np.float32)
        q = np.zeros((count, count), np.float32)
        for place, (i, j) in enumerate(combinations(range(count), 2)):
            r[i, j], r[j, i] = odds[place], np.float32(1) - odds[place]
        for i in range(count):
            for j in range(count):
                if j != i:
                    q[i, i] += r[j, i] * r[j, i]
                    q[i, j] = -(r[j, i] * r[i, j])
        return q

    def _fitted(self, q: Array) -> Array:
        count, one, two = self.classes, np.float32(1), np.float32(2)
        near = np.float32(0.005) / np.float32(count)
        p = np.full(count, one / np.float32(count), np.float32)
        for _ in range(ROUNDS):
            qp = np.array([_added(q[i] * p) for i in range(count)], np.float32)
            pqp = _added(p * qp)
            if np.abs(qp - pqp).max() < near:
                break
            for i in range(count):
                step = (pqp - qp[i]) / q[i, i]
                p[i] += step
                over = one + step
                pqp = (pqp + step * (step * q[i, i] + two * qp[i])) / over / over
                qp = (qp + step * q[i]) / over
                p = p / over
        return p

    def macs(self, signature: Signature) -> int:
        """A round of the search, which has some."""
        return signature.output.elements * self.classes

    def stacked(self, samples: int) -> "PairProbabilities":
        return self


def _added(x: Array) -> np.float32:
    """Return the sum in float32, one after the other."""
    total = np.float32(0)
    for each in x:
        total += each
    return total


def _pair_odds(x: Array, a: Array, b: Array) -> Array:
    """Return the probabilities of the first class of each pair, within their limits."""
    fixed = fixed_of(x * a + b, FRACTION, LARGEST)
    near = one_over_one_plus(exp_of_negative(-np.abs(fixed)))
    chance = float_of(np.where(fixed < 0, near, (1 << 31) - near), -31)
    return np.clip(chance, LEAST, np.float32(1) - LEAST)


@exporter(PairVotes)
@exporter(PairProbabilities)
def _to_tflite(op: Operator, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "classes of pairs")
