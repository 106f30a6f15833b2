"""QONNX Quant and BipolarQuant: of an activation as QuantizeLinear, Clip, DequantizeLinear.

So it goes the way of QDQ files. A constant becomes the floats that it is rounded to.
"""

from collections.abc import Sequence

import numpy as np

from edgec.errors import EdgecError
from edgec.frontends.onnx.qonnx import NEAREST, QONNX, Steps, steps_of
from edgec.ir import DType, GraphBuilder, QParams, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.conversion.dequantize import Dequantize
from edgec.ops.conversion.quantize import Quantize
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, f"{QONNX}::Quant", f"{QONNX}::BipolarQuant")
def _quant(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("signed", "narrow", "rounding_mode")
    inputs = [node.constant(g, index) for index in range(1, len(node.inputs))]
    steps = steps_of(node.op.split("::")[-1], inputs, node.attrs)
    x = node.input(0)
    constant = g.constant_value(x)
    if constant is not None:
        return [g.constant(node.outputs[0], steps.rounded(constant))]
    q, dtype = _parameters(node, steps)
    integers = g.add1(Quantize(dtype=dtype), x, name=f"{node.name}/quantize", qparams=q)
    limits = np.iinfo(dtype.numpy)
    if (steps.low, steps.high) != (limits.min, limits.max):
        clip = Clip(low=float(steps.low), high=float(steps.high))
        integers = g.add1(clip, integers, name=f"{node.name}/clip", qparams=q)
    return g.add(Dequantize(), [integers], name=node.name, outputs=node.outputs)


def _parameters(node: SourceNode, steps: Steps) -> tuple[QParams, DType]:
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


def _reject(node: SourceNode, message: str, help_: str) -> EdgecError:
    return node.reject(message, code="unsupported-quantization", help=help_)
