"""Functions of one element, as exporters spell them out, become one operator."""

from collections.abc import Callable, Collection

import numpy as np
import pytest
from equivalence import assert_equivalent, assert_untouched, check_pass, floats, graph_of

from edgec.ir import Graph, GraphBuilder, Node, Op, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.activations.gelu import Gelu
from edgec.ops.activations.hard_sigmoid import HardSigmoid
from edgec.ops.activations.hard_swish import HardSwish
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.mish import Mish
from edgec.ops.activations.softplus import Softplus
from edgec.ops.activations.swish import Swish
from edgec.ops.activations.tanh import Tanh
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.sub import Sub
from edgec.ops.functions.composite import Composite
from edgec.ops.functions.erf import Erf
from edgec.ops.functions.exp import Exp
from edgec.ops.functions.log import Log
from edgec.ops.functions.pow import Pow
from edgec.ops.operator import Activation
from edgec.passes.folding.compose_functions import ComposeFunctions
from edgec.passes.neighborhood import Neighborhood


class Formula:
    """Writes formulas in one tensor x."""

    def __init__(self, g: GraphBuilder) -> None:
        self.g = g
        self.x = g.input("x", floats(2, 30))

    def number(self, value: float) -> ValueName:
        return self.g.constant("c", np.array([value], np.float32))

    def __call__(self, op: Op, *operands: ValueName | float) -> ValueName:
        values = [self.number(each) if isinstance(each, float) else each for each in operands]
        return self.g.add1(op, *values)


def gelu(f: Formula) -> ValueName:
    half = f(Mul(), f.x, 0.5)
    return f(Mul(), half, f(Add(), f(Erf(), f(Mul(), f.x, 0.70710678)), 1.0))


def gelu_of_another_order(f: Formula) -> ValueName:
    gate = f(Add(), f(Erf(), f(Mul(), f.x, 0.70710678)), 1.0)
    return f(Mul(), f(Mul(), f.x, gate), 0.5)


def gelu_tanh(f: Formula) -> ValueName:
    inner = f(Add(), f.x, f(Mul(), f(Pow(exponent=3.0), f.x), 0.044715))
    gate = f(Add(), f(Tanh(), f(Mul(), inner, 0.7978845608)), 1.0)
    return f(Mul(), f(Mul(), f.x, 0.5), gate)


def silu(f: Formula) -> ValueName:
    return f(Mul(), f.x, f(Logistic(), f.x))


def hard_swish(f: Formula) -> ValueName:
    return f(Mul(), f.x, f(HardSigmoid(alpha=1 / 6), f.x))


def hard_swish_of_relu6(f: Formula) -> ValueName:
    gate = f(Add(activation=Activation.RELU6), f.x, 3.0)
    return f(Mul(), f(Mul(), f.x, gate), 1 / 6)


def mish(f: Formula) -> ValueName:
    return f(Mul(), f.x, f(Tanh(), f(Softplus(), f.x)))


def softplus(f: Formula) -> ValueName:
    return f(Log(), f(Add(), f(Exp(), f.x), 1.0))


Write = Callable[[Formula], ValueName]
KNOWN: list[tuple[Write, Op]] = [
    (gelu, Gelu()),
    (gelu_of_another_order, Gelu()),
    (gelu_tanh, Gelu(approximate=True)),
    (silu, Swish()),
    (hard_swish, HardSwish()),
    (hard_swish_of_relu6, HardSwish()),
    (mish, Mish()),
    (softplus, Softplus()),
]


def written(write: Write) -> Graph:
    return graph_of(lambda g: [write(Formula(g))])


@pytest.mark.parametrize(
    ("write", "expected"), KNOWN, ids=lambda each: getattr(each, "__name__", "")
)
def test_known_functions_get_their_name(write: Write, expected: Op) -> None:
    before = written(write)
    after = ComposeFunctions().run(before)
    assert [node.op for node in after.nodes] == [expected]
    assert after.nodes[0].origins == tuple(node.name for node in before.nodes)
    assert_equivalent(before, after)


def test_a_function_without_a_name_becomes_a_composite() -> None:
    def write(g: GraphBuilder) -> list[ValueName]:
        f = Formula(g)
        return [f(Clip(low=-1.0), f(Sub(), 2.0, f(Mul(), f.x, 3.0)))]

    check_pass(
        ComposeFunctions(),
        graph_of(write),
        """
graph g
  input x: float32[2x30]
  clip = composite(mul(r0, 3) sub(2, r1) clip(r2))(x): float32[2x30]
  output clip""",
    )


def test_a_square_is_one_function() -> None:
    graph = written(lambda f: f(Mul(), f.x, f.x))
    after = ComposeFunctions().run(graph)
    assert [node.op.name for node in after.nodes] == ["composite"]
    assert_equivalent(graph, after)


def test_parts_of_a_composite_join_its_own() -> None:
    graph = written(lambda f: f(Tanh(), f(Add(), f(Exp(), f(Mul(), f.x, f.x)), 1.0)))
    (node,) = ComposeFunctions().run(graph).nodes
    assert isinstance(node.op, Composite)
    assert [part.op.name for part in node.op.parts] == ["mul", "exp", "add", "tanh"]
    assert_equivalent(graph, ComposeFunctions().run(graph))


def test_a_function_inside_a_sum_of_two_tensors() -> None:
    def write(g: GraphBuilder) -> list[ValueName]:
        f = Formula(g)
        return [g.add1(Add(), g.input("z", floats(2, 30)), silu(f), name="sum")]

    after = ComposeFunctions().run(graph_of(write))
    assert [node.op.name for node in after.nodes] == ["swish", "add"]
    assert_equivalent(graph_of(write), after)


def lone(f: Formula) -> ValueName:
    return f(Tanh(), f.x)


def broadcast(f: Formula) -> ValueName:
    row = f.g.constant("row", np.arange(30, dtype=np.float32))
    return f(Mul(), f(Tanh(), f.x), row)


@pytest.mark.parametrize("write", [lone, broadcast])
def test_what_is_one_function_or_none_stays(write: Write) -> None:
    assert_untouched(ComposeFunctions(), written(write))


def test_a_result_that_others_read_stays() -> None:
    def write(g: GraphBuilder) -> list[ValueName]:
        f = Formula(g)
        gate = f(Logistic(), f.x)
        return [f(Mul(), f.x, gate), gate]

    assert_untouched(ComposeFunctions(), graph_of(write))


def test_a_long_sum_is_not_looked_through_from_every_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = []

    def counted(self: Neighborhood, values: Collection[ValueName]) -> Node | None:
        asked.append(len(values))
        return latest(self, values)

    latest = Neighborhood.latest
    monkeypatch.setattr(Neighborhood, "latest", counted)
    g = GraphBuilder("sum")
    total = g.input("x0", floats(1, 4))
    for number in range(1, 300):
        total = g.add1(Add(), total, g.input(f"x{number}", floats(1, 4)))
    graph = g.build([total])
    assert ComposeFunctions().run(graph) == graph
    assert sum(asked) < 300 * 40 * 40
