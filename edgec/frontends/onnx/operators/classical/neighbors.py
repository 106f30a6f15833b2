"""Neighbours, clusters and the best class: what was recognized among an exporter's operators."""

from collections.abc import Sequence

import numpy as np

from edgec.frontends.onnx.operators.classical.classes import add_label, classes_of
from edgec.frontends.onnx.operators.classical.fixed import Fixed, add_fixed, largest_bits
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.classical.nearest import Distances, Nearest
from edgec.ops.classical.neighbor_mean import NeighborMean
from edgec.ops.movement.reshape import Reshape
from edgec.ops.registry import Format, SourceNode, importer

_MATRIX = 2  # axes


@importer(Format.ONNX, "edgec::Neighbors")
def _neighbors(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The nearest points, then the mean of what they are worth."""
    points, fixed = _points(node, g)
    city = node.flag("city", default=False)
    op = Nearest(fraction=fixed.fraction, count=node.integer("count"), city=city)
    known = g.constant(f"{node.name}/points", fixed.table(points))
    outputs = [f"{node.outputs[0]}/places", f"{node.outputs[0]}/distances"]
    near = g.add(op, [fixed.value, known], name=f"{node.name}/nearest", outputs=outputs)
    values = node.tensor("values")
    if values is None or len(np.asarray(values)) != len(points):
        raise node.reject("no values of the points", code="malformed-model")
    worth = g.constant(f"{node.name}/values", np.asarray(values))
    mean = NeighborMean(classes=node.integer("classes"), least=node.number("least"))
    return g.add(mean, [*near, worth], name=node.name, outputs=node.outputs)


@importer(Format.ONNX, "edgec::BestClass")
def _best_class(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The label of the largest score."""
    return [add_label(node, g, classes_of(node, "classlabels_ints"), node.input(0))]


@importer(Format.ONNX, "edgec::Clusters")
def _clusters(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The nearest center, and the distances to all of them."""
    points, fixed = _points(node, g)
    known = g.constant(f"{node.name}/points", fixed.table(points))
    squared = node.flag("squared", default=False)
    shape = g.type(fixed.value).shape[:-1]
    inner = f"{node.name}/nearest"
    outputs = [f"{inner}/places", f"{inner}/distances"]
    op = Nearest(fraction=fixed.fraction)
    place, _ = g.add(op, [fixed.value, known], name=inner, outputs=outputs)
    part = node.part(0)
    label = g.add(Reshape(shape=shape), [place], name=part.name, outputs=part.outputs)[0]
    if len(node.outputs) == 1:
        return [label]
    part = node.part(1)
    far = Distances(fraction=fixed.fraction, squared=squared)
    return [label, *g.add(far, [fixed.value, known], name=part.name, outputs=part.outputs)]


def _points(node: SourceNode, g: GraphBuilder) -> tuple[Array, Fixed]:
    points = node.tensor("points")
    size = g.type(node.input(0)).shape[-1]
    points = np.asarray(0 if points is None else points, np.float64)
    if points.ndim != _MATRIX or points.shape[1] != size or not len(points):
        raise node.reject(f"points that are none of {size} features", code="malformed-model")
    bits = largest_bits(size, distances=True)
    return points, add_fixed(node, g, points, centers=True, bits=bits)
