"""Constraints shared by kernels. The docstring's first line is what users read."""

from edgec.backends.request import Request
from edgec.ir import DType, TensorType
from edgec.ops.pooling.pool_in_tflite import one_quantization


def float_data(request: Request) -> bool:
    """All inputs and outputs are float32."""
    kinds = [*request.signature.inputs, *request.signature.outputs]
    return all(kind.dtype is DType.FLOAT32 for kind in kinds)


def int8_data(request: Request) -> bool:
    """Inputs and outputs that carry activations are int8."""
    kinds = [request.signature.inputs[0], *request.signature.outputs]
    return all(kind.dtype is DType.INT8 for kind in kinds)


def int8_inputs(request: Request) -> bool:
    """All inputs and outputs are int8."""
    kinds = [*request.signature.inputs, *request.signature.outputs]
    return all(kind.dtype is DType.INT8 for kind in kinds)


def int16_data(request: Request) -> bool:
    """Inputs and outputs that carry activations are int16 with zero point 0."""
    return all(map(is_int16, [request.signature.inputs[0], *request.signature.outputs]))


def int16_inputs(request: Request) -> bool:
    """All inputs and outputs are int16 with zero point 0."""
    return all(map(is_int16, [*request.signature.inputs, *request.signature.outputs]))


def is_int16(kind: TensorType) -> bool:
    """Tell whether a tensor is quantized as TFLite's 16x8 scheme has it."""
    return (
        kind.dtype is DType.INT16 and kind.qparams is not None and kind.qparams.zero_points == (0,)
    )


def constant_weights(request: Request) -> bool:
    """Weights and bias are constants."""
    return all(request.is_constant(index) for index in range(1, len(request.node.inputs)))


def symmetric_weights(request: Request) -> bool:
    """Weights are int8 with zero point 0."""
    weights = request.signature.inputs[1]
    return weights.dtype is DType.INT8 and not any(weights.quantization.zero_points)


def one_weight_scale(request: Request) -> bool:
    """The weights have one scale in all."""
    return len(request.signature.inputs[1].quantization.scales) == 1


def weight_scale_per_output(request: Request) -> bool:
    """The weights have a scale per output."""
    return not one_weight_scale(request)


def same_quantization(request: Request) -> bool:
    """Input and output have the same scale and zero point."""
    return request.signature.inputs[0].qparams == request.signature.output.qparams


def pools_integers(request: Request) -> bool:
    """Input and output have the same zero point and, within 1e-6, the same scale."""
    return one_quantization(request.signature.inputs[0], request.signature.output)


def halves_away(request: Request) -> bool:
    """Halves are rounded away from zero."""
    return not getattr(request.op, "halves_up", False)


def shifted_weights(request: Request) -> bool:
    """Weights are int8 with one zero point, which is not 0."""
    weights = request.signature.inputs[1]
    zero_points = set(weights.quantization.zero_points)
    return weights.dtype is DType.INT8 and len(zero_points) == 1 and zero_points != {0}


def one_batch(request: Request) -> bool:
    """The batch is 1."""
    return request.signature.inputs[0].shape[0] == 1
