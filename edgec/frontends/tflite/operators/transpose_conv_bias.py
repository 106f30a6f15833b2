"""MediaPipe's custom operator: a transposed convolution with a bias, in floats."""

import struct
from collections.abc import Sequence

from edgec.frontends.tflite.reader import CUSTOM_OPTIONS
from edgec.ir import GraphBuilder, ValueName
from edgec.ops.layers.transpose_conv2d import TransposeConv2D
from edgec.ops.registry import Format, SourceNode, importer
from edgec.ops.tflite_operators import TfliteOperator, Weights, describe_tflite

_SAME, _VALID = 1, 2
_OPTIONS = struct.Struct("<iii")  # padding, stride in a row, stride in a column; more may follow
_IMAGE = 4

describe_tflite("CUSTOM Convolution2DTransposeBias", says=TfliteOperator(weights=Weights(0)))


@importer(Format.TFLITE, "CUSTOM Convolution2DTransposeBias")
def _convolution_2d_transpose_bias(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import x [N,H,W,C], weights [O,KH,KW,C], bias [O].

    Its options are the bytes of TfLiteTransposeConvParams. The output's size follows from the
    input's; SAME takes away what the last stride leaves of the kernel, half of it at the front.
    Source: mediapipe/util/tflite/operations/transpose_conv_bias.cc.
    """
    node.ignore(CUSTOM_OPTIONS)
    options = node.attrs.get(CUSTOM_OPTIONS, b"")
    if len(options) < _OPTIONS.size:
        raise node.reject(f"options of {len(options)} bytes", code="operator-misfit")
    padding, stride_w, stride_h = _OPTIONS.unpack_from(options)
    x, weights = g.type(node.input(0)), g.type(node.input(1))
    strides = (stride_h, stride_w)
    if x.rank != _IMAGE or weights.rank != _IMAGE or min(strides) < 1:
        message = f"{x} with weights {weights} and strides {strides}"
        raise node.reject(message, code="operator-misfit")
    if padding not in {_SAME, _VALID}:
        raise node.reject(f"padding {padding}", help="use SAME or VALID")
    crops, size = [], []
    for extent, kernel, stride in zip(x.shape[1:3], weights.shape[1:3], strides, strict=True):
        cut = max(0, kernel - (extent - 1) % stride - 1) if padding == _SAME else 0
        crops.append(cut // 2)
        size.append(stride * (extent - 1) + kernel - cut)
    op = TransposeConv2D(strides=strides, crop=(crops[0], crops[1]), size=(size[0], size[1]))
    inputs = [node.input(index) for index in range(3)]
    return g.add(op, inputs, name=node.name, outputs=node.outputs, qparams=node.qparams)
