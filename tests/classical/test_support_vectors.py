"""Support vector machines of ONNX-ML against onnxruntime: equal labels, decisions to 80 dB."""

from itertools import combinations
from pathlib import Path

import numpy as np
import onnx
import pytest
from classical.batches import by_edgec, by_onnxruntime
from classical.tree_models import CLASSIFIER, REGRESSOR, TEXT_CLASSIFIER, Attributes, ml_model
from onnx import TensorProto, helper, numpy_helper

from edgec.errors import EdgecError
from edgec.ir import Array

FEATURES = 4
SAMPLES = 1000
KERNELS = ["LINEAR", "POLY", "RBF", "SIGMOID"]
PRECISE = 100.0  # dB: onnxruntime's own floats give about 130


def machine(
    kernel: str, classes: int, seed: int = 0, size: float = 3.0
) -> tuple[Attributes, Array]:
    """Return the attributes of a random classifier, and samples around its vectors."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(2, 9, classes)
    vectors = (rng.normal(size=(counts.sum(), FEATURES)) * size).astype(np.float32)
    pairs = classes * (classes - 1) // 2
    gamma = 1.5 / (FEATURES * size**2)
    attributes = {
        "kernel_type": kernel,
        "kernel_params": [gamma, 0.3, 3.0],
        "support_vectors": vectors.ravel().tolist(),
        "vectors_per_class": counts.tolist(),
        "coefficients": (rng.normal(size=(classes - 1) * len(vectors)) * 5).tolist(),
        "rho": rng.normal(size=pairs).tolist(),
        "classlabels_ints": [7, -3, 12, 5][:classes],
    }
    x = (rng.normal(size=(SAMPLES, FEATURES)) * size).astype(np.float32)
    return attributes, x


def ratio(wanted: Array, got: Array) -> float:
    """Return the ratio of signal to noise, in dB."""
    noise = ((wanted.astype(np.float64) - got) ** 2).sum()
    return float(10 * np.log10((wanted.astype(np.float64) ** 2).sum() / max(noise, 1e-300)))


def compare(model: onnx.ModelProto, x: Array, folder: Path, least: float = PRECISE) -> None:
    wanted, got = by_onnxruntime(model, x), by_edgec(model, x, folder)
    for name, value in wanted.items():
        found = got[name].reshape(value.shape)
        if value.dtype.kind == "f":
            assert ratio(value, found) > least, name
        elif value.dtype.kind == "i":
            np.testing.assert_array_equal(found, value)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("size", [0.02, 3.0, 5000.0])
def test_classifiers(kernel: str, classes: int, size: float, tmp_path: Path) -> None:
    attributes, x = machine(kernel, classes, size=size)
    compare(ml_model("SVMClassifier", FEATURES, CLASSIFIER, attributes), x, tmp_path)


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"])
@pytest.mark.parametrize("classes", [2, 3])
def test_transforms(classes: int, transform: str, tmp_path: Path) -> None:
    attributes, x = machine("RBF", classes)
    more = {"post_transform": transform}
    compare(ml_model("SVMClassifier", FEATURES, CLASSIFIER, attributes, more), x, tmp_path)


@pytest.mark.parametrize("transform", ["NONE", "LOGISTIC"])
@pytest.mark.parametrize("classes", [2, 3, 4])
def test_probabilities(classes: int, transform: str, tmp_path: Path) -> None:
    """A round more or less of the search makes a little; the labels are those of the votes."""
    attributes, x = machine("RBF", classes)
    pairs = classes * (classes - 1) // 2
    given = {"prob_a": [-1.3, -0.7, -2.0, -1.0, -0.4, -1.8][:pairs], "prob_b": [0.1] * pairs}
    more = {**given, "post_transform": transform}
    model = ml_model("SVMClassifier", FEATURES, CLASSIFIER, attributes, more)
    compare(model, x, tmp_path, least=80)


def test_labels_that_are_texts_are_told_by_their_places(tmp_path: Path) -> None:
    attributes, x = machine("RBF", 3)
    more = {name: value for name, value in attributes.items() if name != "classlabels_ints"}
    texts = {"classlabels_strings": ["b", "c", "a"]}
    model = ml_model("SVMClassifier", FEATURES, TEXT_CLASSIFIER, more, texts)
    wanted, got = by_onnxruntime(model, x), by_edgec(model, x, tmp_path)
    assert [["b", "c", "a"][place] for place in got["label"]] == wanted["label"].tolist()


@pytest.mark.parametrize("one_class", [0, 1])
@pytest.mark.parametrize("kernel", KERNELS)
def test_regressors(kernel: str, one_class: int, tmp_path: Path) -> None:
    attributes, x = machine(kernel, 2)
    count = len(attributes["support_vectors"]) // FEATURES
    names = ("kernel_type", "kernel_params", "support_vectors", "coefficients")
    given = {name: attributes[name] for name in names}
    more = {"n_supports": count, "rho": [0.4], "one_class": one_class}
    compare(ml_model("SVMRegressor", FEATURES, REGRESSOR, given, more), x, tmp_path)


def test_a_standardization_and_a_projection_become_part_of_the_features(tmp_path: Path) -> None:
    attributes, _ = machine("RBF", 3)
    rng = np.random.default_rng(1)
    sources = 11
    tables = {
        "mean": rng.normal(size=sources) * 100 + 2000,
        "gain": 1 / (rng.random(sources) * 50 + 1),
        "middle": rng.normal(size=sources),
        "matrix": rng.normal(size=(sources, FEATURES)),
    }
    model = ml_model("SVMClassifier", sources, CLASSIFIER, attributes)
    graph = model.graph
    for name, array in tables.items():
        graph.initializer.append(numpy_helper.from_array(array.astype(np.float32), name))
    steps = [("Sub", "mean"), ("Mul", "gain"), ("Sub", "middle"), ("MatMul", "matrix")]
    value = "x"
    for index, (op, name) in enumerate(steps):
        graph.node.insert(index, helper.make_node(op, [value, name], [f"v{index}"]))
        value = f"v{index}"
    graph.node[-1].input[0] = value
    x = (rng.normal(size=(SAMPLES, sources)) / tables["gain"] + tables["mean"]).astype(np.float32)
    compare(model, x, tmp_path, least=80)


def one_versus_rest(classes: int) -> list[onnx.NodeProto]:
    """Return what skl2onnx puts behind the decisions of three classes or more."""
    nodes = [
        helper.make_node("Less", ["scores", "zero"], ["is_second"]),
        helper.make_node("Cast", ["is_second"], ["second"], to=TensorProto.FLOAT),
        helper.make_node("Neg", ["scores"], ["turned"]),
    ]
    votes: dict[int, list[str]] = {each: [] for each in range(classes)}
    sums: dict[int, list[str]] = {each: [] for each in range(classes)}
    for place, (i, j) in enumerate(combinations(range(classes), 2)):
        for source, name in (("second", f"vote{place}"), ("turned", f"sure{place}")):
            inputs = [source, f"place{place}"]
            nodes.append(
                helper.make_node("ArrayFeatureExtractor", inputs, [name], domain="ai.onnx.ml")
            )
        nodes += [
            helper.make_node("Neg", [f"vote{place}"], [f"less{place}"]),
            helper.make_node("Add", [f"less{place}", "one"], [f"first{place}"]),
            helper.make_node("Neg", [f"sure{place}"], [f"unsure{place}"]),
        ]
        votes[i].append(f"first{place}")
        votes[j].append(f"vote{place}")
        sums[i].append(f"unsure{place}")
        sums[j].append(f"sure{place}")
    for each in range(classes):
        nodes.append(helper.make_node("Sum", votes[each], [f"votes{each}"]))
        nodes.append(helper.make_node("Sum", sums[each], [f"sum{each}"]))
    names = [f"votes{each}" for each in range(classes)], [f"sum{each}" for each in range(classes)]
    return [
        *nodes,
        helper.make_node("Concat", names[0], ["votes"], axis=1),
        helper.make_node("Concat", names[1], ["sums"], axis=1),
        helper.make_node("Abs", ["sums"], ["sizes"]),
        helper.make_node("Add", ["sizes", "one"], ["above"]),
        helper.make_node("Mul", ["above", "three"], ["below"]),
        helper.make_node("Div", ["sums", "below"], ["shares"]),
        helper.make_node("Add", ["votes", "shares"], ["ovr"]),
    ]


@pytest.mark.parametrize("classes", [3, 4])
def test_one_score_per_class_is_recognized(classes: int, tmp_path: Path) -> None:
    attributes, x = machine("RBF", classes)
    model = ml_model("SVMClassifier", FEATURES, CLASSIFIER, attributes)
    graph = model.graph
    for name, value in (("zero", 0.0), ("one", 1.0), ("three", 3.0)):
        graph.initializer.append(numpy_helper.from_array(np.array([value], np.float32), name))
    for place in range(classes * (classes - 1) // 2):
        graph.initializer.append(numpy_helper.from_array(np.array([place]), f"place{place}"))
    graph.node.extend(one_versus_rest(classes))
    graph.output[1].name = "ovr"
    compare(model, x, tmp_path)


def test_a_degree_that_is_no_whole_number_is_refused(tmp_path: Path) -> None:
    attributes, x = machine("POLY", 2)
    more = {"kernel_params": [0.1, 0.2, 2.5]}
    model = ml_model("SVMClassifier", FEATURES, CLASSIFIER, attributes, more)
    with pytest.raises(EdgecError, match=r"degree 2\.5"):
        by_edgec(model, x, tmp_path)


@pytest.mark.parametrize("name", ["support_vectors", "coefficients", "rho"])
def test_numbers_that_are_not_finite_are_refused_by_name(name: str, tmp_path: Path) -> None:
    attributes, x = machine("RBF", 2)
    more = {name: [float("nan"), *attributes[name][1:]]}
    model = ml_model("SVMClassifier", FEATURES, CLASSIFIER, attributes, more)
    with pytest.raises(EdgecError, match="not finite") as caught:
        by_edgec(model, x, tmp_path)
    assert caught.value.code == "unsupported-attribute"


def test_vectors_beyond_all_units_are_refused(tmp_path: Path) -> None:
    attributes, x = machine("RBF", 3, size=1e30)
    model = ml_model("SVMClassifier", FEATURES, CLASSIFIER, attributes)
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
    with pytest.raises(EdgecError, match="no unit of 32-bit integers reaches so far"):
        by_edgec(model, x, tmp_path)


@pytest.mark.parametrize("transform", ["SOFTMAX", "SOFTMAX_ZERO"])
def test_decisions_far_from_zero_are_told_from_each_other(transform: str, tmp_path: Path) -> None:
    """Likelihoods of long texts, or vectors far out: a few of 100,000 beside each other."""
    attributes, x = machine("LINEAR", 3, size=50.0)
    far = {"rho": [1e5, 1.00001e5, -3e5], "post_transform": transform}
    model = ml_model("SVMClassifier", FEATURES, CLASSIFIER, {**attributes, **far})
    compare(model, x, tmp_path, least=40)
