"""What int16 buys and costs: int8, some layers in int16, all in int16, on the public models.

Run it from the repository: python benchmarks/mixed.py [--shared ../shared] [MODEL=38dB ...]
It prints Markdown. Calibration uses calib.npz only; the SQNR of the outputs is that of the exported
.tflite on all of test.npz. RAM is all of the firmware's, instructions are those of one inference,
counted by QEMU (-icount) for Cortex-M4 with CMSIS-NN.
"""

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgec.driver import BuildOptions, build
from edgec.driver.progress import Quiet
from edgec.frontends import load
from edgec.ir import Array, Graph
from edgec.ops.conversion.dequantize import dequantized
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quality.sqnr import energy, integer_values
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import read_samples

BOARD = "qemu-m4"
DROPS = {
    "pub_lenet": "48dB",
    "pub_dscnn": "40dB",
    "pub_mbv2": "38dB",
    "pub_cnn1d": "44dB",
    "pub_ae": "55dB",
}
WIDTHS = ("int8", "auto", "int16x8")


def say(line: str) -> None:
    """Print a line at once: a row takes a while."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Figure:
    """SQNR of the outputs on the test set, RAM in bytes, instructions, and layers in int16."""

    sqnr_db: float
    ram: int
    instructions: int
    wide: str

    def __str__(self) -> str:
        return f"{self.wide}{self.sqnr_db:.1f} dB / {self.ram:,} / {self.instructions:,}"


def figure_of(folder: Path, drop: str, width: str, graph: Graph) -> Figure:
    """Build a model for one width and measure it."""
    with tempfile.TemporaryDirectory() as output:
        made = Path(output) / "made"
        options = BuildOptions(
            model=str(folder / f"{folder.name}.onnx"),
            board=BOARD,
            calib=str(folder / "calib.npz"),
            quantize=width,
            max_drop=drop if width == "auto" else "",
            output=str(made),
        )
        report = build(options, Quiet()).report
        integer = optimize_integer(load(made / f"{folder.name}.tflite").graph)
    widths = report["quantization"]["widths"]
    wide = f"{widths['int16_layers']} of {widths['layers']}: " if widths else ""
    level = sqnr_db(graph, integer, folder / "test.npz")
    return Figure(level, report["memory"]["ram_total_bytes"], report["instructions_total"], wide)


def sqnr_db(graph: Graph, integer: Graph, test: Path) -> float:
    """Return the SQNR of the first output of a .tflite file against its float model."""
    arrays = read_samples(test, graph).arrays
    wanted: Array = BatchEvaluator(graph).run(arrays)[graph.outputs[0]]
    inputs = dict(zip(integer.inputs, arrays.values(), strict=True))
    value = integer.outputs[0]
    got = dequantized(integer_values(integer, inputs)[value], integer.types[value])
    error = energy(wanted.astype(np.float64) - got.reshape(wanted.shape))
    return 10 * float(np.log10(energy(wanted) / error))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=[f"{m}={d}" for m, d in DROPS.items()])
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared")
    chosen = parser.parse_args()
    if not chosen.shared.is_dir():
        sys.stderr.write(f"no models at {chosen.shared}: name their folder with --shared\n")
        return 1
    say("SQNR of the outputs / RAM in bytes / instructions; mixed: layers in int16 of all.\n")
    say("| model, `--max-drop` | int8 | mixed | int16x8 |\n|---|---|---|---|")
    for text in chosen.models:
        name, _, drop = text.partition("=")
        folder = chosen.shared / "models/onnx" / name
        graph = optimize_float(load(folder / f"{name}.onnx").graph)
        cells = [str(figure_of(folder, drop or DROPS[name], each, graph)) for each in WIDTHS]
        say(f"| {name}, {drop or DROPS[name]} | {' | '.join(cells)} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
