"""Memory: what a search holds is bounded, and results are those of all samples at once.

Bytes are counted, and limits are made small: what grows with samples shows on small nets.
"""

import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_nets import samples_of, uneven_net
from unets import images, unet

from edgec.driver.progress import Quiet
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, ValueName
from edgec.pipelines import optimize_float
from edgec.quantization import best
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.evaluation import evaluate_quantization
from edgec.quantization.quality.simulate import Simulation
from edgec.quantization.quality.sqnr import integer_inputs, judged_values
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges import range_search
from edgec.quantization.ranges.calibrate import (
    calibrate,
    extremes,
    summaries,
    summarize,
    summarized,
)
from edgec.quantization.ranges.looks import Looks
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples import batch_evaluator, blocks
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.outliers import without_outliers
from edgec.quantization.samples.samples import Samples, read_samples
from edgec.quantization.weights import layer_reconstruction, weight_rows

MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    path = tmp_path_factory.mktemp("unet") / "unet.onnx"
    path.write_bytes(unet().SerializeToString())
    return optimize_float(load_onnx(path))


def samples(graph: Graph, count: int) -> Samples:
    kind = graph.types[graph.inputs[0]]
    return Samples({graph.inputs[0]: images(count).reshape(count, *kind.shape)})


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes that some work holds at a time, beside what was there before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", MEGABYTE // 2)
    monkeypatch.setattr(batch_evaluator, "_SCRATCH_BYTES", MEGABYTE // 4)
    monkeypatch.setattr(range_search, "_STATES_BYTES", MEGABYTE)
    monkeypatch.setattr(layer_reconstruction, "_LIVE_BYTES", MEGABYTE)
    monkeypatch.setattr(weight_rows, "_ELEMENTS", MEGABYTE // 32)


@pytest.mark.usefixtures("small_limits")
@pytest.mark.parametrize("recipe", [Recipe.plain(), Recipe()], ids=["fast", "best"])
def test_quantization_is_bounded(
    net: Graph, recipe: Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best, "_EVALUATIONS", (13, 13))  # three of them of single groups
    few, many = samples(net, 128), samples(net, 512)
    held = peak(lambda: quantize_best(net, few, recipe, Quiet()))
    assert held < 128 * blocks.activation_bytes(net)  # of which it once was 8 and 12 times as much
    assert peak(lambda: quantize_best(net, many, recipe, Quiet())) < 1.2 * held


@pytest.mark.usefixtures("small_limits")
def test_measuring_is_bounded(net: Graph) -> None:
    few, many = samples(net, 32), samples(net, 256)
    integer = quantize(net, calibrate(net, few))
    all_of_it = 32 * blocks.activation_bytes(net)
    held = peak(lambda: evaluate_quantization(net, net, integer, few))
    assert held < all_of_it
    assert peak(lambda: evaluate_quantization(net, net, integer, many)) < 1.2 * held


def test_summaries_of_blocks_are_those_of_all(net: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    given = samples(net, 40)
    whole, together = summarize(net, given), extremes(net, given.arrays)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 7 * blocks.activation_bytes(net))
    judged = judged_values(net)
    parts = summaries(net, given.arrays)
    _, kept = summarized(Looks(net), given.arrays, judged)
    assert {*kept} == {*judged}
    for value, seen in summarize(net, given).items():
        for other in (whole[value], parts[value]):
            np.testing.assert_array_equal(seen.lows, other.lows)
            np.testing.assert_array_equal(seen.highs, other.highs)
            assert seen.histogram.exponent == other.histogram.exponent
            np.testing.assert_array_equal(seen.histogram.counts, other.histogram.counts)
    assert extremes(net, given.arrays) == together


def test_the_same_model_comes_of_blocks(net: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(best, "_EVALUATIONS", (20, 20))
    given = samples(net, 48)
    whole = quantize_best(net, given, Recipe(), Quiet())
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 5 * blocks.activation_bytes(net))
    monkeypatch.setattr(batch_evaluator, "_SCRATCH_BYTES", MEGABYTE // 4)
    monkeypatch.setattr(range_search, "_STATES_BYTES", 30 * blocks.activation_bytes(net))
    parts = quantize_best(net, given, Recipe(), Quiet())
    assert parts.recipe == whole.recipe
    assert parts.graph.types == whole.graph.types
    for value, array in whole.graph.constants.items():
        np.testing.assert_array_equal(parts.graph.constants[value], array)


@settings(max_examples=25, deadline=None)
@given(
    count=st.integers(1, 12),
    block=st.integers(1, 200_000),
    scratch=st.integers(1, 200_000),
    data=st.data(),
)
def test_any_blocks_give_what_all_samples_give(
    count: int, block: int, scratch: int, data: st.DataObject
) -> None:
    graph = uneven_net()
    given = samples_of(graph, count).arrays
    integer = quantize(graph, calibrate(graph, Samples(given)))
    keep = data.draw(
        st.sets(st.sampled_from([v for n in graph.nodes for v in n.outputs]), min_size=1)
    )
    integers = integer_inputs(integer, given)
    floats, exact = BatchEvaluator(graph).run(given), BatchEvaluator(integer).run(integers)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block)
        patch.setattr(batch_evaluator, "_SCRATCH_BYTES", scratch)
        parts = BatchEvaluator(graph).run(given, keep)
        assert_values(BatchEvaluator(integer).run(integers, keep), exact, keep, rtol=0)
        assert_values(parts, floats, keep, rtol=1e-5)
        simulation = Simulation.rounding(graph, {})
        assert_values(simulation.run(given, keep), floats, keep, rtol=1e-5)


def assert_values(
    got: Mapping[ValueName, Array],
    wanted: Mapping[ValueName, Array],
    keep: set[ValueName],
    rtol: float,
) -> None:
    assert {*got} == keep
    for value in keep:
        np.testing.assert_allclose(got[value], wanted[value], rtol=rtol, atol=rtol)


def test_values_go_when_they_are_read_last(net: Graph) -> None:
    over = blocks.lifetimes(net, net.outputs)
    seen = [value for each in over for value in each]
    made = [value for node in net.nodes for value in node.outputs]
    assert sorted(seen) == sorted({*net.inputs, *made} - {*net.outputs})
    for index, ended in enumerate(over):
        later = {value for node in net.nodes[index + 1 :] for value in node.inputs}
        assert not later & {*ended}
    assert blocks.live_bytes(net) < 0.5 * blocks.activation_bytes(net)


def test_reconstruction_takes_fewer_samples_of_large_activations(
    net: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert layer_reconstruction._most(net) >= 128
    monkeypatch.setattr(layer_reconstruction, "_LIVE_BYTES", 100 * blocks.live_bytes(net))
    assert layer_reconstruction._most(net) == 50
    monkeypatch.setattr(layer_reconstruction, "_LIVE_BYTES", 1)
    assert layer_reconstruction._most(net) == layer_reconstruction._FEWEST


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_samples_are_held_once_beside_the_file(net: Graph, dtype: type, tmp_path: Path) -> None:
    pixels: Array = images(4096).astype(dtype)
    path = tmp_path / "calib.npz"
    np.savez(path, image=pixels)
    held = peak(lambda: without_outliers(read_samples(path, net), path.name))
    assert held < pixels.nbytes + 2 * pixels.size * 4 + MEGABYTE
