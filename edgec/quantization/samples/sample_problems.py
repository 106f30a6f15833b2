"""What makes samples unusable for an input: each has its own error, which guesses the mistake."""

import difflib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from math import prod
from pathlib import Path

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, TensorType, ValueName
from edgec.ops.operator import is_float
from edgec.ops.registry import is_number
from edgec.quantization.samples.sample_labels import is_label, label_keys

Wanted = tuple[TensorType, tuple[int, ...]]
"""The type of an input, and the shape of one sample in the source's layout."""

_MAX_PERMUTED = 5  # axes of which all orders are tried


def problems(
    name: ValueName, arrays: Mapping[str, Array], wanted: Wanted, path: Path
) -> Iterator[EdgecError]:
    """Yield all that is wrong with the samples of one input."""
    place = Place(str(path), f"array {name!r}")
    if name not in arrays:
        yield _missing(name, arrays, Place(str(path)))
        return
    array, (kind, shape) = arrays[name], wanted
    yield from _dtype_problem(array, kind, place)
    yield from _shape_problem(array, shape, place)
    yield from _value_problem(array, place)
    yield from _limit_problem(array, kind, place)


def count_problems(
    arrays: Mapping[str, Array],
    inputs: Sequence[ValueName],
    outputs: Sequence[ValueName],
    path: Path,
) -> Iterator[EdgecError]:
    """Yield an error where inputs, or labels, differ in their number of samples."""
    labels = [*label_keys(arrays, inputs, outputs)]
    for key in [each for each in labels if not arrays[each].ndim]:
        labels.remove(key)
        yield EdgecError(
            "samples-shape",
            f"the labels are a single number, {arrays[key].item()!r:.40}",
            place=Place(str(path), f"array {key!r}"),
            help="save one label for each sample: numpy.full(samples, label)",
        )
    counts = {name: len(arrays[name]) for name in (*inputs, *labels)}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
        yield EdgecError(
            "samples-shape",
            f"arrays differ in their number of samples: {listed}",
            place=Place(str(path)),
            help="save as many samples for every input, and one label for each",
        )


def _missing(name: str, arrays: Mapping[str, Array], place: Place) -> EdgecError:
    others = [key for key in arrays if not is_label(key)]
    listed = ", ".join(map(repr, arrays)) or "no arrays at all"
    near = difflib.get_close_matches(name, others, n=1, cutoff=0.5) or others[:1]
    hint = f"save the samples under the input's name: numpy.savez(path, **{{{name!r}: array}})"
    if near:
        hint = f"rename {near[0]!r} to {name!r}, the name of the model's input"
    message = f"no array for input {name!r}: the file has {listed}"
    return EdgecError("samples-keys", message, place=place, help=hint)


def _dtype_problem(array: Array, kind: TensorType, place: Place) -> Iterator[EdgecError]:
    if is_number(kind):
        yield from _number_problem(array, kind, place)
        return
    if array.dtype.kind == "f" or (not is_float(kind) and array.dtype == kind.dtype.numpy):
        return
    if array.dtype.kind in "iub" and _are_themselves(kind):
        return
    wanted = "float32" if is_float(kind) else f"float32 or {kind.dtype.value}"
    hint = "save array.astype(numpy.float32)"
    if array.dtype.kind not in "iub":
        hint = "save real numbers, as the model was trained on, as numpy.float32"
    elif not is_float(kind):
        hint = _which_numbers(kind)
    elif array.dtype == np.uint8:
        hint += ", scaled as in training (pixels often / 255)"
    message = f"the elements are {array.dtype}, {wanted} is needed"
    yield EdgecError("samples-dtype", message, place=place, help=hint)


def _which_numbers(kind: TensorType) -> str:
    """Say what to save for a quantized input, whose integers stand for other numbers."""
    stored = f"save the file's integers (a camera's pixels) as numpy.{kind.dtype.value}"
    q = kind.qparams
    if q is None:
        return stored
    meaning = f"{q.scales[0]:.6g} * (integer - {q.zero_points[0]})"
    return f"{stored}, or the real numbers {meaning} that they stand for as numpy.float32"


def _are_themselves(kind: TensorType) -> bool:
    """Tell whether the integers of a type are the numbers that they stand for."""
    q = kind.qparams
    return q is not None and (q.scales, q.zero_points) == ((1.0,), (0,))


