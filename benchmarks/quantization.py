"""Ours against onnxruntime.quantization and against the int8 files of MLPerf Tiny.

Run it from the repository: python benchmarks/quantization.py [--shared ../shared] [MODEL ...]
It prints Markdown. Calibration uses calib.npz only, all figures are measured on test.npz (MLPerf
Tiny: every other sample calibrates, the rest measures). SQNR is that of the outputs, before a
softmax, over the whole test set, in dB.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from edgec.driver.progress import Quiet
from edgec.frontends import load
from edgec.ir import Array, DType, Graph, ValueName
from edgec.ops.conversion.dequantize import dequantized
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.best import quantize_best
from edgec.quantization.quality.sqnr import energy, integer_values, judged_values
from edgec.quantization.recipe import Recipe
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples, read_samples

MODELS = ("pub_lenet", "pub_dscnn", "pub_mbv2", "pub_cnn1d", "pub_ae")
BASELINES = {
    "MinMax per channel": (CalibrationMethod.MinMax, True),
    "Entropy": (CalibrationMethod.Entropy, True),
    "Percentile": (CalibrationMethod.Percentile, True),
    "MinMax per tensor": (CalibrationMethod.MinMax, False),
}
OURS = {
    "edgec --effort fast": Recipe.plain(),
    "edgec": Recipe(),
    "edgec --quantize int16x8": Recipe(activations=DType.INT16),
}
Metric = Callable[[Array], float]


def say(line: str) -> None:
    """Print a line at once: a row takes a while."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@dataclass(frozen=True)
class Figure:
    """SQNR of the outputs in dB, the task's metric, and the CPU seconds of quantization."""

    sqnr_db: float
    metric: float
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.sqnr_db:.2f} / {self.metric:.4f}"


class Reader(CalibrationDataReader):  # type: ignore[misc]
    """Feeds calibration samples to onnxruntime, one by one."""

    def __init__(self, name: str, samples: Array) -> None:
        self._left = iter([{name: sample[np.newaxis]} for sample in samples])

    def get_next(self) -> dict[str, Array] | None:
        return next(self._left, None)


def sqnr_db(wanted: Array, got: Array) -> float:
    return 10 * float(np.log10(energy(wanted) / energy(wanted.astype(np.float64) - got)))


def metric_of(folder: Path, inputs: Array) -> Metric:
    """Return the model's metric: top-1 accuracy, or AUC of the reconstruction error."""
    with np.load(folder / "test.npz") as file:
        arrays = dict(file)
    if "label" in arrays:
        return lambda y: float((y.reshape(len(y), -1).argmax(axis=1) == arrays["label"]).mean())
    anomaly = arrays["anomaly"].astype(bool)
    return lambda y: auc(((y.reshape(inputs.shape) - inputs) ** 2).mean(axis=1), anomaly)


def auc(scores: Array, positive: Array) -> float:
    """Return the share of pairs of a positive and a negative that are in the right order."""
    above = scores[positive][:, np.newaxis] - scores[~positive]
    return float((above > 0).mean() + 0.5 * (above == 0).mean())


def by_onnxruntime(model: bytes, name: str, inputs: Array) -> Array:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.concatenate([session.run(None, {name: x[np.newaxis]})[0] for x in inputs])


def baseline(path: Path, name: str, calib: Array, method: CalibrationMethod, each: bool) -> bytes:
    """Quantize by onnxruntime: QDQ, int8 weights and activations."""
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):  # it is talkative
        prepared, made = Path(folder) / "prepared.onnx", Path(folder) / "made.onnx"
        quant_pre_process(str(path), str(prepared), skip_symbolic_shape=True)
        quantize_static(
            str(prepared),
            str(made),
            Reader(name, calib),
            quant_format=QuantFormat.QDQ,
            per_channel=each,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=method,
        )
        return made.read_bytes()


def ours(graph: Graph, calib: Samples, test: Samples, recipe: Recipe) -> tuple[Array, float]:
    """Return the dequantized first output on the test samples, and CPU seconds of quantization."""
    start = time.process_time()
    made = optimize_integer(quantize_best(graph, calib, recipe, Quiet()).graph)
    seconds = time.process_time() - start
    (value, *_) = judged_values(graph)
    values = integer_values(made, test.arrays)
    return dequantized(values[value], made.types[value]), seconds


def public_rows(folder: Path) -> Iterator[tuple[str, dict[str, Figure]]]:
    """Yield the float metric, every baseline and ours for one public model."""
    path = folder / f"{folder.name}.onnx"
    graph = optimize_float(load(path).graph)
    calib, test = (
        read_samples(folder / "calib.npz", graph),
        read_samples(folder / "test.npz", graph),
    )
    name = onnx.load(path).graph.input[0].name
    with np.load(folder / "calib.npz") as file:
        raw_calib = file[name]
    with np.load(folder / "test.npz") as file:
        raw_test = file[name]
    metric = metric_of(folder, raw_test)
    wanted = by_onnxruntime(path.read_bytes(), name, raw_test)
    found = {}
    for title, (method, each) in BASELINES.items():
        got = by_onnxruntime(baseline(path, name, raw_calib, method, each), name, raw_test)
        found[title] = Figure(sqnr_db(wanted, got), metric(got))
    for title, recipe in OURS.items():
        got, seconds = ours(graph, calib, test, recipe)
        got = got.reshape(wanted.shape)
        found[title] = Figure(sqnr_db(wanted, got), metric(got), seconds)
    yield f"{folder.name} ({metric(wanted):.4f})", found


