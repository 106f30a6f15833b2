"""Constraints of int16 layers: what TFLite takes for granted of their sums, checked on the weights.

All are met where a layer has no int16 activations or no constant weights: others complain of that.
"""

import numpy as np

from edgec.backends.constraints import constant_weights, int16_data, symmetric_weights
from edgec.backends.request import Request
from edgec.ir import Array
from edgec.ops.layers.layer_output import has_wide_sums
from edgec.ops.layers.weighted_layer import WeightedLayer

_LARGEST_INPUT = 2**15
_LARGEST_SUM = 2**46
_LARGEST_FACTOR = 2**7
_BIAS = 2  # the input


def wide_bias(request: Request) -> bool:
    """There is an int64 bias (sums are 64 bits wide)."""
    return has_wide_sums(request.signature)


def sums_fit(request: Request) -> bool:
    """Sums stay below 2**46 (2**31 without an int64 bias), factors to the output below 128."""
    if not _is_layer(request):
        return True
    largest = _LARGEST_SUM if has_wide_sums(request.signature) else 2**31
    return bool(_sums(request).max() < largest and _factors(request).max() < _LARGEST_FACTOR)


def outputs_fit(request: Request) -> bool:
    """No output exceeds 2**30 steps before it is limited."""
    return not _is_layer(request) or bool((_sums(request) * _factors(request)).max() < 2.0**30)


def products_fit_int32(request: Request) -> bool:
    """The products of each output add up to less than 2**31."""
    return not _is_layer(request) or bool(_products(request).max() < 2**31)


def _is_layer(request: Request) -> bool:
    return int16_data(request) and constant_weights(request) and symmetric_weights(request)


def _factors(request: Request) -> Array:
    """Return the factors sum -> output, one per channel or one in all."""
    return np.array(_layer(request).factors(request.signature))


def _layer(request: Request) -> WeightedLayer:
    assert isinstance(request.op, WeightedLayer)  # noqa: S101 - others have no such kernels
    return request.op


def _sums(request: Request) -> Array:
    """Return the largest sum per channel, float64."""
    bias = request.graph.constants.get(request.node.inputs[-1]) if _has_bias(request) else None
    return _products(request) + (0 if bias is None else np.abs(bias.astype(np.float64)))


def _products(request: Request) -> Array:
    """Return the largest sum of products per channel, float64."""
    weights = np.abs(request.graph.constants[request.node.inputs[1]].astype(np.float64))
    others = _layer(request).summed_axes(weights.ndim)
    return np.asarray(weights.sum(axis=others) * _LARGEST_INPUT)


def _has_bias(request: Request) -> bool:
    return len(request.node.inputs) > _BIAS
