"""Inputs whose features differ in size: standardized in floats, the rest quantized as ever."""

from dataclasses import replace

import numpy as np
import pytest
from equivalence import floats, graph_of
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.ir import Array, DType, Graph, GraphBuilder, ValueName, evaluate
from edgec.ops.activations.relu import Relu
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.concatenation import Concatenation
from edgec.pipelines import optimize_integer
from edgec.quantization.quality.evaluation import evaluate_quantization
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.ranges.standardize_inputs import Features, InputStandardization
from edgec.quantization.samples.sample_checks import ONE_RANGE
from edgec.quantization.samples.samples import Samples

X = ValueName("x")
SIZES = np.array([1000.0, 1.0, 0.01, 30.0], np.float32)
RNG = np.random.default_rng(6)
EVEN = RNG.normal(size=(80, 1, 4)).astype(np.float32)
UNEVEN = ((EVEN + 2) * SIZES).astype(np.float32)


def net(sizes: Array, *, relu_first: bool = False) -> Graph:
    """Two layers read the input; each feature has the same weight in what they say."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 4))
        x = g.add1(Relu(), x) if relu_first else x
        weights = [g.constant(f"w{i}", RNG.normal(size=(3, 4)).astype("f") / sizes) for i in (0, 1)]
        bias = g.constant("b", np.array([0.5, -1, 2], np.float32))
        first = g.add1(FullyConnected(), x, weights[0], bias, name="first")
        return [first, g.add1(FullyConnected(), x, weights[1], name="second")]

    return graph_of(build)


def output_db(graph: Graph, samples: Samples) -> float:
    standardization = InputStandardization.of(graph, samples)
    ranges = calibrate(standardization.graph, standardization.samples)
    integer = optimize_integer(standardization.opened(quantize(standardization.graph, ranges)))
    twin = standardization.opened(standardization.graph)
    found = evaluate_quantization(graph, twin, integer, samples).output_sqnr_db
    assert found is not None
    return found


def test_the_same_results_from_standardized_features() -> None:
    graph, samples = net(SIZES), Samples({X: UNEVEN})
    standardization = InputStandardization.of(graph, samples)
    assert set(standardization.features) == {X}
    assert np.abs(standardization.samples.arrays[X]).max() <= 1.001
    wanted = evaluate(graph, samples.sample(3))
    for results in (
        evaluate(standardization.graph, standardization.samples.sample(3)),
        evaluate(standardization.opened(standardization.graph), samples.sample(3)),
    ):
        for name, actual in results.items():
            np.testing.assert_allclose(actual, wanted[name], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("graph", "x"),
    [(net(SIZES / SIZES), EVEN), (net(SIZES, relu_first=True), UNEVEN)],
    ids=["alike", "no dense layer"],
)
def test_others_stay(graph: Graph, x: Array) -> None:
    samples = Samples({X: x})
    standardization = InputStandardization.of(graph, samples)
    assert standardization.graph is graph
    assert standardization.samples is samples
    assert standardization.opened(graph) is graph


def test_int16_holds_features_that_int8_does_not() -> None:
    graph = net(np.array([np.inf, 1, 1, 1], np.float32))  # the loud feature has no weight
    samples = Samples({X: EVEN * np.array([200, 1, 1, 1], np.float32)})
    assert InputStandardization.of(graph, samples).features
    assert not InputStandardization.of(graph, samples, DType.INT16).features


@pytest.mark.parametrize("width", [DType.INT8, DType.INT16])
def test_weights_that_int8_does_not_hold_are_looked_at_too(width: DType) -> None:
    sizes = np.array([50, 1, 0.5, 30], np.float32)
    assert InputStandardization.of(net(sizes), Samples({X: EVEN * sizes}), width).features


def joined(sizes: Array) -> Graph:
    """One layer reads two inputs, side by side."""

    def build(g: GraphBuilder) -> list[ValueName]:
        inputs = [g.input("p", floats(1, 1)), g.input("q", floats(1, 3))]
        x = g.add1(Concatenation(axis=1), *inputs)
        weights = RNG.normal(size=(3, 4)).astype("f") / sizes
        return [g.add1(FullyConnected(), x, g.constant("w", weights), name="first")]

    return graph_of(build)


def test_inputs_side_by_side_are_one_table() -> None:
    graph = joined(SIZES)
    samples = Samples({ValueName("p"): UNEVEN[..., :1], ValueName("q"): UNEVEN[..., 1:]})
    standardization = InputStandardization.of(graph, samples)
    assert set(standardization.features) == {"p", "q"}
    opened = standardization.opened(standardization.graph)
    for name, actual in evaluate(opened, samples.sample(3)).items():
        np.testing.assert_allclose(actual, evaluate(graph, samples.sample(3))[name], rtol=1e-3)
    assert output_db(graph, samples) > 32


def test_an_input_that_is_read_beside_the_table_stays() -> None:
    graph = joined(SIZES)
    samples = Samples({ValueName("p"): UNEVEN[..., :1], ValueName("q"): UNEVEN[..., 1:]})
    more = replace(graph, outputs=(*graph.outputs, graph.nodes[0].outputs[0]))
    assert not InputStandardization.of(more, samples).features


def test_importance_is_shared_by_range_and_weights() -> None:
    features = Features.of(UNEVEN)
    weights = [np.array([[1, -10, 0.01, 0]], np.float32) / features.half]
    shared = features.weighed(weights, 0.5)
    gained = np.abs(weights[0] * shared.half)[0]
    np.testing.assert_allclose(gained[:3] / gained[1], [10**-0.5, 1, 10**-1.5], rtol=1e-4)
    np.testing.assert_allclose(shared.half[1], features.half[1])
    assert features.weighed([np.zeros((2, 4), np.float32)], 0.5) is features


def test_a_small_feature_that_hardly_matters_changes_nothing() -> None:
    sizes = np.array([1, 1, 1, 0.001], np.float32)
    assert not InputStandardization.of(
        net(np.ones(4, np.float32)), Samples({X: EVEN * sizes})
    ).features


def test_small_features_are_not_lost() -> None:
    even = output_db(net(np.ones(4, np.float32)), Samples({X: EVEN}))
    uneven = output_db(net(SIZES), Samples({X: UNEVEN}))
    assert uneven > even - 3


def test_features_that_never_change() -> None:
    x = UNEVEN.copy()
    x[:, :, 2] = 0.25
    standardization = InputStandardization.of(
        net(np.array([1000, 1, 1e6, 30], np.float32)), Samples({X: x})
    )
    assert np.isfinite(standardization.samples.arrays[X]).all()
    assert all(np.isfinite(each).all() for each in standardization.graph.constants.values())


@pytest.mark.oracle
@pytest.mark.parametrize("width", [DType.INT8, DType.INT16])
@pytest.mark.parametrize("table", [False, True], ids=["one input", "side by side"])
def test_the_file_reads_floats_and_gives_the_same_bytes(width: DType, table: bool) -> None:
    samples = Samples({X: UNEVEN})
    if table:
        samples = Samples({ValueName("p"): UNEVEN[..., :1], ValueName("q"): UNEVEN[..., 1:]})
    standardization = InputStandardization.of(joined(SIZES) if table else net(SIZES), samples)
    ranges = calibrate(standardization.graph, standardization.samples)
    graph = optimize_integer(
        standardization.opened(quantize(standardization.graph, ranges, activations=width))
    )
    assert {graph.types[name].dtype for name in samples.arrays} == {DType.FLOAT32}
    assert "float32" in graph.remarks[0]
    oracle = Oracle(write_tflite(graph), exact=True)
    for index in range(20):
        sample = samples.sample(index)
        theirs = oracle.run(sample)
        for name, actual in evaluate(graph, sample).items():
            np.testing.assert_array_equal(actual, theirs[name])


def test_no_warning_of_what_is_taken_care_of() -> None:
    samples = Samples({X: UNEVEN}, warnings=(f"these {ONE_RANGE}", "another"))
    assert InputStandardization.of(net(SIZES), samples).settled(samples).warnings == ("another",)
    assert InputStandardization(net(SIZES), samples).settled(samples) is samples


def test_one_sample_says_nothing_about_ranges() -> None:
    for count in (1, 3):
        assert not InputStandardization.of(net(SIZES), Samples({X: UNEVEN[:count]})).features
    assert InputStandardization.of(net(SIZES), Samples({X: UNEVEN[:16]})).features
