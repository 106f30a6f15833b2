"""ONNX QuantizeLinear and DequantizeLinear of activations; those of constants are folded before.

A scale per channel is a factor per channel, and the scale 1: layers on both sides take the factors.
QONNX's Quant is QuantizeLinear, Clip and DequantizeLinear; of a constant it is folded.
"""

from collections.abc import Sequence

import numpy as np

from edgec.errors import EdgecError
from edgec.frontends.onnx.qonnx import NEAREST, QONNX, Steps, steps_of
from edgec.ir import Array, DType, GraphBuilder, QParams, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.elementwise.mul import Mul
from edgec.ops.registry import Format, SourceNode, importer

_NUMBERS = {  # in onnx.TensorProto.DataType
    2: DType.UINT8,
    3: DType.INT8,
    4: DType.UINT16,
    5: DType.INT16,
}
_STORED = set(_NUMBERS.values())
_HELP = "quantize activations to 8 or 16 bits with one scale per tensor, or give the float model"
_NO_CHANNELS = (
    "one zero point for all channels, or one scale: NNCF: AdvancedQuantizationParameters("
    "activations_quantization_params=QuantizationParameters(per_channel=False)); AIMET, ESP-PPQ, "
    "torchao: per-tensor activations; or give the float model"
)
_EIGHT_BITS = "8 or 16 bits: ESP-PPQ: num_of_bits=8, TargetPlatform.ONNXRUNTIME"
_SCALE, _ZERO_POINT = 1, 2


