"""Golden vectors: inputs and the outputs that the integer reference gives for them."""

import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from zipfile import ZipFile, ZipInfo

import numpy as np

from edgec.driver.compile.compile import Compiled
from edgec.driver.output import OutputInfo
from edgec.driver.ports import PortInfo, random_inputs
from edgec.driver.progress import Progress
from edgec.errors import EdgecError, Place
from edgec.ir import Array, Graph, ValueName, evaluate_runs
from edgec.ops.conversion.quantize import quantize_floats
from edgec.quantization.samples.npz import NpzFile
from edgec.quantization.samples.samples import Samples

SAMPLES = 20
_REAL = 10
_MAX_BYTES = 1 << 30


def golden_inputs(compiled: Compiled, ports: list[PortInfo]) -> list[list[bytes]]:
    """Return calibration samples where there are some, filled up with random ones."""
    real: list[list[bytes]] = []
    samples = compiled.model.integers.samples
    if samples is not None:
        real = raw_inputs(samples, ports, range(min(_REAL, len(samples))))
    return real + random_inputs(ports, SAMPLES - len(real))


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


def golden_file(inputs: list[list[bytes]], outputs: list[list[bytes]]) -> bytes:
    """Return ``golden.npz``: ``input_<i>`` and ``output_<i>``, one row of bytes per sample.

    Entries carry a fixed date, so that equal vectors give equal files.
    """
    arrays = {f"input_{i}": _rows([each[i] for each in inputs]) for i in range(len(inputs[0]))}
    arrays |= {f"output_{i}": _rows([each[i] for each in outputs]) for i in range(len(outputs[0]))}
    target = io.BytesIO()
    with ZipFile(target, "w") as archive:
        for name, array in arrays.items():
            entry = io.BytesIO()
            np.save(entry, array)
            archive.writestr(ZipInfo(f"{name}.npy"), entry.getvalue())
    return target.getvalue()


def read_golden(path: Path, inputs: int, outputs: int) -> tuple[list[list[bytes]], ...]:
    """Return the inputs and outputs of ``golden.npz``, [sample][tensor]; ``damaged-output``."""
    names = [f"input_{i}" for i in range(inputs)], [f"output_{i}" for i in range(outputs)]
    try:
        with NpzFile(path) as file:
            sizes = [file.header(name).bytes for name in (*names[0], *names[1])]
            if sum(sizes) > _MAX_BYTES:
                raise _damaged(path, f"the golden vectors take {sum(sizes):,} bytes")
            read, expected = ([file.array(name) for name in group] for group in names)
        return _samples(read), _samples(expected)
    except (ValueError, KeyError, OSError) as error:
        raise _damaged(path, f"cannot read the golden vectors: {error}") from None


def golden_of(built: OutputInfo) -> tuple[list[list[bytes]], ...]:
    """Return the golden vectors of a build; ``damaged-output`` where they do not fit its report."""
    vectors = read_golden(built.golden, len(built.inputs), len(built.outputs))
    for ports, samples in zip((built.inputs, built.outputs), vectors, strict=True):
        sizes = [port.type.bytes for port in ports]
        if not samples or any([len(each) for each in sample] != sizes for sample in samples):
            raise _damaged(built.golden, "the golden vectors have other sizes than the report says")
    return vectors


def _damaged(path: Path, message: str) -> EdgecError:
    return EdgecError("damaged-output", message, place=Place(str(path)), help="build again")


def _rows(raw: list[bytes]) -> Array:
    return np.stack([np.frombuffer(each, np.uint8) for each in raw])


def _samples(tensors: list[Array]) -> list[list[bytes]]:
    if any(each.ndim != 2 or each.dtype != np.uint8 for each in tensors):  # noqa: PLR2004
        message = "they are no rows of bytes"
        raise ValueError(message)
    return [[row.tobytes() for row in rows] for rows in zip(*tensors, strict=True)]