def _limit_problem(array: Array, kind: TensorType, place: Place) -> Iterator[EdgecError]:
    """Yield an error where integers do not fit those of the input, which are themselves too."""
    if array.dtype.kind not in "iu" or not _are_themselves(kind) or not array.size:
        return
    limits, low, high = np.iinfo(kind.dtype.numpy), int(array.min()), int(array.max())
    if limits.min <= low and high <= limits.max:
        return
    message = f"the elements go from {low} to {high}, {kind.dtype.value} has {limits.min} to "
    yield EdgecError(
        "samples-values",
        message + f"{limits.max}",
        place=place,
        help="save what the application will hand over, in the range of the model's input",
    )


def _number_problem(array: Array, kind: TensorType, place: Place) -> Iterator[EdgecError]:
    """Yield an error where numbers are no whole ones, or beyond the type of the input."""
    if array.dtype.kind not in "iub":
        message = f"the elements are {array.dtype}, {kind.dtype.value} is needed"
        hint = (
            f"this input counts, it is not quantized: save array.astype(numpy.{kind.dtype.value})"
        )
        yield EdgecError("samples-dtype", message, place=place, help=hint)
        return
    low, high = (0, 1) if kind.dtype is DType.BOOL else (-(2**31), 2**31 - 1)
    outside = array.size and not low <= int(array.min()) <= int(array.max()) <= high
    if outside:
        message = f"numbers go from {array.min()} to {array.max()}, beyond {low} to {high}"
        hint = f"the model's input is {kind.dtype.value} here: give numbers within it"
        yield EdgecError("samples-values", message, place=place, help=hint)


def _value_problem(array: Array, place: Place) -> Iterator[EdgecError]:
    if array.dtype.kind != "f":
        return
    with np.errstate(over="ignore"):
        finite = np.isfinite(array.astype(np.float32, copy=False))
    if finite.all():
        return
    bad = int(finite.size - finite.sum())
    first = tuple(int(axis) for axis in np.unravel_index(int(finite.argmin()), finite.shape))
    kind = "NaN or infinite" if not np.isfinite(array).all() else "too large for float32"
    message = f"{bad} of {array.size} values are {kind}, the first at {first}"
    hint = "remove these samples, or repair how they are made"
    yield EdgecError("samples-values", message, place=place, help=hint)


def _shape_problem(array: Array, sample: tuple[int, ...], place: Place) -> Iterator[EdgecError]:
    if array.ndim and len(array) == 0:
        yield EdgecError(
            "samples-empty", "it holds no sample", place=place, help="save at least one sample"
        )
    elif array.shape[1:] != sample or not array.ndim:
        wanted = ", ".join(["samples", *map(str, sample)])
        message = f"the shape is {array.shape}, ({wanted}) is needed"
        hint = _shape_help(array.shape, sample)
        yield EdgecError("samples-shape", message, place=place, help=hint)


def _shape_help(shape: tuple[int, ...], sample: tuple[int, ...]) -> str:
    """Guess how an array came to have the wrong shape."""
    given = shape[1:]
    if shape == sample:
        return "a single sample needs the axis too: array[numpy.newaxis]"
    if given[:1] == (1,) and given[1:] == sample:
        return "drop the batch axis behind the samples: array[:, 0]"
    order = _order(given, sample)
    if order:
        axes = ", ".join(str(axis + 1) for axis in order)
        return f"the axes are in another order than the model's: array.transpose(0, {axes})"
    if given and prod(given) == prod(sample):
        axes = ", ".join(map(str, sample))
        return f"the model's input has as many elements: array.reshape(-1, {axes})"
    differ = [axis for axis, (a, b) in enumerate(zip(given, sample, strict=False)) if a != b]
    if len(given) == len(sample) and len(differ) == 1:
        axis = differ[0]
        return f"only axis {axis + 1} differs, {given[axis]} in place of {sample[axis]}: resize it"
    return "the first axis counts the samples, the others are the model's own input shape"


def _order(given: tuple[int, ...], sample: tuple[int, ...]) -> tuple[int, ...]:
    """Return the permutation that makes ``sample`` of ``given``; () where there is none.

    Of several, that which moves channels from the last place to the first or back.
    """
    rank = len(given)
    if rank > _MAX_PERMUTED or sorted(given) != sorted(sample):
        return ()
    usual = [(rank - 1, *range(rank - 1)), (*range(1, rank), 0)]
    for order in (*usual, *itertools.permutations(range(rank))):
        if tuple(given[axis] for axis in order) == sample:
            return order
    return ()
