"""ONNX MaxPool and GlobalMaxPool: over windows and over whole images."""

from collections.abc import Sequence

from edgec.frontends.onnx.operators.window import from_image, pool_window_from_onnx, to_image
from edgec.ir import GraphBuilder, ValueName
from edgec.ops.layers.windows import Window
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "MaxPool")
def _max_pool(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("storage_order")  # of the indices only
    if len(node.outputs) > 1:
        raise node.reject(
            "the output Indices is not supported",
            code="unsupported-output",
            help="export the model without return_indices",
        )
    image = to_image(node, g)
    window, _ = pool_window_from_onnx(node, g, image)
    return from_image(node, g, g.add1(MaxPool2D(window=window), image, name=node.name))


@importer(Format.ONNX, "GlobalMaxPool")
def _global_max_pool(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    image = to_image(node, g)
    _, height, width, _ = g.type(image).shape
    op = MaxPool2D(window=Window((height, width)))
    return from_image(node, g, g.add1(op, image, name=node.name))
