"""Neighbours, clusters, naive Bayes and isolation forests as exporters write them, recognized.

Each graph is built as skl2onnx writes it, of operators of the standard; onnxruntime judges.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from classical.batches import by_edgec, by_onnxruntime
from classical.tree_models import RandomTrees, weighted
from onnx import TensorProto, helper, numpy_helper

from edgec.ir import Array

FEATURES = 4
SAMPLES = 1000
ML = "ai.onnx.ml"
Outputs = Sequence[tuple[str, int]]
LABELLED = [("label", TensorProto.INT64), ("scores", TensorProto.FLOAT)]


def graph_model(
    nodes: Sequence[onnx.NodeProto], constants: Mapping[str, Array], outputs: Outputs
) -> onnx.ModelProto:
    """Return a model of an input x [N,F]."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, FEATURES])
    ends = [helper.make_tensor_value_info(name, kind, None) for name, kind in outputs]
    known = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    graph = helper.make_graph(list(nodes), "model", [x], ends, known)
    sets = [helper.make_opsetid("", 17), helper.make_opsetid(ML, 3)]
    sets.append(helper.make_opsetid("com.microsoft", 1))
    return helper.make_model(graph, opset_imports=sets, ir_version=8)


def samples(points: Array, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    chosen = points[rng.integers(0, len(points), SAMPLES)]
    spread = points.max(0) - points.min(0)
    return np.asarray(chosen + rng.normal(size=chosen.shape) * spread * 0.2, np.float32)


def compare(model: onnx.ModelProto, x: Array, folder: Path, near: float = 1e-5) -> None:
    """Compare labels exactly, floats within ``near`` of the largest."""
    wanted, got = by_onnxruntime(model, x), by_edgec(model, x, folder)
    assert wanted.keys() == got.keys()
    for name, value in wanted.items():
        found = got[name].reshape(value.shape)
        if value.dtype.kind == "f":
            np.testing.assert_allclose(found, value, rtol=0, atol=near * np.abs(value).max())
        else:
            np.testing.assert_array_equal(found, value)


def points_of(seed: int, count: int = 60, size: float = 5.0) -> Array:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.normal(size=(count, FEATURES)) * size + 3 * size, np.float32)


def distance_nodes(how: str) -> list[onnx.NodeProto]:
    """Return nodes that make ``apart`` [N,n] from x and points."""
    if how == "CDist":
        inputs = ["x", "points"]
        metric = {"metric": "euclidean", "domain": "com.microsoft"}
        return [helper.make_node("CDist", inputs, ["apart"], **metric)]
    kept = [helper.make_node("Identity", ["next_in"], ["next_out"])]
    kept.append(helper.make_node("Sub", ["next_in", "next"], ["apart_inside"]))
    if how == "city":
        kept.append(helper.make_node("Abs", ["apart_inside"], ["sizes"]))
        kept.append(helper.make_node("ReduceSum", ["sizes", "axis"], ["scan_out"], keepdims=0))
    else:
        axes = {"axes": [1], "keepdims": 0}
        kept.append(helper.make_node("ReduceSumSquare", ["apart_inside"], ["scan_out"], **axes))
    inner = {"next_in": [None, FEATURES], "next": [FEATURES]}
    outer = {"next_out": [None, FEATURES], "scan_out": [None]}
    body = helper.make_graph(
        kept,
        "body",
        *(
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in each.items()]
            for each in (inner, outer)
        ),
        [numpy_helper.from_array(np.array([1]), "axis")] if how == "city" else [],
    )
    scanned = helper.make_node("Scan", ["x", "points"], ["u", "v"], body=body, num_scan_inputs=1)
    turned = helper.make_node("Transpose", ["v"], ["turned"], perm=[1, 0])
    last = "Identity" if how == "city" else "Sqrt"
    return [scanned, turned, helper.make_node(last, ["turned"], ["apart"])]


