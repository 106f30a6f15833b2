"""ONNX AveragePool and GlobalAveragePool: with padding that counts, and over whole images.

One over more than two spatial axes is a mean.
"""

from collections.abc import Sequence
from dataclasses import replace

from edgec.frontends.onnx.operators.window import from_image, pool_window_from_onnx, to_image
from edgec.ir import GraphBuilder, ValueName
from edgec.ops.layers.windows import Window
from edgec.ops.movement.pad import Pad
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.reductions.mean import Mean
from edgec.ops.registry import Format, SourceNode, importer

_IMAGE = 4  # rank of [N,C,H,W]


@importer(Format.ONNX, "AveragePool")
def _average_pool(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    image = to_image(node, g)
    window, (top, bottom, left, right) = pool_window_from_onnx(node, g, image)
    if node.flag("count_include_pad", default=False) and any((top, bottom, left, right)):
        borders = ((0, 0), (top, bottom), (left, right), (0, 0))
        image = g.add1(Pad(paddings=borders), image, name=f"{node.name}.pad")
        rest = (0, window.pads[1] - bottom, 0, window.pads[3] - right)
        window = replace(window, pads=rest)
    return from_image(node, g, g.add1(AveragePool2D(window=window), image, name=node.name))


@importer(Format.ONNX, "GlobalAveragePool")
def _global_average_pool(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    rank = g.type(node.input(0)).rank
    if rank > _IMAGE:
        op = Mean(axes=tuple(range(2, rank)), keep_dims=True)
        return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs)
    image = to_image(node, g)
    _, height, width, _ = g.type(image).shape
    pool = AveragePool2D(window=Window((height, width)))
    return from_image(node, g, g.add1(pool, image, name=node.name))
