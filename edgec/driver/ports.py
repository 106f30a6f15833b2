"""Inputs and outputs as users see them: named arrays of samples in the source model's own layout."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edgec.errors import EdgecError, ExitCode, Place, raise_all
from edgec.ir import Array, DType, QParams, TensorType
from edgec.lir import Port
from edgec.ops.quantize import quantize_floats

LABEL = "label"


@dataclass(frozen=True, slots=True)
class PortInfo:
    """One model input or output, as report.json has it.

    ``shape`` is ours; ``layout`` the permutation from the source's axes to ours, or None;
    ``float_source`` tells that the source model had float32 here.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    zero_point: int | None
    layout: tuple[int, ...] | None
    float_source: bool

    @classmethod
    def of(cls, port: Port, *, float_source: bool) -> "PortInfo":
        quantization = port.type.qparams
        return cls(
            port.name,
            port.type.shape,
            port.type.dtype.value,
            quantization.scale if quantization else None,
            quantization.zero_point if quantization else None,
            port.layout,
            float_source,
        )

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> "PortInfo":
        layout = table["layout"]
        values = {**table, "shape": tuple(table["shape"])}
        return cls(**{**values, "layout": tuple(layout) if layout is not None else None})

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @property
    def type(self) -> TensorType:
        if self.scale is None:
            return TensorType(self.shape, DType(self.dtype))
        qparams = QParams.per_tensor(self.scale, self.zero_point or 0)
        return TensorType(self.shape, DType(self.dtype), qparams)

    @property
    def source_shape(self) -> tuple[int, ...]:
        """The shape with the axes where the source model has them."""
        if self.layout is None:
            return self.shape
        return tuple(self.shape[self.layout.index(axis)] for axis in range(len(self.shape)))

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """The shape of one sample: the source shape without a batch axis of 1."""
        shape = self.source_shape
        return shape[1:] if shape[:1] == (1,) else shape

    def encode(self, samples: Array) -> list[bytes]:
        """Turn samples in the source's layout, float32 or of the port's type, into its bytes."""
        return [self._internal(sample).tobytes() for sample in samples]

    def decode(self, data: Sequence[bytes]) -> Array:
        """Turn raw tensors into an array of samples in the source's layout."""
        arrays = [np.frombuffer(raw, self.type.dtype.numpy).reshape(self.shape) for raw in data]
        inverse = np.argsort(self.layout) if self.layout is not None else None
        moved = [each if inverse is None else each.transpose(inverse) for each in arrays]
        return np.stack([each.reshape(self.sample_shape) for each in moved])

    def dequantize(self, values: Array) -> Array:
        """Return the real values of an array of quantized ones, float32."""
        assert self.scale is not None  # noqa: S101 - callers ask quantized ports only
        assert self.zero_point is not None  # noqa: S101
        shifted = values.astype(np.int32) - self.zero_point
        return (np.float32(self.scale) * shifted).astype(np.float32)

    def _internal(self, sample: Array) -> Array:
        array = sample.reshape(self.source_shape)
        if self.layout is not None:
            array = array.transpose(self.layout)
        if array.dtype != self.type.dtype.numpy and self.scale is not None:
            array = quantize_floats(array, self.type)
        return np.ascontiguousarray(array)


@dataclass(frozen=True)
class Samples:
    """Samples for every input (encoded), and labels where the file has them."""

    inputs: list[list[bytes]]  # [sample][input]
    labels: Array | None = None


def read_npz(path: Path) -> dict[str, Array]:
    """Return the arrays of an npz file; ``file-not-found`` or ``malformed-samples``."""
    if not path.exists():
        raise EdgecError("file-not-found", "there is no such file", place=Place(str(path)))
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except Exception as error:
        raise EdgecError(
            "malformed-samples",
            f"not a readable .npz file: {type(error).__name__}: {error}",
            place=Place(str(path)),
            help="write it with numpy.savez(path, input_name=array)",
        ) from None


def read_inputs(path: Path, ports: Sequence[PortInfo]) -> Samples:
    """Read samples for a built model; raises every mismatch with its inputs at once."""
    arrays = read_npz(path)
    raise_all([error for port in ports for error in _problems(port, arrays, path)])
    counts = {len(arrays[port.name]) for port in ports}
    if len(counts) != 1:
        shown = ", ".join(f"{port.name!r} has {len(arrays[port.name])}" for port in ports)
        raise _wrong(path, "", f"inputs differ in their numbers of samples: {shown}")
    encoded = [port.encode(arrays[port.name]) for port in ports]
    return Samples([list(each) for each in zip(*encoded, strict=True)], arrays.get(LABEL))


def random_inputs(ports: Sequence[PortInfo], count: int, seed: int = 0) -> Samples:
    """Draw seeded inputs over the whole range of each input's type."""
    rng = np.random.default_rng(seed)
    return Samples([[_random(rng, port) for port in ports] for _ in range(count)])


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an npz file, whole or not at all."""
    temporary = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            np.savez_compressed(file, **dict(arrays))  # type: ignore[arg-type]
        temporary.replace(path)
    except OSError as error:
        raise EdgecError(
            "unwritable-output",
            f"cannot write the output: {error.strerror or error}",
            place=Place(str(path)),
            help="choose another place, or make this one writable",
        ) from None


def _random(rng: np.random.Generator, port: PortInfo) -> bytes:
    kind = port.type
    if kind.dtype is DType.FLOAT32:
        return rng.standard_normal(kind.shape).astype(np.float32).tobytes()
    limits = np.iinfo(kind.dtype.numpy)
    return rng.integers(limits.min, limits.max + 1, kind.shape, kind.dtype.numpy).tobytes()


def _problems(port: PortInfo, arrays: Mapping[str, Array], path: Path) -> list[EdgecError]:
    """Return what is wrong with the array of one input."""
    if port.name not in arrays:
        known = ", ".join(map(repr, arrays)) or "nothing"
        near = difflib.get_close_matches(port.name, list(arrays), n=1)
        hint = f"rename {near[0]!r} to {port.name!r}" if near else "keys are the model's inputs"
        return [_wrong(path, port.name, f"no array for input {port.name!r}; found {known}", hint)]
    array = arrays[port.name]
    wanted = (f"{port.dtype} or float32" if port.scale is not None else port.dtype)
    if array.dtype not in (np.dtype(port.dtype), np.dtype(np.float32)):
        message = f"input {port.name!r} is {array.dtype}, expected {wanted}"
        return [_wrong(path, port.name, message, "convert it with array.astype(...)")]
    per_sample = int(np.prod(port.sample_shape))
    if array.ndim == 0 or len(array) == 0 or array[0].size != per_sample:
        expected = ", ".join(["samples", *map(str, port.sample_shape)])
        message = f"input {port.name!r} has shape {array.shape}, expected ({expected})"
        return [_wrong(path, port.name, message, "the first axis counts the samples")]
    if not np.isfinite(array).all():
        return [_wrong(path, port.name, f"input {port.name!r} holds NaN or infinity")]
    return []


def _wrong(path: Path, key: str, message: str, hint: str = "") -> EdgecError:
    return EdgecError(
        "samples-mismatch", message, place=Place(str(path), key), help=hint, exit_code=ExitCode.MODEL
    )
