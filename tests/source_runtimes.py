"""What a model file's own runtime computes, beside what edgec's firmware for it does."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from oracle import require

from edgec.driver import BuildOptions, build, run
from edgec.driver.output import OutputInfo, open_output
from edgec.driver.ports import PortInfo, write_npz
from edgec.ir import Array

SAMPLES = 6
_MAX_INDEX = 4  # of integers that are no quantized values: indices, counts
_TFLITE = ".tflite"
Runtime = Callable[[Sequence[Array]], list[Array]]


@dataclass(frozen=True)
class Verdict:
    """How close firmware comes to the runtime: bytes that differ, and dB of the worst output."""

    outputs: int
    differing: int
    sqnr_db: float
    same_labels: float

    def __str__(self) -> str:
        labels = f"labels {self.same_labels:.0%}"
        return f"{self.differing} elements differ, {self.sqnr_db:.1f} dB, {labels}"


def judged(
    model: Path, folder: Path, *, board: str = "qemu-m4", calib: Path | None = None
) -> Verdict:
    """Build a model, run random samples in QEMU and in the file's runtime, and compare."""
    options = BuildOptions(
        model=str(model),
        board=board,
        output=str(folder),
        calib=str(calib or "random"),
        effort="fast",
    )
    build(options)
    built = open_output(folder)
    samples = random_samples(built)
    write_npz(folder / "door.npz", samples)
    ours = run(folder, folder / "door.npz").outputs
    theirs = runtime_outputs(model, built, samples)
    return compared(built, ours, theirs)


def random_samples(built: OutputInfo) -> dict[str, Array]:
    """Return random samples for all inputs of a build, by name, in the source's layout."""
    rng = np.random.default_rng(3)
    return {port.name: _random(rng, port) for port in built.inputs}


def _random(rng: np.random.Generator, port: PortInfo) -> Array:
    shape = (SAMPLES, *port.sample_shape)
    kind = port.type.dtype.numpy
    if port.float_source or kind.kind == "f":
        return rng.standard_normal(shape).astype(np.float32)
    if port.scale is None:
        return rng.integers(0, _MAX_INDEX, shape).astype(kind)
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max, shape, endpoint=True).astype(kind)


def runtime_outputs(model: Path, built: OutputInfo, samples: dict[str, Array]) -> list[Array]:
    """Return the runtime's outputs in the file's order, samples stacked along a new axis."""
    rows = [
        [samples[port.name][number].reshape(port.source_shape) for port in built.inputs]
        for number in range(SAMPLES)
    ]
    once = _tflite(model) if model.suffix == _TFLITE else _onnx(model)
    return [np.stack(each) for each in zip(*(once(row) for row in rows), strict=True)]


def _tflite(model: Path) -> Runtime:
    module = require(exact=True)
    judge = module.Interpreter(
        model_path=str(model), experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF
    )
    judge.allocate_tensors()

    def once(row: Sequence[Array]) -> list[Array]:
        for detail, array in zip(judge.get_input_details(), row, strict=True):
            judge.set_tensor(detail["index"], array.reshape(detail["shape"]))
        judge.invoke()
        return [np.array(judge.get_tensor(each["index"])) for each in judge.get_output_details()]

    return once


def _onnx(model: Path) -> Runtime:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(model), options)
    kinds = {"tensor(int64)": np.int64}

    def once(row: Sequence[Array]) -> list[Array]:
        ports = session.get_inputs()
        fed = {
            p.name: a.astype(kinds.get(p.type, a.dtype)) for p, a in zip(ports, row, strict=True)
        }
        return [np.array(each) for each in session.run(None, fed)]

    return once


def compared(built: OutputInfo, ours: dict[str, Array], theirs: Sequence[Array]) -> Verdict:
    """Compare outputs, which both sides have in the file's order."""
    differing, worst, same = 0, np.inf, 1.0
    for port, want in zip(built.outputs, theirs, strict=True):
        got = ours[port.name].reshape(want.shape)
        if want.dtype == got.dtype and want.dtype.kind != "f":
            differing += int((got != want).sum())
        reals = [_real(each, port).reshape(SAMPLES, -1) for each in (want, got)]
        worst = min(worst, _sqnr(*reals))
        same = min(same, float((reals[0].argmax(1) == reals[1].argmax(1)).mean()))
    return Verdict(len(theirs), differing, float(worst), same)


def _sqnr(want: Array, got: Array) -> float:
    noise, power = float(np.square(want - got).sum()), float(np.square(want).sum())
    if not noise:
        return np.inf
    return float(10 * np.log10(power / noise)) if power else -np.inf


def _real(array: Array, port: PortInfo) -> Array:
    if array.dtype.kind == "f" or port.scale is None:
        return array.astype(np.float64)
    return (array.astype(np.float64) - (port.zero_point or 0)) * port.scale
