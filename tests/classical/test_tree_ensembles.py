"""Tree ensembles of ONNX-ML against onnxruntime: the same labels, the same bits of sums.

onnxruntime has one thread here: with more it adds up the trees in parts, one for each thread.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import pytest
from classical.batches import by_edgec, by_onnxruntime
from classical.tree_models import (
    CLASSIFIER,
    MODES,
    REGRESSOR,
    TEXT_CLASSIFIER,
    RandomTrees,
    listed,
    ml_model,
    tree_inputs,
    weighted,
)
from onnx import helper

from edgec.errors import EdgecError
from edgec.ir import Array

FEATURES = 5
SAMPLES = 1000
NEAR = 2e-7  # of scores behind exp


def compare(
    model: onnx.ModelProto, x: Array, folder: Path, names: str = "", near: float = NEAR
) -> None:
    """Compare labels exactly; scores within ``near``, 0 for bit by bit."""
    wanted, got = by_onnxruntime(model, x), by_edgec(model, x, folder)
    assert wanted.keys() == got.keys()
    for name, value in wanted.items():
        if value.dtype.kind in "OU":
            value = np.array([names.index(each) for each in value])  # noqa: PLW2901
        found = got[name].reshape(value.shape)
        if value.dtype.kind == "f" and near:
            np.testing.assert_allclose(found, value, rtol=0, atol=near)
        else:
            np.testing.assert_array_equal(found, value)


def trees(seed: int, count: int = 9) -> RandomTrees:
    """Return trees: of one mode or of all, with and without a way for what is missing."""
    rng = np.random.default_rng(seed)
    modes = [MODES[:1], MODES, [MODES[seed % 6]]][seed % 3]
    return RandomTrees(rng, FEATURES, modes, tracks=bool(seed % 2)).grow(count)


def samples(of: RandomTrees) -> Array:
    return tree_inputs(of.rng, SAMPLES, FEATURES, nan=True)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"])
@pytest.mark.parametrize("merge", ["SUM", "AVERAGE", "MIN", "MAX"])
@pytest.mark.parametrize("targets", [1, 3])
def test_regressors(merge: str, transform: str, targets: int, tmp_path: Path) -> None:
    for seed in range(3):
        made = trees(seed)
        base: dict[str, object] = {"base_values": [0.1, -0.2, 1.3][:targets]} if seed else {}
        model = ml_model(
            "TreeEnsembleRegressor",
            FEATURES,
            REGRESSOR,
            {"n_targets": targets, "aggregate_function": merge, "post_transform": transform},
            made.attributes(),
            weighted(made, "target", range(targets)),
            base,
        )
        exact = transform == "NONE" or targets == 1
        compare(model, samples(made), tmp_path, near=0 if exact else NEAR)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"])
@pytest.mark.parametrize("base", [0, 1, 2])
@pytest.mark.parametrize("named", [[0], [1], [0, 1]], ids=str)
@pytest.mark.parametrize("positive", [False, True])
def test_two_classes(
    named: list[int], base: int, transform: str, positive: bool, tmp_path: Path
) -> None:
    """Each way to say what two classes have is scored in a way of its own."""
    made = trees(base + len(named))
    model = ml_model(
        "TreeEnsembleClassifier",
        FEATURES,
        CLASSIFIER,
        {"post_transform": transform, "classlabels_int64s": [7, -9]},
        made.attributes(),
        weighted(made, "class", named, positive=positive),
        ({"base_values": [0.3, -0.4][:base]} if base else {}),
    )
    if base == 2 and named == [1]:
        with pytest.raises(EdgecError, match="two base_values"):
            by_edgec(model, samples(made), tmp_path)
    else:
        compare(model, samples(made), tmp_path)


@pytest.mark.parametrize("seed", range(6))
def test_many_classes(seed: int, tmp_path: Path) -> None:
    """Every leaf speaks of one class alone: some samples are told nothing of some classes."""
    made = trees(seed, count=4)
    weights = weighted(made, "class", [0])
    weights["class_ids"] = [int(each) for each in made.rng.integers(0, 4, len(made.leaves))]
    model = ml_model(
        "TreeEnsembleClassifier",
        FEATURES,
        TEXT_CLASSIFIER if seed % 2 else CLASSIFIER,
        ({"classlabels_strings": [*"pqrs"]} if seed % 2 else {"classlabels_int64s": [3, 1, 4, 0]}),
        ({"base_values": [0.1, 0.2, 0.3, 0.4]} if seed > 3 else {}),
        made.attributes(),
        weights,
    )
    compare(model, samples(made), tmp_path, names="pqrs", near=0)


@pytest.mark.parametrize("positive", [True, False])
def test_a_hundred_trees_of_votes_tie_alike(positive: bool, tmp_path: Path) -> None:
    made = trees(0, count=100)
    weights = weighted(made, "class", [0])
    weights["class_weights"] = [
        float(np.float32(0.01)) * (1 if positive else sign)
        for sign in made.rng.choice([-1, 0, 1], len(made.leaves))
    ]
    model = ml_model(
        "TreeEnsembleClassifier",
        FEATURES,
        CLASSIFIER,
        {"classlabels_int64s": [0, 1]},
        made.attributes(),
        weights,
    )
    compare(model, samples(made), tmp_path, near=0)


@pytest.mark.parametrize("modes", [MODES[:1], MODES, ("BRANCH_MEMBER",)], ids=len)
@pytest.mark.parametrize("merge", range(4))
def test_trees_of_version_5(modes: tuple[str, ...], merge: int, tmp_path: Path) -> None:
    made = RandomTrees(np.random.default_rng(merge), FEATURES, modes, tracks=True, whole=True)
    made.grow(6)
    for transform in range(4):
        attributes = listed(made, 2)
        model = ml_model(
            "TreeEnsemble",
            FEATURES,
            REGRESSOR,
            {"aggregate_function": merge, "post_transform": transform},
            attributes,
            version=5,
        )
        compare(model, samples(made), tmp_path, near=NEAR if transform else 0)


def scaled(model: onnx.ModelProto, steps: Mapping[str, Array]) -> onnx.ModelProto:
    """Put operators of one constant each before a model."""
    graph, value = model.graph, "x"
    for index, (op, constant) in enumerate(steps.items()):
        graph.initializer.append(onnx.numpy_helper.from_array(constant, f"c{index}"))
        node = helper.make_node(op, [value, f"c{index}"], [f"v{index}"])
        graph.node.insert(index, node)
        value = f"v{index}"
    graph.node[-1].input[0] = value
    return model


def test_a_standardization_before_trees_becomes_thresholds(tmp_path: Path) -> None:
    """Features are turned round, too; samples lie on the new thresholds and beside them."""
    made = trees(1)
    rng = made.rng
    model = ml_model(
        "TreeEnsembleRegressor",
        FEATURES,
        REGRESSOR,
        {"n_targets": 1},
        made.attributes(),
        weighted(made, "target", [0]),
    )
    offset = rng.normal(size=FEATURES).astype(np.float32)
    gain = (rng.normal(size=FEATURES) * 10.0 ** rng.integers(-3, 3, FEATURES)).astype(np.float32)
    scaled(model, {"Sub": offset, "Mul": gain, "Add": np.full(1, 0.5, np.float32)})
    x = ((samples(made) - np.float32(0.5)) / gain + offset).astype(np.float32)
    for nudged in (x, np.nextafter(x, np.float32(np.inf)), np.nextafter(x, np.float32(-np.inf))):
        compare(model, nudged, tmp_path, near=0)


def test_a_scaler_before_trees(tmp_path: Path) -> None:
    made = trees(3)
    tree = helper.make_node(
        "TreeEnsembleClassifier",
        ["s"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        classlabels_int64s=[0, 1, 2],
        **made.attributes(),
        **weighted(made, "class", range(3)),
    )
    numbers = {"offset": [0.1] * FEATURES, "scale": [0.3, 2.0, -1.0, 1e-3, 7.0]}
    scaler = helper.make_node("Scaler", ["x"], ["s"], domain="ai.onnx.ml", **numbers)
    model = ml_model("TreeEnsembleClassifier", FEATURES, CLASSIFIER)
    del model.graph.node[:]
    model.graph.node.extend([scaler, tree])
    compare(model, samples(made) * np.float32(3), tmp_path, near=0)


def regressor(made: RandomTrees) -> onnx.ModelProto:
    return ml_model(
        "TreeEnsembleRegressor",
        FEATURES,
        REGRESSOR,
        {"n_targets": 1},
        made.attributes(),
        weighted(made, "target", [0]),
    )


def test_columns_that_are_picked_scaled_and_joined_before_trees(tmp_path: Path) -> None:
    """A ColumnTransformer: some columns are scaled, others pass; one is taken twice."""
    made = trees(4)
    model = regressor(made)
    chosen, rest = np.array([3, 0], np.int64), np.array([1, 1, 4], np.int64)
    constants = {"chosen": chosen, "rest": rest, "by": np.array([-0.5, 3], np.float32)}
    for name, array in constants.items():
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    pick = [
        helper.make_node("ArrayFeatureExtractor", ["x", name], [f"{name}_x"], domain="ai.onnx.ml")
        for name in ("chosen", "rest")
    ]
    joined = [
        helper.make_node("Mul", ["chosen_x", "by"], ["scaled"]),
        helper.make_node("Concat", ["scaled", "rest_x"], ["all"], axis=1),
    ]
    model.graph.node[-1].input[0] = "all"
    for index, node in enumerate((*pick, *joined)):
        model.graph.node.insert(index, node)
    compare(model, samples(made), tmp_path, near=0)


def test_every_other_column_before_trees(tmp_path: Path) -> None:
    made = trees(5)
    model = regressor(made)
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 2 * FEATURES
    for name, number in (("first", 9), ("end", -11), ("axis", 1), ("step", -2)):
        array = np.array([number], np.int64)
        model.graph.initializer.append(onnx.numpy_helper.from_array(array, name))
    node = helper.make_node("Slice", ["x", "first", "end", "axis", "step"], ["s"])
    model.graph.node.insert(0, node)
    model.graph.node[-1].input[0] = "s"
    compare(model, tree_inputs(made.rng, SAMPLES, 2 * FEATURES, nan=True), tmp_path, near=0)


def test_values_times_one_stay_floats(tmp_path: Path) -> None:
    """As onnxmltools ends LightGBM's classifiers."""
    made = trees(6)
    model = regressor(made)
    node = model.graph.node[-1]
    name, node.output[0] = node.output[0], "values"
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.ones(1, np.float32), "one"))
    model.graph.node.append(helper.make_node("Identity", ["values"], ["same"]))
    model.graph.node.append(helper.make_node("Mul", ["same", "one"], [name]))
    compare(model, samples(made), tmp_path, near=0)


