"""Batch normalization: equals onnxruntime in every form; training forms are refused."""

from pathlib import Path

import numpy as np
import pytest
from onnx_node import assert_equals_onnxruntime, imported, node_model

from edgec.errors import EdgecError
from edgec.ir import TensorType
from edgec.ir.types import Array
from edgec.ops.layers.batch_norm import BatchNorm


def parameters(channels: int, lowest: float = 0.2) -> list[Array]:
    rng = np.random.default_rng(channels)
    scale, shift, mean = (rng.standard_normal(channels).astype(np.float32) for _ in range(3))
    return [scale, shift, mean, rng.uniform(lowest, 2, channels).astype(np.float32)]


@pytest.mark.parametrize("opset", [9, 14, 17])
@pytest.mark.parametrize("shape", [(1, 3), (1, 3, 5), (1, 3, 4, 5)])
def test_all_ranks_equal_onnxruntime(shape: tuple[int, ...], opset: int, tmp_path: Path) -> None:
    model = node_model("BatchNormalization", [shape], parameters(3), opset=opset)
    assert_equals_onnxruntime(model, tmp_path)


@pytest.mark.parametrize("epsilon", [0.0, 1e-5, 0.5])
def test_epsilon_counts(epsilon: float, tmp_path: Path) -> None:
    constants = parameters(3, lowest=0.01)
    model = node_model(
        "BatchNormalization", [(1, 3, 2, 2)], constants, epsilon=epsilon, momentum=0.3
    )
    assert_equals_onnxruntime(model, tmp_path)


def test_training_outputs_are_refused(tmp_path: Path) -> None:
    model = node_model(
        "BatchNormalization", [(1, 3, 2, 2)], parameters(3), outputs=("y", "mean", "var"),
        training_mode=1,
    )  # fmt: skip
    with pytest.raises(EdgecError) as caught:
        imported(model, tmp_path)
    assert caught.value.code == "unsupported-attribute"
    assert "model.eval()" in caught.value.help


@pytest.mark.parametrize("variance", [-1.0, np.nan])
def test_a_variance_that_is_none_is_refused(variance: float, tmp_path: Path) -> None:
    constants = parameters(3)
    constants[3][1] = variance
    with pytest.raises(EdgecError) as caught:
        imported(node_model("BatchNormalization", [(1, 3, 2, 2)], constants), tmp_path)
    assert caught.value.code == "unsupported-attribute"


def test_the_axis_follows_a_permutation() -> None:
    assert BatchNorm(axis=1).permuted((0, 2, 3, 1)) == BatchNorm(axis=3)


def test_parameters_must_fit_the_axis() -> None:
    x, p = TensorType((1, 3, 4)), TensorType((4,))
    assert BatchNorm(axis=2).infer([x, p, p, p, p]) == (x,)
    with pytest.raises(ValueError, match="axis 1"):
        BatchNorm(axis=1).infer([x, p, p, p, p])
