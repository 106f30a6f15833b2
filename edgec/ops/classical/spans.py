"""Where the features of a model lie that needs no samples: its own numbers tell."""

import numpy as np

from edgec.ir import Array, Graph, ValueName
from edgec.ops.classical.fixed_features import FixedFeatures
from edgec.ops.classical.tree_ensemble import FEATURE_SHIFT, LEAF, TreeEnsemble
from edgec.ops.numerics.float_bits import at_places
from edgec.ops.operator import Operator

_ROOM = 5  # bits that fixed features have beyond the half of what the model knows
_FEATURES = 0x1FFF
_FURTHEST = 1e30


def feature_spans(graph: Graph, value: ValueName) -> tuple[Array, Array] | None:
    """Return the middle and the half width of each feature of an input; None where nobody knows."""
    size = graph.types[value].shape[-1:]
    for node in graph.nodes:
        if node.inputs[:1] != (value,) or not isinstance(node.op, Operator):
            continue
        if node.op.is_view and graph.types[node.outputs[0]].shape[-1:] == size:
            return feature_spans(graph, node.outputs[0])
        tables = [graph.constants.get(each) for each in node.inputs[1:]]
        known = [each for each in tables if each is not None]
        if isinstance(node.op, TreeEnsemble) and len(known) == len(tables):
            return _of_trees(size[0], known[0])
        if isinstance(node.op, FixedFeatures) and len(known) == len(tables):
            return _of_fixed(node.op, *known)
    return None


def _of_trees(size: int, nodes: Array) -> tuple[Array, Array]:
    """Return what a bit more than all thresholds of a feature lie in."""
    second = nodes[:, 1].astype(np.int64)
    tests = (second & LEAF) == 0
    features = (second[tests] >> FEATURE_SHIFT) & _FEATURES
    values = at_places(nodes[tests, 0].astype(np.int64)).astype(np.float64)
    usable = (np.abs(values) < _FURTHEST) & (features < size)
    low, high = np.full(size, np.inf), np.full(size, -np.inf)
    np.minimum.at(low, features[usable], values[usable])
    np.maximum.at(high, features[usable], values[usable])
    unknown = low > high
    low[unknown], high[unknown] = -1.0, 1.0
    middle, half = (low + high) / 2, (high - low) / 2
    return middle, np.where(half > 0, half, np.maximum(np.abs(middle), 1.0) / 2)


def _of_fixed(
    op: FixedFeatures, factors: Array, shifts: Array, offsets: Array
) -> tuple[Array, Array]:
    """Return what becomes integers as large as those of the model's own vectors."""
    gain = factors.astype(np.float64) * 2.0 ** shifts.astype(np.float64)
    gain = np.where(gain == 0, 1.0, gain)
    half = 2.0 ** (op.bits - _ROOM) / np.abs(gain)
    return -offsets / gain, np.minimum(half, _FURTHEST)
