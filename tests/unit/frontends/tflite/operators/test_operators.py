"""What TFLite files say in other ways than our exporter does, and what is refused."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tflite_files import constant, file, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, Graph, QParams
from edgec.ops.activations.clip import Clip
from edgec.ops.elementwise.extremum import Extremum
from edgec.ops.movement.reshape import Reshape

Q = QParams.per_tensor(0.5, 3)


def load(
    folder: Path,
    code: str,
    tensors: Sequence[FileTensor],
    inputs: Sequence[int],
    options: str = "",
    **fields: Any,
) -> Graph:
    """Import one operator; inputs without data are the model's, the last tensor is its output."""
    output = len(tensors) - 1
    path = folder / "model.tflite"
    node = FileOperator(code, 1, inputs, [output], options, fields)
    free = [i for i in inputs if tensors[i].data is None]
    path.write_bytes(file(tensors, [node], free, [output]))
    return load_tflite(path)


def test_squeeze(tmp_path: Path) -> None:
    tensors = [tensor("x", (1, 3, 1, 5)), tensor("y", (3, 5))]
    graph = load(tmp_path, "SQUEEZE", tensors, [0], "SqueezeOptions")
    assert [node.op for node in graph.nodes] == [Reshape(shape=(3, 5))]


def test_expand_dims(tmp_path: Path) -> None:
    axis = constant("axis", np.array(-1, np.int32))
    tensors = [tensor("x", (3, 5)), axis, tensor("y", (3, 5, 1))]
    graph = load(tmp_path, "EXPAND_DIMS", tensors, [0, 1], "ExpandDimsOptions")
    assert [node.op for node in graph.nodes] == [Reshape(shape=(3, 5, 1))]


def test_reshape_with_an_open_extent(tmp_path: Path) -> None:
    shape = constant("shape", np.array([1, -1], np.int32))
    tensors = [tensor("x", (1, 3, 5)), shape, tensor("y", (1, 15))]
    graph = load(tmp_path, "RESHAPE", tensors, [0, 1])
    assert [node.op for node in graph.nodes] == [Reshape(shape=(1, 15))]


def test_reshape_to_a_shape_computed_at_run_time_is_rejected(tmp_path: Path) -> None:
    tensors = [tensor("x", (1, 15)), tensor("shape", (2,), DType.INT32, None), tensor("y", (3, 5))]
    with pytest.raises(EdgecError, match="computed at run time"):
        load(tmp_path, "RESHAPE", tensors, [0, 1])


@pytest.mark.parametrize(
    ("code", "expected"), [("MAXIMUM", Clip(low=-0.5)), ("MINIMUM", Clip(high=-0.5))]
)
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_limits_by_a_constant(
    code: str, expected: Clip, order: tuple[int, int], tmp_path: Path
) -> None:
    limit = constant("limit", np.array(2, np.int8), Q)
    tensors = [tensor("x", (3, 5)), limit, tensor("y", (3, 5))]
    graph = load(tmp_path, code, tensors, order, "MaximumMinimumOptions")
    assert [node.op for node in graph.nodes] == [expected]


def test_limits_of_a_float_model(tmp_path: Path) -> None:
    """Keras spells hard sigmoid with such."""
    x, y = (tensor(name, (3, 5), DType.FLOAT32, None) for name in "xy")
    tensors = [x, constant("limit", np.array(0.75, np.float32)), y]
    graph = load(tmp_path, "MINIMUM", tensors, [0, 1], "MaximumMinimumOptions")
    assert [node.op for node in graph.nodes] == [Clip(high=0.75)]


def test_the_maximum_of_two_activations(tmp_path: Path) -> None:
    tensors = [tensor(name, (3, 5)) for name in "aby"]
    graph = load(tmp_path, "MAXIMUM", tensors, [0, 1], "MaximumMinimumOptions")
    assert [node.op for node in graph.nodes] == [Extremum(largest=True)]


def test_limits_of_another_scale_are_rejected(tmp_path: Path) -> None:
    limit = constant("limit", np.array(2, np.int8), QParams.per_tensor(0.25, 3))
    tensors = [tensor("x", (3, 5)), limit, tensor("y", (3, 5))]
    with pytest.raises(EdgecError, match="differ in quantization"):
        load(tmp_path, "MINIMUM", tensors, [0, 1], "MaximumMinimumOptions")


def test_concatenation_of_different_scales_is_rejected(tmp_path: Path) -> None:
    other = tensor("b", (3, 5), q=QParams.per_tensor(0.25, 3))
    tensors = [tensor("a", (3, 5)), other, tensor("y", (3, 10))]
    with pytest.raises(EdgecError, match="differ in quantization") as caught:
        load(tmp_path, "CONCATENATION", tensors, [0, 1], "ConcatenationOptions", Axis=-1)
    assert caught.value.code == "unsupported-attribute"


def test_concatenation_with_an_activation_is_rejected(tmp_path: Path) -> None:
    tensors = [tensor("a", (3, 5)), tensor("b", (3, 5)), tensor("y", (3, 10))]
    fields = {"Axis": 1, "FusedActivationFunction": "RELU"}
    with pytest.raises(EdgecError, match="fused activation RELU"):
        load(tmp_path, "CONCATENATION", tensors, [0, 1], "ConcatenationOptions", **fields)


def test_softmax_below_fixed_point_is_rejected(tmp_path: Path) -> None:
    x = tensor("x", (1, 5), q=QParams.per_tensor(1e-9))
    tensors = [x, tensor("y", (1, 5), q=QParams.per_tensor(1 / 256, -128))]
    with pytest.raises(EdgecError, match="too small for fixed point"):
        load(tmp_path, "SOFTMAX", tensors, [0], "SoftmaxOptions", Beta=1.0)


def test_negative_padding_is_rejected(tmp_path: Path) -> None:
    pads = constant("pads", np.array([[0, 0], [-1, 0]], np.int32))
    tensors = [tensor("x", (3, 5)), pads, tensor("y", (3, 4))]
    with pytest.raises(EdgecError, match="negative paddings"):
        load(tmp_path, "PAD", tensors, [0, 1], "PadOptions")
