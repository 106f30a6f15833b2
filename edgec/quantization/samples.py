"""Samples from an .npz file: one array per model input, the first axis counts the samples.

Arrays have the source model's own layout; what leaves here has the graph's. Every way in which a
file does not fit has its own error, and all of them are reported in one go.
"""

import difflib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Array, DType, Graph, TensorType, ValueName
from edgec.ops.base import is_float
from edgec.ops.quantize import quantize_floats
from edgec.quantization.labels import LABELS, read_labels

_MAX_BYTES = 2**33
_FEW = 8
_PIXEL_MAXIMUM = 255
_LOOKS_UNSCALED = 64  # integers from 0 to more than this: pixels, as far as one can tell
_IMAGE_RANK = 4


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples that fit a graph: ``arrays`` are [samples, *the input's shape], in its own type.

    ``label`` has one class number per sample, where the file has labels.
    """

    arrays: Mapping[ValueName, Array]
    label: Array | None = None
    warnings: tuple[str, ...] = ()

    def __len__(self) -> int:
        return min((len(array) for array in self.arrays.values()), default=0)

    def sample(self, index: int) -> dict[ValueName, Array]:
        """Return the inputs of one sample, ready for :func:`edgec.ir.evaluate`."""
        return {name: array[index] for name, array in self.arrays.items()}

    def first(self, count: int) -> "Samples":
        """Return the first samples, and labels, without the warnings."""
        label = None if self.label is None else self.label[:count]
        return Samples({name: array[:count] for name, array in self.arrays.items()}, label)


def read_samples(path: Path, graph: Graph) -> Samples:
    """Read samples for a graph; raises every problem with its inputs at once.

    Errors: ``file-not-found``, ``malformed-samples``, ``samples-keys``, ``samples-shape``,
    ``samples-dtype``, ``samples-values`` and ``samples-empty``.
    """
    arrays = _read(path, {*graph.inputs, *LABELS})
    return fit_samples(arrays, graph, path)


def fit_samples(arrays: Mapping[str, Array], graph: Graph, path: Path) -> Samples:
    """Bring arrays in the source's layout into the graph's; errors as :func:`read_samples`."""
    raise_all([error for name in graph.inputs for error in _problems(name, arrays, graph, path)])
    raise_all(list(_count_problems(arrays, graph, path)))
    fitted = {name: _ours(arrays[name], name, graph) for name in graph.inputs}
    warnings = [text for name in graph.inputs for text in _warnings(name, arrays[name], graph)]
    labels, trouble = read_labels(arrays, graph.inputs)
    return Samples(fitted, labels, (*warnings, *([trouble] if trouble else ())))


def source_shape(graph: Graph, name: ValueName) -> tuple[int, ...]:
    """Return the shape of an input or output with the axes where the source model has them."""
    shape = graph.types[name].shape
    layout = graph.layouts.get(name, tuple(range(len(shape))))
    return tuple(shape[layout.index(axis)] for axis in range(len(shape)))


def sample_shape(graph: Graph, name: ValueName) -> tuple[int, ...]:
    """Return the shape of one sample in the source's layout: without a batch axis of 1."""
    shape = source_shape(graph, name)
    return shape[1:] if shape[:1] == (1,) and len(shape) > 1 else shape


def _read(path: Path, wanted: set[str]) -> dict[str, Array]:
    """Return the arrays of a file; those not ``wanted`` are left empty, only their names count."""
    place = Place(str(path))
    if not path.is_file():
        raise EdgecError(
            "file-not-found", f"no file {str(path)!r}", place=place, help="check the path"
        )
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(each.file_size for each in archive.infolist())
        small = size <= _MAX_BYTES
        with np.load(path, allow_pickle=False) as file:
            read = {key: small and key in wanted for key in file.files}
            arrays = {key: file[key] if read[key] else np.zeros(0) for key in file.files}
    except Exception as error:  # zipfile and NumPy raise many kinds on broken files
        raise _malformed(f"not a readable .npz file: {error}", place) from error
    if not small:
        raise _malformed(f"its arrays take {size} bytes, the limit is {_MAX_BYTES}", place)
    return arrays


def _malformed(message: str, place: Place) -> EdgecError:
    hint = "write it with numpy.savez(path, input_name=array)"
    return EdgecError("malformed-samples", message, place=place, help=hint)


def _problems(
    name: ValueName, arrays: Mapping[str, Array], graph: Graph, path: Path
) -> Iterator[EdgecError]:
    place = Place(str(path), f"array {name!r}")
    if name not in arrays:
        yield _missing(name, arrays, Place(str(path)))
        return
    array, kind = arrays[name], graph.types[name]
    yield from _dtype_problem(array, kind, place)
    yield from _shape_problem(array, sample_shape(graph, name), place)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = int(array.size - np.isfinite(array).sum())
        first = tuple(int(axis) for axis in np.argwhere(~np.isfinite(array))[0])
        message = f"{bad} of {array.size} values are NaN or infinite, the first at {first}"
        hint = "remove these samples, or repair how they are made"
        yield EdgecError("samples-values", message, place=place, help=hint)


def _missing(name: str, arrays: Mapping[str, Array], place: Place) -> EdgecError:
    others = [key for key in arrays if key not in LABELS]
    listed = ", ".join(map(repr, arrays)) or "no arrays at all"
    near = difflib.get_close_matches(name, others, n=1, cutoff=0.5) or others[:1]
    hint = f"save the samples under the input's name: numpy.savez(path, **{{{name!r}: array}})"
    if near:
        hint = f"rename {near[0]!r} to {name!r}, the name of the model's input"
    message = f"no array for input {name!r}: the file has {listed}"
    return EdgecError("samples-keys", message, place=place, help=hint)


def _dtype_problem(array: Array, kind: TensorType, place: Place) -> Iterator[EdgecError]:
    if array.dtype.kind == "f" or (not is_float(kind) and array.dtype == kind.dtype.numpy):
        return
    wanted = "float32" if is_float(kind) else f"float32 or {kind.dtype.value}"
    hint = "save array.astype(numpy.float32)"
    if array.dtype == np.uint8:
        hint += ", scaled as in training (pixels often / 255)"
    message = f"the elements are {array.dtype}, {wanted} is needed"
    yield EdgecError("samples-dtype", message, place=place, help=hint)


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
    if shape == sample:
        return "a single sample needs the axis too: array[numpy.newaxis]"
    if sorted(shape[1:]) == sorted(sample):
        return "the axes are in another order than the model's: transpose the array"
    if shape[1:2] == (1,) and shape[2:] == sample:
        return "drop the batch axis behind the samples: array[:, 0]"
    return "the first axis counts the samples, the others are the model's own input shape"


def _count_problems(arrays: Mapping[str, Array], graph: Graph, path: Path) -> Iterator[EdgecError]:
    labels = [key for key in LABELS if key in arrays and arrays[key].ndim]
    counts = {name: len(arrays[name]) for name in (*graph.inputs, *labels)}
    if len(set(counts.values())) > 1:
        listed = ", ".join(f"{name!r} has {count}" for name, count in counts.items())
        yield EdgecError(
            "samples-shape",
            f"arrays differ in their number of samples: {listed}",
            place=Place(str(path)),
            help="save as many samples for every input, and one label for each",
        )


def _ours(array: Array, name: ValueName, graph: Graph) -> Array:
    """Return an array in the graph's layout and element type."""
    kind = graph.types[name]
    source = array.reshape(len(array), *source_shape(graph, name))
    layout = graph.layouts.get(name, tuple(range(kind.rank)))
    moved = np.ascontiguousarray(source.transpose(0, *(axis + 1 for axis in layout)))
    if kind.dtype is DType.FLOAT32:
        return moved.astype(np.float32)
    if moved.dtype == kind.dtype.numpy:
        return moved
    return quantize_floats(moved, kind, halves_to_even=graph.halves_to_even)


def _warnings(name: ValueName, array: Array, graph: Graph) -> Iterator[str]:
    if not is_float(graph.types[name]):
        return
    low, high = float(array.min()), float(array.max())
    if len(array) < _FEW:
        yield f"calibration: only {len(array)} samples of {name!r}; 100 or so are better"
    if array.size > 1 and low == high:
        yield f"calibration: all values of {name!r} are {low:g}"
    pixels = _LOOKS_UNSCALED < high <= _PIXEL_MAXIMUM and low >= 0 and not (array % 1).any()
    if pixels and array.ndim == _IMAGE_RANK:
        yield (
            f"calibration: {name!r} holds whole numbers up to {high:g}, like pixels; "
            "if the model was trained on 0..1, divide by 255"
        )
