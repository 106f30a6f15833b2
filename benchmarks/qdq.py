"""QDQ models of onnxruntime: how close our integers come to its answers, and what keeps them away.

Run it from the repository: python benchmarks/qdq.py [--shared ../shared] [FILE ...]
It prints Markdown, measured on all of test.npz. The last column scales accumulators with a single
rounding, as onnxruntime does: what TFLite's two roundings cost is the difference.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import numpy as np
import onnxruntime

from edgec.frontends import load
from edgec.ir import Array, Graph
from edgec.ops.conversion.dequantize import dequantized
from edgec.ops.numerics import fixed_point
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.prequantized.prequantized import Prequantized
from edgec.quantization.quality.sqnr import integer_values
from edgec.quantization.samples.samples import Samples, read_samples
from edgec.quantization.weights import double_rounding

Replacement = Callable[..., Array]


@dataclass(frozen=True)
class Closeness:
    """Shares, 0 to 1: samples with the same top-1, outputs within one step, outputs equal."""

    top1: float
    near: float
    equal: float

    @classmethod
    def of(cls, ours: Array, theirs: Array, step: float) -> "Closeness":
        ours, theirs = (each.reshape(len(ours), -1) for each in (ours, theirs))
        steps = np.abs(np.rint((ours - theirs) / step))
        same = (ours.argmax(axis=1) == theirs.argmax(axis=1)).mean()
        return cls(float(same), float((steps <= 1).mean()), float((steps == 0).mean()))

    def __str__(self) -> str:
        return f"{self.top1:.2%} / {self.near:.2%} / {self.equal:.2%}"


def answers(path: Path, samples: Path) -> Array:
    """Return onnxruntime's first output for every sample."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(path), options)
    (source,) = session.get_inputs()
    with np.load(samples) as file:
        rows = file[source.name]
    return np.concatenate([session.run(None, {source.name: row[np.newaxis]})[0] for row in rows])


def ours(path: Path, samples: Path) -> tuple[Array, float]:
    """Return our first output, dequantized, and its step."""
    floats = optimize_float(load(path).graph)
    graph = optimize_integer(Prequantized.of(floats).integers())
    return _outputs(graph, read_samples(samples, floats))


def _outputs(graph: Graph, samples: Samples) -> tuple[Array, float]:
    first = graph.outputs[0]
    kind = graph.types[first]
    return dequantized(integer_values(graph, samples.arrays)[first], kind), kind.quantization.scale


def _round_once(x: Array, multiplier: Array | int, shift: Array | int) -> Array:
    factor = np.asarray(multiplier, np.float64) * 2.0 ** (np.asarray(shift, np.float64) - 31)
    rounded: Array = np.rint(np.asarray(x, np.float64) * factor)
    return rounded.astype(np.int64)


def _no_excess(products: Array, output: object) -> Array:
    return np.zeros(np.shape(products), np.int32)


@contextmanager
def rounding_once() -> Iterator[None]:
    """Scale accumulators with one rounding, wherever a module has the function by name."""
    replaced: dict[str, tuple[Callable[..., Array], Replacement]] = {
        "requantize": (fixed_point.requantize, _round_once),
        "rounding_excess": (double_rounding.rounding_excess, _no_excess),
    }
    modules = [module for name, module in sys.modules.items() if name.startswith("edgec")]
    patches = [
        patch.object(module, name, new)
        for name, (old, new) in replaced.items()
        for module in modules
        if getattr(module, name, None) is old
    ]
    for each in patches:
        each.start()
    try:
        yield
    finally:
        for each in patches:
            each.stop()


def row(path: Path) -> str:
    """Return the table's row of one file."""
    samples = path.parent / "test.npz"
    theirs = answers(path, samples)
    twice = Closeness.of(*_with(theirs, *ours(path, samples)))
    with rounding_once():
        once = Closeness.of(*_with(theirs, *ours(path, samples)))
    return f"| {path.stem} | {twice} | {once} |"


def _with(theirs: Array, mine: Array, step: float) -> tuple[Array, Array, float]:
    return mine, theirs, step


def main() -> None:
    parser = argparse.ArgumentParser(description="QDQ files against onnxruntime.")
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("files", nargs="*", type=Path)
    chosen = parser.parse_args()
    files = chosen.files or sorted((chosen.shared / "models" / "onnx").glob("*/*.qdq_*.onnx"))
    print("| file | edgec (rounds twice, as TFLite) | the same, rounding once |")
    print("|---|---|---|")
    for path in files:
        print(row(path), flush=True)


if __name__ == "__main__":
    main()
