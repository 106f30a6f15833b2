"""Equalization leaves the float results alone and makes channels alike."""

import numpy as np
import pytest
from equivalence import floats, graph_of
from small_nets import samples_of, uneven_net

from edgec.ir import Graph, GraphBuilder, ValueName, verify
from edgec.ops.activations.logistic import Logistic
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.quantization.quality.sqnr import output_sqnr_db
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.ranges.equalize import channel_groups, equalized
from edgec.quantization.ranges.equalize_search import EqualizeSearch
from edgec.quantization.samples.batch_evaluator import BatchEvaluator


def assert_outputs_kept(before: Graph, after: Graph, seed: int = 0) -> None:
    inputs = samples_of(before, seed=seed).arrays
    wanted, got = (BatchEvaluator(each).run(inputs) for each in (before, after))
    for value in before.outputs:
        limit = 1e-5 * np.abs(wanted[value]).max()
        np.testing.assert_allclose(got[value], wanted[value], rtol=0, atol=limit)


@pytest.mark.parametrize("activation", [Activation.RELU, Activation.NONE])
@pytest.mark.parametrize("exponent", [0.25, 0.5, 1.0])
def test_float_results_stay(activation: Activation, exponent: float) -> None:
    graph = uneven_net(activation)
    groups = channel_groups(graph)
    values = BatchEvaluator(graph).run(samples_of(graph).arrays)
    after = equalized(graph, values, [exponent] * len(groups), groups)
    verify(after)
    assert after is not graph
    assert_outputs_kept(graph, after, seed=5)


def test_groups_reach_from_layer_to_layer_through_additions() -> None:
    found = {frozenset(group.values) for group in channel_groups(uneven_net())}
    assert found == {frozenset("a"), frozenset("b"), frozenset("cdef")}


def test_exponent_one_gives_all_channels_the_same_range() -> None:
    graph = uneven_net()
    groups = channel_groups(graph)
    inputs = samples_of(graph).arrays
    after = equalized(graph, BatchEvaluator(graph).run(inputs), [1.0] * len(groups), groups)
    sizes = BatchEvaluator(after).run(inputs)[ValueName("a")].max(axis=(0, 1, 2, 3))
    np.testing.assert_allclose(sizes, sizes.max(), rtol=1e-4)


def test_a_fixed_bound_is_never_reached_earlier_on_the_samples() -> None:
    graph = uneven_net(Activation.RELU6, spread=20.0)
    groups = channel_groups(graph)
    quiet = {name: 0.1 * array for name, array in samples_of(graph).arrays.items()}
    before = BatchEvaluator(graph).run(quiet)
    after = equalized(graph, before, [1.0] * len(groups), groups)
    assert before[ValueName("a")].max() == 6.0
    assert not np.array_equal(after.constants[ValueName("a.w")], graph.constants[ValueName("a.w")])
    got = BatchEvaluator(after).run(quiet)
    np.testing.assert_allclose(got[ValueName("h")], before[ValueName("h")], atol=1e-4)


def test_a_flattened_picture_keeps_its_channels() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        rng = np.random.default_rng(0)
        w1 = rng.standard_normal((5, 4)).astype(np.float32) * np.array(
            [[1], [9], [3], [1], [20]], np.float32
        )
        rows = g.add1(
            FullyConnected(keep_num_dims=True),
            g.input("x", floats(1, 3, 4)),
            g.constant("w1", w1),
            name="a",
        )
        flat = g.add1(Reshape(shape=(1, 15)), rows, name="b")
        w2 = g.constant("w2", rng.standard_normal((2, 15)).astype(np.float32))
        return [g.add1(FullyConnected(), flat, w2, name="c")]

    graph = graph_of(build)
    groups = channel_groups(graph)
    values = BatchEvaluator(graph).run(samples_of(graph).arrays)
    assert [group.channels for group in groups] == [5]
    assert_outputs_kept(graph, equalized(graph, values, [1.0], groups))


def test_what_something_else_reads_is_left_alone() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w = g.constant("w", np.eye(3, dtype=np.float32))
        hidden = g.add1(FullyConnected(), g.input("x", floats(1, 3)), w, name="a")
        w2 = g.constant("w2", np.eye(3, dtype=np.float32))
        return [g.add1(Logistic(), hidden), g.add1(FullyConnected(), hidden, w2)]

    assert channel_groups(graph_of(build)) == []


def test_shared_weights_are_left_alone() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        w = g.constant("w", np.eye(3, dtype=np.float32))
        return [
            g.add1(FullyConnected(), g.add1(FullyConnected(), g.input("x", floats(1, 3)), w), w)
        ]

    assert channel_groups(graph_of(build)) == []


def test_the_search_gains_on_uneven_channels() -> None:
    graph = uneven_net(spread=100.0)
    samples, fresh = samples_of(graph, 64), samples_of(graph, 64, seed=9)
    after = EqualizeSearch(graph, samples.arrays, 30).run()
    floats_ = BatchEvaluator(graph).run(fresh.arrays)
    wanted = {value: floats_[value] for value in graph.outputs}
    before_db, after_db = (
        output_sqnr_db(quantize(each, calibrate(each, fresh)), fresh.arrays, wanted)
        for each in (graph, after)
    )
    assert after_db > before_db + 1.0


@pytest.mark.parametrize(("value", "carried"), [(0.0, True), (3.0, False)])
def test_only_a_border_of_zeros_carries_factors(value: float, carried: bool) -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        rng = np.random.default_rng(0)
        w1, w2 = (rng.standard_normal((5, 5)).astype(np.float32) for _ in range(2))
        rows = g.add1(FullyConnected(), g.input("x", floats(3, 5)), g.constant("w1", w1), name="a")
        padded = g.add1(Pad(paddings=((1, 0), (0, 0)), value=value), rows, name="b")
        return [g.add1(FullyConnected(), padded, g.constant("w2", w2), name="c")]

    graph = graph_of(build)
    groups = channel_groups(graph)
    assert [set(group.values) for group in groups] == [{"a", "b"}] * carried
    inputs = samples_of(graph).arrays
    after = equalized(graph, BatchEvaluator(graph).run(inputs), [1.0] * len(groups), groups)
    assert_outputs_kept(graph, after, seed=5)


def test_rows_that_split_channels_are_left_alone() -> None:
    """TFLite's dense layers may read two rows of 3 in one of 6; this ended in a traceback."""

    def build(g: GraphBuilder) -> list[ValueName]:
        rng = np.random.default_rng(0)
        w1, w2 = (rng.standard_normal(n).astype(np.float32) for n in ((6, 4), (2, 3)))
        rows = g.add1(FullyConnected(), g.input("x", floats(1, 4)), g.constant("w1", w1), name="a")
        return [g.add1(FullyConnected(), rows, g.constant("w2", w2), name="b")]

    assert not channel_groups(graph_of(build))
