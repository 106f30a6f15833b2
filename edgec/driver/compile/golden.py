"""Golden vectors: inputs and the outputs that the integer reference gives for them."""

import io
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import numpy as np

from edgec.driver.compile.compile import Compiled
from edgec.driver.output import OutputInfo
from edgec.driver.ports import PortInfo, random_inputs
from edgec.driver.progress import Progress
from edgec.errors import EdgecError, Place
from edgec.ir import Array, Graph, ValueName, evaluate_runs
from edgec.ops.classical.spans import feature_spans
from edgec.ops.conversion.quantize import quantize_floats
from edgec.quantization.samples.npz import Header, NpzFile
from edgec.quantization.samples.npz_keys import npz_keys
from edgec.quantization.samples.random_samples import largest_numbers
from edgec.quantization.samples.samples import Samples

SAMPLES = 20
_REAL = 10
_MAX_BYTES = 1 << 30
Ports = tuple[Sequence[PortInfo], Sequence[PortInfo]]
"""Inputs and outputs."""


def golden_inputs(compiled: Compiled, ports: list[PortInfo]) -> list[list[bytes]]:
    """Return calibration samples where there are some, filled up with random ones.

    Models that need no samples tell where their features lie: random ones lie there, too.
    """
    real: list[list[bytes]] = []
    samples = compiled.model.integers.samples
    if samples is not None:
        real = raw_inputs(samples, ports, range(min(_REAL, len(samples))))
    drawn = random_inputs(ports, SAMPLES - len(real), most=largest_numbers(compiled.graph))
    spans = [feature_spans(compiled.graph, ValueName(port.name)) for port in ports]
    return real + [
        [_spread(*each) for each in zip(ports, sample, spans, strict=True)] for sample in drawn
    ]


def _spread(port: PortInfo, raw: bytes, span: tuple[Array, Array] | None) -> bytes:
    """Return random floats where a model tells features apart; others as they are."""
    if span is None:
        return raw
    middle, half = span
    drawn = np.frombuffer(raw, port.type.dtype.numpy).reshape(port.shape)
    return (middle + drawn * half).astype(np.float32).tobytes()


def raw_inputs(
    samples: Samples, ports: Sequence[PortInfo], chosen: Iterable[int]
) -> list[list[bytes]]:
    """Return samples as bytes of the ports' types, [sample][input]."""
    rows = (samples.sample(index) for index in chosen)
    return [[_quantized(port, row[ValueName(port.name)]) for port in ports] for row in rows]


def _quantized(port: PortInfo, array: Array) -> bytes:
    """Quantize one sample that already has our layout; integers are taken as they are."""
    if port.scale is None or array.dtype == port.type.dtype.numpy:
        return array.tobytes()
    return quantize_floats(array, port.type, halves_to_even=port.halves_to_even).tobytes()


def reference_outputs(
    graph: Graph, inputs: list[list[bytes]], progress: Progress
) -> list[list[bytes]]:
    """Evaluate the integer reference on raw inputs; returns raw outputs, [sample][output].

    Samples are runs one after the other, from a reset on: states are carried along.
    """
    results = []
    graph = graph.whole()
    runs = evaluate_runs(graph, (_arrays(graph, sample) for sample in inputs))
    for number, outputs in enumerate(runs):
        results.append([outputs[name].tobytes() for name in graph.without_states(graph.outputs)])
        progress.advance(number + 1, len(inputs))
    return results


def _arrays(graph: Graph, sample: list[bytes]) -> dict[ValueName, Array]:
    names = graph.without_states(graph.inputs)
    kinds = [graph.types[name] for name in names]
    return {
        name: np.frombuffer(raw, kind.dtype.numpy).reshape(kind.shape)
        for name, raw, kind in zip(names, sample, kinds, strict=True)
    }


