"""A few bytes of ONNX never become gigabytes: sizes are refused before anything is made."""

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_models import OnnxBuilder

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.pipelines import optimize_float

GIGA = 2**30
MOST = 2**27
"""Bytes that refusing a model may take at any time; each model below asks for a gigabyte."""

Build = Callable[[OnnxBuilder], str]


def _filled(b: OnnxBuilder, *shape: int) -> str:
    value = numpy_helper.from_array(np.array([1.0], np.float32))
    return b.add("ConstantOfShape", b.ints(*shape), value=value)


def _many(b: OnnxBuilder) -> str:
    """Return the sum of a thousand constants, each of which would be small enough."""
    total = _filled(b, 1, 2**20)
    for index in range(1000):
        total = b.add("Concat", total, _filled(b, 1, 2**20 + index), axis=1)
    return total


def _in_steps(b: OnnxBuilder) -> str:
    """Return what doubles forty times."""
    x = _filled(b, 1, 4)
    for _ in range(40):
        x = b.add("Concat", x, x, axis=1)
    return x


def _copies(b: OnnxBuilder) -> str:
    """Return one of a thousand copies of what the file has."""
    x = b.random(1, 2**18)
    for _ in range(1000):
        x = b.add("Neg", x)
    return x


ASKING: dict[str, Build] = {
    "ConstantOfShape": lambda b: _filled(b, 1, GIGA),
    "Expand": lambda b: b.add("Expand", b.random(1, 1), b.ints(2**15, 2**15)),
    "Tile": lambda b: b.add("Tile", b.random(1, 4), b.ints(2**14, 2**14)),
    "Range": lambda b: b.add("Range", *(b.weight(np.int64(i)) for i in (0, GIGA, 1))),
    "Gather": lambda b: b.add("Gather", b.random(2, 2**16), _places(b, 2**15), axis=0),
    "Add": lambda b: b.add("Add", b.random(2**15, 1), b.random(1, 2**15)),
    "Where": lambda b: b.add(
        "Where", b.weight(np.ones((2**15, 1), np.bool_)), b.random(1, 2**15), b.random(1)
    ),
    "MatMulInteger": lambda b: b.add("MatMulInteger", _bytes(b, 2**15, 1), _bytes(b, 1, 2**15)),
    "MatMul": lambda b: b.add("MatMul", b.random(2**15, 1), b.random(1, 2**15)),
    "Pad": lambda b: b.add("Pad", b.random(1, 4), b.ints(0, 0, 2**14, 2**14)),
    "Resize": lambda b: b.add(
        "Resize", b.random(1, 4, 1, 1), "", "", b.ints(1, 4, 2**13, 2**13), mode="nearest"
    ),
    "OneHot": lambda b: b.add(
        "OneHot",
        _places(b, 2**14),
        b.weight(np.array([2**15])),
        b.weight(np.array([0, 1], np.float32)),
    ),
    "Conv": lambda b: b.add("Conv", b.random(1, 1, 4, 4), b.random(1, 1, 1, 1), pads=[2**13] * 4),
    "Conv of padding": lambda b: b.add(
        "Conv", b.random(1, 1, 4, 4), b.random(1, 1, 1, 1), pads=[2**15] * 4, strides=[2**15] * 2
    ),
    "Cast to text": lambda b: b.add("Cast", b.random(2**22), to=TensorProto.STRING),
    "many": _many,
    "in steps": _in_steps,
    "copies": _copies,
}


def _places(b: OnnxBuilder, count: int) -> str:
    return b.weight(np.zeros(count, np.int64))


def _bytes(b: OnnxBuilder, *shape: int) -> str:
    return b.weight(np.ones(shape, np.uint8))


def _refused(model: onnx.ModelProto, folder: Path) -> EdgecError:
    """Load and optimize a model; return its error. Nothing large may have been made for it."""
    path = folder / "m.onnx"
    path.write_bytes(model.SerializeToString())
    tracemalloc.start()
    try:
        with pytest.raises(EdgecError) as caught:
            optimize_float(load_onnx(path))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MOST
    return caught.value


@pytest.mark.parametrize("name", ASKING)
def test_constants_are_refused_before_they_are_made(name: str, tmp_path: Path) -> None:
    b = OnnxBuilder()
    made = b.add("ReduceMean", ASKING[name](b), keepdims=0)
    b.add("Mul", b.input("x", [1, 4]), made, output="y")
    error = _refused(b.model("y", shapes=[[1, 4]]), tmp_path)
    assert {each.code for each in error.problems()} <= {
        "model-too-large", "unsupported-operator", "unsupported-attribute",
    }  # fmt: skip


def test_texts_are_refused_before_all_are_as_long_as_the_longest(tmp_path: Path) -> None:
    b = OnnxBuilder()
    texts = [b"a" * 25_000] + [b""] * 20_000
    b.weights.append(helper.make_tensor("texts", TensorProto.STRING, [20_001], texts))
    made = [b.add("Identity", "texts"), b.add("Constant", value_strings=texts)]
    b.add("Add", b.input("x", [1, 4]), b.add("Concat", *made, axis=0), output="y")
    error = _refused(b.model("y", shapes=[[1, 4]]), tmp_path)
    assert "texts in tensor 'texts'" in error.problems()[0].message


