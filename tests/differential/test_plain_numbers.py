"""Models that compare, select, count and look up at run time, on every runtime."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ops.number_models import (
    assert_host_agrees,
    assert_interpreter_agrees,
    decibels,
    drawn,
    float_graph,
    integer_graph,
    lines_model,
)

from edgec.ir import Array, Graph

pytestmark = pytest.mark.oracle
F = ("float32", (2, 6))
RNG = np.random.default_rng(1)
TABLE = RNG.standard_normal((9, 4)).astype(np.float32)
WEIGHTS = RNG.standard_normal((4, 3)).astype(np.float32)


def number(value: float) -> Array:
    return np.array(value, np.float32)


@dataclass(frozen=True)
class Model:
    """Lines, inputs and outputs; what float outputs reach at least, in dB, once quantized."""

    text: str
    inputs: Mapping[str, tuple[str, tuple[int, ...]]]
    outputs: tuple[str, ...]
    constants: Mapping[str, Array] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    oracle: bool = True
    least: float = 25.0
    kernels: tuple[str, ...] | None = None


MODELS = {
    "two_values_of_two_scales": Model(
        "Mul y ten -> z; Greater x z -> c; Where c x z -> o",
        {"x": F, "y": F},
        ("o",),
        {"ten": number(0.1)},
    ),
    "mask_by_constant": Model(
        "Less x limit -> c; Where c x y -> o",
        {"x": F, "y": F},
        ("o",),
        {"limit": number(0.25)},
        least=20.0,
    ),
    "limits_by_channel": Model(
        "GreaterOrEqual x limit -> c; Where c y zero -> o",
        {"x": F, "y": F},
        ("o",),
        {"limit": np.linspace(-1, 1, 6).astype(np.float32), "zero": number(0)},
    ),
    "truth_values_out": Model("Less x y -> c; Not c -> o", {"x": F, "y": F}, ("o",)),
    "constants_beside_computed_numbers": Model(
        "Cast x -> a; Concat a b -> c; Concat b a -> d; Cast d -> o",
        {"x": F},
        ("c", "o"),
        {"b": np.array([[9, -7, 0], [3, 1, 2]])},
        {"a": {"to": 7}, "c": {"axis": 1}, "d": {"axis": 1}, "o": {"to": 1}},
    ),
    "logic": Model(
        "Greater x low -> a; Less x high -> b; And a b -> both; Xor a b -> one;"
        "Or both one -> any; Cast any -> o; Cast both -> p",
        {"x": F},
        ("o", "p"),
        {"low": number(-0.5), "high": number(0.5)},
        {"o": {"to": 1}, "p": {"to": 6}},
    ),
    "selu_spelled_out": Model(
        "Greater x zero -> c; Mul x scale -> a; Exp x -> e; Sub e one -> m; Mul m alpha -> b;"
        "Where c a b -> o",
        {"x": F},
        ("o",),
        {
            "zero": number(0),
            "one": number(1),
            "scale": number(1.0507009873554805),
            "alpha": number(1.0507009873554805 * 1.6732632423543772),
        },
        kernels=("composite",),
    ),
    "step_of_one_value": Model(
        "Greater x limit -> c; Not c -> n; Cast n -> f; Mul x f -> o",
        {"x": F},
        ("o",),
        {"limit": number(0.3)},
        {"f": {"to": 1}},
        kernels=("composite",),
    ),
    "division_that_knows_no_nan": Model(
        "ReduceMax y axes -> m; Equal m zero -> c; Div y m -> q; Where c zero q -> o",
        {"y": F},
        ("o",),
        {"axes": np.array([1], np.int64), "zero": number(0)},
        kernels=("reduce_extremum", "composite", "mul"),
    ),
    "embedding": Model(
        "Gather table i -> e; ReduceMean e axes -> m; MatMul m w -> o",
        {"i": ("int64", (1, 7))},
        ("o",),
        {"table": TABLE, "w": WEIGHTS, "axes": np.array([1], np.int64)},
        {"m": {"keepdims": 0}},
    ),
    "embedding_of_a_sum": Model(
        "Add i j -> s; Mul s two -> d; Mod d nine -> k; Gather table k -> o",
        {"i": ("int64", (3,)), "j": ("int64", (2, 1))},
        ("o",),
        {"table": TABLE, "two": np.array(2, np.int64), "nine": np.array(9, np.int64)},
    ),
    "columns": Model(
        "Gather x i -> o",
        {"x": F, "i": ("int32", (3,))},
        ("o",),
        attributes={"o": {"axis": 1}},
    ),
    "counting": Model(
        "Add i j -> a; Sub i j -> s; Mul a s -> m; Max m i j -> x; Min x hundred -> n; Neg n -> g;"
        "Abs g -> b; Clip b low high -> c; Div c three -> o; Mod i three -> p; Less i j -> q;"
        "Where q i j -> r; Sign i -> t; Equal i j -> u",
        {"i": ("int32", (2, 3)), "j": ("int32", (3,))},
        ("o", "p", "r", "t", "u"),
        {
            "hundred": np.array(100, np.int32),
            "three": np.array(3, np.int32),
            "low": np.array(2, np.int32),
            "high": np.array(9, np.int32),
        },
    ),
    "numbers_moved": Model(
        "Transpose i -> t; Concat t j -> c; Slice c from to -> s; Unsqueeze s axis -> u;"
        "Tile u reps -> v; Squeeze v axis -> w; Reshape w shape -> o; Expand j wide -> p;"
        "Transpose k -> kt; Where kt o o2 -> q",
        {
            "i": ("int64", (2, 3)),
            "j": ("int64", (3, 2)),
            "k": ("bool", (2, 3)),
            "o2": ("int64", (3, 2)),
        },
        ("o", "p", "q"),
        {
            "from": np.array([0, 1], np.int64),
            "to": np.array([3, 3], np.int64),
            "axis": np.array([0], np.int64),
            "reps": np.array([1, 1, 1], np.int64),
            "shape": np.array([3, 2], np.int64),
            "wide": np.array([2, 3, 2], np.int64),
        },
        {"c": {"axis": 1}},
    ),
    "numbers_to_reals": Model(
        "Cast i -> f; Mul f half -> h; Add h x -> o",
        {"i": ("int64", (2, 6)), "x": F},
        ("o",),
        {"half": number(0.5)},
        {"f": {"to": 1}},
    ),
    "reals_to_numbers": Model(
        "Mul x four -> m; Cast m -> i; Add i i -> d; Cast d -> f; Mul f y -> p; Cast x -> b",
        {"x": F, "y": F},
        ("d", "p", "b"),
        {"four": number(4)},
        {"i": {"to": 6}, "f": {"to": 1}, "b": {"to": 9}},
        least=15.0,
    ),
    "index_used_further": Model(
        "ArgMax x -> a; Add a one -> b; Mod b nine -> c; Gather table c -> o",
        {"x": F},
        ("o", "a"),
        {"table": TABLE, "one": np.array(1, np.int64), "nine": np.array(9, np.int64)},
        {"a": {"axis": 1, "keepdims": 0}},
        least=5.0,  # of two that are nearly equal, integers may find the other the larger
    ),
    "best_of_rows": Model(
        "TopK x k -> v i; Gather table i -> e; ReduceSum e axes -> o; Sub v x3 -> d",
        {"x": F, "x3": ("float32", (2, 3))},
        ("o", "d", "i"),
        {"k": np.array([3], np.int64), "table": TABLE, "axes": np.array([1], np.int64)},
        least=5.0,  # of two that are nearly equal, integers may find the other the larger
    ),
    "worst_of_columns": Model(
        "TopK x k -> v i",
        {"x": ("float32", (5, 3))},
        ("v", "i"),
        {"k": np.array([2], np.int64)},
        {"v": {"axis": 0, "largest": 0}},
        oracle=False,  # TFLite finds the largest only
    ),
    "one_hot": Model(
        "OneHot i depth values -> h; MatMul h w -> o; OneHot i depth numbers -> p",
        {"i": ("int64", (3,))},
        ("o", "p"),
        {
            "depth": np.array(4, np.int64),
            "values": np.array([0, 1], np.float32),
            "numbers": np.array([-1, 7], np.int64),
            "w": WEIGHTS,
        },
        {"p": {"axis": 0}},
    ),
    "running_sums": Model(
        "CumSum x axis -> a; CumSum y axis -> b; Add a b -> o; CumSum i axis -> p",
        {"x": F, "y": F, "i": ("int32", (2, 4))},
        ("o", "p"),
        {"axis": np.array(1, np.int64)},
        {"b": {"exclusive": 1, "reverse": 1}},
        oracle=False,  # TFLite has no CUMSUM of int8
    ),
    "totals": Model(
        "ReduceSum i axes -> s; ReduceMax i axes -> m; ReduceMin i axes -> n; Add s m -> a;"
        "ArgMax i -> b; ArgMin i -> c; Pad i pads three -> o; Pad i pads -> p",
        {"i": ("int32", (2, 3))},
        ("a", "n", "b", "c", "o", "p"),
        {
            "axes": np.array([1], np.int64),
            "pads": np.array([0, 1, 1, 2], np.int64),
            "three": np.array(3, np.int32),
        },
        {"b": {"axis": 1}, "c": {"axis": 0, "keepdims": 0}, "p": {"mode": "edge"}},
        oracle=False,  # of the smallest number TFLite does not know the place
    ),
    "single_elements": Model(
        "GatherElements x i -> o; GatherND x n -> p; GatherND x m -> q",
        {
            "x": ("float32", (6, 7)),
            "i": ("int64", (3, 7)),
            "n": ("int64", (4, 2)),
            "m": ("int64", (2, 3, 1)),
        },
        ("o", "p", "q"),
    ),
    "triangles": Model(
        "Trilu x -> a; Trilu x one -> b; Add a b -> o; IsNaN o -> n; Where n x o -> p",
        {"x": ("float32", (4, 4))},
        ("o", "p"),
        {"one": np.array(1, np.int64)},
        {"b": {"upper": 0}},
    ),
    "borders_that_cut": Model(
        "Add i i -> s; Pad s pads seven -> o",
        {"i": ("int32", (2, 6))},
        ("o",),
        {"pads": np.array([0, -1, 1, 2], np.int64), "seven": np.array(7, np.int32)},
    ),
    "condition_from_outside": Model(
        "Where c x y -> o; Not c -> n", {"c": ("bool", (2, 6)), "x": F, "y": F}, ("o", "n")
    ),
}


def float_outputs(graph: Graph) -> list[str]:
    return [name for name in graph.outputs if graph.types[name].dtype.value == "float32"]


def quantized(name: str, folder: Path) -> tuple[Graph, Graph, list[dict[str, Array]]]:
    """Return the float graph of a model, that of its integers, and samples."""
    each = MODELS[name]
    model = lines_model(each.text, each.inputs, each.outputs, each.constants, each.attributes)
    samples = drawn(model)
    graph = float_graph(model, samples, folder)
    return graph, integer_graph(graph, samples), samples


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_plain_numbers(name: str, tmp_path: Path) -> None:
    """Float as onnxruntime; integers near them; the interpreter as the reference."""
    each = MODELS[name]
    graph, integers, samples = quantized(name, tmp_path)
    if each.kernels is not None:
        assert tuple(node.op.name for node in integers.nodes) == each.kernels
    for output in float_outputs(graph):
        assert decibels(graph, integers, samples, output) > each.least
    if each.oracle:
        assert_interpreter_agrees(integers, samples)


@pytest.mark.cc
def test_all_models_run_on_the_host(tmp_path: Path) -> None:
    """C is the reference, bit for bit: all models in one build."""
    made = [quantized(name, tmp_path) for name in MODELS]
    assert_host_agrees([(integers, samples) for _, integers, samples in made], tmp_path / "c")
