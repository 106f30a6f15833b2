"""ONNX-ML tree ensembles for tests: random trees of any mode, with weights said in any way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from edgec.ir import Array

Attributes = Mapping[str, Any]
MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")


@dataclass
class RandomTrees:
    """Nodes of random trees, as the attributes of ai.onnx.ml 1 to 3 list them.

    Thresholds are small integers where ``on_grid``, so that inputs meet them.
    """

    rng: np.random.Generator
    features: int
    modes: Sequence[str] = MODES[:1]
    depth: int = 4
    on_grid: bool = True
    tracks: bool = False
    whole: bool = False  # no leaf before the last level
    rows: list[tuple[int, int, str, int, float, int, int, int]] = field(default_factory=list)
    leaves: list[tuple[int, int]] = field(default_factory=list)

    def grow(self, trees: int) -> "RandomTrees":
        for tree in range(trees):
            count = [0]
            self._node(tree, self.depth, count)
        return self

    def _node(self, tree: int, depth: int, count: list[int]) -> int:
        rng, me = self.rng, count[0]
        count[0] += 1
        place = len(self.rows)
        self.rows.append((tree, me, "LEAF", 0, 0.0, 0, 0, 0))
        if not depth or (not self.whole and rng.random() < 0.15):
            self.leaves.append((tree, me))
            return me
        value = float(rng.integers(-3, 4)) if self.on_grid else float(rng.normal())
        mode, feature = str(rng.choice(self.modes)), int(rng.integers(self.features))
        track = int(self.tracks and rng.random() < 0.5)
        holds = self._node(tree, depth - 1, count)
        fails = self._node(tree, depth - 1, count)
        self.rows[place] = (tree, me, mode, feature, np.float32(value).item(), holds, fails, track)
        return me

    def attributes(self) -> dict[str, Any]:
        names = ["treeids", "nodeids", "modes", "featureids", "values", "truenodeids"]
        names += ["falsenodeids", "missing_value_tracks_true"]
        columns = map(list, zip(*self.rows, strict=True))
        return {f"nodes_{name}": column for name, column in zip(names, columns, strict=True)}


def weighted(
    trees: RandomTrees, kind: str, targets: Sequence[int], *, positive: bool = False
) -> dict[str, Any]:
    """Return random weights for each of the targets in every leaf; ``kind``: class or target."""
    triples = [
        (tree, node, target, abs(value) if positive else value)
        for tree, node in trees.leaves
        for target in targets
        for value in [float(np.float32(trees.rng.normal()))]
    ]
    names = ("treeids", "nodeids", "ids", "weights")
    columns = map(list, zip(*triples, strict=True))
    return {f"{kind}_{name}": column for name, column in zip(names, columns, strict=True)}


def listed(trees: RandomTrees, targets: int) -> dict[str, Any]:
    """Return random trees as the attributes of ai.onnx.ml 5: nodes and leaves in lists."""
    inner = [row for row in trees.rows if row[2] != "LEAF"]
    place = {(row[0], row[1]): index for index, row in enumerate(inner)}
    leaf = {key: index for index, key in enumerate(trees.leaves)}
    roots = [place.get((tree, 0), 0) for tree in dict.fromkeys(row[0] for row in trees.rows)]
    modes = [_NUMBERED.index(row[2]) for row in inner]
    values = np.array([row[4] for row in inner], np.float32)
    weights = trees.rng.normal(size=len(leaf)).astype(np.float32)
    members = [each for row in inner if row[2] == "BRANCH_MEMBER" for each in (1.0, 3.0, np.nan)]
    made: dict[str, Any] = {
        "n_targets": targets,
        "tree_roots": roots,
        "nodes_featureids": [row[3] for row in inner],
        "nodes_modes": numpy_helper.from_array(np.array(modes, np.uint8)),
        "nodes_splits": numpy_helper.from_array(values),
        "nodes_missing_value_tracks_true": [row[7] for row in inner],
        "leaf_targetids": [int(each) for each in trees.rng.integers(0, targets, len(leaf))],
        "leaf_weights": numpy_helper.from_array(weights),
    }
    for side, column in (("true", 5), ("false", 6)):
        ends = [(row[0], int(row[column])) for row in inner]
        made[f"nodes_{side}leafs"] = [int(end in leaf) for end in ends]
        made[f"nodes_{side}nodeids"] = [leaf[end] if end in leaf else place[end] for end in ends]
    if members:
        made["membership_values"] = numpy_helper.from_array(np.array(members, np.float32))
    return made


_NUMBERED = (
    "BRANCH_LEQ",
    "BRANCH_LT",
    "BRANCH_GTE",
    "BRANCH_GT",
    "BRANCH_EQ",
    "BRANCH_NEQ",
    "BRANCH_MEMBER",
)


def ml_model(
    op: str, features: int, outputs: Mapping[str, int], *attributes: Attributes, version: int = 3
) -> onnx.ModelProto:
    """Return a model of one node of ai.onnx.ml; ``outputs`` are names and element types."""
    given = {name: value for each in attributes for name, value in each.items()}
    node = helper.make_node(op, ["x"], [*outputs], domain="ai.onnx.ml", name="model", **given)
    ends = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs.items()]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, features])
    sets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", version)]
    graph = helper.make_graph([node], "model", [x], ends)
    return helper.make_model(graph, opset_imports=sets, ir_version=8)


CLASSIFIER = {"label": TensorProto.INT64, "scores": TensorProto.FLOAT}
TEXT_CLASSIFIER = {"label": TensorProto.STRING, "scores": TensorProto.FLOAT}
REGRESSOR = {"y": TensorProto.FLOAT}


def tree_inputs(rng: np.random.Generator, count: int, features: int, *, nan: bool = False) -> Array:
    """Return samples on and between the thresholds of random trees."""
    x = rng.integers(-4, 5, (count, features)) + rng.choice([0, 0, 0.25, -1e-7], (count, features))
    if nan:
        x = np.where(rng.random(x.shape) < 0.15, np.nan, x)
    return np.asarray(x, np.float32)