def nearest_nodes(how: str) -> list[onnx.NodeProto]:
    return [
        *distance_nodes(how),
        helper.make_node("TopK", ["apart", "k"], ["far", "places"], largest=0, sorted=1),
        helper.make_node("Flatten", ["places"], ["flat"]),
        helper.make_node("ArrayFeatureExtractor", ["worth", "flat"], ["found"], domain=ML),
        helper.make_node("Reshape", ["found", "shape"], ["known"]),
    ]


def vote_nodes(classes: int, *, weighted_votes: bool) -> list[onnx.NodeProto]:
    """Return nodes that make label and scores of the classes of neighbours."""
    nodes: list[onnx.NodeProto] = []
    if weighted_votes:
        nodes.append(helper.make_node("Max", ["far", "least"], ["bounded"]))
        nodes.append(helper.make_node("Reciprocal", ["bounded"], ["weight"]))
    for each in range(classes):
        nodes.append(helper.make_node("Equal", ["known", f"class{each}"], [f"is{each}"]))
        nodes.append(helper.make_node("Cast", [f"is{each}"], [f"one{each}"], to=1))
        value = f"one{each}"
        if weighted_votes:
            nodes.append(helper.make_node("Mul", [value, "weight"], [f"own{each}"]))
            value = f"own{each}"
        nodes.append(helper.make_node("ReduceSum", [value, "axis"], [f"sum{each}"], keepdims=1))
    sums = [f"sum{each}" for each in range(classes)]
    return [
        *nodes,
        helper.make_node("Concat", sums, ["sums"], axis=1),
        helper.make_node("ArgMax", ["sums"], ["best"], axis=1, keepdims=0),
        helper.make_node("ReduceSum", ["sums", "axis"], ["total"], keepdims=1),
        helper.make_node("ArrayFeatureExtractor", ["labels", "best"], ["named"], domain=ML),
        helper.make_node("Div", ["sums", "total"], ["scores"]),
        helper.make_node("Cast", ["named"], ["cast"], to=7),
        helper.make_node("Reshape", ["cast", "flat_shape"], ["label"]),
    ]


@pytest.mark.parametrize("how", ["CDist", "Scan", "city"])
@pytest.mark.parametrize("count", [1, 5])
@pytest.mark.parametrize("weighted_votes", [False, True])
def test_neighbors_vote(how: str, count: int, weighted_votes: bool, tmp_path: Path) -> None:
    points = points_of(count)
    classes = np.random.default_rng(1).integers(0, 3, len(points))
    constants = {
        "points": points,
        "k": np.array([count]),
        "worth": classes,
        "shape": np.array([-1, count]),
        "axis": np.array([1]),
        "labels": np.array([5, 6, 9]),
        "flat_shape": np.array([-1]),
        "least": np.array([1e-6], np.float32),
        **{f"class{each}": np.array([each]) for each in range(3)},
    }
    nodes = [*nearest_nodes(how), *vote_nodes(3, weighted_votes=weighted_votes)]
    near = 1e-4 if how == "CDist" else 1e-5  # onnxruntime's CDist is a product that cancels
    compare(graph_model(nodes, constants, LABELLED), samples(points), tmp_path, near)


@pytest.mark.parametrize("targets", [1, 2])
def test_neighbors_make_a_mean(targets: int, tmp_path: Path) -> None:
    points, count = points_of(7), 3
    worth = np.random.default_rng(1).normal(size=(targets, len(points))).astype(np.float32)
    constants = {
        "points": points,
        "k": np.array([count]),
        "worth": worth if targets > 1 else worth[0],
        "shape": np.array([targets, -1, count] if targets > 1 else [-1, count]),
    }
    nodes = nearest_nodes("Scan")
    if targets > 1:
        nodes.append(helper.make_node("Transpose", ["known"], ["moved"], perm=[1, 0, 2]))
        nodes.append(helper.make_node("ReduceMean", ["moved"], ["y"], axes=[2], keepdims=0))
    else:
        nodes.append(helper.make_node("ReduceMean", ["known"], ["y"], axes=[1], keepdims=1))
    model = graph_model(nodes, constants, [("y", TensorProto.FLOAT)])
    compare(model, samples(points), tmp_path)


