"""Random models: passes keep what a graph computes, integer passes bit for bit; invariants hold."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from equivalence import assert_equivalent, random_source_inputs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx_models import assert_close, evaluate_source, run_onnxruntime, save
from oracle import Oracle
from random_models import CHOICES, INPUT_SHAPES, Choice, Shape, random_model

from edgec.exporters import write_tflite
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, DType, Graph, ValueName, evaluate, verify
from edgec.ops.movement.transpose import Transpose
from edgec.ops.operator import Operator, OutputRule
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.samples import Samples
from edgec.quantization.widths.sensitivity import groups_of

calm = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
models = given(INPUT_SHAPES, CHOICES, st.integers(0, 9))


def imported(shape: Shape, choices: list[Choice], extra: int) -> tuple[Graph, bytes]:
    model = random_model(shape, choices, extra)
    with TemporaryDirectory() as folder:
        return load_onnx(save(model, Path(folder))), model.SerializeToString()


def quantized(graph: Graph, widths: int | None = None) -> Graph:
    """Quantize an optimized float graph, calibrated on a few random samples.

    With ``widths``, what shares a quantization is int8 or int16 as the bits of the number have it.
    """
    rng = np.random.default_rng(0)
    kinds = {name: graph.types[name] for name in graph.inputs}
    arrays = {n: rng.standard_normal((4, *k.shape)).astype(np.float32) for n, k in kinds.items()}
    ranges = calibrate(graph, Samples(arrays))
    if widths is None:
        return quantize(graph, ranges)
    groups = groups_of(graph)
    narrow = [group.root for bit, group in enumerate(groups) if not widths >> bit & 1]
    return quantize(graph, ranges, None, DType.INT16, narrow)


def transposes(graph: Graph) -> int:
    return sum(isinstance(node.op, Transpose) for node in graph.nodes)


def integer_inputs(graph: Graph, seed: int) -> dict[ValueName, Array]:
    rng = np.random.default_rng(seed)
    kinds = {name: graph.types[name] for name in graph.inputs}
    limits = {name: np.iinfo(kind.dtype.numpy) for name, kind in kinds.items()}
    return {
        n: rng.integers(limits[n].min, limits[n].max + 1, kind.shape, kind.dtype.numpy)
        for n, kind in kinds.items()
    }


@calm
@models
def test_import_equals_onnxruntime(shape: Shape, choices: list[Choice], extra: int) -> None:
    graph, data = imported(shape, choices, extra)
    x = random_source_inputs(graph, 0)
    expected = run_onnxruntime(data, x)
    for name, actual in evaluate_source(graph, x).items():
        assert_close(actual, expected[name])


@calm
@models
def test_float_passes_keep_the_results(shape: Shape, choices: list[Choice], extra: int) -> None:
    graph, _ = imported(shape, choices, extra)
    after = optimize_float(graph)
    assert_equivalent(graph, after, samples=2, tolerance=1e-4)
    assert transposes(after) <= transposes(graph)
    assert not [node for node in after.nodes if node.op.name == "batch_norm"]
    assert_equivalent(graph, optimize_float(after), samples=1, tolerance=1e-4)


@calm
@models
def test_integer_passes_keep_every_bit(shape: Shape, choices: list[Choice], extra: int) -> None:
    graph = quantized(optimize_float(imported(shape, choices, extra)[0]))
    verify(graph)
    after = optimize_integer(graph)
    for seed in range(2):
        x = integer_inputs(graph, seed)
        expected, actual = evaluate(graph, x), evaluate(after, x)
        assert all((actual[name] == expected[name]).all() for name in graph.outputs)


@calm
@models
def test_what_must_share_a_quantization_does(
    shape: Shape, choices: list[Choice], extra: int
) -> None:
    graph = quantized(optimize_float(imported(shape, choices, extra)[0]))
    for node in graph.nodes:
        signature = graph.signature(node)
        if isinstance(node.op, Operator) and node.op.output_rule is OutputRule.SAME_AS_INPUT:
            assert {kind.qparams for kind in (*signature.inputs, *signature.outputs)} == {
                signature.output.qparams
            }
        if isinstance(node.op, Operator) and node.op.fixed_output is not None:
            q = signature.output.quantization
            assert (q.scale, q.zero_point) == node.op.fixed_output


@pytest.mark.oracle
@settings(parent=calm, max_examples=40)
@models
def test_the_interpreter_computes_the_same_bytes(
    shape: Shape, choices: list[Choice], extra: int
) -> None:
    graph = optimize_integer(quantized(optimize_float(imported(shape, choices, extra)[0])))
    assert_interpreter_agrees(graph)


@pytest.mark.oracle
@settings(parent=calm, max_examples=40)
@given(INPUT_SHAPES, CHOICES, st.integers(0, 9), st.integers(0, 2**12))
def test_any_widths_give_the_interpreters_bytes(
    shape: Shape, choices: list[Choice], extra: int, widths: int
) -> None:
    before = quantized(optimize_float(imported(shape, choices, extra)[0]), widths)
    verify(before)
    graph = optimize_integer(before)
    x = integer_inputs(graph, 2)
    expected = evaluate(before, x)
    assert all((each == expected[name]).all() for name, each in evaluate(graph, x).items())
    assert_interpreter_agrees(graph)


def assert_interpreter_agrees(graph: Graph) -> None:
    oracle = Oracle(write_tflite(graph), exact=True)
    for seed in range(2):
        x = integer_inputs(graph, seed)
        expected, actual = oracle.run(x), evaluate(graph, x)
        for name in graph.outputs:
            np.testing.assert_array_equal(actual[name], expected[name])
