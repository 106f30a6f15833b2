"""Sparse constants of TFLite files, written out; and DENSIFY, which does that at run time.

A sparse tensor has levels, outermost first: axes of its shape in the order it is stored in, then
axes inside of blocks. A dense level counts from 0; a sparse one lists the places that are there.
Source: sparsity parameters of TFLite's schema, and its internal::sparsity::FormatConverter (2.14).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np
import tflite

from edgec.frontends.tflite.records import FileModel, FileTensor
from edgec.ir import Array

Numbers = Callable[[Any, str], Sequence[int]]
"""Returns a vector of a table, once its length is known to be sane."""
_LARGEST = 1 << 26  # bytes of a constant that a few bytes stand for
_MOST_PLACES = 1 << 26
"""Places in levels at once, of 8 bytes each."""
_VECTORS = {
    tflite.SparseIndexVector.Int32Vector: tflite.Int32Vector,
    tflite.SparseIndexVector.Uint16Vector: tflite.Uint16Vector,
    tflite.SparseIndexVector.Uint8Vector: tflite.Uint8Vector,
}


@dataclass(frozen=True, slots=True)
class Level:
    """One level: of ``size`` places, or those that ``indices`` lists from segment to segment."""

    size: int
    segments: Array | None = None
    indices: Array | None = None


def dense_bytes(
    data: Array, table: Any, shape: tuple[int, ...], width: int, numbers: Numbers
) -> Array:
    """Return the bytes of a whole tensor, of elements ``width`` bytes wide, from its sparse ones.

    What is not stored is 0. ``ValueError`` where the parameters contradict each other.
    """
    order = [int(each) for each in numbers(table, "TraversalOrder")]
    blocks = [int(each) for each in numbers(table, "BlockMap")]
    levels = [_level(table.DimMetadata(i), numbers) for i in range(table.DimMetadataLength())]
    rank = len(shape)
    if sorted(order) != list(range(rank + len(blocks))) or len(levels) != len(order):
        message = f"{len(levels)} levels in the order {order} for rank {rank}"
        raise ValueError(message)
    if any(not 0 <= axis < rank for axis in blocks) or prod(shape) * width > _LARGEST:
        message = f"blocks of axes {blocks}, shape {shape}"
        raise ValueError(message)
    places = _places(levels, _most_at_once(levels, prod(shape), data.size // width))
    flat = _flat(places, [each.size for each in levels], order, blocks, shape)
    if data.size != len(flat) * width:
        message = f"{data.size} bytes for {len(flat)} elements"
        raise ValueError(message)
    result = np.zeros((prod(shape), width), np.uint8)
    result[flat] = data.reshape(-1, width)
    return result.reshape(-1)


def _most_at_once(levels: Sequence[Level], elements: int, stored: int) -> int:
    """Return how many places a level may have: each leads to a stored element or to a segment.

    Neither can be many in a file of a few bytes, whatever its shape and levels say.
    """
    listed = max((len(each.segments) for each in levels if each.segments is not None), default=0)
    most = min(elements, max(stored, listed))
    if most * len(levels) > _MOST_PLACES:
        message = f"{most} elements in {len(levels)} levels"
        raise ValueError(message)
    return most


def _level(table: Any, numbers: Numbers) -> Level:
    if table.Format() == tflite.DimensionType.DENSE:
        return Level(int(table.DenseSize()))
    segments, indices = (
        _vector(getattr(table, field)(), getattr(table, f"{field}Type")(), numbers)
        for field in ("ArraySegments", "ArrayIndices")
    )
    return Level(0, segments, indices)


def _vector(union: Any, kind: int, numbers: Numbers) -> Array:
    if union is None or kind not in _VECTORS:
        message = f"index vector of type {kind}"
        raise ValueError(message)
    vector = _VECTORS[kind]()
    vector.Init(union.Bytes, union.Pos)
    return np.asarray(numbers(vector, "Values"), np.int64)


def _places(levels: Sequence[Level], most: int) -> Array:
    """Return the place in every level of each stored element, [element, level]."""
    previous, places = np.zeros(1, np.int64), np.zeros((1, 0), np.int64)
    for level in levels:
        if level.segments is None or level.indices is None:
            counts = np.full(len(previous), level.size, np.int64)
        else:
            if previous.max(initial=-1) + 1 >= len(level.segments):
                message = "too few segments"
                raise ValueError(message)
            counts = level.segments[previous + 1] - level.segments[previous]
        if counts.min(initial=0) < 0 or counts.sum() > most:
            message = f"{counts.sum()} stored elements of {most}"
            raise ValueError(message)
        inside = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        places = np.repeat(places, counts, axis=0)
        if level.segments is None or level.indices is None:
            previous = np.repeat(previous, counts) * level.size + inside
            own = inside
        else:
            previous = np.repeat(level.segments[previous], counts) + inside
            if previous.size and not 0 <= previous.min() <= previous.max() < len(level.indices):
                message = "a segment beyond the indices"
                raise ValueError(message)
            own = level.indices[previous]
        places = np.column_stack([places, own])
    return places


def _flat(
    places: Array,
    sizes: Sequence[int],
    order: Sequence[int],
    blocks: Sequence[int],
    shape: tuple[int, ...],
) -> Array:
    """Return the place of each element in the whole tensor: blocks, then inside of them."""
    index = np.zeros((len(places), len(shape)), np.int64)
    for level, axis in enumerate(order):
        if axis < len(shape):
            index[:, axis] = places[:, level]
    for level, axis in enumerate(order):
        if axis >= len(shape):
            within = blocks[axis - len(shape)]
            index[:, within] = index[:, within] * sizes[level] + places[:, level]
    if index.size and ((index < 0).any() or (index >= np.array(shape)).any()):
        message = "a stored element outside of the tensor"
        raise ValueError(message)
    return np.ravel_multi_index(tuple(index.T), shape) if shape else np.zeros(len(places), np.int64)


def without_densify(model: FileModel) -> FileModel:
    """Return the model with what DENSIFY makes of constants as constants."""
    tensors = list(model.tensors)
    gone = set()
    for operator in model.operators:
        source = operator.inputs[0] if operator.op == "DENSIFY" and operator.inputs else None
        if source is None or len(operator.outputs) != 1 or operator.oddity:
            continue
        (result,) = operator.outputs
        if _fits(tensors[source], tensors[result]):
            tensors[result] = replace(tensors[result], data=tensors[source].data)
            gone.add(id(operator))
    if not gone:
        return model
    kept = tuple(each for each in model.operators if id(each) not in gone)
    return replace(model, tensors=tuple(tensors), operators=kept)


def _fits(source: FileTensor, result: FileTensor) -> bool:
    alike = (source.shape, source.type_name) == (result.shape, result.type_name)
    return alike and source.data is not None and not source.oddity and result.data is None
