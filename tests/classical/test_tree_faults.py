"""Tree ensembles of ONNX-ML that are odd, damaged or too much: refused by name, in time."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from classical.batches import by_edgec, by_onnxruntime
from classical.test_tree_ensembles import FEATURES, compare, samples, scaled, trees
from classical.tree_models import (
    REGRESSOR,
    RandomTrees,
    ml_model,
    weighted,
)
from onnx import helper

from edgec.errors import EdgecError
from edgec.ops.classical import tree_table


def test_trees_behind_a_network_are_refused_by_name(tmp_path: Path) -> None:
    made = trees(3)
    model = ml_model(
        "TreeEnsembleRegressor",
        FEATURES,
        REGRESSOR,
        {"n_targets": 1},
        made.attributes(),
        weighted(made, "target", [0]),
    )
    weights = np.eye(FEATURES, dtype=np.float32)
    scaled(model, {"MatMul": weights})
    model.graph.node[-1].input[0] = "bent"
    model.graph.node.insert(1, helper.make_node("Relu", ["v0"], ["bent"]))
    with pytest.raises(EdgecError, match=r"tree_ensemble.*takes floats as they are; fully"):
        by_edgec(model, samples(made), tmp_path)


def test_nodes_that_go_round_are_malformed(tmp_path: Path) -> None:
    made = RandomTrees(np.random.default_rng(0), FEATURES, whole=True).grow(1)
    attributes = made.attributes()
    attributes["nodes_truenodeids"] = [0 for _ in attributes["nodes_truenodeids"]]
    model = ml_model(
        "TreeEnsembleRegressor",
        FEATURES,
        REGRESSOR,
        {"n_targets": 1},
        attributes,
        weighted(made, "target", [0]),
    )
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    with pytest.raises(EdgecError) as failed:
        by_edgec(model, samples(made), tmp_path)
    assert failed.value.code == "malformed-model"


def test_a_list_of_what_is_missing_may_end_early(tmp_path: Path) -> None:
    made = trees(1)
    attributes = made.attributes()
    tracks = "nodes_missing_value_tracks_true"
    attributes[tracks] = attributes[tracks][: len(attributes[tracks]) // 2]
    weights = weighted(made, "target", [0])
    given = {"n_targets": 1}
    model = ml_model("TreeEnsembleRegressor", FEATURES, REGRESSOR, given, attributes, weights)
    compare(model, samples(made), tmp_path, near=0)


class Counted(tree_table.Test):
    """A comparison that counts how often its branches are looked at."""

    looked = 0

    def __getattribute__(self, name: str) -> object:
        Counted.looked += name == "holds"
        return super().__getattribute__(name)


def test_branches_that_meet_again_are_looked_at_once() -> None:
    """There are more ways through such a tree than anybody can walk, and the longest is found."""
    count = 1000
    rungs: list[tree_table.Tree] = [tree_table.Leaf(((0, each),)) for each in (1.0, 2.0)]
    for place in range(count):
        holds, fails = rungs[-1], rungs[-2]
        rungs.append(Counted(0, place, nan=False, holds=holds, fails=fails))
    assert tree_table.packed([rungs[-1]]).depth == count
    assert Counted.looked < 20 * count


@pytest.mark.parametrize("targets", [0, -1, 1 << 40])
def test_targets_that_no_memory_has_are_refused(targets: int, tmp_path: Path) -> None:
    made = trees(1)
    weights = weighted(made, "target", [0])
    given = {"n_targets": targets, **made.attributes()}
    model = ml_model(
        "TreeEnsembleRegressor", FEATURES, REGRESSOR, given, made.attributes(), weights
    )
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    with pytest.raises(EdgecError, match=f"n_targets = {targets}"):
        by_edgec(model, samples(made), tmp_path)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"target_ids": 7}, "a weight for target 7 of 1"),
        ({"nodes_featureids": -1}, "a tree looks at feature -1"),
        ({"nodes_featureids": 5}, "look at feature 5 of an input of 5"),
    ],
)
def test_what_is_not_there_is_named(changed: Mapping[str, int], says: str, tmp_path: Path) -> None:
    made = trees(1)
    attributes = {**made.attributes(), **weighted(made, "target", [0])}
    attributes |= {name: [each] * len(attributes[name]) for name, each in changed.items()}
    model = ml_model("TreeEnsembleRegressor", FEATURES, REGRESSOR, {"n_targets": 1}, attributes)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    with pytest.raises(EdgecError, match=says):
        by_edgec(model, samples(made), tmp_path)


def test_base_values_that_rows_may_miss_are_refused(tmp_path: Path) -> None:
    """onnxruntime gives 0, not the base value, for a target that no tree spoke of."""
    made = trees(1)
    given = {"n_targets": 2, "base_values": [0.5, 0.25]}
    weights = weighted(made, "target", [1])
    op = "TreeEnsembleRegressor"
    model = ml_model(op, FEATURES, REGRESSOR, made.attributes(), weights, given)
    assert not by_onnxruntime(model, samples(made))["y"][:, 0].any()
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    with pytest.raises(EdgecError, match="do not speak of in every leaf"):
        by_edgec(model, samples(made), tmp_path)
