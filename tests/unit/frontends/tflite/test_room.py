"""A few bytes of TFLite never become gigabytes, nor loops within loops minutes."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tflite_files import OddLayout, constant, file, operator, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.frontends.tflite.reader import FileModel
from edgec.frontends.tflite.reader import FileOperator as Read
from edgec.frontends.tflite.reader import FileTensor as Stored
from edgec.frontends.tflite.while_loops import with_unrolled_loops
from edgec.ir import DType

MOST = 2**27
LARGE = 1 << 16  # elements that may still be a shape


def ints(name: str, *shape: int) -> FileTensor:
    return constant(name, np.zeros(shape, np.int32))


def computed(name: str, *shape: int) -> FileTensor:
    return tensor(name, shape, DType.INT32, None)


def _refused(data: bytes, folder: Path) -> EdgecError:
    path = folder / "m.tflite"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        with pytest.raises(EdgecError) as caught:
            load_tflite(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST
    return caught.value


@pytest.mark.parametrize(
    ("code", "options"),
    [("ADD", "AddOptions"), ("MUL", "MulOptions"), ("GATHER", "")],
)
def test_shape_arithmetic_is_bounded_before_it_is_done(
    code: str, options: str, tmp_path: Path
) -> None:
    """Both operands are small enough for shapes, what they make together is not."""
    wide, tall = (1, LARGE), (LARGE, 1)
    tensors = [
        tensor("x", (1, 4)),
        ints("a", *wide),
        ints("b", *(tall if code != "GATHER" else (LARGE,))),
        computed("y", LARGE, LARGE // 2**10),
    ]
    made = FileOperator(code, 1, (1, 2), (3,), options, {})
    error = _refused(file(tensors, [made], outputs=(3,)), tmp_path)
    codes = {each.code for each in error.problems()}
    assert codes <= {"model-too-large", "unsupported-tensor", "unsupported-operator"}


def test_many_tensors_in_one_buffer_are_counted(tmp_path: Path) -> None:
    """A file of 2 MB whose one buffer is two hundred constants."""
    many = [constant(f"c{i}", np.zeros((1, 2**20), np.int8)) for i in range(200)]
    shared = file(
        [tensor("x", (1, 4)), *many],
        [operator("RELU", [0], [1])],
        outputs=(1,),
        Tensor=lambda _, fields: fields | {"Buffer": min(fields["Buffer"], 1)},
        Model=lambda layout, fields: fields | {"Buffers": _first_two(layout)},
    )
    assert len(shared) < 2**22
    error = _refused(shared, tmp_path)
    assert error.code == "model-too-large"
    assert "in one buffer" in error.message


def _first_two(layout: OddLayout) -> int:
    """Write the empty buffer and the first one alone."""
    return layout._offsets([layout._buffer(each) for each in layout._data[:2]])


def _loops(depth: int, name: str) -> FileModel:
    """Return loops of 200 steps in loops of 200 steps, none of which does anything."""

    def number(called: str, value: int | None = None) -> Stored:
        data = None if value is None else np.array(value, np.int32)
        return Stored(called, (), "INT32", DType.INT32, None, data, "")

    truth = Stored("on", (), "BOOL", DType.BOOL, None, None, "")
    less = Read("LESS", 1, (0, 1), (2,), {})
    condition = FileModel((number("i"), number("limit", 200), truth), (less,), (0,), (2,))
    add = Read("ADD", 1, (0, 1), (2,), {"fused_activation_function": "NONE"})
    bodies: list[FileModel] = [condition]
    for level in range(depth):
        inner: Sequence[Read] = ()
        if level:
            indices = {"cond_subgraph_index": 1, "body_subgraph_index": level + 1}
            inner = (Read("WHILE", 1, (3,), (4,), indices),)
        tensors = (
            number("i"), number("one", 1), number("next"), number("zero", 0), number(name),
        )  # fmt: skip
        bodies.append(FileModel(tensors, (*inner, add), (0,), (2,)))
    indices = {"cond_subgraph_index": 1, "body_subgraph_index": depth + 1}
    main = FileModel(
        (number("start", 0), number("end")), (Read("WHILE", 1, (0,), (1,), indices),), (0,), (1,)
    )
    return replace(main, bodies=tuple(bodies))


def test_one_loop_is_written_out() -> None:
    assert not with_unrolled_loops(_loops(1, "n")).operators


@pytest.mark.parametrize(("depth", "name"), [(3, "n"), (2, "n" * 100_000)])
def test_loops_in_loops_end(depth: int, name: str) -> None:
    """Eight million steps, or forty thousand with 100 KB of a name each: they stay a loop."""
    tracemalloc.start()
    unrolled = with_unrolled_loops(_loops(depth, name))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [each.op for each in unrolled.operators] == ["WHILE"]
    assert peak < MOST
    assert len(unrolled.tensors) < 50_000
