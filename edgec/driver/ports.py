"""Inputs and outputs as users see them: named arrays of samples in the source's layout."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from math import prod
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from edgec.codegen.source_tree import replaceable_file
from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, Graph, QParams, TensorType, ValueName
from edgec.ops.registry import is_number
from edgec.program import Port
from edgec.quantization.samples.npz_keys import npz_keys
from edgec.quantization.samples.sample_labels import Labels
from edgec.quantization.samples.samples import read_samples
from edgec.scratch import write_whole

_MAX_ELEMENTS = 1 << 30
_MOST = 127  # of numbers that are drawn, where nothing says more


@dataclass(frozen=True, slots=True)
class PortInfo:
    """One model input or output, as report.json has it.

    ``shape`` is ours; ``layout`` the permutation from the source's axes to ours, or None;
    ``float_source`` tells that the source model had float32 here, ``halves_to_even`` how floats
    become integers. ``alias`` is another name that the source file has for it, or empty.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float | None
    zero_point: int | None
    layout: tuple[int, ...] | None
    float_source: bool
    halves_to_even: bool = False
    alias: str = ""

    @classmethod
    def of(cls, port: Port, *, float_source: bool, alias: str = "") -> "PortInfo":
        quantization = port.type.qparams
        return cls(
            port.name,
            port.type.shape,
            port.type.dtype.value,
            quantization.scale if quantization else None,
            quantization.zero_point if quantization else None,
            port.layout,
            float_source,
            port.halves_to_even,
            alias,
        )

    @classmethod
    def from_json(cls, table: Mapping[str, Any]) -> "PortInfo":
        layout, shape = table["layout"], table["shape"]
        if layout is not None and sorted(layout) != list(range(len(shape))):
            message = f"{layout} is no order of the axes of {shape}"
            raise ValueError(message)
        if prod(shape) > _MAX_ELEMENTS or (table["scale"] is None) != (table["zero_point"] is None):
            message = f"{table['name']!r} has a shape or a quantization that edgec never writes"
            raise ValueError(message)
        values = {**table, "shape": tuple(table["shape"])}
        return cls(**{**values, "layout": tuple(layout) if layout is not None else None})

    def to_json(self) -> dict[str, Any]:
        table = asdict(self)
        return table if self.alias else {k: v for k, v in table.items() if k != "alias"}

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

    def decode(self, data: Sequence[bytes]) -> Array:
        """Turn raw tensors into an array of samples in the source's layout."""
        arrays = [np.frombuffer(raw, self.type.dtype.numpy).reshape(self.shape) for raw in data]
        inverse = np.argsort(self.layout) if self.layout is not None else None
        moved = [each if inverse is None else each.transpose(inverse) for each in arrays]
        return np.stack([each.reshape(self.sample_shape) for each in moved])

    def encode(self, values: Array) -> list[bytes]:
        """Turn an array of samples in the source's layout into raw tensors."""
        layout = self.layout or tuple(range(len(self.shape)))
        source = values.reshape(len(values), *self.source_shape)
        moved = source.transpose(0, *(axis + 1 for axis in layout))
        return [each.tobytes() for each in moved]

    def reals(self, data: Sequence[bytes]) -> Array:
        """Turn raw tensors into an array of samples, of real values where there is a scale."""
        values = self.decode(data)
        return values if self.scale is None else self.dequantize(values)

    def dequantize(self, values: Array) -> Array:
        """Return the real values of an array of quantized ones, float32."""
        assert self.scale is not None  # noqa: S101 - callers ask quantized ports only
        assert self.zero_point is not None  # noqa: S101
        shifted = values.astype(np.int32) - self.zero_point
        return (np.float32(self.scale) * shifted).astype(np.float32)


@dataclass(frozen=True)
class RawSamples:
    """Samples for every input as bytes of its type, and labels where the file has them."""

    inputs: list[list[bytes]]  # [sample][input]
    labels: tuple[Labels, ...] = ()
    warnings: tuple[str, ...] = ()


def read_inputs(path: Path, ports: Sequence[PortInfo]) -> RawSamples:
    """Read samples for a built model: float32, or integers of the quantized type.

    Raises every problem at once, with the codes of ``read_samples``.
    """
    samples = read_samples(path, _door(ports))
    names = [ValueName(port.name) for port in ports]
    rows = [[samples.arrays[name][i].tobytes() for name in names] for i in range(len(samples))]
    return RawSamples(rows, samples.labels, samples.warnings)


def random_inputs(
    ports: Sequence[PortInfo],
    count: int,
    seed: int = 0,
    most: Mapping[ValueName, int] = MappingProxyType({}),
) -> list[list[bytes]]:
    """Draw seeded inputs, [sample][input], over the whole range of each input's type.

    Plain numbers are drawn from 0 to what ``most`` says, 127 where it says nothing: runtimes end
    where numbers look up what there is not.
    """
    rng = np.random.default_rng(seed)
    return [
        [_random(rng, port, most.get(ValueName(port.name), _MOST)) for port in ports]
        for _ in range(count)
    ]


def write_npz(path: Path, arrays: Mapping[str, Array]) -> None:
    """Write an npz file, whole or not at all."""
    path = replaceable_file(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _packed(arrays))
    except OSError as error:
        raise EdgecError(
            "unwritable-output",
            f"cannot write the output: {error.strerror or error}",
            place=Place(str(path)),
            help="choose another place, or make this one writable",
        ) from None


def _packed(arrays: Mapping[str, Array]) -> bytes:
    """Return an npz file; NumPy's own function takes no array that is called ``file``.

    Names that no npz file can hold are changed (:func:`npz_keys`).
    """
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        for key, array in zip(npz_keys(arrays), arrays.values(), strict=True):
            entry = BytesIO()
            np.save(entry, array)
            archive.writestr(f"{key}.npy", entry.getvalue())
    return packed.getvalue()


def _door(ports: Sequence[PortInfo]) -> Graph:
    """Return a graph that has these inputs and nothing else."""
    names = tuple(ValueName(port.name) for port in ports)
    layouts = {n: p.layout for n, p in zip(names, ports, strict=True) if p.layout is not None}
    types = {name: port.type for name, port in zip(names, ports, strict=True)}
    to_even = any(port.halves_to_even for port in ports)
    aliases = {name: p.alias for name, p in zip(names, ports, strict=True) if p.alias}
    return Graph("door", names, (), (), types, {}, layouts, halves_to_even=to_even, aliases=aliases)


def _random(rng: np.random.Generator, port: PortInfo, most: int) -> bytes:
    kind = port.type
    if kind.dtype is DType.FLOAT32:
        return rng.standard_normal(kind.shape).astype(np.float32).tobytes()
    if kind.dtype is DType.BOOL:
        return rng.integers(0, 2, kind.shape, np.uint8).tobytes()
    if is_number(kind):
        return rng.integers(0, most + 1, kind.shape, kind.dtype.numpy).tobytes()
    limits = np.iinfo(kind.dtype.numpy)
    return rng.integers(limits.min, limits.max + 1, kind.shape, kind.dtype.numpy).tobytes()
