"""Files of compression tools, kept in tests/data with samples and their own runtime's answers.

``benchmarks/compression_tools`` writes them again; ``docs/compression-tools.md`` says what works.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from qdq_models import steps

from edgec.driver import BuildOptions
from edgec.driver.compile.compile import integer_model
from edgec.driver.compile.stages import IntegerModel
from edgec.driver.progress import Quiet
from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.ir import Array, Graph, TensorType, ValueName, evaluate
from edgec.ops.conversion.dequantize import dequantized

FOLDER = Path(__file__).parents[1] / "data" / "compression_tools"
NETS = ("cnn", "mlp", "lstm", "attention")
NEEDS_SAMPLES = {"calibration-needed", "incomplete-quantization"}
_IMAGES = 4  # axes of a batch of them
_EQUAL = 120.0  # dB: what is left is the rounding of floats


@dataclass(frozen=True)
class Outcome:
    """What becomes of a file: ``said`` is a cell of the table, ``db`` and ``labels`` if built."""

    said: str
    db: float = np.inf
    labels: float = 1.0  # share that equals the answers of the file's own runtime
    error: EdgecError | None = None

    @property
    def rank(self) -> int:
        """Refused, built with samples, built as it is."""
        if self.error is not None:
            return 0
        return 1 if "calib" in self.said else 2


def files() -> list[Path]:
    return sorted(path for path in FOLDER.rglob("*") if path.suffix in {".onnx", ".tflite"})


def outcome(path: Path, folder: Path) -> Outcome:
    """Build a file and compare it with the kept answers; ``folder`` is for samples."""
    try:
        made, how = built(path, folder)
    except EdgecError as error:
        return Outcome("refused", error=error)
    with np.load(path.with_name(f"{path.name}.npz")) as kept:
        y = kept["y"]
    theirs = y.reshape(len(y), -1)
    in_numbers = theirs.dtype == np.float32
    ours = np.stack([_answer(made.graph, x, in_numbers) for x in kept_samples(path, made.graph)])
    labels = float((ours.argmax(axis=1) == theirs.argmax(axis=1)).mean())
    if not in_numbers and np.array_equal(ours, theirs):
        return Outcome(f"bytes{how}", np.inf, labels)
    if not in_numbers:
        zero = made.graph.types[made.graph.outputs[0]].quantization.zero_point
        ours, theirs = (each.astype(np.float64) - zero for each in (ours, theirs))
    noise = np.square(theirs - ours).sum(dtype=np.float64)
    db = float(10 * np.log10(np.square(theirs).sum(dtype=np.float64) / max(noise, 1e-30)))
    return Outcome(f"equal{how}" if db > _EQUAL else f"{db:.1f} dB{how}", db, labels)


def built(path: Path, folder: Path) -> tuple[IntegerModel, str]:
    """Return the integers of a file; with samples, and a word that says so, where it needs some."""
    try:
        return integer_model(BuildOptions(model=str(path)), Quiet()), ""
    except EdgecError as error:
        if error.code not in NEEDS_SAMPLES:
            raise
    graph = load(path, {}).graph
    (port,) = graph.inputs
    with np.load(FOLDER / "calibration.npz") as samples:
        x = samples[path.name.split(".", maxsplit=1)[0]]
    if x.ndim == _IMAGES and graph.types[port].shape[-1] == 1:
        x = x.transpose(0, 2, 3, 1)
    calib = str(folder / "calib.npz")
    np.savez(calib, **{str(port): x})
    options = BuildOptions(model=str(path), calib=calib, effort="fast")
    return integer_model(options, Quiet()), ", calib"


def kept_samples(path: Path, graph: Graph) -> list[dict[ValueName, Array]]:
    """Return the kept samples of a file as inputs of its graph: integers, in our layout."""
    with np.load(path.with_name(f"{path.name}.npz")) as kept:
        rows = kept["x"]
    states = {each.input: _zeros(graph.types[each.input]) for each in graph.states}
    (port,) = (name for name in graph.inputs if name not in states)
    kind, layout = graph.types[port], graph.layouts.get(port)
    order = tuple(range(kind.rank)) if layout is None else layout
    shape = [kind.shape[axis] for axis in np.argsort(order)]
    return [{port: _entering(x.reshape(shape), kind).transpose(order), **states} for x in rows]


def _zeros(kind: TensorType) -> Array:
    zero = kind.quantization.zero_point if kind.qparams is not None else 0
    return np.full(kind.shape, zero, kind.dtype.numpy)


def _entering(x: Array, kind: TensorType) -> Array:
    if x.dtype != np.float32 or kind.qparams is None:
        return x
    limits = np.iinfo(kind.dtype.numpy)
    limited = np.clip(steps(x, kind.quantization), limits.min, limits.max)
    return limited.astype(kind.dtype.numpy)


def _answer(graph: Graph, x: dict[ValueName, Array], in_numbers: bool) -> Array:
    name, result = next(iter(evaluate(graph, x).items()))
    if not in_numbers or graph.types[name].qparams is None:
        return result.reshape(-1)
    return dequantized(result, graph.types[name]).reshape(-1)
