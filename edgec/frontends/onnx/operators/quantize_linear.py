"""ONNX QuantizeLinear and DequantizeLinear of activations; those of constants are folded before."""

from collections.abc import Sequence

import numpy as np

from edgec.errors import EdgecError
from edgec.ir import DType, GraphBuilder, QParams, ValueName
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.registry import Format, SourceNode, importer

_NUMBERS = {  # in onnx.TensorProto.DataType
    2: DType.UINT8,
    3: DType.INT8,
    4: DType.UINT16,
    5: DType.INT16,
}
_STORED = set(_NUMBERS.values())
_HELP = "quantize activations to 8 or 16 bits with one scale per tensor, or give the float model"
_SCALE, _ZERO_POINT = 1, 2


@importer(Format.ONNX, "QuantizeLinear")
def _quantize(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("axis", "saturate", "precision", "block_size")
    q, dtype = _parameters(node, g)
    op = Quantize(dtype=dtype or _output_type(node))
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs, qparams=[q])


@importer(Format.ONNX, "DequantizeLinear")
def _dequantize(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("axis", "block_size", "output_dtype")
    x = node.input(0)
    kind, (q, dtype) = g.type(x), _parameters(node, g)
    if kind.dtype not in _STORED or dtype not in {None, kind.dtype}:
        raise _reject(node, f"it reads {kind}")
    if kind.qparams is None:
        g.state(x, q)
    elif kind.qparams != q:
        raise _reject(node, f"it reads {{{q}}} where {{{kind.qparams}}} was written")
    return g.add(Dequantize(), [x], name=node.name, outputs=node.outputs)


def _parameters(node: SourceNode, g: GraphBuilder) -> tuple[QParams, DType | None]:
    """Return the quantization and, where there is a zero point, its type."""
    scale = np.asarray(node.constant(g, _SCALE), np.float32)
    if scale.size != 1:
        raise _reject(node, f"{scale.size} scales for an activation")
    value = float(scale.reshape(-1)[0])
    if not 0 < value < np.inf:
        raise _reject(node, f"the scale is {value}")
    if len(node.inputs) <= _ZERO_POINT or node.inputs[_ZERO_POINT] is None:
        return QParams.per_tensor(value), None
    zero = node.constant(g, _ZERO_POINT)
    dtype = next((each for each in _STORED if each.numpy == zero.dtype), None)
    if zero.size != 1 or dtype is None:
        raise _reject(node, f"the zero point is {zero.dtype} of shape {zero.shape}")
    return QParams.per_tensor(value, int(zero.reshape(-1)[0])), dtype


def _output_type(node: SourceNode) -> DType:
    """Return the type without a zero point: what an attribute says, by default uint8."""
    number = node.integer("output_dtype", default=0)
    if number not in {0, *_NUMBERS}:
        raise _reject(node, f"output_dtype = {number}")
    return _NUMBERS.get(number, DType.UINT8)


def _reject(node: SourceNode, message: str) -> EdgecError:
    return node.reject(message, code="unsupported-quantization", help=_HELP)
