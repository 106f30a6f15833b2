import numpy as np
from equivalence import assert_untouched, floats, graph_of
from ops.case import int8, random_array

from edgec.ir import Graph, GraphBuilder, QParams, ValueName, evaluate, verify
from edgec.ops.activations.relu import Relu
from edgec.ops.conversion.dequantize import Dequantize, dequantized
from edgec.ops.conversion.quantize import Quantize, quantize_floats
from edgec.passes.cleanup.strip_io_quantize import StripIoQuantize

Q = QParams.per_tensor(0.05, -10)


def wrapped() -> Graph:
    """Return an integer graph with a float door, as TFLite's converter makes it."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.add1(Quantize(), g.input("x", floats(1, 8)), name="q", qparams=Q)
        y = g.add1(Relu(), x, name="r", qparams=Q)
        return [g.add1(Dequantize(), y, name="y")]

    return graph_of(build)


def test_the_door_becomes_integer_under_the_same_names() -> None:
    after = StripIoQuantize().run(wrapped())
    verify(after)
    assert str(after) == (
        "graph g\n"
        "  input x: int8[1x8] {scale=0.0500000007 zp=-10}\n"
        "  y = relu()(x): int8[1x8] {scale=0.0500000007 zp=-10}\n"
        "  output y"
    )
    assert StripIoQuantize().run(after) is after


def test_the_integers_stand_for_the_same_numbers() -> None:
    before = wrapped()
    after = StripIoQuantize().run(before)
    x = ValueName("x")
    data = random_array(np.random.default_rng(0), before.types[x])
    expected = evaluate(before, {x: data})[ValueName("y")]
    actual = evaluate(after, {x: quantize_floats(data, after.types[x])})[ValueName("y")]
    assert (dequantized(actual, after.types[ValueName("y")]) == expected).all()


def test_what_is_also_read_as_float_stays_float() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        x, z = g.input("x", floats(1, 8)), g.input("z", int8((1, 8), 0.05))
        a = g.add1(Quantize(), x, name="a", qparams=Q)
        b = g.add1(Quantize(), x, name="b", qparams=QParams.per_tensor(0.1))  # another scale
        y = g.add1(Dequantize(), z, name="y")  # of an input
        r = g.add1(Relu(), a, name="r", qparams=Q)
        return [g.add1(Relu(), b, qparams=Q), r, g.add1(Dequantize(), r, name="f"), y]

    assert_untouched(StripIoQuantize(), graph_of(build))
