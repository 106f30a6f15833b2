"""WHILE loops of TFLite files, as Keras writes GRU layers: steps are known and written out."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import constant, file, operator, tensor
from tflite_subgraphs import Part, Subgraphs

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.constant_outputs import with_fixed_outputs
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, evaluate, verify

X = np.random.default_rng(2).normal(size=(3, 1, 2)).astype(np.float32)


def real(name: str, *shape: int) -> FileTensor:
    return tensor(name, shape, DType.FLOAT32, None)


def number(name: str) -> FileTensor:
    return tensor(name, (), DType.INT32, None)


def of_int(name: str, value: int) -> FileTensor:
    return constant(name, np.array(value, np.int32))


def add(*ends: Sequence[int]) -> FileOperator:
    return FileOperator(
        "ADD", 1, ends[0], ends[1], "AddOptions", {"FusedActivationFunction": "NONE"}
    )


def main() -> Part:
    """Return h = loop(0, zeros, x), and h + h behind it."""
    tensors = [
        real("x", 3, 1, 2),
        of_int("zero", 0),
        constant("zeros", np.zeros((1, 2), np.float32)),
        number("count"),
        real("h", 1, 2),
        real("same", 3, 1, 2),
        real("y", 1, 2),
    ]
    options = {"CondSubgraphIndex": 1, "BodySubgraphIndex": 2}
    loop = FileOperator("WHILE", 1, (1, 2, 0), (3, 4, 5), "WhileOptions", options)
    return tensors, [loop, add((4, 4), (6,))], (0,), (6,)


def condition(operators: Sequence[FileOperator] | None = None, limit: int = 3) -> Part:
    tensors = [
        number("i"),
        real("h", 1, 2),
        real("x", 3, 1, 2),
        of_int("limit", limit),
        tensor("goes_on", (), DType.BOOL, None),
    ]
    return tensors, operators or [operator("LESS", (0, 3), (4,))], (0, 1, 2), (4,)


def body() -> Part:
    """Return i + 1, tanh(w h + x[i]), x."""
    tensors = [
        number("i"),
        real("h", 1, 2),
        real("x", 3, 1, 2),
        of_int("one", 1),
        number("next"),
        real("x_i", 1, 2),
        constant("w", np.array([[0.5, -1], [2, 0.25]], np.float32)),
        real("product", 1, 2),
        real("sum", 1, 2),
        real("new", 1, 2),
    ]
    dense = FileOperator("FULLY_CONNECTED", 1, (1, 6, -1), (7,), "FullyConnectedOptions", {})
    operators = [
        add((0, 3), (4,)),
        FileOperator("GATHER", 1, (2, 0), (5,), "GatherOptions", {"Axis": 0}),
        dense,
        add((7, 5), (8,)),
        operator("TANH", (8,), (9,)),
    ]
    return tensors, operators, (0, 1, 2), (4, 9, 2)


def written(folder: Path, *parts: Part) -> Path:
    path = folder / "loop.tflite"
    path.write_bytes(Subgraphs().parts(parts))
    return path


@pytest.mark.oracle
def test_a_loop_is_its_steps(tmp_path: Path) -> None:
    path = written(tmp_path, main(), condition(), body())
    graph = load_tflite(path)
    verify(graph)
    assert [node.op.name for node in graph.nodes].count("tanh") == 3
    assert sum(array.shape == (2, 2) for array in graph.constants.values()) == 1  # weights, once
    assert graph.outputs == ("y",)
    (wanted,) = run_tflite(path.read_bytes(), {"x": X}).values()
    actual = evaluate(graph, {graph.inputs[0]: X})[graph.outputs[0]]
    np.testing.assert_allclose(actual, wanted, rtol=1e-5)


def test_a_loop_of_no_step_leaves_what_it_got(tmp_path: Path) -> None:
    path = written(tmp_path, main(), condition(limit=0), body())
    graph = with_fixed_outputs(load_tflite(path), path)
    (fixed,) = graph.fixed
    assert (fixed.name, graph.outputs) == ("y", ())
    np.testing.assert_array_equal(fixed.data, np.zeros((1, 2)))


@pytest.mark.parametrize(
    "parts",
    [
        (main(), condition(limit=1000), body()),  # too long
        (main(), condition([operator("LESS", (0, 0), (3,))]), body()),  # the result is not made
        (main(), condition()),  # no body
        (main(), condition(), condition()),  # a body with other ends
    ],
)
def test_loops_that_cannot_be_written_out_are_rejected(
    parts: tuple[Part, ...], tmp_path: Path
) -> None:
    with pytest.raises(EdgecError, match="WHILE") as caught:
        load_tflite(written(tmp_path, *parts))
    (problem,) = caught.value.problems()
    assert problem.code == "unsupported-operator"
    assert "unroll" in problem.help


def test_an_empty_part_of_a_split_is_left_out(tmp_path: Path) -> None:
    sizes = constant("sizes", np.array([2, 2, -1], np.int32))
    parts = [real("a", 1, 2), real("b", 1, 2), real("nothing", 1, 0)]
    tensors = [real("x", 1, 4), sizes, of_int("axis", 1), *parts, real("y", 1, 2)]
    split = FileOperator("SPLIT_V", 1, (0, 1, 2), (3, 4, 5), "SplitVOptions", {"NumSplits": 3})
    path = tmp_path / "split.tflite"
    path.write_bytes(file(tensors, [split, add((3, 4), (6,))], outputs=(6,)))
    graph = load_tflite(path)
    x = np.array([[1, 2, 30, 40]], np.float32)
    (y,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_array_equal(y, [[31, 42]])
