"""Resizing of images by repeating and dropping rows and columns."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.movement.resize_in_tflite import resize_flags, resize_size
from edgec.ops.operator import INT8_AND_INT16, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, describe_tflite, has_option

_IMAGE = 4  # rank of [N,H,W,C]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResizeNearest(Operator):
    """x [N,H,W,C] -> [N,len(rows),len(columns),C]: output pixel (i, j) is (rows[i], columns[j]).

    Source: TFLite 2.14 RESIZE_NEAREST_NEIGHBOR (GetNearestNeighbor); ONNX Resize-19, mode nearest.
    """

    name: ClassVar[str] = "resize_nearest"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    moves_only: ClassVar[bool] = True
    rows: tuple[int, ...]
    columns: tuple[int, ...]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        pairs = zip((self.rows, self.columns), x.shape[1:3], strict=False)
        if x.rank != _IMAGE or not all(p and 0 <= min(p) <= max(p) < n for p, n in pairs):
            message = f"{self} of {x}"
            raise ValueError(message)
        return (x.with_shape((x.shape[0], len(self.rows), len(self.columns), x.shape[3])),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        rows, columns = np.ix_(self.rows, self.columns)
        return (np.ascontiguousarray(x[:, rows, columns]),)  # at once: rows alone may be far more

    def __str__(self) -> str:
        return f"resize_nearest({len(self.rows)}x{len(self.columns)})"


def tflite_places(
    extent: int, size: int, *, align_corners: bool, half_pixel_centers: bool
) -> tuple[int, ...]:
    """Return the input's place for each of ``size`` places, in float32 as TFLite computes it.

    Source: TFLite's reference kernel (GetNearestNeighbor).
    """
    corners = align_corners and size > 1
    scale = np.float32(extent - corners) / np.float32(size - corners)
    offset = np.float32(0.5 if half_pixel_centers else 0)
    places = (np.arange(size, dtype=np.float32) + offset) * scale
    round_: Callable[[Array], Array] = _round_half_up if align_corners else np.floor
    return tuple(int(each) for each in np.clip(round_(places), 0, extent - 1))


def _round_half_up(x: Array) -> Array:
    """Round halves away from zero, of numbers that are not negative."""
    floor = np.floor(x)
    return np.where(x - floor >= np.float32(0.5), floor + 1, floor)


describe_tflite(
    "RESIZE_NEAREST_NEIGHBOR",
    says=TfliteOperator(
        int8=2, int16=4, since=((3, has_option("HalfPixelCenters", "AlignCorners")),)
    ),
)


@importer(Format.TFLITE, "RESIZE_NEAREST_NEIGHBOR")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    (height, width), flags = resize_size(node, g), resize_flags(node)
    _, h, w, _ = g.type(node.input(0)).shape
    op = ResizeNearest(
        rows=tflite_places(h, height, **flags), columns=tflite_places(w, width, **flags)
    )
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=node.qparams)


@exporter(ResizeNearest)
def _to_tflite(op: ResizeNearest, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    """Write RESIZE_NEAREST_NEIGHBOR where one of its modes picks these places, else two GATHER."""
    x = signature.inputs[0]
    _, h, w, _ = x.shape
    height, width = len(op.rows), len(op.columns)
    for align, half in ((False, True), (False, False), (True, False)):
        flags = {"align_corners": align, "half_pixel_centers": half}
        places = (tflite_places(h, height, **flags), tflite_places(w, width, **flags))
        if places == (op.rows, op.columns):
            size = out.constant(f"{node.name}/size", np.array([height, width], np.int32))
            options = {"AlignCorners": align, "HalfPixelCenters": half}
            inputs = [*node.inputs, size]
            table = "ResizeNearestNeighborOptions"
            out.emit("RESIZE_NEAREST_NEIGHBOR", inputs, node.outputs, table, **options)
            return
    middle = out.temporary(f"{node.name}/rows", x.with_shape((x.shape[0], height, *x.shape[2:])))
    rows = out.constant(f"{node.name}/row_indices", np.array(op.rows, np.int32))
    columns = out.constant(f"{node.name}/column_indices", np.array(op.columns, np.int32))
    out.emit("GATHER", [node.inputs[0], rows], [middle], "GatherOptions", Axis=1)
    out.emit("GATHER", [middle, columns], node.outputs, "GatherOptions", Axis=2)
