"""Operators whose parameters a file gives as integers: as close to float as onnxruntime is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from marked import marked
from onnx_models import OnnxBuilder
from qdq_models import integers, judge, run_integers

from edgec.ir import Array

ROWS, IMAGE = (1, 9, 16), (1, 6, 8, 7)
MARGIN = 3.0  # dB that edgec may lose beside onnxruntime
Build = Callable[[OnnxBuilder, str], str]


def layer_norm(b: OnnxBuilder, x: str) -> str:
    return b.add("LayerNormalization", x, b.random(16), b.random(16))


def layer_norm_without_offset(b: OnnxBuilder, x: str) -> str:
    return b.add("LayerNormalization", x, b.random(16))


def layer_norm_between_layers(b: OnnxBuilder, x: str) -> str:
    hidden = layer_norm(b, b.add("MatMul", x, b.random(16, 16)))
    return b.add("MatMul", hidden, b.random(16, 4))


def instance_norm(b: OnnxBuilder, x: str) -> str:
    return b.add("InstanceNormalization", x, b.random(6), b.random(6))


def group_norm_as_pytorch_writes_it(b: OnnxBuilder, x: str) -> str:
    one, zero = b.weight(np.ones(2, np.float32)), b.weight(np.zeros(2, np.float32))
    y = b.add("InstanceNormalization", b.add("Reshape", x, b.ints(0, 2, -1)), one, zero)
    scaled = b.add("Mul", b.add("Reshape", y, b.ints(*IMAGE)), b.random(6, 1, 1))
    return b.add("Add", scaled, b.random(6, 1, 1))


def mean_variance_norm(b: OnnxBuilder, x: str) -> str:
    return b.add("MeanVarianceNormalization", x, axes=[2, 3])


def inverse_deviation(b: OnnxBuilder, x: str) -> str:
    """Return 1 / sqrt(mean(x * x) + epsilon)."""
    mean = b.add("ReduceMean", b.add("Mul", x, x), axes=[-1])
    total = b.add("Add", mean, b.weight(np.array([1e-5], np.float32)))
    return b.add("Reciprocal", b.add("Sqrt", total))


def layer_norm_spelled_out(b: OnnxBuilder, x: str) -> str:
    centered = b.add("Sub", x, b.add("ReduceMean", x, axes=[-1]))
    y = b.add("Mul", centered, inverse_deviation(b, centered))
    return b.add("Add", b.add("Mul", y, b.random(16)), b.random(16))


def rms_norm_spelled_out(b: OnnxBuilder, x: str) -> str:
    return b.add("Mul", b.add("Mul", x, inverse_deviation(b, x)), b.random(16))


def slopes(b: OnnxBuilder, x: str) -> str:
    return b.add("PRelu", x, b.random(6, 1, 1))


def of_constant(op: str, *, first: bool = False, far: bool = False) -> Build:
    """Return an operator of a constant; ``far``: numbers that x never has."""

    def build(b: OnnxBuilder, x: str) -> str:
        low, high = (4.0, 8.0) if far else (0.5, 2.0)
        constant = b.weight(b.rng.uniform(low, high, 16).astype(np.float32))
        return b.add(op, constant, x) if first else b.add(op, x, constant)

    build.__name__ = f"{op}_{'far_' * far}constant{'_first' * first}"
    return build


def token_in_front(b: OnnxBuilder, x: str) -> str:
    token = b.weight(np.linspace(-9, 9, 16, dtype=np.float32).reshape(1, 1, 16))
    return b.add("Concat", token, x, axis=1)


def border_of_large_numbers(b: OnnxBuilder, x: str) -> str:
    return b.add("Pad", x, b.ints(0, 0, 1, 1, 0, 0, 1, 1), b.weight(np.float32(9)))


BUILDS: list[tuple[Build, tuple[int, ...]]] = [
    (layer_norm, ROWS),
    (layer_norm_without_offset, ROWS),
    (layer_norm_between_layers, ROWS),
    (instance_norm, IMAGE),
    (group_norm_as_pytorch_writes_it, IMAGE),
    (mean_variance_norm, IMAGE),
    (layer_norm_spelled_out, ROWS),
    (rms_norm_spelled_out, ROWS),
    (slopes, IMAGE),
    *((of_constant(op), ROWS) for op in ("Add", "Sub", "Mul", "Div")),
    (of_constant("Sub", first=True), ROWS),
    *((of_constant(op, far=True), ROWS) for op in ("Max", "Min")),
    (of_constant("Max", first=True), ROWS),
    (token_in_front, ROWS),
    (border_of_large_numbers, IMAGE),
]


def sqnr(wanted: list[Array], got: list[Array]) -> float:
    signal, noise = (
        sum(float(np.square(each, dtype=np.float64).sum()) for each in arrays)
        for arrays in (wanted, [a - b for a, b in zip(wanted, got, strict=True)])
    )
    return float(10 * np.log10(signal / (noise + 1e-12)))


@pytest.mark.parametrize(("build", "shape"), BUILDS, ids=lambda each: getattr(each, "__name__", ""))
def test_it_is_as_good_as_onnxruntime(build: Build, shape: tuple[int, ...], tmp_path: Path) -> None:
    b = OnnxBuilder()
    model = b.model(build(b, b.input("x", shape)))
    rng = np.random.default_rng(1)
    samples = [{"x": rng.standard_normal(shape).astype(np.float32)} for _ in range(6)]
    original, stated = tmp_path / "float.onnx", tmp_path / "stated.onnx"
    onnx.save(model, original)
    onnx.save(marked(model, samples), stated)
    graph = integers(stated)
    wanted = [judge(original, x)[0] for x in samples]
    theirs = sqnr(wanted, [judge(stated, x)[0] for x in samples])
    ours = sqnr(wanted, [run_integers(graph, x)[0] for x in samples])
    assert theirs > 25  # the file is a good one
    assert ours > theirs - MARGIN
