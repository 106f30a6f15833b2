"""Bilinear resizing of images. Integer weights have 10 bits, as in TFLite's reference kernel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.movement.resize_in_tflite import resize_flags, resize_size
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule, is_float
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite, has_option

ONE = 1 << 10
"""The weight 1 of the integer arithmetic."""
_IMAGE = 4  # rank of [N,H,W,C]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeBilinear(Operator):
    """x [N,H,W,C] -> [N,*size,C]: each pixel between the four around its place on the input.

    Places: corner on corner (``align_corners``), centers on centers (``half_pixel_centers``), or
    with neither the input's front at 0. Integers are blended as they are, with weights in 1/1024;
    int8 that was uint8 in the file in float32, halves up (``in_floats``).
    Source: TFLite 2.14 reference_ops::ResizeBilinear, of uint8 ``in_floats``;
    ResizeBilinearInteger; ONNX Resize-19, linear.
    """

    name: ClassVar[str] = "resize_bilinear"
    averages: ClassVar[bool] = True
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    size: tuple[int, int]
    align_corners: bool = False
    half_pixel_centers: bool = False
    in_floats: bool = False

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if x.rank != _IMAGE or min(self.size) < 1 or min(x.shape) < 1:
            message = f"{self} of {x}"
            raise ValueError(message)
        return (x.with_shape((x.shape[0], *self.size, x.shape[3])),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        if is_float(signature.inputs[0]):
            return (_blend(x, *(self._weighted_once(axis, x.shape) for axis in (0, 1))),)
        if self.in_floats:
            return (self._blended_in_floats(x),)
        taps = [self.taps(axis, x.shape) for axis in (0, 1)]
        weighted = _blend(x.astype(np.int64), *taps, one=ONE)
        half = np.where(weighted > 0, 1 << 19, -(1 << 19))
        magnitude = np.abs(weighted + half) >> 20
        return ((np.sign(weighted) * magnitude).astype(x.dtype),)

    def macs(self, signature: Signature) -> int:
        return 4 * signature.output.elements

    def taps(self, axis: int, shape: Sequence[int]) -> Array:
        """Return lower place, upper place and the weight of the upper one of 1024, per row.

        ``axis`` is 0 for rows, 1 for columns; ``shape`` the input's. Places are in fixed point.
        """
        extent = shape[1 + axis]
        places = self.places(axis, shape)
        low = np.minimum(np.maximum(places, 0) // ONE, extent - 1)
        high = np.minimum(np.maximum(places + ONE - 1, 0) // ONE, extent - 1)
        weight = np.where(low == high, 0, places - ONE * low)
        return np.asarray(np.stack([low, high, weight], axis=1), np.int32)

    def places(self, axis: int, shape: Sequence[int]) -> Array:
        """Return the place of each output row (or column) on the input, in 1/1024."""
        extent, size = shape[1 + axis], self.size[axis]
        corners = int(self.align_corners and size > 1)
        scale = (ONE * (extent - corners) + (size - corners) // 2) // (size - corners)
        offset = scale // 2 - ONE // 2 if self.half_pixel_centers else 0
        return np.arange(size, dtype=np.int64) * scale + offset

    def real_taps(self, axis: int, shape: Sequence[int]) -> Array:
        """Return the same in real numbers, float32 as TFLite computes them.

        Before the first place and behind the last one both are one, and the weight may be any.
        """
        extent, size = shape[1 + axis], self.size[axis]
        corners = int(self.align_corners and size > 1)
        scale = np.float32(extent - corners) / np.float32(size - corners)
        half = np.float32(0.5 if self.half_pixel_centers else 0)
        places = (np.arange(size, dtype=np.float32) + half) * scale - half
        low = np.clip(np.floor(places), 0, extent - 1)
        high = np.maximum(np.minimum(np.ceil(places), extent - 1), low)
        return np.stack([low, high, places - low], axis=1)

    def _weighted_once(self, axis: int, shape: Sequence[int]) -> Array:
        """Return real taps that weigh a place that counts twice once."""
        low, high, weight = self.real_taps(axis, shape).T
        return np.stack([low, high, np.where(high > low, weight, 0)], axis=1)

    def _blended_in_floats(self, x: Array) -> Array:
        """Blend the uint8 that are 128 more, each step rounded to float32, in TFLite's order."""
        (top, bottom, down), (left, right, across) = (
            self.real_taps(axis, x.shape).T for axis in (0, 1)
        )
        pixels, one = x.astype(np.float32) + np.float32(128), np.float32(1)
        total = np.zeros((), np.float32)
        for columns, beside in ((left, one - across), (right, across)):
            for rows, above in ((top, one - down), (bottom, down)):
                part = pixels[:, rows.astype(int)][:, :, columns.astype(int)]
                total = total + part * above[:, np.newaxis, np.newaxis] * beside[:, np.newaxis]
        return np.asarray(np.trunc(total + np.float32(0.5)) - 128).astype(x.dtype)


def _blend(x: Array, rows: Array, columns: Array, *, one: int = 1) -> Array:
    """Return the weighted sums of four pixels; weights are parts of ``one``."""
    (top, bottom), (left, right) = (
        (taps[:, 0].astype(int), taps[:, 1].astype(int)) for taps in (rows, columns)
    )
    down = rows[:, 2].astype(x.dtype)[:, np.newaxis, np.newaxis]
    across = columns[:, 2].astype(x.dtype)[:, np.newaxis]
    upper = x[:, top][:, :, left] * (one - across) + x[:, top][:, :, right] * across
    lower = x[:, bottom][:, :, left] * (one - across) + x[:, bottom][:, :, right] * across
    y: Array = upper * (one - down) + lower * down
    return y


describe_tflite(
    "RESIZE_BILINEAR",
    says=TfliteOperator(int8=2, int16=4, since=((3, has_option("HalfPixelCenters")),)),
)


@importer(Format.TFLITE, "RESIZE_BILINEAR")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    flags = resize_flags(node)
    op = ResizeBilinear(size=resize_size(node, g), **flags, in_floats=node.unsigned)
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=node.qparams)


@exporter(ResizeBilinear)
def _to_tflite(op: ResizeBilinear, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    x = signature.inputs[0]
    if not op.in_floats and any(
        op.places(axis, x.shape).max() >= ONE * x.shape[1 + axis] for axis in (0, 1)
    ):
        raise EdgecError(
            "cannot-export",
            f"TFLite's kernel reads beyond the image where {x} becomes {op.size}",
            place=Place(inside=f"node {node.name!r}"),
            help="enlarge in two steps, or with half_pixel_centers (PyTorch: align_corners=False)",
        )
    size = out.constant(f"{node.name}/size", np.array(op.size, np.int32))
    out.emit(
        "RESIZE_BILINEAR",
        [*node.inputs, size],
        node.outputs,
        "ResizeBilinearOptions",
        AlignCorners=op.align_corners,
        HalfPixelCenters=op.half_pixel_centers,
    )
