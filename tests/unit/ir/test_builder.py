"""The graph builder: what variables hold."""

from edgec.ir import DType, GraphBuilder, QParams, State, TensorType
from edgec.ops.elementwise.add import Add

KIND = TensorType((1, 2), DType.INT8, QParams.per_tensor(0.1))


def test_a_variable_holds_what_overwrote_it_last() -> None:
    g = GraphBuilder("g")
    x, s = g.input("x", KIND), g.input("s", KIND)
    first = g.add1(Add(), x, s, name="first", qparams=KIND.qparams)
    g.keep(s, first)
    assert g.current(s) == first
    second = g.add1(Add(), x, g.current(s), name="second", qparams=KIND.qparams)
    g.overwrite(first, second)
    assert g.current(s) == g.current(first) == second
    assert g.build([x]).states == (State(s, second),)
