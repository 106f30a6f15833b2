"""BUCKETIZE, which Keras' Discretization becomes: the buckets of TFLite's interpreter."""

from pathlib import Path

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import file, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, QParams, evaluate
from edgec.pipelines import optimize_integer

BOUNDARIES = [-1.5, 0.0, 0.0, 2.25]
FLOATS = np.array([[-2, -1.5, -1, -0.0, 0.5, 2.25, 3]], np.float32)


def written(dtype: DType, boundaries: list[float]) -> bytes:
    tensors = [tensor("x", (1, 7), dtype, None), tensor("y", (1, 7), DType.INT32, None)]
    bits = np.array(boundaries, np.float32).view(np.int32)  # the writer knows vectors of int32
    options = {"Boundaries": bits}
    one = FileOperator("BUCKETIZE", 1, (0,), (1,), "BucketizeOptions", options)
    return file(tensors, [one], outputs=(1,))


def load(data: bytes, folder: Path) -> Graph:
    path = folder / "model.tflite"
    path.write_bytes(data)
    return load_tflite(path)


@pytest.mark.oracle
@pytest.mark.parametrize("x", [FLOATS, np.arange(-3, 4, dtype=np.int32)[None]], ids=["f", "i"])
@pytest.mark.parametrize("boundaries", [BOUNDARIES, [0.5], [-9e9, 1.0, 9e9]], ids=str)
def test_buckets_are_those_of_the_interpreter(
    x: Array, boundaries: list[float], tmp_path: Path
) -> None:
    data = written(DType.of(x), boundaries)
    graph = load(data, tmp_path)
    (got,) = evaluate(graph, {graph.inputs[0]: x}).values()
    (wanted,) = run_tflite(data, {"x": x}, exact=True).values()
    np.testing.assert_array_equal(got, wanted)


@pytest.mark.oracle
def test_of_integers_steps_are_compared(tmp_path: Path) -> None:
    """Between DEQUANTIZE and BUCKETIZE, as in an int8 model, no float is left."""
    kinds = [DType.INT8, DType.FLOAT32, DType.INT32]
    shape = (1, 256)
    q = QParams.per_tensor(0.05, 3)
    tensors = [
        tensor(name, shape, kind, q if kind is DType.INT8 else None)
        for name, kind in zip("xry", kinds, strict=True)
    ]
    bits = np.array([-9.0, -0.3, 0.05, 0.06, 5.0, 9.0], np.float32).view(np.int32)
    operators = [
        FileOperator("DEQUANTIZE", 2, (0,), (1,), "", {}),
        FileOperator("BUCKETIZE", 1, (1,), (2,), "BucketizeOptions", {"Boundaries": bits}),
    ]
    data = file(tensors, operators, outputs=(2,))
    graph = optimize_integer(load(data, tmp_path))
    assert {kind.dtype for kind in graph.types.values()}.isdisjoint({DType.FLOAT32})
    x = np.arange(-128, 128, dtype=np.int8)[None]
    (got,) = evaluate(graph, {graph.inputs[0]: x}).values()
    (wanted,) = run_tflite(data, {"x": x}, exact=True).values()
    np.testing.assert_array_equal(got, wanted)


def test_boundaries_that_do_not_ascend_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="do not ascend"):
        load(written(DType.FLOAT32, [1.0, 0.0]), tmp_path)
