"""A select of zeros goes into the product behind it, where it guards a factor."""

from collections.abc import Callable

import numpy as np
import pytest
from equivalence import assert_equivalent, assert_untouched, check_pass, floats, graph_of

from edgec.ir import Graph, GraphBuilder, ValueName
from edgec.ops.elementwise.mul import Mul
from edgec.ops.functions.abs import Abs
from edgec.ops.numbers.compare import Compare, Relation
from edgec.ops.numbers.select import Select
from edgec.ops.operator import Activation
from edgec.passes.folding.sink_select import SinkSelect


def guarded(
    *, other: float = 0.0, swapped: bool = False, activation: Activation = Activation.NONE
) -> Graph:
    """Return x * |y| where y is not 0, else ``other``."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x, y = g.input("x", floats(2, 3)), g.input("y", floats(2, 1))
        limit, instead = (
            g.constant(n, np.array(v, np.float32)) for n, v in (("0", 0), ("k", other))
        )
        test = g.add1(Compare(relation=Relation.EQUAL), y, limit, name="test")
        factors = [x, g.add1(Abs(), y, name="size")]
        product = g.add1(Mul(activation=activation), *factors, name="product")
        operands = [product, instead] if swapped else [instead, product]
        return [g.add1(Select(), test, *operands, name="z")]

    return graph_of(build)


def test_a_guard_of_a_factor_is_put_there() -> None:
    check_pass(
        SinkSelect(),
        guarded(),
        """
graph g
  input x: float32[2x3]
  input y: float32[2x1]
  const 0: float32[scalar]
  const k: float32[scalar]
  test = compare(relation=equal)(y, 0): bool[2x1]
  size = abs()(y): float32[2x1]
  z/guarded = select()(test, k, size): float32[2x1]
  z = mul()(x, z/guarded): float32[2x3]
  output z
""",
    )


def test_the_results_stay_where_the_zeros_come_second() -> None:
    before = guarded(swapped=True)
    after = SinkSelect().run(before)
    assert [node.op.name for node in after.nodes] == ["compare", "abs", "select", "mul"]
    assert_equivalent(before, after)


def without_guarded_factor(g: GraphBuilder) -> list[ValueName]:
    x, y = g.input("x", floats(2, 3)), g.input("y", floats(2, 3))
    zero = g.constant("0", np.array(0, np.float32))
    test = g.add1(Compare(relation=Relation.EQUAL), g.input("t", floats(2, 3)), zero)
    return [g.add1(Select(), test, zero, g.add1(Mul(), x, y))]


def product_read_twice(g: GraphBuilder) -> list[ValueName]:
    x, y = g.input("x", floats(2, 3)), g.input("y", floats(2, 3))
    zero = g.constant("0", np.array(0, np.float32))
    product = g.add1(Mul(), x, y)
    test = g.add1(Compare(relation=Relation.EQUAL), y, zero)
    return [g.add1(Select(), test, zero, product), g.add1(Abs(), product)]


@pytest.mark.parametrize("build", [without_guarded_factor, product_read_twice])
def test_what_guards_no_factor_stays(build: Callable[[GraphBuilder], list[ValueName]]) -> None:
    assert_untouched(SinkSelect(), graph_of(build))


@pytest.mark.parametrize("graph", [guarded(other=1.0), guarded(activation=Activation.RELU)])
def test_a_product_that_is_not_zero_there_stays(graph: Graph) -> None:
    assert_untouched(SinkSelect(), graph)