def public_table(shared: Path, models: Sequence[str]) -> None:
    titles = [*BASELINES, *OURS]
    last = ("gain over the best: int8 / int16x8", "CPU s: fast / int8 / int16x8")
    say(f"| model (float metric) | {' | '.join((*titles, *last))} |")
    say(f"|---{'|---' * (len(titles) + len(last))}|")
    gains: list[float] = []
    wide: list[float] = []
    for model in models:
        for name, found in public_rows(shared / "models/onnx" / model):
            best = max(found[title].sqnr_db for title in BASELINES)
            gains.append(found["edgec"].sqnr_db - best)
            wide.append(found["edgec --quantize int16x8"].sqnr_db - best)
            cells = " | ".join(str(found[title]) for title in titles)
            seconds = " / ".join(f"{found[title].seconds:.1f}" for title in OURS)
            say(f"| {name} | {cells} | {gains[-1]:+.2f} / {wide[-1]:+.2f} dB | {seconds} |")
    if gains:
        say(
            f"\nMean gain over the best baseline of each row: int8 {np.mean(gains):+.2f} dB, "
            f"int16x8 {np.mean(wide):+.2f} dB.\n"
        )


@dataclass(frozen=True)
class Twin:
    """A float file of MLPerf Tiny and its official int8 file, and where samples come from."""

    float_file: str
    int8_file: str
    samples: str
    key: str
    divisor: float = 1.0


TWINS = (
    Twin("ad01_fp32.tflite", "ad01_int8.tflite", "ad_samples.npz", "window"),
    Twin("pretrainedResnet.tflite", "pretrainedResnet_quant.tflite", "ic_samples.npz", "image"),
    Twin("vww_96_float.tflite", "vww_96_int8.tflite", "vww_samples.npz", "image", 255.0),
)


def twin_row(folder: Path, twin: Twin) -> str:
    """Return the row of one model of MLPerf Tiny."""
    graph = optimize_float(load(folder / twin.float_file).graph)
    official = optimize_integer(load(folder / twin.int8_file).graph)
    with np.load(folder / twin.samples) as file:
        images = file[twin.key].astype(np.float32) / np.float32(twin.divisor)
        labels = file["label"][1::2] if "vww" in twin.samples else None
    (x,) = graph.inputs
    images = images.reshape(len(images), *graph.types[x].shape)
    calib, test = Samples({x: images[::2]}), Samples({x: images[1::2]})
    (value, *_) = judged_values(graph)
    wanted = BatchEvaluator(graph).run(test.arrays)[value]
    theirs = official_output(official, images[1::2])
    cells = [twin_cell(wanted, theirs, labels)]
    times = []
    for recipe in OURS.values():
        got, seconds = ours(graph, calib, test, recipe)
        cells.append(twin_cell(wanted, got.reshape(wanted.shape), labels))
        times.append(f"{seconds:.1f}")
    return f"| {twin.float_file} | {' | '.join(cells)} | {' / '.join(times)} |"


def official_output(official: Graph, images: Array) -> Array:
    """Return the dequantized logits of an official int8 file."""
    (x,) = official.inputs
    values = integer_values(official, {ValueName(x): images})
    (value, *_) = judged_values(official)
    return dequantized(values[value], official.types[value])


def twin_cell(wanted: Array, got: Array, labels: Array | None) -> str:
    picked, answers = (y.reshape(len(y), -1).argmax(axis=1) for y in (got, wanted))
    cell = f"{sqnr_db(wanted, got.reshape(wanted.shape)):.2f} / {(picked == answers).mean():.3f}"
    return cell if labels is None else f"{cell} / {(picked == labels.reshape(-1)).mean():.3f}"


def mlperf_table(shared: Path) -> None:
    say(f"| float file | official int8 | {' | '.join(OURS)} | CPU s: fast / int8 / int16x8 |")
    say(f"|---|---{'|---' * (len(OURS) + 1)}|")
    for twin in TWINS:
        say(twin_row(shared / "models/mlperf_tiny", twin))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", default=MODELS)
    parser.add_argument("--shared", type=Path, default=Path(__file__).parents[2] / "shared")
    parser.add_argument("--mlperf", action="store_true", help="MLPerf Tiny only")
    chosen = parser.parse_args()
    if not chosen.shared.is_dir():
        sys.stderr.write(f"no models at {chosen.shared}: name their folder with --shared\n")
        return 1
    if not chosen.mlperf:
        say("SQNR in dB / metric on the test set.\n")
        public_table(chosen.shared, chosen.models)
    if chosen.mlperf or chosen.models == MODELS:
        say("SQNR in dB / same top-1 as float (/ accuracy, where there are labels).\n")
        mlperf_table(chosen.shared)
    return 0


if __name__ == "__main__":
    sys.exit(main())
