"""What a layer with weights says of itself: where its channels are, and how it is a product.

Passes, the quantizer and pruning ask these questions instead of knowing the layouts of layers.
Shapes are asked for where the answer depends on them: ``weights`` is the shape of the weights,
``channels`` the last axis of x.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from edgec.ir import Array, Node, Signature, TensorType, ValueName
from edgec.ops.layers.windows import Pads, Window
from edgec.ops.operator import Operator


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedLayer(Operator):
    """Reads x, weights and, where there is one, a bias per output channel, in this order.

    Quantized weights are int8, symmetric but in models of the scheme before int8
    (:func:`centered_weights`); a bias is int32 for int8 activations, int64 for int16.
    """

    output_axis: ClassVar[int] = 0  # of the weights: output channels
    input_axis: ClassVar[int | None]  # the channels a group reads; None: one for each output
    scale_axis: ClassVar[int | None]  # of our quantizer: one scale per slice; None: one in all
    is_dense: ClassVar[bool] = False  # weights [O,I] multiply rows of I: there is no image

    @staticmethod
    def weights_of(node: Node) -> ValueName:
        return node.inputs[1]

    @staticmethod
    def bias_of(node: Node) -> ValueName | None:
        return node.inputs[2] if len(node.inputs) > 2 else None  # noqa: PLR2004

    @abstractmethod
    def factors(self, signature: Signature) -> list[float]:
        """Return the factors sum of products -> output, one per channel or one in all."""

    def groups(self, weights: Sequence[int], channels: int) -> int:
        """Return how many groups of channels there are, in x as in the output."""
        if self.input_axis is None:
            return channels
        return 1 if self.is_dense else channels // weights[self.input_axis]

    def has_place_for(self, weights: Sequence[int], channels: int) -> bool:
        """Tell whether each of the channels has a place in the weights: x is not flattened."""
        depth = 1 if self.input_axis is None else weights[self.input_axis]
        return self.groups(weights, channels) * depth == channels

    def reads(self, weights: Sequence[int], channels: int) -> Array | None:
        """Return which channel of x each weight reads: integers that broadcast to the weights.

        Channels come again where x is flattened; None where rows of weights do not hold all.
        """
        outputs = weights[self.output_axis]
        per_group = outputs // self.groups(weights, channels)
        group = self.along_outputs(np.arange(outputs) // per_group, len(weights))
        if self.input_axis is None:
            return group
        depth = weights[self.input_axis]
        if self.is_dense and depth % channels:
            return None
        place = _along(np.arange(depth), self.input_axis, len(weights))
        return np.asarray((group * depth + place) % channels)

    def along_outputs(self, values: Array, rank: int) -> Array:
        """Return one value per output channel so that it broadcasts to weights of this rank."""
        return _along(values, self.output_axis, rank)

    def summed_axes(self, rank: int) -> tuple[int, ...]:
        """Return the axes of the weights that one output channel sums over."""
        return tuple(axis for axis in range(rank) if axis != self.output_axis)

    @property
    def pads(self) -> bool:
        """Whether outputs at the border read zeros that are not in x."""
        return False

    def padded(self, pads: Pads) -> "Self | None":
        """Return the layer that adds more zeros around the image; None where it cannot."""
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixLayer(WeightedLayer):
    """A layer whose outputs are products of rows: [groups, rows, inputs] of what x holds."""

    @abstractmethod
    def weight_rows(self, weights: Array, channels: int) -> Array:
        """Return weights as [groups, outputs, inputs]."""

    def weights_from_rows(self, rows: Array, weights: Sequence[int]) -> Array:
        """Undo :meth:`weight_rows`."""
        return np.ascontiguousarray(rows).reshape(weights)

    @abstractmethod
    def input_rows(self, x: Array, depth: int) -> Array:
        """Return the rows that weights multiply, [groups, rows, inputs], of x [samples, *input].

        ``depth`` is the number of weights of one output.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowedLayer(MatrixLayer):
    """A layer that moves a window over an image, with zeros around it."""

    window: Window

    @property
    def pads(self) -> bool:
        return any(self.window.pads)

    def padded(self, pads: Pads) -> Self:
        top, bottom, left, right = (a + b for a, b in zip(self.window.pads, pads, strict=True))
        return replace(self, window=replace(self.window, pads=(top, bottom, left, right)))

    def pixels(self, x: Array) -> Array:
        """Return what the window sees of x [samples, *input]: [positions, taps, channels]."""
        patches = self.window.patches(x.reshape(-1, *x.shape[2:]))
        return patches.reshape(-1, patches.shape[3] * patches.shape[4], patches.shape[5])


def centered_weights(weights: Array, kind: TensorType) -> Array:
    """Return integer weights less their zero point, which is 0 but in old models."""
    zero_points = kind.quantization.zero_points
    return weights.astype(np.int64) - zero_points[0] if any(zero_points) else weights


def _along(values: Array, axis: int, rank: int) -> Array:
    extent = [1] * rank
    extent[axis] = -1
    return values.reshape(extent)
