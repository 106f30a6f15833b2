"""Which edges keep their own scale: those where sharing one would cost somebody precision."""

import numpy as np
import pytest
from equivalence import floats, graph_of, random_array
from oracle import Oracle

from edgec.driver.progress import Quiet
from edgec.exporters.tflite import write_tflite
from edgec.ir import Array, DType, Graph, GraphBuilder, ValueName, evaluate
from edgec.ops.activations.logistic import Logistic
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.functions.abs import Abs
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.lstm import Lstm
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.pad import Pad
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice
from edgec.ops.operator import Operator
from edgec.pipelines import optimize_integer
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.evaluation import evaluate_quantization
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.observers import Range
from edgec.quantization.ranges.own_ranges import crowded, marked
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.samples import Samples


def joined(op: Operator, *, read: bool = True) -> Graph:
    """Return a graph that joins a and b; a is read by a layer too, where ``read``."""

    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = g.input("a", floats(1, 4)), g.input("b", floats(1, 4))
        y = g.add1(op, a, b, name="y")
        w = g.constant("w", random_array(2, 4))
        return [y, g.add1(FullyConnected(), a, w, name="z")] if read else [y]

    return graph_of(build)


def ranges_of(graph: Graph, **given: tuple[float, float]) -> dict[ValueName, Range]:
    values = [value for value in graph.types if value not in graph.constants]
    return {value: Range(*given.get(value, (-1.0, 1.0))) for value in values}


def steps(graph: Graph, ranges: dict[ValueName, Range]) -> dict[str, float]:
    """Return the scale of each activation, as a build has it."""
    graph = marked(graph, ranges)
    known = {value: ranges.get(value, ranges.get(_original(value))) for value in graph.types}
    seen = {value: each for value, each in known.items() if each is not None}
    integer = optimize_integer(quantize(graph, seen))
    _assert_bytes_of_the_interpreter(integer)
    types = {value: integer.types[value] for value in integer.types if value in seen}
    return {value: 255 * kind.quantization.scale for value, kind in types.items()}


def _original(value: ValueName) -> ValueName:
    return ValueName(value.split(".requantized")[0])


def _assert_bytes_of_the_interpreter(graph: Graph) -> None:
    oracle = Oracle(write_tflite(graph), exact=True)
    rng = np.random.default_rng(0)
    x = {name: rng.integers(-128, 128, graph.types[name].shape, np.int8) for name in graph.inputs}
    expected = oracle.run({str(name): array for name, array in x.items()})
    for name, actual in evaluate(graph, x).items():
        np.testing.assert_array_equal(actual, expected[name])


