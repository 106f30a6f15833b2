"""BUCKETIZE, which Keras' Discretization becomes: the buckets of TFLite's interpreter."""

from pathlib import Path

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import file, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import Array, DType, Graph, evaluate

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


def test_boundaries_that_do_not_ascend_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EdgecError, match="do not ascend"):
        load(written(DType.FLOAT32, [1.0, 0.0]), tmp_path)
