"""Strides of a transposed convolution are limited: kernels have a patch for each phase."""

import pytest

from edgec.ir import TensorType
from edgec.ops.layers.transpose_conv2d import TransposeConv2D


def test_a_stride_that_never_steps_is_limited() -> None:
    kinds = [TensorType((1, 1, 1, 2)), TensorType((3, 2, 2, 2))]
    (y,) = TransposeConv2D(strides=(2, 2), size=(2, 2), crop=(0, 0)).infer(kinds)
    assert y.shape == (1, 2, 2, 3)
    with pytest.raises(ValueError, match="stride"):
        TransposeConv2D(strides=(1 << 20, 1 << 20), size=(2, 2), crop=(0, 0)).infer(kinds)
