"""The worklist makes the very graph that a search from the first node after each match makes."""

from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import numpy as np
import pytest
from equivalence import floats
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx_models import MODELS, save
from qdq_models import QdqBuilder
from random_models import CHOICES, INPUT_SHAPES, Choice, Shape, random_model
from slow_rewrite import assert_same_graph, compared_rewrite, let_passes_use, slow_rewrite

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Graph, GraphBuilder, Node, Op
from edgec.ops.activations.hard_swish import HardSwish
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.relu import Relu
from edgec.ops.activations.tanh import Tanh
from edgec.ops.elementwise.add import Add
from edgec.ops.functions.abs import Abs
from edgec.ops.functions.neg import Neg
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, Rule, rewrite
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.prequantized.annotations import read_annotations
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.samples import Samples

calm = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> None:
    assert let_passes_use(compared_rewrite, monkeypatch) > 15


def optimize(graph: Graph) -> None:
    rng = np.random.default_rng(0)
    graph = optimize_float(graph)
    kinds = {name: graph.types[name] for name in graph.inputs}
    arrays = {n: rng.standard_normal((2, *k.shape)).astype(np.float32) for n, k in kinds.items()}
    optimize_integer(quantize(graph, calibrate(graph, Samples(arrays))))


@pytest.mark.usefixtures("compared")
@pytest.mark.parametrize("name", MODELS)
def test_passes_make_the_same_of_models(name: str, tmp_path: Path) -> None:
    optimize(load_onnx(save(MODELS[name], tmp_path)))


@pytest.mark.usefixtures("compared")
@calm
@given(
    INPUT_SHAPES,
    st.tuples(CHOICES, CHOICES, CHOICES).map(lambda each: [*each[0], *each[1], *each[2]]),
    st.integers(0, 9),
)
def test_passes_make_the_same_of_random_models(
    shape: Shape, choices: list[Choice], extra: int
) -> None:
    with TemporaryDirectory() as folder:
        optimize(load_onnx(save(random_model(shape, choices, extra), Path(folder))))