@importer(Format.ONNX, "QuantizeLinear")
def _quantize(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("saturate", "precision", "block_size")
    q, dtype, factors = _parameters(node, g)
    op, x = Quantize(dtype=dtype or _output_type(node)), node.input(0)
    if factors is not None:
        inverse = g.constant(f"{node.name}/factors", np.float32(1) / factors)
        x = g.add1(Mul(), x, inverse, name=f"{node.name}/scaled")
    return g.add(op, [x], name=node.name, outputs=node.outputs, qparams=[q])


@importer(Format.ONNX, "DequantizeLinear")
def _dequantize(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("block_size", "output_dtype")
    x = node.input(0)
    kind, (q, dtype, factors) = g.type(x), _parameters(node, g)
    if kind.dtype not in _STORED or dtype not in {None, kind.dtype}:
        raise _reject(node, f"it reads {kind}")
    if kind.qparams is None:
        g.state(x, q)
    elif kind.qparams != q:
        raise _reject(node, f"it reads {{{q}}} where {{{kind.qparams}}} was written")
    if factors is not None:
        numbers = g.add1(Dequantize(), x, name=f"{node.name}/numbers")
        scales = g.constant(f"{node.name}/factors", factors)
        return g.add(Mul(), [numbers, scales], name=node.name, outputs=node.outputs)
    return g.add(Dequantize(), [x], name=node.name, outputs=node.outputs)


def _parameters(node: SourceNode, g: GraphBuilder) -> tuple[QParams, DType | None, Array | None]:
    """Return the quantization and, where there is a zero point, its type.

    Where there is a scale per channel, it is 1, and beside it come the scales as factors.
    """
    scale = np.asarray(node.constant(g, _SCALE), np.float32)
    factors = _per_channel(node, g, scale)
    for value in scale.reshape(-1):
        if not 0 < value < np.inf:
            raise _reject(node, f"the scale is {value}")
    value = float(scale.reshape(-1)[0]) if factors is None else 1.0
    if len(node.inputs) <= _ZERO_POINT or node.inputs[_ZERO_POINT] is None:
        return QParams.per_tensor(value), None, factors
    zero = node.constant(g, _ZERO_POINT)
    dtype = next((each for each in _STORED if each.numpy == zero.dtype), None)
    if dtype is None:
        raise _reject(node, f"the zero point is {zero.dtype}", _EIGHT_BITS)
    if np.unique(zero).size != 1:
        raise _reject(node, f"{np.unique(zero).size} zero points for an activation", _NO_CHANNELS)
    return QParams.per_tensor(value, int(zero.reshape(-1)[0])), dtype, factors


def _per_channel(node: SourceNode, g: GraphBuilder, scale: Array) -> Array | None:
    """Return scales that broadcast along the axis of an activation; None where there is one."""
    axis, shape = node.integer("axis", default=1), g.type(node.input(0)).shape
    if scale.size == 1:
        return None
    if scale.ndim != 1 or not -len(shape) <= axis < len(shape) or shape[axis] != scale.size:
        raise _reject(node, f"{scale.size} scales for an activation", _NO_CHANNELS)
    return scale.reshape([-1 if i == axis % len(shape) else 1 for i in range(len(shape))])


def _output_type(node: SourceNode) -> DType:
    """Return the type without a zero point: what an attribute says, by default uint8."""
    number = node.integer("output_dtype", default=0)
    if number not in {0, *_NUMBERS}:
        raise _reject(node, f"output_dtype = {number}")
    return _NUMBERS.get(number, DType.UINT8)


def _reject(node: SourceNode, message: str, help_: str = _HELP) -> EdgecError:
    return node.reject(message, code="unsupported-quantization", help=help_)


@importer(Format.ONNX, f"{QONNX}::Quant", f"{QONNX}::BipolarQuant")
def _quant(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("signed", "narrow", "rounding_mode")
    inputs = [node.constant(g, index) for index in range(1, len(node.inputs))]
    steps = steps_of(node.op.split("::")[-1], inputs, node.attrs)
    x = node.input(0)
    constant = g.constant_value(x)
    if constant is not None:
        return [g.constant(node.outputs[0], steps.rounded(constant))]
    q, dtype = _steps_of_activation(node, steps)
    integers = g.add1(Quantize(dtype=dtype), x, name=f"{node.name}/quantize", qparams=q)
    limits = np.iinfo(dtype.numpy)
    if (steps.low, steps.high) != (limits.min, limits.max):
        clip = Clip(low=float(steps.low), high=float(steps.high))
        integers = g.add1(clip, integers, name=f"{node.name}/clip", qparams=q)
    return g.add(Dequantize(), [integers], name=node.name, outputs=node.outputs)


def _steps_of_activation(node: SourceNode, steps: Steps) -> tuple[QParams, DType]:
    """Return the one scale and zero point of an activation, and the type of its integers."""
    scales, zeros = np.unique(steps.scale), np.unique(steps.zero)
    dtype = steps.dtype
    if steps.is_bipolar:
        help_ = "give activations 2 bits or more (Brevitas: bit_width=2 or more, QuantType.INT)"
        raise _reject(node, "an activation that is only -scale or +scale", help_)
    if dtype is None:
        help_ = "give activations 8 or 16 bits (Brevitas: bit_width=8)"
        raise _reject(node, f"an activation of {steps.bits} bits", help_)
    if steps.rounding not in NEAREST:
        help_ = "Brevitas: float_to_int_impl_type=FloatToIntImplType.ROUND"
        raise _reject(node, f"an activation with rounding mode {steps.rounding}", help_)
    if scales.size != 1 or zeros.size != 1:
        help_ = "Brevitas: scaling_per_output_channel=False, Int8ActPerTensorFloat"
        raise _reject(node, f"{steps.scale.size} scales for an activation", help_)
    scale, zero = float(scales[0]), float(zeros[0])
    limits = np.iinfo(dtype.numpy)
    if not 0 < scale < np.inf or zero != int(zero) or not limits.min <= zero <= limits.max:
        help_ = "Brevitas: Int8ActPerTensorFloat, whose zero point is 0"
        raise _reject(node, f"scale {scale:g}, zero point {zero:g}", help_)
    return QParams.per_tensor(scale, int(zero)), dtype
