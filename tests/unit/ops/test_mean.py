from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model

from edgec.errors import EdgecError
from edgec.ir import TensorType, ValueName
from edgec.ops.reductions.mean import Mean


@pytest.mark.parametrize(
    "attributes",
    [{}, {"axes": [2, 3]}, {"axes": [-1, 1], "keepdims": 0}, {"axes": [0], "keepdims": 1}],
    ids=str,
)
def test_reduce_mean_equals_onnxruntime(attributes: dict[str, Any], tmp_path: Path) -> None:
    model = node_model("ReduceMean", [(2, 3, 5, 4)], opset=13, **attributes)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("axes", [[2, 3], [-1], [1, 3]], ids=str)
def test_axes_as_an_input_equal_onnxruntime(axes: list[int], keepdims: int, tmp_path: Path) -> None:
    constants = [np.array(axes, np.int64)]
    model = node_model("ReduceMean", [(2, 3, 5, 4)], constants, opset=18, keepdims=keepdims)
    assert_equals_onnxruntime(model, tmp_path)


def test_no_axes_is_all_of_them_or_none(tmp_path: Path) -> None:
    everything = node_model("ReduceMean", [(2, 3)], opset=18, keepdims=0)
    assert assert_equals_onnxruntime(everything, tmp_path).types[ValueName("y")].shape == ()
    nothing = node_model("ReduceMean", [(2, 3)], opset=18, noop_with_empty_axes=1)
    assert assert_equals_onnxruntime(nothing, tmp_path).types[ValueName("y")].shape == (2, 3)


def test_axis_outside_the_tensor_is_malformed(tmp_path: Path) -> None:
    with pytest.raises(EdgecError) as caught:
        imported(node_model("ReduceMean", [(2, 3)], opset=13, axes=[2]), tmp_path)
    assert caught.value.code == "malformed-model"


@pytest.mark.parametrize(
    ("axes", "keep", "shape"),
    [((1,), True, (2, 1, 4)), ((0, 2), False, (3,)), ((), False, (2, 3, 4))],
)
def test_shapes(axes: tuple[int, ...], keep: bool, shape: tuple[int, ...]) -> None:
    (kind,) = Mean(axes=axes, keep_dims=keep).infer([TensorType((2, 3, 4))])
    assert kind.shape == shape


def test_mean_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="axes"):
        Mean(axes=(0,)).infer([TensorType((0, 3))])
