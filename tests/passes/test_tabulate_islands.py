"""Floats between integers, as TensorFlow 2.21 writes NEG, SQUARE and others: tables."""

from pathlib import Path

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import constant, file, imported, tensor

from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.ir import Array, DType, QParams, evaluate

SHAPE = (1, 256)
IN, OUT = QParams.per_tensor(0.02, 3), QParams.per_tensor(0.015, -20)
STEPS: Array = np.arange(-128, 128, dtype=np.int8)[None]


def real(name: str) -> FileTensor:
    return tensor(name, SHAPE, DType.FLOAT32, None)


def island(*codes: str) -> bytes:
    """Return x -> DEQUANTIZE -> the operators, one by one -> QUANTIZE."""
    count = len(codes) + 1
    tensors = [tensor("x", SHAPE, q=IN), *(real(f"r{n}") for n in range(count))]
    operators = [FileOperator("DEQUANTIZE", 2, (0,), (1,), "", {})]
    for number, code in enumerate(codes, 1):
        operators.append(FileOperator(code, 1, (number,), (number + 1,), "", {}))
    operators.append(FileOperator("QUANTIZE", 1, (count,), (count + 1,), "", {}))
    tensors.append(tensor("y", SHAPE, q=OUT))
    return file(tensors, operators, outputs=(count + 1,))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "codes", [("NEG",), ("SQUARE",), ("SIN",), ("FLOOR",), ("ABS", "SQRT", "NEG")], ids="-".join
)
def test_an_island_is_a_table(codes: tuple[str, ...], tmp_path: Path) -> None:
    data = island(*codes)
    graph = imported(data, tmp_path)
    assert [node.op.name for node in graph.nodes] == ["lookup"]
    (got,) = evaluate(graph, {graph.inputs[0]: STEPS}).values()
    (wanted,) = run_tflite(data, {"x": STEPS}, exact=True).values()
    np.testing.assert_array_equal(got, wanted)


def product(second: str) -> bytes:
    """Return x times ``second``, another value or a row of constants, in floats."""
    tensors = [
        tensor("x", SHAPE, q=IN),
        tensor("z", SHAPE, q=IN),
        constant("row", np.linspace(0, 1, 256, dtype=np.float32)[None]),
        constant("number", np.array(0.5, np.float32)),
        *(real(name) for name in ("xr", "zr", "p")),
        tensor("y", SHAPE, q=OUT),
    ]
    factor = {"value": 5, "row": 2, "number": 3, "itself": 4}[second]
    operators = [
        FileOperator("DEQUANTIZE", 2, (0,), (4,), "", {}),
        FileOperator("DEQUANTIZE", 2, (1,), (5,), "", {}),
        FileOperator("MUL", 1, (4, factor), (6,), "MulOptions", {}),
        FileOperator("QUANTIZE", 1, (6,), (7,), "", {}),
    ]
    return file(tensors, operators, inputs=(0, 1), outputs=(7,))


@pytest.mark.parametrize(
    ("second", "tabulated"), [("value", False), ("row", False), ("number", True), ("itself", True)]
)
def test_only_functions_of_one_value_are(second: str, tabulated: bool, tmp_path: Path) -> None:
    graph = imported(product(second), tmp_path)
    assert ("lookup" in {node.op.name for node in graph.nodes}) == tabulated
    if tabulated:
        feeds = dict.fromkeys(graph.inputs, STEPS)
        (got,) = evaluate(graph, feeds).values()
        x = np.float32(0.02) * (STEPS.astype(np.float32) - 3)
        exact = x * (np.float32(0.5) if second == "number" else x) / 0.015 - 20
        assert np.abs(got - np.clip(exact, -128, 127)).max() <= 0.51