@pytest.mark.parametrize("classes", [2, 3])
def test_the_label_alone(classes: int, tmp_path: Path) -> None:
    made = trees(3)
    labels = {"classlabels_int64s": [4, 5, 6][:classes]}
    model = ml_model(
        "TreeEnsembleClassifier",
        FEATURES,
        CLASSIFIER,
        labels,
        made.attributes(),
        weighted(made, "class", range(classes)),
    )
    del model.graph.output[1]
    compare(model, samples(made), tmp_path)


@pytest.mark.parametrize("transform", ["NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO"])
@pytest.mark.parametrize("base", [(), (0.3,)])
def test_the_score_of_one_class_alone_stays(
    transform: str, base: Sequence[float], tmp_path: Path
) -> None:
    made = trees(1)
    given = {"classlabels_int64s": [7], "post_transform": transform}
    given |= {"base_values": list(base)} if base else {}
    weights = weighted(made, "class", [0])
    op = "TreeEnsembleClassifier"
    model = ml_model(op, FEATURES, CLASSIFIER, made.attributes(), weights, given)
    compare(model, samples(made), tmp_path, near=0)


@pytest.mark.parametrize("merge", ["SUM", "AVERAGE", "MIN", "MAX"])
def test_a_leaf_without_a_weight_says_zero_of_one_target(merge: str, tmp_path: Path) -> None:
    """It counts where the least or largest is looked for; of several targets nothing is said."""
    made = trees(3, count=2)
    for targets in (1, 2):
        weights = weighted(made, "target", range(targets), positive=True)
        weights = {name: values[: 3 * targets] for name, values in weights.items()}
        sign = -1 if merge == "MAX" else 1
        weights["target_weights"] = [sign * each for each in weights["target_weights"]]
        given = {"n_targets": targets, "aggregate_function": merge}
        op = "TreeEnsembleRegressor"
        model = ml_model(op, FEATURES, REGRESSOR, made.attributes(), weights, given)
        compare(model, samples(made), tmp_path, near=0)
