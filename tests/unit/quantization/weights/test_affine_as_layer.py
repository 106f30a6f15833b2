"""A multiplication and an addition of constants per channel as one depthwise layer."""

import numpy as np
import pytest
from equivalence import assert_equivalent, assert_untouched, floats, graph_of, random_array

from edgec.ir import Array, Graph, GraphBuilder, ValueName
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.operator import Activation
from edgec.quantization.weights.affine_as_layer import AffineAsLayer

RELU = Activation.RELU


def affine(
    shape: tuple[int, ...],
    gain: Array,
    *,
    swapped: bool = False,
    product: Activation = Activation.NONE,
    shared: bool = False,
) -> Graph:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, a = g.input("x", floats(*shape)), g.constant("a", gain)
        b = g.constant("b", random_array(shape[-1]))
        y = g.add1(Mul(activation=product), *((a, x) if swapped else (x, a)), name="m")
        z = g.add1(Add(activation=RELU), *((b, y) if swapped else (y, b)), name="n")
        return [z, y] if shared else [z]

    return graph_of(build)


@pytest.mark.parametrize("shape", [(2, 5), (1, 4, 3, 5), (5,)])
@pytest.mark.parametrize("swapped", [False, True])
def test_one_layer(shape: tuple[int, ...], swapped: bool) -> None:
    graph = affine(shape, random_array(5), swapped=swapped)
    after = AffineAsLayer().run(graph)
    assert [node.op.name for node in after.nodes] == ["reshape", "depthwise_conv2d", "reshape"]
    assert_equivalent(graph, after)


@pytest.mark.parametrize(
    "graph",
    [
        affine((2, 5), random_array(1)),
        affine((2, 5), random_array(2, 1)),
        affine((2, 5), random_array(5), product=RELU),
        affine((2, 5), random_array(5), shared=True),
        affine((2, 5), np.ones((1, 2, 5), np.float32)),
    ],
    ids=["one number", "per row", "rectified between", "read twice", "broadcast"],
)
def test_what_is_no_affine_function_per_channel_stays(graph: Graph) -> None:
    assert_untouched(AffineAsLayer(), graph)
