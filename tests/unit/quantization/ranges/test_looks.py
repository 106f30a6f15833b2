"""What looks alike to calibration: copies and the same at other times share one summary."""

import numpy as np
import pytest
from equivalence import floats, graph_of

from edgec.ir import Graph, GraphBuilder, ValueName
from edgec.ops.activations.tanh import Tanh
from edgec.ops.conversion.alike import Alike
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.windows import Window
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.movement.transpose import Transpose
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.quantization.ranges.calibrate import calibrate, summaries
from edgec.quantization.ranges.looks import Looks
from edgec.quantization.ranges.observers import Range, Summary
from edgec.quantization.samples.batch_evaluator import BatchEvaluator, Values
from edgec.quantization.samples.samples import Samples


def values_of(graph: Graph, count: int = 16) -> Values:
    rng = np.random.default_rng(0)
    drawn = {
        name: rng.standard_normal((count, *graph.types[name].shape)).astype(np.float32)
        for name in graph.inputs
    }
    return BatchEvaluator(graph).run(drawn)


def moved(g: GraphBuilder) -> list[ValueName]:
    x = g.input("x", floats(1, 4, 6))
    turned = g.add1(Transpose(perm=(0, 2, 1)), x)
    part = g.add1(Slice.whole((1, 6, 4)).along(1, 2, 3), turned)
    return [g.add1(Reshape(shape=(1, 12)), part)]


def test_what_is_only_moved_has_the_summary_of_its_source() -> None:
    graph = graph_of(moved)
    values = values_of(graph)
    seen = summaries(graph, values)
    assert set(seen) == set(values)
    assert len({id(each) for each in seen.values()}) == 1
    (x,) = graph.inputs
    whole = Summary.of(values[x])
    np.testing.assert_array_equal(seen[x].histogram.counts, whole.histogram.counts)


def changed(g: GraphBuilder) -> list[ValueName]:
    x = g.input("x", floats(1, 4, 4, 2))
    largest = g.add1(MaxPool2D(window=Window((2, 2), (2, 2))), x)
    return [g.add1(Concatenation(axis=3), largest, g.add1(Tanh(), largest))]


def test_what_is_computed_has_its_own() -> None:
    graph = graph_of(changed)
    seen = summaries(graph, values_of(graph))
    assert len({id(each) for each in seen.values()}) == len(seen) == 4


@pytest.mark.parametrize("method", ["minmax", "percentile", "entropy", "mse"])
def test_steps_marked_alike_are_seen_together(method: str) -> None:
    g = GraphBuilder("steps")
    first = g.add1(Tanh(), g.input("x", floats(1, 6)))
    second = g.add1(Add(), first, g.input("y", floats(1, 6)))
    marked = g.add1(Alike(), second, first)
    graph = g.build([marked])
    values = values_of(graph)
    together = np.concatenate([values[first], values[second]], axis=1)
    seen = summaries(graph, values)
    for value in (first, second, marked):
        assert seen[value].extremes == Range.of(together)
        counts = seen[value].histogram.counts
        np.testing.assert_array_equal(counts, Summary.of(together).histogram.counts)
        np.testing.assert_array_equal(seen[value].lows, together.reshape(16, -1).min(axis=1))
    assert Looks(graph).sources[Looks(graph).group(marked)] == [first, second]
    samples = Samples({name: values[name] for name in graph.inputs})
    ranges = calibrate(graph, samples, method=method)
    assert ranges[first] == ranges[second] == ranges[marked]
