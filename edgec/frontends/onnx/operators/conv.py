"""ONNX Conv, two operators here: grouped, or depthwise where each channel is a group."""

from collections.abc import Sequence

import numpy as np

from edgec.frontends.onnx.operators.window import from_image, to_image, window_from_onnx
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.depthwise_conv2d import DepthwiseConv2D
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "Conv")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    weights = _weights(node, g)
    image = to_image(node, g)
    window = window_from_onnx(node, g, image, weights.shape[2:])
    oihw = weights.reshape(*weights.shape[:2], *window.kernel)
    if 1 < node.integer("group", default=1) == g.type(image).shape[3]:
        op: Conv2D | DepthwiseConv2D = DepthwiseConv2D(window=window)
        ours = g.constant(f"{node.inputs[1]}.ihwo", oihw.transpose(1, 2, 3, 0))
    else:
        op = Conv2D(window=window)
        ours = g.constant(f"{node.inputs[1]}.ohwi", oihw.transpose(0, 2, 3, 1))
    bias = node.present_inputs()[2:]
    (result,) = g.add(op, [image, ours, *bias], name=node.name)
    return from_image(node, g, result)


def _weights(node: SourceNode, g: GraphBuilder) -> Array:
    """Return the weights [O,C/groups,...], checked against data, attributes and bias."""
    weights, x = node.constant(g, 1), g.type(node.input(0))
    kernel = node.integers("kernel_shape", default=weights.shape[2:])
    groups = node.integer("group", default=1)
    if weights.ndim != x.rank or kernel != weights.shape[2:]:
        raise node.reject(
            f"weights {weights.shape} for data {x.shape} and kernel_shape {kernel}",
            code="malformed-model",
        )
    if x.shape[1] != groups * weights.shape[1] or groups < 1 or weights.shape[0] % groups:
        raise node.reject(
            f"weights {weights.shape} do not fit {x.shape[1]} channels in {groups} groups",
            code="malformed-model",
        )
    if len(node.present_inputs()) > 2:  # noqa: PLR2004 - the bias
        bias = np.shape(node.constant(g, 2))
        if bias != weights.shape[:1]:
            raise node.reject(f"bias {bias} for weights {weights.shape}", code="malformed-model")
    return weights
