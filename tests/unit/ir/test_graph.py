"""Graphs: text form, builder, evaluation, and every invariant that verify() guards."""

from dataclasses import replace

import numpy as np
import pytest

from edgec.ir import (
    DType,
    Graph,
    GraphBuilder,
    InvalidGraphError,
    Node,
    QParams,
    TensorType,
    ValueName,
    evaluate,
    verify,
)
from edgec.ops.elementwise.add import Add
from edgec.ops.movement.transpose import Transpose

X = ValueName("x")


def sample_graph() -> Graph:
    g = GraphBuilder("sample")
    x = g.input("x", TensorType((2, 3)))
    g.constant("unused", np.zeros(3, np.float32))
    y = g.add1(Transpose(perm=(1, 0)), x, name="turn")
    z = g.add1(Transpose(perm=(1, 0)), y, name="turn")
    return g.build([z])


def test_text_form() -> None:
    assert str(sample_graph()) == (
        "graph sample\n"
        "  input x: float32[2x3]\n"
        "  turn = transpose(perm=(1, 0))(x): float32[3x2]\n"
        "  turn.2 = transpose(perm=(1, 0))(turn): float32[2x3]\n"
        "  output turn.2"
    )


def test_builder_keeps_names_unique_and_drops_unused_constants() -> None:
    graph = sample_graph()
    assert [node.name for node in graph.nodes] == ["turn", "turn.2"]
    assert not graph.constants
    verify(graph)


def test_evaluate_follows_the_nodes() -> None:
    data = np.arange(6, dtype=np.float32).reshape(2, 3)
    (result,) = evaluate(sample_graph(), {X: data}).values()
    np.testing.assert_array_equal(result, data)


def test_evaluate_refuses_wrong_inputs() -> None:
    with pytest.raises(ValueError, match="expected float32"):
        evaluate(sample_graph(), {X: np.zeros((2, 2), np.float32)})


def test_graphs_are_immutable() -> None:
    g = GraphBuilder("constant")
    c = g.constant("c", np.zeros((2, 2), np.float32))
    graph = g.build([g.add1(Transpose(perm=(1, 0)), c)])
    with pytest.raises(ValueError, match="read-only"):
        graph.constants[c][0, 0] = 1
    with pytest.raises(TypeError):
        graph.types[X] = TensorType((1,))  # type: ignore[index]


def test_the_builder_checks_shapes() -> None:
    g = GraphBuilder("bad")
    with pytest.raises(ValueError, match="does not permute"):
        g.add1(Transpose(perm=(0,)), g.input("x", TensorType((2, 3))))


def broken() -> dict[str, Graph]:
    graph = sample_graph()
    first, second = graph.nodes
    loop = Node("loop", Transpose(perm=(1, 0)), (ValueName("late"),), (ValueName("new"),))
    half = TensorType((2, 3), DType.INT8, QParams((0.1, 0.2), (0, 0), axis=1))
    return {
        "before it exists": replace(graph, nodes=(loop, first, second)),
        "redefines": replace(graph, nodes=(first, first)),
        "is never made": replace(graph, outputs=(ValueName("ghost"),)),
        "taken twice": replace(graph, nodes=(first, replace(second, name="turn"))),
        "has no type": replace(graph, types={}),
        "typed but not used": replace(graph, types={**graph.types, ValueName("q"): graph.types[X]}),
        "is typed": replace(graph, types={**graph.types, ValueName("turn"): TensorType((9, 9))}),
        "do not fit axis": replace(graph, types={**graph.types, X: half}),
        "no permutation": replace(graph, layouts={X: (0, 0)}),
        "no input or output": replace(graph, layouts={ValueName("turn"): (1, 0)}),
    }


@pytest.mark.parametrize("reason", list(broken()))
def test_verify_names_what_is_broken(reason: str) -> None:
    with pytest.raises(InvalidGraphError, match=reason):
        verify(broken()[reason])


def test_constants_must_match_their_types() -> None:
    g = GraphBuilder("constant")
    c = g.constant("c", np.zeros((2, 2), np.float32))
    graph = g.build([g.add1(Transpose(perm=(1, 0)), c)])
    wrong = replace(graph, constants={c: np.zeros((2, 2), np.int8)})
    with pytest.raises(InvalidGraphError, match="constant 'c' is int8"):
        verify(wrong)


def test_a_constant_without_axes_stays_an_array() -> None:
    g = GraphBuilder("g")
    x = g.input("x", TensorType((2,)))
    graph = g.build([g.add1(Add(), x, g.constant("c", np.array(2.0, np.float32)))])
    number = graph.constants[ValueName("c")] * np.float32(2)  # NumPy makes it a plain number
    changed = graph.with_nodes(graph.nodes, constants={ValueName("c"): number})
    assert changed.constants[ValueName("c")].shape == ()
    assert not changed.constants[ValueName("c")].flags.writeable