def names(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


CONCAT = Concatenation(axis=1)
MAX, MIN = Extremum(largest=True), Extremum(largest=False)


@pytest.mark.parametrize("op", [CONCAT, MAX], ids=str)
@pytest.mark.oracle
def test_a_narrow_operand_with_other_readers_keeps_its_scale(op: Operator) -> None:
    graph = joined(op)
    found = steps(graph, ranges_of(graph, b=(-40, 40), y=(-40, 40)))
    assert found["a"] == pytest.approx(2)
    assert found["b"] == found["y"] == found["a.requantized"] == pytest.approx(80)


@pytest.mark.parametrize("op", [CONCAT, MAX, MIN], ids=str)
def test_ranges_that_are_alike_and_values_nobody_else_reads_are_tied(op: Operator) -> None:
    shared, private = joined(op), joined(op, read=False)
    assert marked(shared, ranges_of(shared, b=(-1.2, 1.2), y=(-1.2, 1.2))) is shared
    assert marked(private, ranges_of(private, b=(-40, 40), y=(-40, 40))) is private


def test_a_wide_operand_with_other_readers_is_tied_where_the_result_is_as_wide() -> None:
    graph = joined(CONCAT)
    assert marked(graph, ranges_of(graph, a=(-40, 40), y=(-40, 40))) is graph


def test_outputs_of_the_model_and_moves_before_them_are_readers_too() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = (g.add1(Abs(), g.input(n, floats(4)), name=f"{n}2") for n in "ab")
        moved = g.add1(Reshape(shape=(2, 2)), a, name="m")
        return [g.add1(Concatenation(axis=0), a, b, name="y"), moved]

    graph = graph_of(build)
    wide = {"b2": (0.0, 40.0), "y": (0.0, 40.0)}
    assert names(marked(graph, ranges_of(graph, **wide))).count("own_range") == 1
    assert marked(graph, ranges_of(graph)) is graph


@pytest.mark.oracle
def test_a_narrow_slice_of_a_wide_value_does_not_widen_what_it_is_joined_to() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = g.input("a", floats(1, 8)), g.input("b", floats(1, 4))
        part = Slice(starts=(0, 0), sizes=(1, 4), steps=(1, 1))
        s = g.add1(part, a, name="s")
        rest = g.add1(part.along(1, 4, 4), a, name="r")
        return [g.add1(CONCAT, s, b, name="y"), rest]

    graph = graph_of(build)
    found = steps(graph, ranges_of(graph, a=(-40, 40), r=(-40, 40)))
    assert found["a"] == found["s"] == pytest.approx(80)
    assert found["b"] == found["y"] == pytest.approx(2)


@pytest.mark.oracle
def test_what_a_minimum_leaves_out_costs_no_steps() -> None:
    graph = joined(MIN, read=False)
    found = steps(graph, ranges_of(graph, a=(-1, 400), b=(-1, 1)))
    assert list(found.values()) == pytest.approx([2, 2, 2])
    shared = joined(MIN)
    found = steps(shared, ranges_of(shared, a=(-1, 400), b=(-1, 1)))
    assert found["a"] == pytest.approx(401)
    assert found["b"] == found["y"] == pytest.approx(2)


@pytest.mark.oracle
def test_a_constant_that_a_minimum_leaves_out_costs_no_steps() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        limits = g.constant("c", np.array([[0.5, 1e6]], np.float32))
        return [g.add1(MIN, g.input("a", floats(1, 2)), limits, name="y")]

    graph = graph_of(build)
    found = steps(graph, ranges_of(graph))
    assert found["a"] == found["y"] == pytest.approx(2)


@pytest.mark.oracle
def test_a_border_of_large_numbers_costs_other_readers_nothing() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a = g.input("a", floats(1, 4))
        y = g.add1(Pad(paddings=((0, 0), (1, 1)), value=-50.0), a, name="y")
        return [y, g.add1(Abs(), a, name="z")]

    graph = graph_of(build)
    found = steps(graph, ranges_of(graph, y=(-50, 1)))
    assert found["a"] == pytest.approx(2)
    assert found["y"] == pytest.approx(51)


@pytest.mark.oracle
def test_a_prescribed_scale_does_not_cut_off_a_constant_beside_it() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        s = g.add1(Logistic(), g.input("a", floats(1, 2)), name="s")
        return [g.add1(CONCAT, s, g.constant("c", np.array([[5.0]], np.float32)), name="y")]

    graph = graph_of(build)
    found = steps(graph, ranges_of(graph, s=(0, 1), y=(0, 5)))
    assert found["y"] == pytest.approx(5)
    assert found["s"] == pytest.approx(255 / 256)


def wide_sibling(factor: float = 40) -> Graph:
    """Return a narrow layer that a concatenation and a layer read, and one so much wider."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, 8))
        narrow = g.add1(FullyConnected(), x, g.constant("v", random_array(8, 8)), name="narrow")
        wide = g.constant("w", np.float32(factor) * random_array(8, 8))
        parts = [narrow, g.add1(FullyConnected(), x, wide, name="wide")]
        u = g.constant("u", random_array(4, 8))
        return [g.add1(FullyConnected(), narrow, u, name="y"), g.add1(CONCAT, *parts, name="both")]

    return graph_of(build)


def normal(graph: Graph, count: int = 40) -> Samples:
    rng = np.random.default_rng(3)
    arrays: dict[ValueName, Array] = {
        name: rng.standard_normal((count, *graph.types[name].shape)).astype(np.float32)
        for name in graph.inputs
    }
    return Samples(arrays)


@pytest.mark.parametrize("recipe", [Recipe.plain(), Recipe()], ids=["fast", "best"])
def test_a_wide_sibling_takes_nothing_from_other_readers(recipe: Recipe) -> None:
    graph = wide_sibling()
    samples = normal(graph)
    made = quantize_best(graph, samples, recipe, Quiet())
    found = evaluate_quantization(graph, made.twin, made.graph, samples)
    levels = {each.name: each.sqnr_db for each in found.layers}
    assert min(levels["narrow"], levels["wide"], levels["y"]) > 30
    assert "both/requantize_0" in levels, "the list of eval has what was inserted"
    assert levels["both/requantize_0"] < 20


def test_int16_has_no_room_to_spare_where_an_operand_is_faint() -> None:
    graph = wide_sibling(factor=400)
    loud = {"wide": (-40.0, 40.0), "both": (-40.0, 40.0)}
    assert crowded(graph, ranges_of(graph, **loud)) >= {"wide", "both"}
    assert not crowded(graph, ranges_of(graph))
    samples = normal(graph)
    made = quantize_best(graph, samples, Recipe(activations=DType.INT16), Quiet())
    step = made.graph.types[ValueName("both")].quantization.scale
    largest = float(np.abs(_floats(graph, samples)).max())
    assert 1 <= step * 32767 / largest < 1.2


def _floats(graph: Graph, samples: Samples) -> Array:
    runs = [evaluate(graph, samples.sample(i))[graph.outputs[1]] for i in range(len(samples))]
    return np.stack(runs)


def test_marks_leave_the_results_alone() -> None:
    graph = wide_sibling()
    after = marked(graph, ranges_of(graph, wide=(-40, 40), both=(-40, 40)))
    x = normal(graph).sample(0)
    for name, expected in evaluate(graph, x).items():
        np.testing.assert_array_equal(evaluate(after, x)[name], expected)
    assert [node.name for node in after.nodes if node.op.name == "own_range"] == [
        "both/requantize_0"
    ]


def test_operands_as_coarse_as_each_other_gain_nothing_by_scales_of_their_own() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a = g.input("a", floats(1, 8))
        parts = [Slice(starts=(0, at), sizes=(1, 2), steps=(1, 1)) for at in (0, 2)]
        s, t = (g.add1(part, a, name=name) for part, name in zip(parts, "st", strict=True))
        return [g.add1(CONCAT, s, t, name="y"), g.add1(Abs(), a, name="z")]

    graph = graph_of(build)
    assert marked(graph, ranges_of(graph, a=(-40, 40))) is graph


def test_an_operand_that_is_there_twice_is_requantized_once() -> None:
    def build(g: GraphBuilder) -> list[ValueName]:
        a, b = g.input("a", floats(1, 4)), g.input("b", floats(1, 4))
        return [g.add1(CONCAT, a, b, a, name="y"), g.add1(Abs(), a, name="z")]

    graph = graph_of(build)
    after = marked(graph, ranges_of(graph, b=(-40, 40), y=(-40, 40)))
    assert names(after) == ["own_range", "concatenation", "abs"]


def test_a_first_state_that_others_read_keeps_its_scale() -> None:
    units = 2
    g = GraphBuilder("g")
    x = g.input("x", floats(1, 3, 2))
    hidden, cell = (g.input(name, floats(1, units)) for name in ("h", "c"))
    weights = [g.constant(f"w{i}", random_array(units, units)) for i in range(8)]
    biases = [g.constant(f"b{i}", random_array(units)) for i in range(4)]
    (y, *_) = g.add(Lstm(), [x, *weights, *biases, hidden, cell], outputs=["y", "hn", "cn"])
    graph = g.build([y, g.add1(Abs(), hidden, name="z")])
    narrow = {"h": (-0.01, 0.01), "z": (0.0, 0.01)}
    after = marked(graph, ranges_of(graph, **narrow))
    assert names(after) == ["own_range", "lstm", "abs"]
    assert marked(graph, ranges_of(graph)) is graph
    integer = quantize(after, {**ranges_of(after), **ranges_of(graph, **narrow)})
    kinds = {name: integer.types[ValueName(name)].quantization for name in ("h", "h.requantized")}
    assert kinds["h"].scale == pytest.approx(0.02 / 255)
    assert kinds["h.requantized"] == integer.types[ValueName("y")].quantization