@calm
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3), st.integers(0, 2)), max_size=12))
def test_annotations_are_the_same(
    monkeypatch: pytest.MonkeyPatch, choices: list[tuple[int, int, int]]
) -> None:
    """This rule remembers what it has seen: two runs, one of them with the oracle."""
    b = QdqBuilder()
    values = [b.input("x", [1, 4])]
    for kind, back, scale in choices:
        x = values[-1 - back % len(values)]
        qdq = b.qdq(x, (0.5, 0.25, 0.5)[scale])
        values.append((qdq, qdq, qdq, b.add("Relu", x), b.add("Add", x, values[-1]))[kind])
    with TemporaryDirectory() as folder:
        shapes = [[1, 4], [1, 4]]
        outputs = dict.fromkeys([b.add("Relu", values[-1]), values[len(values) // 2]])
        outputs.pop("x", None)
        graph = load_onnx(save(b.model(*outputs, shapes=shapes), Path(folder)))
    actual = read_annotations(graph)
    with monkeypatch.context() as patched:
        let_passes_use(slow_rewrite, patched)
        expected = read_annotations(graph)
    assert_same_graph(actual.graph, expected.graph)
    assert actual.annotations == expected.annotations


LADDER = (Relu(), Tanh(), Logistic(), HardSwish(), Neg(), Abs())


def any_rule(seed: int) -> Rule:
    """Return a rule that decides by chance, from all it may ask about up to two nodes away.

    What it makes stands higher on the ladder or is less, so it comes to an end.
    """

    def rule(node: Node, around: Neighborhood) -> Replacement | None:
        higher = LADDER[_step(node) + 1 :]
        number = crc32(repr((seed, _seen(node, around))).encode())
        if number % 3 or not higher:
            return None
        actions = (_raised, _raised, _skipping, _split, _same)
        return actions[number // 3 % len(actions)](node, around, higher[number % len(higher)])

    return rule


def _step(node: Node) -> int:
    return LADDER.index(node.op) if node.op in LADDER else -1


def _seen(node: Node, around: Neighborhood) -> list[object]:
    before = [around.producer(value) for value in node.inputs]
    two_before = [around.producer(v) for each in before if each for v in each.inputs]
    after = around.readers(node.outputs[0])
    two_after = [each for reader in after for each in around.readers(reader.outputs[0])]
    steps = [[each and _step(each) for each in some] for some in (before, two_before, two_after)]
    alone = [around.only_reader_of(node, value) for value in node.inputs]
    private = [around.private_producer(each) is not None for each in before if each]
    taken_in = [around.reads_only(each.outputs[0], [each, node, *after]) for each in before if each]
    constants = [around.constant(value) is not None for value in node.inputs]
    latest = around.latest(node.inputs)
    return [_step(node), *steps, len(after), alone, private, taken_in, constants, latest is None]


def _raised(node: Node, around: Neighborhood, op: Op) -> Replacement | None:
    before = around.private_producer(node)
    draft = Draft(around, [before, node] if before else [node])
    name = before.name if before else node.name
    draft.add(op, node.inputs[:1], name=name, output=node.outputs[0])
    return draft.replacement()


def _skipping(node: Node, around: Neighborhood, op: Op) -> Replacement | None:
    before = around.producer(node.inputs[0])
    if before is None:
        return None
    draft = Draft(around, [node])
    draft.add(op, before.inputs[-1:], name=f"{node.name}.2", output=node.outputs[0])
    return draft.replacement()


def _split(node: Node, around: Neighborhood, op: Op) -> Replacement | None:
    draft = Draft(around, [node])
    c = draft.constant("c", np.ones((2,), np.float32))
    x = draft.add(op, [c if node.op == Add() else node.inputs[0]], name=node.name)
    draft.add(op, [x], name=node.name, output=node.outputs[0])
    return draft.replacement()


def _same(node: Node, around: Neighborhood, op: Op) -> Replacement | None:
    return Replacement(same_as={node.outputs[0]: node.inputs[0]})


def _computed(node: Node, around: Neighborhood) -> Replacement | None:
    arrays = [around.constant(value) for value in node.inputs]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays) or any(map(around.is_output, node.outputs)):
        return None
    results = node.op.evaluate(known, around.signature(node))
    return Replacement(constants=dict(zip(node.outputs, results, strict=True)))


def _group(node: Node, around: Neighborhood) -> Replacement | None:
    """Take in the two latest producers of what a sum reads, if all their readers are known."""
    first = around.latest(node.inputs)
    second = around.latest(first.inputs) if first else None
    if not isinstance(node.op, Add) or first is None or second is None or first.op == Abs():
        return None
    if not (around.reads_only(first.outputs[0], [node]) and isinstance(second.op, Relu)):
        return None
    if not around.reads_only(second.outputs[0], [first, node]):
        return None
    draft = Draft(around, [second, first, node])
    draft.add(Abs(), second.inputs, name=first.name, output=node.outputs[0])
    return draft.replacement()


OPS = (*LADDER, Add(), Add())
NODES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5), st.integers(0, 5)), max_size=25)


def graph_from(choices: list[tuple[int, int, int]], outputs: list[int]) -> Graph:
    """Return a graph of small tensors with constants, dead nodes and any outputs."""
    g = GraphBuilder("g")
    values = [g.input("x", floats(2)), g.constant("c", np.zeros((2,), np.float32))]
    for op, a, b in choices:
        operands = [values[-1 - each % len(values)] for each in (a, b)][: 1 + (OPS[op] == Add())]
        values.append(g.add1(OPS[op], *operands))
    made = values[2:] or [g.add1(Relu(), values[0])]
    return g.build(list(dict.fromkeys(made[-1 - each % len(made)] for each in outputs)))


@settings(calm, max_examples=400)
@given(NODES, st.lists(st.integers(0, 25), min_size=1, max_size=3), st.integers(0, 99))
def test_any_rules_make_the_same(
    choices: list[tuple[int, int, int]], outputs: list[int], seed: int
) -> None:
    graph = graph_from(choices, outputs)
    compared_rewrite(graph, any_rule(seed), _computed, _group)
    compared_rewrite(graph, any_rule(seed + 100))


def test_a_rule_that_always_matches_is_a_bug() -> None:
    def again(node: Node, around: Neighborhood) -> Replacement | None:
        draft = Draft(around, [node])
        draft.add(node.op, node.inputs, name=node.name, output=node.outputs[0])
        return draft.replacement()

    with pytest.raises(AssertionError, match="do not come to an end"):
        rewrite(graph_from([(1, 0, 0)], [0]), again)
