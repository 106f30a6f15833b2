"""ONNX operators that put each element where constants say: one gather of all elements.

GatherElements, ReverseSequence, Scatter, ScatterElements, ScatterND; and Trilu, a mask.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import prod

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.mul import Mul
from edgec.ops.movement.concatenation import Concatenation
from edgec.ops.movement.gather import check_table, gathered
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.places import elements_at_run_time
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "GatherElements")
def _gather_elements(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    if g.constant_value(node.input(1)) is None:
        return elements_at_run_time(node, g)
    indices, axis, own = node.constant(g, 1), *_along_axis(node, g)
    _check_inside(node, indices, own.shape[axis])
    beside = _beside(node, own, indices, axis)
    places = np.take_along_axis(beside, indices % own.shape[axis], axis)
    return _placed(node, g, [node.input(0)], places)


@importer(Format.ONNX, "ReverseSequence")
def _reverse(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Turn round as many steps of each sequence as it is long."""
    own = _own_places(g.type(node.input(0)).shape)
    batch, time = node.integer("batch_axis", default=1), node.integer("time_axis", default=0)
    places = np.moveaxis(own, (batch, time), (0, 1)).copy()
    for sequence, length in zip(places, node.constant(g, 1), strict=True):
        sequence[: int(length)] = sequence[: int(length)][::-1].copy()
    return _placed(node, g, [node.input(0)], np.moveaxis(places, (0, 1), (batch, time)))


@importer(Format.ONNX, "Scatter", "ScatterElements")
def _scatter_elements(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    _check_reduction(node)
    indices, axis, places = node.constant(g, 1), *_along_axis(node, g)
    _check_inside(node, indices, places.shape[axis])
    updates = _update_places(node, g, indices.shape)
    beside = _beside(node, places, indices, axis)  # a view
    np.put_along_axis(beside, indices % places.shape[axis], updates, axis)
    return _placed(node, g, [node.input(0), node.input(2)], places)


@importer(Format.ONNX, "ScatterND")
def _scatter_nd(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    _check_reduction(node)
    indices, places = node.constant(g, 1), _own_places(g.type(node.input(0)).shape)
    depth = indices.shape[-1]
    extents = np.array(places.shape[:depth], np.int64)
    _check_inside(node, indices, extents)
    updates = _update_places(node, g, (*indices.shape[:-1], *places.shape[depth:]))
    places[tuple(np.moveaxis(indices % extents, -1, 0))] = updates
    return _placed(node, g, [node.input(0), node.input(2)], places)


@importer(Format.ONNX, "Trilu")
def _triangle(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Keep what is on one side of a diagonal."""
    shape = g.type(node.input(0)).shape
    diagonal = int(node.constant(g, 1).item()) if len(node.present_inputs()) > 1 else 0
    side = np.triu if node.flag("upper", default=True) else np.tril
    known = g.constant_value(node.input(0))
    if known is not None:
        return [g.constant(node.outputs[0], side(known, diagonal).astype(known.dtype))]
    mask = side(np.ones(shape[-2:], np.float32), diagonal)
    return add_or_fold(node, g, Mul(), [node.input(0), g.constant(f"{node.name}/mask", mask)])


def _own_places(shape: Sequence[int]) -> Array:
    return np.arange(prod(shape)).reshape(shape)


def _along_axis(node: SourceNode, g: GraphBuilder) -> tuple[int, Array]:
    """Return the axis of a node, and the places of its data's elements."""
    shape = g.type(node.input(0)).shape
    return checked_axis(node, node.integer("axis", default=0), len(shape)), _own_places(shape)


def _beside(node: SourceNode, places: Array, indices: Array, axis: int) -> Array:
    """Return the places that indices speak of: along other axes there may be fewer of them."""
    wanted = [*indices.shape[:axis], *places.shape[axis : axis + 1], *indices.shape[axis + 1 :]]
    if len(wanted) != places.ndim or any(np.array(wanted) > places.shape):
        message = f"indices {indices.shape} into {places.shape}"
        raise node.reject(message, code="malformed-model")
    return places[tuple(map(slice, wanted))]


def _update_places(node: SourceNode, g: GraphBuilder, shape: Sequence[int]) -> Array:
    """Return the places of the updates, which come behind the data."""
    if g.type(node.input(2)).shape != tuple(shape):
        message = f"updates {g.type(node.input(2)).shape}, not {tuple(shape)}"
        raise node.reject(message, code="malformed-model")
    return _own_places(shape) + prod(g.type(node.input(0)).shape)


def _check_reduction(node: SourceNode) -> None:
    how = node.text("reduction", default="none")
    if how != "none":
        raise node.reject(f"reduction {how!r}", help="add, multiply or compare before it")


def _check_inside(node: SourceNode, indices: Array, extents: Array | int) -> None:
    if ((indices < -np.asarray(extents)) | (indices >= extents)).any():
        raise node.reject(f"an index is outside {extents}", code="malformed-model")


def _placed(
    node: SourceNode, g: GraphBuilder, parts: Sequence[ValueName], places: Array
) -> Sequence[ValueName]:
    """Add what takes elements of ``parts``, one behind the other, each from its place."""
    check_table(node, places.size)
    plain = replace(node, attrs={})
    flat = [
        add_or_fold(
            plain.part(suffix=f"flat_{i}"), g, Reshape(shape=(g.type(part).elements,)), [part]
        )[0]
        for i, part in enumerate(parts)
    ]
    if len(flat) > 1:
        flat = list(add_or_fold(plain.part(suffix="all"), g, Concatenation(axis=0), flat))
    return gathered(plain, g, flat[0], 0, places)
