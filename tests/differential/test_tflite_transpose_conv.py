"""TRANSPOSE_CONV as other converters write it: edgec's import against the interpreter."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import constant, file, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import QParams, ValueName, evaluate

SCALES = np.array([0.02, 0.005, 0.01], np.float32)


def transpose_conv(size: tuple[int, int], *, channels: int = 3, **fields: Any) -> bytes:
    """Return a file: x [1,4,5,2], weights [3,3,4,2], per-channel scales, an output of ``size``."""
    rng = np.random.default_rng(0)
    shape = (1, *size, channels)
    weights = rng.integers(-127, 128, (3, 3, 4, 2)).astype(np.int8)
    bias = rng.integers(-999, 999, 3).astype(np.int32)
    tensors = [
        constant("shape", np.array(shape, np.int32)),
        constant("w", weights, QParams.per_channel(SCALES, 0)),
        tensor("x", (1, 4, 5, 2)),
        constant("b", bias, QParams.per_channel(SCALES * np.float32(0.5), 0)),
        tensor("y", shape, q=QParams.per_tensor(1.5, -20)),
    ]
    fields = {"Padding": "SAME", "StrideH": 2, "StrideW": 2} | fields
    node = FileOperator("TRANSPOSE_CONV", 3, [0, 1, 2, 3], [4], "TransposeConvOptions", fields)
    return file(tensors, [node], [2], [4])


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("size", "fields"),
    [
        ((8, 10), {}),
        ((7, 9), {}),
        ((9, 12), {"Padding": "VALID"}),
        ((10, 13), {"Padding": "VALID"}),
        ((4, 15), {"StrideH": 1, "StrideW": 3}),
        ((8, 10), {"FusedActivationFunction": "RELU"}),
        ((8, 10), {"FusedActivationFunction": "RELU6"}),
    ],
    ids=str,
)
def test_import_equals_the_interpreter(
    size: tuple[int, int], fields: dict[str, Any], tmp_path: Path
) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(transpose_conv(size, **fields))
    graph = load_tflite(path)
    x = np.random.default_rng(1).integers(-128, 128, (1, 4, 5, 2)).astype(np.int8)
    expected = run_tflite(path.read_bytes(), {"x": x})["y"]
    actual = evaluate(graph, {ValueName("x"): x})[ValueName("y")]
    assert actual.shape == expected.shape
    assert actual.tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    "data",
    [
        transpose_conv((8, 10), StrideH=0),
        transpose_conv((8, 10), channels=4),
        transpose_conv((8, 1 << 20)),
    ],
)
def test_what_contradicts_itself_does_not_fit(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(data)
    with pytest.raises(EdgecError) as caught:
        load_tflite(path)
    assert caught.value.code == "operator-misfit"