def test_products_of_constants_are_refused_before_they_take_a_minute(tmp_path: Path) -> None:
    b = OnnxBuilder()
    zeros = numpy_helper.from_array(np.array([0], np.int8))
    left, right = (
        b.add("ConstantOfShape", b.ints(*shape), value=zeros)
        for shape in ((1000, 6000), (6000, 1000))
    )
    made = b.add("Cast", b.add("MatMulInteger", left, right), to=TensorProto.FLOAT)
    b.add("Add", b.input("x", [1, 1000]), made, output="y")
    (error,) = _refused(b.model("y", shapes=[[1000, 1000]]), tmp_path).problems()
    assert "MatMulInteger" in str(error)


def test_the_error_names_node_size_and_remedy(tmp_path: Path) -> None:
    b = OnnxBuilder()
    b.add("Add", b.input("x", [1, 4]), _filled(b, 1, GIGA), output="y")
    (error,) = _refused(b.model("y", shapes=[[1, 4]]), tmp_path).problems()
    assert error.code == "model-too-large"
    assert error.place.inside == "node '/ConstantOfShape_0'"
    assert "8,589,934,592 bytes" in error.message
    assert "check the shapes" in error.help


def test_what_the_file_itself_has_may_be_folded(tmp_path: Path) -> None:
    """The limit grows with the file: weights pass through several nodes on their way."""
    b = OnnxBuilder()
    w = b.random(2**11, 2**10)
    for _ in range(6):
        w = b.add("Transpose", w, perm=[1, 0])
    b.add("MatMul", b.input("x", [1, 2**11]), w, output="y")
    path = tmp_path / "m.onnx"
    path.write_bytes(b.model("y", shapes=[[1, 2**10]]).SerializeToString())
    assert [node.op.name for node in optimize_float(load_onnx(path)).nodes] == ["fully_connected"]


def test_an_embedding_is_gathered_by_its_axis(tmp_path: Path) -> None:
    """The bound of a Gather is by its own axis: a table of many short rows is not large."""
    b = OnnxBuilder()
    rows = b.add("Gather", b.random(2**15, 4), _places(b, 2**12), axis=0)
    b.add("Add", b.input("x", [2**12, 4]), rows, output="y")
    path = tmp_path / "m.onnx"
    path.write_bytes(b.model("y", shapes=[[2**12, 4]]).SerializeToString())
    assert [node.op.name for node in load_onnx(path).nodes] == ["add"]


def test_rows_are_not_repeated_before_columns_are_dropped(tmp_path: Path) -> None:
    b = OnnxBuilder()
    tall = b.add("Resize", b.random(1, 1, 1, 2**16), "", "", b.ints(1, 1, 2**13, 1), mode="nearest")
    b.add("Add", b.input("x", [1, 1, 2**13, 1]), tall, output="y")
    path = tmp_path / "m.onnx"
    path.write_bytes(b.model("y", shapes=[[1, 1, 2**13, 1]]).SerializeToString())
    tracemalloc.start()
    graph = optimize_float(load_onnx(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < MOST
    assert [node.op.name for node in graph.nodes] == ["add"]


def _function(name: str, calls: str) -> onnx.FunctionProto:
    nodes = [
        helper.make_node(calls, [a], [b], domain="" if calls == "Relu" else "f")
        for a, b in (("x", "h"), ("h", "y"))
    ]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("f", 1)]
    return helper.make_function("f", name, ["x"], ["y"], nodes, opsets)


def _of_functions(*functions: onnx.FunctionProto) -> onnx.ModelProto:
    b = OnnxBuilder()
    b.add(functions[0].name, b.input("x", [1, 4]), output="y", domain="f")
    model = b.model("y", shapes=[[1, 4]])
    model.functions.extend(functions)
    model.opset_import.append(helper.make_opsetid("f", 1))
    return model


def test_functions_that_double_are_refused_before_they_are_inlined(tmp_path: Path) -> None:
    functions = [_function(f"F{i}", f"F{i + 1}" if i < 30 else "Relu") for i in range(31)]
    error = _refused(_of_functions(*functions), tmp_path)
    assert error.code == "model-too-large"
    assert f"{2**31} nodes" in error.message


@pytest.mark.parametrize("calls", ["F0", "F1"])
def test_a_function_that_calls_itself_is_refused(calls: str, tmp_path: Path) -> None:
    error = _refused(_of_functions(_function("F0", calls), _function("F1", "F0")), tmp_path)
    assert error.code in {"model-too-large", "malformed-model"}


def test_functions_are_inlined(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(
        _of_functions(_function("F0", "F1"), _function("F1", "Relu")).SerializeToString()
    )
    assert [node.op.name for node in load_onnx(path).nodes] == ["relu"] * 4


def test_data_beside_the_model_is_limited_in_all(tmp_path: Path) -> None:
    """A sparse file takes no disk, and many tensors may be in the same bytes of it."""
    with (tmp_path / "data").open("wb") as file:
        file.truncate(2**27)
    b = OnnxBuilder()
    x = b.input("x", [1, 2**25])
    for _ in range(3):
        x = b.add("Add", x, b.weight(np.zeros(1, np.float32)))
    model = b.model(x, shapes=[[1, 2**25]])
    for each in model.graph.initializer:
        del each.dims[:]
        each.dims.extend([1, 2**25])
        each.ClearField("raw_data")
        each.data_location = TensorProto.EXTERNAL
        each.external_data.add(key="location", value="data")
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(EdgecError) as caught:
        load_onnx(path)
    assert (caught.value.code, caught.value.place.inside) == ("model-too-large", "tensor 'w2'")
