"""How TFLite spells x[begin:end:stride, ..., index, newaxis]: vectors and five bit masks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.slice import Slice, add_slice, python_slice
from edgec.ops.registry import Format, SourceNode, importer


@dataclass(frozen=True, slots=True)
class _Entry:
    """One place in the square brackets; ``kind`` is "slice", "index", "new" or "ellipsis"."""

    kind: str
    begin: int | None = None
    end: int | None = None
    step: int = 1


@importer(Format.TFLITE, "STRIDED_SLICE")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    x = node.input(0)
    shape = g.type(x).shape
    entries = list(_expanded(node, list(_entries(node, g)), len(shape)))
    op, result = Slice.whole(shape), []
    axis = 0
    for entry in entries:
        if entry.kind == "new":
            result.append(1)
            continue
        start, size, step = _bounds(node, entry, shape[axis])
        op = op.along(axis, start, size, step)
        result += [] if entry.kind == "index" else [size]
        axis += 1
    if tuple(result) == op.sizes:
        return add_slice(node, g, x, op)
    if op == Slice.whole(shape):
        return add_or_fold(node, g, Reshape(shape=tuple(result)), [x])
    part = add_slice(node.part(suffix="slice"), g, x, op)
    return add_or_fold(node, g, Reshape(shape=tuple(result)), part)


def _entries(node: SourceNode, g: GraphBuilder) -> Iterator[_Entry]:
    """Yield what the vectors and masks say, place by place."""
    begins, ends, steps = (
        [int(each) for each in node.constant(g, index).flat] for index in (1, 2, 3)
    )
    masks = {
        name: node.integer(f"{name}_mask", 0)
        for name in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    }
    is_length = node.flag("offset", default=False)
    for place, (begin, end, step) in enumerate(zip(begins, ends, steps, strict=True)):
        on = {name for name, mask in masks.items() if mask >> place & 1}
        if "ellipsis" in on:
            yield _Entry("ellipsis")
        elif "new_axis" in on:
            yield _Entry("new")
        elif "shrink_axis" in on:
            if "begin" in on:
                raise node.reject(f"place {place} is masked by both begin and shrink_axis")
            yield _Entry("index", begin)
        else:
            stop = begin + end if is_length else end
            yield _Entry(
                "slice", None if "begin" in on else begin, None if "end" in on else stop, step
            )


def _expanded(node: SourceNode, entries: list[_Entry], rank: int) -> Iterator[_Entry]:
    """Put whole axes in place of the ellipsis, or behind the last entry where there is none."""
    used = sum(entry.kind in {"slice", "index"} for entry in entries)
    kinds = [entry.kind for entry in entries]
    if used > rank or kinds.count("ellipsis") > 1:
        raise node.reject(f"{kinds} of a rank-{rank} tensor", code="malformed-model")
    rest = [_Entry("slice")] * (rank - used)
    for entry in entries:
        if entry.kind == "ellipsis":
            yield from rest
            rest = []
        else:
            yield entry
    yield from rest


def _bounds(node: SourceNode, entry: _Entry, extent: int) -> tuple[int, int, int]:
    """Return start, size and step along an axis."""
    if entry.kind == "index":
        index = entry.begin or 0
        if not -extent <= index < extent:
            raise node.reject(f"index {index} of {extent} elements", code="malformed-model")
        return index % extent, 1, 1
    if entry.step == 0:
        raise node.reject("stride 0", code="malformed-model")
    return python_slice(entry.begin, entry.end, entry.step, extent)