@pytest.mark.parametrize("outputs", [LABELLED, LABELLED[:1]], ids=len)
def test_clusters(outputs: Outputs, tmp_path: Path) -> None:
    centers = points_of(3, count=5)
    constants = {
        "centers": centers,
        "squares": (centers**2).sum(1).astype(np.float32),
        "nothing": np.zeros(1, np.float32),
    }
    nodes = [
        helper.make_node("ReduceSumSquare", ["x"], ["own"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["own", "nothing"], ["zero"]),
        helper.make_node("Gemm", ["x", "centers", "zero"], ["both"], alpha=-2.0, transB=1),
        helper.make_node("Add", ["own", "both"], ["sum"]),
        helper.make_node("Add", ["squares", "sum"], ["apart"]),
        helper.make_node("ArgMin", ["apart"], ["label"], axis=1, keepdims=0),
        helper.make_node("Sqrt", ["apart"], ["scores"]),
    ]
    compare(graph_model(nodes, constants, outputs), samples(centers), tmp_path, near=1e-4)


def bayes_nodes() -> list[onnx.NodeProto]:
    """Return what leads from the likelihoods ``joint`` to label and scores."""
    return [
        helper.make_node("ArgMax", ["joint"], ["best"], axis=1),
        helper.make_node("ReduceLogSumExp", ["joint"], ["total"], axes=[1], keepdims=0),
        helper.make_node("ArrayFeatureExtractor", ["labels", "best"], ["named"], domain=ML),
        helper.make_node("Reshape", ["total", "column"], ["column_total"]),
        helper.make_node("Cast", ["named"], ["cast"], to=1),
        helper.make_node("Sub", ["joint", "column_total"], ["logs"]),
        helper.make_node("Exp", ["logs"], ["scores"]),
        helper.make_node("Reshape", ["cast", "flat_shape"], ["flat"]),
        helper.make_node("Cast", ["flat"], ["label"], to=7),
    ]


BAYES = {
    "labels": np.array([2, 0, 7], np.int32),
    "column": np.array([-1, 1]),
    "flat_shape": np.array([-1]),
}


def test_gaussian_bayes(tmp_path: Path) -> None:
    """Features are of very different sizes."""
    rng = np.random.default_rng(0)
    sizes = np.array([1e-3, 1.0, 50.0, 4000.0])
    means = (rng.normal(size=(3, FEATURES)) * sizes * 2 + 3 * sizes).astype(np.float32)
    variances = (((rng.random((3, FEATURES)) + 0.5) * sizes) ** 2).astype(np.float32)
    constants = {
        **BAYES,
        "rows": np.array([-1, 1, FEATURES]),
        "means": means[None],
        "variances": variances[None],
        "two": np.array(2.0, np.float32),
        "half": np.array(0.5, np.float32),
        "logs_of": (-0.5 * np.log(variances).sum(1)).astype(np.float32)[None],
        "prior": np.log(np.array([[0.2, 0.5, 0.3]], np.float32)),
        "axis": np.array([2]),
    }
    nodes = [
        helper.make_node("Reshape", ["x", "rows"], ["wide"]),
        helper.make_node("Sub", ["wide", "means"], ["apart"]),
        helper.make_node("Pow", ["apart", "two"], ["squares"]),
        helper.make_node("Div", ["squares", "variances"], ["over"]),
        helper.make_node("ReduceSum", ["over", "axis"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "half"], ["halves"]),
        helper.make_node("Sub", ["logs_of", "halves"], ["part"]),
        helper.make_node("Add", ["prior", "part"], ["joint"]),
        *bayes_nodes(),
    ]
    compare(graph_model(nodes, constants, LABELLED), samples(means), tmp_path, near=1e-4)


def test_multinomial_bayes_of_large_counts(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    constants = {
        **BAYES,
        "chances": np.log(rng.dirichlet(np.ones(FEATURES) * 9, 3)).T.astype(np.float32),
        "prior": np.log(np.array([[0.2, 0.5, 0.3]], np.float32)),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "chances"], ["product"]),
        helper.make_node("Add", ["product", "prior"], ["joint"]),
        *bayes_nodes(),
    ]
    x = rng.poisson(40, (SAMPLES, FEATURES)).astype(np.float32)
    compare(graph_model(nodes, constants, LABELLED), x, tmp_path, near=1e-3)


