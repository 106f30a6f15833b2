"""Indices that a file gives out as floats are int32 outputs."""

import numpy as np
import pytest

from edgec.ir import DType, Graph, GraphBuilder, TensorType, ValueName, evaluate, verify
from edgec.ops.functions.abs import Abs
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.cast import Cast
from edgec.ops.reductions.arg_max import ArgMax
from edgec.quantization.number_outputs import with_number_outputs


def labels(*, reshaped: bool = False, read: bool = False, also_index: bool = False) -> Graph:
    """Return the index of the largest of 300 as a float, maybe read by something else, too."""
    g = GraphBuilder("g")
    index = g.add1(ArgMax(axis=1), g.input("x", TensorType((2, 300))), name="index")
    label = g.add1(Cast(dtype=DType.FLOAT32), index, name="label")
    result = g.add1(Reshape(shape=(2,)), label, name="flat") if reshaped else label
    outputs = [result]
    outputs += [g.add1(Abs(), label)] if read else []
    outputs += [index] if also_index else []
    return g.build(outputs)


@pytest.mark.parametrize("reshaped", [False, True])
def test_a_cast_index_stays_a_number(reshaped: bool) -> None:
    before = labels(reshaped=reshaped)
    after = with_number_outputs(before)
    verify(after)
    assert after.outputs == before.outputs
    assert after.types[after.outputs[0]].dtype is DType.INT32
    x = {ValueName("x"): np.random.default_rng(0).standard_normal((2, 300)).astype(np.float32)}
    (wanted,), (actual,) = (tuple(evaluate(g, x).values()) for g in (before, after))
    np.testing.assert_array_equal(actual, wanted)
    assert "cast" not in {node.op.name for node in after.nodes}


@pytest.mark.parametrize(
    "graph", [labels(read=True), labels(reshaped=True, read=True), labels(also_index=True)]
)
def test_what_is_read_as_a_real_number_too_stays(graph: Graph) -> None:
    assert with_number_outputs(graph) is graph
