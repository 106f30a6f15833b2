"""Reshape: the same elements in row-major order under another shape.

Everything that moves no data comes here: TFLite RESHAPE, SQUEEZE, EXPAND_DIMS; ONNX Reshape,
Flatten, Squeeze, Unsqueeze, Identity, Dropout at inference, and Cast to the type a tensor has.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.operator import INT8_AND_INT16, PLAIN_NUMBERS, Operator, OutputRule
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite


@dataclass(frozen=True, slots=True, kw_only=True)
class Reshape(Operator):
    """x [...] -> ``shape`` [...]: the same elements; both are row-major and hold as many elements.

    Source: ONNX Reshape-25, Flatten-25, Squeeze-25, Unsqueeze-25; TFLite RESHAPE, SQUEEZE,
    EXPAND_DIMS.
    """

    name: ClassVar[str] = "reshape"
    integer_types: ClassVar[frozenset[DType]] = INT8_AND_INT16
    number_types: ClassVar[frozenset[DType]] = PLAIN_NUMBERS
    output_rule: ClassVar[OutputRule] = OutputRule.SAME_AS_INPUT
    moves_only: ClassVar[bool] = True
    is_view: ClassVar[bool] = True
    shape: tuple[int, ...]

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        (x,) = inputs
        if prod(self.shape) != x.elements or any(extent < 0 for extent in self.shape):
            message = f"{x} has {x.elements} elements, shape {self.shape} does not"
            raise ValueError(message)
        return (x.with_shape(self.shape),)

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        (x,) = inputs
        return (np.ascontiguousarray(x).reshape(self.shape),)

    def carries_factors(self, signature: Signature) -> bool:
        return True

    def is_copy(self, signature: Signature) -> bool:
        return True


def _reshape(node: SourceNode, g: GraphBuilder, shape: Iterable[int]) -> tuple[ValueName, ...]:
    op = Reshape(shape=tuple(int(extent) for extent in shape))
    return add_or_fold(node, g, op, [node.input(0)])


def _shape(node: SourceNode, g: GraphBuilder) -> tuple[int, ...]:
    return g.type(node.input(0)).shape


def _complete(node: SourceNode, wanted: Sequence[int], elements: int) -> tuple[int, ...]:
    """Replace the one -1 by what is left of ``elements``."""
    if wanted.count(-1) > 1 or min(wanted, default=0) < -1:
        raise node.reject(f"shape {tuple(wanted)} leaves it open", code="malformed-model")
    known = prod(extent for extent in wanted if extent != -1)
    rest = elements // known if known else 0
    return tuple(rest if extent == -1 else extent for extent in wanted)


def _axes(node: SourceNode, axes: Iterable[int], rank: int) -> tuple[int, ...]:
    """Return axes in [0, rank), sorted; negative ones count from the end."""
    listed = [int(axis) for axis in axes]
    for axis in listed:
        if not -rank <= axis < rank:
            raise node.reject(f"axis {axis} of a rank-{rank} tensor", code="malformed-model")
    return tuple(sorted({axis % rank for axis in listed}))


def _squeeze(node: SourceNode, g: GraphBuilder, axes: Sequence[int]) -> tuple[ValueName, ...]:
    """Drop ``axes``; all axes of extent 1 where none is named."""
    shape = _shape(node, g)
    dropped = _axes(node, axes, len(shape)) or [i for i, n in enumerate(shape) if n == 1]
    return _reshape(node, g, [extent for i, extent in enumerate(shape) if i not in dropped])


def _unsqueeze(node: SourceNode, g: GraphBuilder, axes: Sequence[int]) -> tuple[ValueName, ...]:
    """Insert axes of extent 1; ``axes`` count in the result."""
    shape = list(_shape(node, g))
    for axis in _axes(node, axes, len(shape) + len(axes)):
        shape.insert(axis, 1)
    return _reshape(node, g, shape)


describe_tflite("EXPAND_DIMS", "RESHAPE", "SQUEEZE", says=TfliteOperator(types=Types.ANY))


@importer(Format.TFLITE, "RESHAPE")
def _reshape_from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    wanted = node.integers("new_shape", default=())
    if len(node.present_inputs()) > 1:
        wanted = tuple(int(extent) for extent in node.constant(g, 1).flat)
    return _reshape(node, g, _complete(node, wanted, g.type(node.input(0)).elements))


@importer(Format.TFLITE, "SQUEEZE")
def _squeeze_from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _squeeze(node, g, node.integers("squeeze_dims", default=()))


@importer(Format.TFLITE, "EXPAND_DIMS")
def _expand_dims_from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _unsqueeze(node, g, [int(axis) for axis in node.constant(g, 1).flat])


@importer(Format.ONNX, "Reshape")
def _reshape_from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    shape = _shape(node, g)
    wanted = [int(extent) for extent in _integers(node, g, "shape")]
    if not node.flag("allowzero", default=False):
        if any(extent == 0 and axis >= len(shape) for axis, extent in enumerate(wanted)):
            message = f"shape {tuple(wanted)} copies an axis that {shape} does not have"
            raise node.reject(message, code="malformed-model")
        wanted = [shape[axis] if extent == 0 else extent for axis, extent in enumerate(wanted)]
    return _reshape(node, g, _complete(node, wanted, prod(shape)))


@importer(Format.ONNX, "Flatten")
def _flatten_from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    shape = _shape(node, g)
    axis = node.integer("axis", default=1)
    if not -len(shape) <= axis <= len(shape):
        raise node.reject(f"axis {axis} of shape {shape}", code="malformed-model")
    axis = axis + len(shape) if axis < 0 else axis
    return _reshape(node, g, (prod(shape[:axis]), prod(shape[axis:])))


@importer(Format.ONNX, "Squeeze")
def _squeeze_from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _squeeze(node, g, _integers(node, g, "axes"))


@importer(Format.ONNX, "Unsqueeze")
def _unsqueeze_from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _unsqueeze(node, g, _integers(node, g, "axes"))


@importer(Format.ONNX, "Identity")
def _identity_from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _reshape(node, g, _shape(node, g))


@importer(Format.ONNX, "Dropout")
def _dropout_from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("ratio", "seed", "is_test")
    if len(node.present_inputs()) > 2 and bool(node.constant(g, 2)):  # noqa: PLR2004 - training_mode
        raise node.reject("training mode", help="export the model with model.eval()")
    result = _reshape(node.part(), g, _shape(node, g))
    masks = [g.constant(name, np.ones(_shape(node, g), np.bool_)) for name in node.outputs[1:]]
    return (*result, *masks)


def _integers(node: SourceNode, g: GraphBuilder, name: str) -> tuple[int, ...]:
    """Return what newer opsets give as constant input 1, older ones as attribute ``name``."""
    if len(node.inputs) > 1 and node.inputs[1] is not None:
        return tuple(int(each) for each in node.constant(g, 1).flat)
    return node.integers(name, default=())


@exporter(Reshape)
def _to_tflite(op: Reshape, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    shape = out.constant(f"{node.name}/shape", np.array(op.shape, np.int32))
    out.emit("RESHAPE", [*node.inputs, shape], node.outputs, "ReshapeOptions")