def golden_file(built: Ports, inputs: list[list[bytes]], outputs: list[list[bytes]]) -> bytes:
    """Return ``golden.npz``: the arrays of ``edgec run``, under the names of the tensors.

    Integers of the model's types in the source's layout, the first axis counts the samples. An
    output that is called like an input has ``.2`` behind its name (:func:`npz_keys`). Entries carry
    a fixed date, so that equal vectors give equal files.
    """
    rows = [*_tensors(inputs), *_tensors(outputs)]
    ports = (*built[0], *built[1])
    target = io.BytesIO()
    with ZipFile(target, "w") as archive:
        for key, port, raw in zip(_keys(ports), ports, rows, strict=True):
            entry = io.BytesIO()
            np.save(entry, port.decode(raw))
            archive.writestr(ZipInfo(f"{key}.npy"), entry.getvalue())
    return target.getvalue()


def golden_of(built: OutputInfo) -> tuple[list[list[bytes]], ...]:
    """Return the golden vectors of a build: inputs and outputs, [sample][tensor].

    Files of older versions, rows of bytes under ``input_<i>`` and ``output_<i>``, are read too.
    Raises ``damaged-output`` for those that do not fit the report.
    """
    path, ports = built.golden, (*built.inputs, *built.outputs)
    try:
        with NpzFile(path) as file:
            tensors = _read(file, built)
    except (ValueError, KeyError, OSError) as error:
        raise _damaged(path, f"cannot read the golden vectors: {error}") from None
    if len({len(rows) for rows in tensors}) != 1 or not tensors[0]:
        raise _damaged(path, "the golden vectors differ in their number of samples, or have none")
    if any(
        len(row) != port.type.bytes
        for port, rows in zip(ports, tensors, strict=True)
        for row in rows
    ):
        raise _damaged(path, "the golden vectors have other sizes than the report says")
    count = len(built.inputs)
    return tuple(
        [list(each) for each in zip(*part, strict=True)]
        for part in (tensors[:count], tensors[count:])
    )


def _read(file: NpzFile, built: OutputInfo) -> list[list[bytes]]:
    """Return the vectors as bytes of the ports' types, [tensor][sample]."""
    ports = (*built.inputs, *built.outputs)
    keys, places = _stored_keys(ports, file.names), _places(built)
    by_name = {*keys} <= {*file.names} and all(
        _fits(file.header(key), port) for key, port in zip(keys, ports, strict=True)
    )
    if not by_name and not {*places} <= {*file.names}:
        missing = [key for key in keys if key not in file.names]
        wrong = (
            f"there is no array {missing[0]!r}"
            if missing
            else "they have other shapes or types than the report says"
        )
        raise ValueError(wrong)
    chosen = keys if by_name else places
    size = sum(file.header(name).bytes for name in chosen)
    if size > _MAX_BYTES:
        message = f"the golden vectors take {size:,} bytes"
        raise ValueError(message)
    arrays = [file.array(name) for name in chosen]
    if by_name:
        return [port.encode(array) for port, array in zip(ports, arrays, strict=True)]
    if any(each.ndim != 2 or each.dtype != np.uint8 for each in arrays):  # noqa: PLR2004
        message = "they are no rows of bytes"
        raise ValueError(message)
    return [[row.tobytes() for row in array] for array in arrays]


def _fits(header: Header, port: PortInfo) -> bool:
    return header.dtype == port.type.dtype.numpy and header.shape[1:] == port.sample_shape


def _keys(ports: Sequence[PortInfo]) -> list[str]:
    return npz_keys(port.name for port in ports)


def _stored_keys(ports: Sequence[PortInfo], names: Collection[str]) -> list[str]:
    """Return the keys of the ports in a file: by their aliases where it has not their own."""
    own = _keys(ports)
    others = npz_keys(port.alias or port.name for port in ports)
    return [
        other if key not in names and other in names else key
        for key, other in zip(own, others, strict=True)
    ]


def _places(built: OutputInfo) -> list[str]:
    """Return the keys that older versions wrote."""
    sides = {"input": built.inputs, "output": built.outputs}
    return [f"{side}_{index}" for side, ports in sides.items() for index in range(len(ports))]


def _tensors(samples: list[list[bytes]]) -> list[list[bytes]]:
    """Return [tensor][sample] of [sample][tensor]."""
    return [list(each) for each in zip(*samples, strict=True)]


def _damaged(path: Path, message: str) -> EdgecError:
    return EdgecError("damaged-output", message, place=Place(str(path)), help="build again")
