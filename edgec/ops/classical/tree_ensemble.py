"""Ensembles of decision trees: a table that one loop walks."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, Node, Signature, TensorType
from edgec.ops.classical.in_tflite import refuse_export
from edgec.ops.numerics.float_bits import floats_of, order_of
from edgec.ops.operator import Operator, is_float
from edgec.ops.registry import TfliteEmitter, exporter

LEAF = 1 << 17
HAS_LIST = 1 << 18
NAN_IS_NEXT = 1 << 16
FEATURE_SHIFT = 19
LOW = 0xFFFF
_FEATURES = 0x1FFF  # bits above FEATURE_SHIFT


class Merge(Enum):
    """How what the trees say becomes one number per target."""

    SUM = "SUM"
    AVERAGE = "AVERAGE"
    MIN = "MIN"
    MAX = "MAX"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeEnsemble(Operator):
    """x [...,F], nodes [n,2], roots [t], leaves [m,2], base [T] -> [...,T] float32.

    Tables are int32; runtime_c/src/support/trees.h says what a node is. Floats are compared as
    integers of the same order. Sums are float32, tree by tree, as onnxruntime adds them up in one
    thread; ``base`` has bits of float32 that are added at last. Where it ``marks``, a target that
    no tree spoke of is NaN.
    Source: ONNX-ML TreeEnsembleClassifier, TreeEnsembleRegressor and TreeEnsemble (onnxruntime).
    """

    name: ClassVar[str] = "tree_ensemble"
    takes_floats: ClassVar[bool] = True
    merge: Merge = Merge.SUM
    marks: bool = False
    depth: int = 0  # of the deepest tree: nodes that are compared on the way

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, nodes, roots, leaves, base = inputs
        tables = all(each.dtype is DType.INT32 for each in inputs[1:])
        shaped = nodes.shape[1:] == leaves.shape[1:] == (2,) and roots.rank == base.rank == 1
        if not (is_float(x) and x.rank and tables and shaped):
            message = f"{self.name} of {', '.join(map(str, inputs))}"
            raise ValueError(message)
        return (TensorType((*x.shape[:-1], base.elements)),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, nodes, roots, leaves, base = inputs
        rows = x.reshape(-1, x.shape[-1])
        reached = nodes[leaves_reached(rows, nodes, roots)]
        sums = self._merged(reached, leaves, base.size)
        seen = ~np.isnan(sums)
        with np.errstate(over="ignore"):
            if self.merge is Merge.AVERAGE:
                sums = (sums / np.float32(roots.size)).astype(np.float32)
            offsets = floats_of(base)
            total = np.where(seen, sums, np.float32(0)) + offsets
        unseen = ~seen & (offsets == 0) & self.marks
        total = np.where(unseen, np.float32(np.nan), total).astype(np.float32)
        return (total.reshape(signature.output.shape),)

    def _merged(self, reached: Array, leaves: Array, targets: int) -> Array:
        """Return what the trees say, [row, target]: from leaves [row, tree, 2]; NaN: nothing."""
        count = len(reached)
        from_nothing = self.marks or self.merge in {Merge.MIN, Merge.MAX}
        sums = np.full((count, targets), np.nan if from_nothing else 0.0, np.float32)
        every = np.arange(count)
        for tree in range(reached.shape[1]):
            first, second = reached[:, tree, 0], reached[:, tree, 1].astype(np.int64)
            listed, low = (second & HAS_LIST) != 0, second & LOW
            for place in range(int(np.where(listed, low, 1).max(initial=0))):
                here = every[np.where(listed, low, 1) > place]
                at = np.where(listed, first + place, 0)[here]
                target = np.where(listed[here], leaves[at, 0], low[here])
                value = floats_of(np.where(listed[here], leaves[at, 1], first[here]))
                sums[here, target] = self._merge(sums[here, target], value)
        return sums

    def _merge(self, sums: Array, value: Array) -> Array:
        if self.merge is Merge.MIN:
            both = np.where(value < sums, value, sums)
        elif self.merge is Merge.MAX:
            both = np.where(value > sums, value, sums)
        else:
            with np.errstate(over="ignore"):
                both = sums + value
        return np.where(np.isnan(sums), value, both)

    def elements_read(self, signature: Signature) -> int:
        """Nodes that are compared at most, and leaves."""
        x, _, roots, *_ = signature.inputs
        rows = x.elements // max(x.shape[-1], 1)
        return rows * roots.elements * (self.depth + 1)

    def stacked(self, samples: int) -> "TreeEnsemble":
        return self

    def __str__(self) -> str:
        return f"tree_ensemble({self.merge.value}, depth={self.depth})"


def leaves_reached(rows: Array, nodes: Array, roots: Array) -> Array:
    """Return the node that each row [r,F] ends at in each tree, [r,t]."""
    order, is_nan = order_of(rows), np.isnan(rows)
    at = np.broadcast_to(roots.astype(np.int64), (len(rows), roots.size)).copy()
    row = np.arange(len(rows))[:, None]
    for _ in range(len(nodes) + 1):
        second = nodes[at, 1].astype(np.int64)
        walks = (second & LEAF) == 0
        if not walks.any():
            return at
        feature = np.where(walks, (second >> FEATURE_SHIFT) & _FEATURES, 0)
        is_next = np.where(
            is_nan[row, feature],
            (second & NAN_IS_NEXT) != 0,
            order[row, feature] <= nodes[at, 0],
        )
        at += np.where(walks, np.where(is_next, 1, second & LOW), 0)
    message = "a table of trees that leads to no leaf"
    raise ValueError(message)


def is_sound(features: int, nodes: Array, roots: Array, leaves: Array, base: Array) -> bool:
    """Tell whether all that tables lead to is there: files may have been made by anybody."""
    first, second = nodes[:, 0].astype(np.int64), nodes[:, 1].astype(np.int64)
    low, count = second & LOW, len(nodes)
    is_leaf, is_list = (second & LEAF) != 0, (second & HAS_LIST) != 0
    on = np.arange(count) + np.maximum(low, 1)
    tests = (low > 0) & (on < count) & (((second >> FEATURE_SHIFT) & _FEATURES) < features)
    lists = (first >= 0) & (first + low <= len(leaves))
    sound = np.where(is_leaf, np.where(is_list, lists, low < base.size), tests)
    targets = (leaves[:, 0] >= 0) & (leaves[:, 0] < base.size)
    started = (roots >= 0) & (roots < count)
    return bool(sound.all() and targets.all() and started.all())


@exporter(TreeEnsemble)
def _to_tflite(op: TreeEnsemble, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    raise refuse_export(node, "decision trees")
