"""Batch normalization at inference. Float only: passes fold it away before quantization."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Signature, TensorType, ValueName
from edgec.ops.operator import Operator
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNorm(Operator):
    """x [...,C,...], scale, shift, mean, variance, each [C] -> [...,C,...].

    The result is scale * (x - mean) / sqrt(variance + epsilon) + shift. C is the extent of
    ``axis``.
    Source: ONNX BatchNormalization-15, training_mode = 0 (Ioffe, Szegedy 2015).
    """

    name: ClassVar[str] = "batch_norm"
    is_replaced: ClassVar[bool] = True
    axis: int
    epsilon: float = 1e-5

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, *parameters = inputs
        channels = x.shape[self.axis : self.axis + 1]
        floats = all(each.dtype is DType.FLOAT32 for each in inputs)
        shapes = [each.shape for each in parameters]
        if not floats or self.axis < 0 or shapes != [channels] * 4:
            message = (
                f"batch_norm over axis {self.axis} of {x} with {', '.join(map(str, parameters))}"
            )
            raise ValueError(message)
        return (x,)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, *parameters = inputs
        gain, offset = self.gain_and_offset(*parameters)
        extent = [1] * x.ndim
        extent[self.axis] = -1
        return ((x * gain.reshape(extent) + offset.reshape(extent)).astype(x.dtype),)

    def gain_and_offset(
        self, scale: Array, shift: Array, mean: Array, variance: Array
    ) -> tuple[Array, Array]:
        """Return g and o, float64 [C], such that the result is ``x * g + o``."""
        gain = scale.astype(np.float64) / np.sqrt(variance.astype(np.float64) + self.epsilon)
        return gain, shift - mean * gain

    def permuted(self, perm: Sequence[int]) -> "BatchNorm":
        return replace(self, axis=tuple(perm).index(self.axis))


@importer(Format.ONNX, "BatchNormalization")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("momentum")
    if node.flag("training_mode", default=False) or len(node.outputs) > 1:
        raise node.reject("it is in training mode", help="call model.eval() before the export")
    if not node.flag("spatial", default=True):
        raise node.reject("spatial = 0 (one mean per element)", help="export with opset 9 or later")
    parameters = [node.input(index) for index in range(1, 5)]
    variance = node.constant(g, 4)
    epsilon = node.number("epsilon", default=1e-5)
    for index in range(1, 4):
        node.constant(g, index)
    if not np.all(variance.astype(np.float64) + epsilon > 0):
        raise node.reject(
            "the variance has negative elements or NaN, so have its results",
            help="check the weights: training has diverged, or the file is damaged",
        )
    op = BatchNorm(axis=1, epsilon=epsilon)
    return g.add(op, [node.input(0), *parameters], name=node.name, outputs=node.outputs)