@pytest.mark.parametrize("chosen", [[0, 1, 2, 3], [3, 1]], ids=str)
def test_isolation_forest(chosen: list[int], tmp_path: Path) -> None:
    """Leaves tell their numbers, of which tables and arithmetic make how deep they are."""
    nodes: list[onnx.NodeProto] = []
    trees, depths = 7, []
    for number in range(trees):
        made = RandomTrees(np.random.default_rng(number), len(chosen), depth=3).grow(1)
        ids = [float(node) for _, node in made.leaves]
        attributes: dict[str, Any] = {**made.attributes(), **weighted(made, "target", [0])}
        attributes["target_weights"] = ids
        keys = {"keys_floats": ids, "values_floats": [1.0 + each % 5 for each in ids]}
        nodes += [
            helper.make_node("Gather", ["x", "chosen"], [f"x{number}"], axis=1),
            helper.make_node(
                "TreeEnsembleRegressor",
                [f"x{number}"],
                [f"leaf{number}"],
                domain=ML,
                n_targets=1,
                **attributes,
            ),
            helper.make_node("LabelEncoder", [f"leaf{number}"], [f"d{number}"], domain=ML, **keys),
            helper.make_node("Log", [f"d{number}"], [f"log{number}"]),
            helper.make_node("Add", [f"log{number}", f"d{number}"], [f"depth{number}"]),
        ]
        depths.append(f"depth{number}")
    nodes += [
        helper.make_node("Sum", depths, ["total"]),
        helper.make_node("Div", ["total", "usual"], ["share"]),
        helper.make_node("Neg", ["share"], ["less"]),
        helper.make_node("Pow", ["two", "less"], ["power"]),
        helper.make_node("Neg", ["power"], ["minus"]),
        helper.make_node("Add", ["minus", "offset"], ["scores"]),
        helper.make_node("Less", ["scores", "zero"], ["is_odd"]),
        helper.make_node("Cast", ["is_odd"], ["odd"], to=7),
        helper.make_node("Mul", ["odd", "minus_two"], ["twice"]),
        helper.make_node("Add", ["twice", "one"], ["label"]),
    ]
    constants = {
        "chosen": np.array(chosen),
        "usual": np.array([28.0], np.float32),
        "two": np.array([2.0], np.float32),
        "offset": np.array([0.51], np.float32),
        "zero": np.array([0.0], np.float32),
        "minus_two": np.array([-2]),
        "one": np.array([1]),
    }
    x = np.random.default_rng(5).normal(size=(SAMPLES, FEATURES)).astype(np.float32) * 3
    compare(graph_model(nodes, constants, LABELLED), x, tmp_path)


def test_what_computes_something_else_is_not_recognized(tmp_path: Path) -> None:
    """The likelihoods are of classes in another order than the probabilities."""
    rng = np.random.default_rng(0)
    constants = {
        **BAYES,
        "chances": rng.normal(size=(FEATURES, 3)).astype(np.float32),
        "prior": np.zeros((1, 3), np.float32),
        "factor": np.array([[1.0, 2.0, 1.0]], np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "chances"], ["product"]),
        helper.make_node("Mul", ["product", "factor"], ["turned"]),
        helper.make_node("Add", ["turned", "prior"], ["joint"]),
        *bayes_nodes(),
    ]
    model = graph_model(nodes, constants, LABELLED[1:])
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    with pytest.raises(AssertionError):  # it needs quantization
        by_edgec(model, rng.normal(size=(3, FEATURES)).astype(np.float32), tmp_path)
