"""Lists of rows that a loop writes one by one, as two recurrent Keras layers in a row have them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import constant, file, operator, tensor
from tflite_subgraphs import Part
from unit.frontends.tflite.test_while_loops import (
    add,
    condition,
    number,
    of_int,
    real,
    written,
)

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, evaluate, verify
from edgec.pipelines import optimize_float

STEPS = 20
X = np.random.default_rng(5).normal(size=(STEPS, 1, 2)).astype(np.float32)


def joined(inputs: tuple[int, ...], outputs: tuple[int, ...]) -> FileOperator:
    return FileOperator(
        "CONCATENATION",
        1,
        inputs,
        outputs,
        "ConcatenationOptions",
        {"Axis": 0, "FusedActivationFunction": "NONE"},
    )


def vector(name: str, *values: int) -> FileTensor:
    return constant(name, np.array(values, np.int32))


def body() -> Part:
    """Return i + 1, the list with row i set to tanh(x[i]), x; the list is tensor 1."""
    whole = (STEPS, 1, 2)
    kinds = [
        number("i"),
        real("list", *whole),
        real("x", *whole),
        of_int("one", 1),
        number("next"),
        real("row", 1, 1, 2),
        vector("a row", 1),
        tensor("size of before", (1,), DType.INT32, None),
        vector("all of the rest", -1, -1),
        tensor("before/size", (3,), DType.INT32, None),
        vector("front", 0, 0, 0),
        real("before", 1, 1, 2),
        tensor("begin of behind", (1,), DType.INT32, None),
        vector("from the begin", 0, 0),
        tensor("behind/begin", (3,), DType.INT32, None),
        vector("to the end", -1, -1, -1),
        real("behind", 1, 1, 2),
        real("list after", *whole),
        real("x_i", 1, 2),
        real("squashed", 1, 2),
        vector("row/shape", 1, 1, 2),
    ]
    operators = [
        add((0, 3), (4,)),
        FileOperator("GATHER", 1, (2, 0), (18,), "GatherOptions", {"Axis": 0}),
        operator("TANH", (18,), (19,)),
        operator("RESHAPE", (19, 20), (5,)),
        operator("RESHAPE", (0, 6), (7,)),
        joined((7, 8), (9,)),
        operator("SLICE", (1, 10, 9), (11,)),
        operator("RESHAPE", (4, 6), (12,)),
        joined((12, 13), (14,)),
        operator("SLICE", (1, 14, 15), (16,)),
        joined((11, 5, 16), (17,)),
    ]
    return kinds, operators, (0, 1, 2), (4, 17, 2)


def main() -> Part:
    """Return what a second loop makes of the list that the first has made."""
    lists = [real(name, STEPS, 1, 2) for name in ("x", "h", "x again", "y", "h again")]
    counts = [number(name) for name in ("count", "count again")]
    zeros = [of_int("zero", 0), constant("zeros", np.zeros((STEPS, 1, 2), np.float32))]
    options = [{"CondSubgraphIndex": each, "BodySubgraphIndex": each + 1} for each in (1, 3)]
    ends = [((5, 6, 0), (7, 1, 2)), ((5, 6, 1), (8, 3, 4))]
    loops = [
        FileOperator("WHILE", 1, *each, "WhileOptions", fields)
        for each, fields in zip(ends, options, strict=True)
    ]
    return [*lists, *zeros, *counts], loops, (0,), (3,)


def cond(limit: int = STEPS) -> Part:
    tensors, operators, inputs, outputs = condition(limit=limit)
    i, h, x, *rest = tensors
    lists = [replace(each, kind=X_KIND) for each in (h, x)]
    return [i, *lists, *rest], operators, inputs, outputs


X_KIND = real("x", STEPS, 1, 2).kind


def computed(graph: Graph) -> Array:
    (y,) = evaluate(graph, {graph.inputs[0]: X}).values()
    return y


def test_rows_set_one_by_one_are_joined_once(tmp_path: Path) -> None:
    path = written(tmp_path, main(), cond(), body(), cond(), body())
    graph = load_tflite(path)
    verify(graph)
    assert graph.outputs == ("y",)
    np.testing.assert_allclose(computed(graph), np.tanh(np.tanh(X)), rtol=1e-6)
    lean = optimize_float(graph)
    names = [node.op.name for node in lean.nodes]
    assert names.count("composite") == STEPS, "a row of the list between is read as it is made"
    assert names.count("concatenation") == 3, "16 and 4 rows, and both: each row is copied twice"
    assert names.count("slice") == STEPS, "the rows of x"
    np.testing.assert_array_equal(computed(lean), computed(graph))


def test_rows_that_no_step_sets_keep_what_they_were(tmp_path: Path) -> None:
    first = np.arange(STEPS * 2, dtype=np.float32).reshape(STEPS, 1, 2)
    tensors, loops, inputs, _ = main()
    tensors = [*tensors[:6], constant("first", first), *tensors[7:]]
    graph = load_tflite(written(tmp_path, (tensors, loops[:1], inputs, (1,)), cond(3), body()))
    np.testing.assert_allclose(computed(graph)[:3], np.tanh(X[:3]), rtol=1e-6)
    np.testing.assert_array_equal(computed(graph)[3:], first[3:])


def test_a_list_that_is_computed_gives_its_other_rows(tmp_path: Path) -> None:
    """The first list is made by an operator, not a constant."""
    tensors, loops, inputs, _ = main()
    tensors = [*tensors, real("doubled", STEPS, 1, 2)]
    loop = replace(loops[0], inputs=(5, 9, 0))
    doubled = add((0, 0), (9,))
    graph = load_tflite(
        written(tmp_path, (tensors, [doubled, loop], inputs, (1,)), cond(3), body())
    )
    np.testing.assert_allclose(computed(graph)[:3], np.tanh(X[:3]), rtol=1e-6)
    np.testing.assert_array_equal(computed(graph)[3:], 2 * X[3:])


def of_slice(size: int, *, joins: bool) -> bytes:
    """Return a file with a slice of ``size`` rows of x [4, 2], and x behind it."""
    tensors = [
        real("x", 4, 2),
        vector("begin", 1, 0),
        vector("size", size, 2),
        real("part", size, 2),
        real("y", 4 + size, 2),
    ]
    operators = [operator("SLICE", (0, 1, 2), (3,)), joined((3, 0), (4,))]
    if not joins:
        return file(tensors[:4], operators[:1], outputs=(3,))
    return file(tensors, operators, outputs=(4,))


@pytest.mark.oracle
@pytest.mark.parametrize("size", [0, 1])
def test_a_slice_of_nothing_adds_nothing(size: int, tmp_path: Path) -> None:
    path = tmp_path / "slice.tflite"
    path.write_bytes(of_slice(size, joins=True))
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    graph = load_tflite(path)
    (wanted,) = run_tflite(path.read_bytes(), {"x": x}).values()
    (actual,) = evaluate(graph, {graph.inputs[0]: x}).values()
    np.testing.assert_array_equal(actual, wanted)


def test_an_output_of_nothing_is_refused_but_not_called_malformed(tmp_path: Path) -> None:
    path = tmp_path / "slice.tflite"
    path.write_bytes(of_slice(0, joins=False))
    with pytest.raises(EdgecError, match="output 'part' is empty") as caught:
        load_tflite(path)
    assert caught.value.code == "unsupported-shape"
