"""Twice the nodes take about twice the work. Work is counted, not timed."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from long_models import long_graph
from slow_rewrite import let_passes_use

import edgec
from edgec.ir import Graph, GraphBuilder, TensorType, ValueName
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.tanh import Tanh
from edgec.ops.elementwise.add import Add
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.passes.rewrite import rewrite
from edgec.pipelines import optimize_float

MOST = 2.2  # for twice the nodes
PACKAGE = str(Path(edgec.__file__).parent)
SHAPE = (1, 4, 8, 8)


def test_rule_calls_grow_linearly(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = 0

    def counted(rule: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            return rule(*arguments)

        return call

    let_passes_use(lambda graph, *rules: rewrite(graph, *map(counted, rules)), monkeypatch)
    counts = []
    for nodes in (600, 1200):
        calls = 0
        optimize_float(long_graph(nodes))
        counts.append(calls)
    assert counts[0] > 600
    assert counts[1] <= MOST * counts[0]


def test_graphs_are_not_built_at_each_match(monkeypatch: pytest.MonkeyPatch) -> None:
    built, original = 0, Graph.__post_init__

    def counted(graph: Graph) -> None:
        nonlocal built
        built += 1
        original(graph)

    small, large = long_graph(150), long_graph(600)
    monkeypatch.setattr(Graph, "__post_init__", counted)
    optimize_float(small)
    few, built = built, 0
    optimize_float(large)
    assert built == few


def pointwise(g: GraphBuilder, x: ValueName, nodes: int) -> ValueName:
    for index in range(nodes):
        x = g.add1((Tanh(), Logistic())[index % 2], x)
    return x


def residuals(g: GraphBuilder, x: ValueName, nodes: int) -> ValueName:
    for _ in range(nodes // 2):
        x = g.add1(Add(), x, g.add1(Relu(), x))
    return x


def reshapes(g: GraphBuilder, x: ValueName, nodes: int) -> ValueName:
    for index in range(nodes):
        x = g.add1(Reshape(shape=((1, 4, 64), SHAPE)[index % 2]), x)
    return g.add1(Tanh(), x)


def sinking(g: GraphBuilder, x: ValueName, nodes: int) -> ValueName:
    return g.add1(Tanh(), pointwise(g, g.add1(Reshape(shape=(4, 64)), x), nodes))


def transposes(g: GraphBuilder, x: ValueName, nodes: int) -> ValueName:
    for _ in range(nodes):
        x = g.add1(Transpose(perm=(0, 2, 3, 1)), x)
    return x


def fan(g: GraphBuilder, x: ValueName, nodes: int) -> ValueName:
    """Join functions that all read one value."""
    read = g.add1(Tanh(), x)
    made = [pointwise(g, read, 2) for _ in range(nodes // 2)]
    (joined,) = g.add(Concatenation(axis=1), made)
    return joined


def lines_of(work: Callable[[], object]) -> int:
    """Return how many lines of the package a function executes."""
    lines = 0

    def line(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return line

    def enter(frame: FrameType, event: str, _: Any) -> Any:
        return line if frame.f_code.co_filename.startswith(PACKAGE) else None

    before = sys.gettrace()
    sys.settrace(enter)
    try:
        work()
    finally:
        sys.settrace(before)
    return lines


@pytest.mark.parametrize(
    "chain", [pointwise, residuals, reshapes, sinking, transposes, fan], ids=lambda f: f.__name__
)
def test_chains_take_linear_work(chain: Callable[..., ValueName]) -> None:
    def work(nodes: int) -> int:
        g = GraphBuilder("g")
        graph = g.build([chain(g, g.input("x", TensorType(SHAPE)), nodes)])
        return lines_of(lambda: optimize_float(graph))

    work(10)  # what is computed once
    assert work(200) <= MOST * work(100)


def test_blocks_take_linear_work() -> None:
    few, many = (long_graph(nodes) for nodes in (100, 200))
    assert lines_of(lambda: optimize_float(many)) <= MOST * lines_of(lambda: optimize_float(few))
