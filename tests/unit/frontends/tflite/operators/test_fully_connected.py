"""Weights of FULLY_CONNECTED that are not what TFLite's specification has: as its kernels do."""

from pathlib import Path

import numpy as np
import pytest
from ops.case import random_array
from oracle import Oracle
from tflite_files import constant, file, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, QParams, TensorType, evaluate

WEIGHTS = np.random.default_rng(0).integers(-100, 100, (5, 8)).astype(np.int8)
COMPUTED = FileTensor("w", TensorType((5, 8), DType.INT8, QParams.per_tensor(0.01)), None)


def layer(weights: FileTensor, inputs: tuple[int, ...] = (0, 1, 2)) -> bytes:
    tensors = [
        tensor("x", (2, 8), q=QParams.per_tensor(0.05, -4)),
        weights,
        constant("b", np.arange(-200, 300, 100).astype(np.int32), QParams.per_tensor(0.0005)),
        tensor("y", (2, 5), q=QParams.per_tensor(0.3, 6)),
    ]
    operator = FileOperator("FULLY_CONNECTED", 4, inputs, (3,), "FullyConnectedOptions", {})
    ends = (0,) if weights.data is not None else (0, 1)
    return file(tensors, [operator], ends, (3,))


@pytest.mark.oracle
@pytest.mark.parametrize(
    "content",
    [
        layer(constant("w", WEIGHTS, QParams.per_tensor(0.01, 3))),
        layer(constant("w", WEIGHTS, QParams.per_tensor(0.01, -27))),
        layer(constant("w", WEIGHTS, QParams((0.01, 0.02, 0.03, 0.01, 0.02), (1, 2, 3, 4, 5), 0))),
        layer(constant("w", WEIGHTS, QParams.per_tensor(0.01)), (0, 1, -1)),
        layer(COMPUTED),
        layer(COMPUTED, (0, 1)),
    ],
    ids=["zero_point", "fits_just", "zero_points", "absent_bias", "computed", "without_bias"],
)
def test_odd_weights_give_the_bytes_of_the_interpreter(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "dense.tflite"
    path.write_bytes(content)
    graph, oracle = load_tflite(path), Oracle(content, exact=True)
    rng = np.random.default_rng(1)
    for _ in range(10):
        sample = {value: random_array(rng, graph.types[value]) for value in graph.inputs}
        expected = oracle.run(sample)
        assert evaluate(graph, sample)[graph.outputs[0]].tobytes() == expected["y"].tobytes()


@pytest.mark.parametrize(
    "weights",
    [
        constant("w", WEIGHTS, QParams.per_tensor(0.01, 100)),
        FileTensor("w", TensorType((5, 8), DType.INT8, QParams.per_tensor(0.01, 7)), None),
    ],
    ids=["do_not_fit", "computed"],
)
def test_zero_points_that_cannot_be_taken_off_are_refused(
    weights: FileTensor, tmp_path: Path
) -> None:
    path = tmp_path / "dense.tflite"
    path.write_bytes(layer(weights))
    with pytest.raises(EdgecError, match=r"FULLY_CONNECTED: weights 'w' have zero point") as caught:
        load_tflite(path)
    assert caught.value.code == "unsupported-quantization"
