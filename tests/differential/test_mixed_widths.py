"""Models with int8 and int16 layers: searched, then equal on every runtime."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from ops.runtimes import Runtime
from oracle import Oracle
from small_nets import samples_of, uneven_net

from edgec.driver.compile.quantization import QuantizationReport, quantize_model
from edgec.driver.options import BuildOptions
from edgec.driver.progress import Quiet
from edgec.exporters import write_tflite
from edgec.frontends import load
from edgec.ir import Array, DType, Graph, ValueName, evaluate
from edgec.ops.conversion.quantize import Quantize, is_widening
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quality.sqnr import integer_values
from edgec.quantization.samples.samples import Samples, read_samples

MODELS = Path(__file__).parents[3] / "shared" / "models" / "onnx"
SHARED = [("pub_mbv2", "38dB"), ("pub_dscnn", "40dB"), ("pub_ae", "55dB"), ("pub_cnn1d", "44dB")]
BOARDS = ("qemu-m4", "qemu-m0")


def mixed(graph: Graph, samples: Samples, drop: str) -> QuantizationReport:
    options = BuildOptions(model="m", calib="c", max_drop=drop)
    return quantize_model(options, graph, samples, Quiet())


@cache
def small(drop: str) -> QuantizationReport:
    graph = uneven_net()
    return mixed(graph, samples_of(graph, 48), drop)


def borders(graph: Graph) -> set[bool]:
    """Return which kinds of borders there are: True for int8 to int16, False for back."""
    nodes = [node for node in graph.nodes if isinstance(node.op, Quantize)]
    return {is_widening(graph.signature(node)) for node in nodes}


def inputs(graph: Graph, samples: Samples, count: int) -> list[dict[ValueName, Array]]:
    values = integer_values(graph, samples.first(count).arrays)
    return [{port: values[port][index] for port in graph.inputs} for index in range(count)]


def assert_interpreter_agrees(graph: Graph, samples: list[dict[ValueName, Array]]) -> None:
    oracle = Oracle(write_tflite(graph), exact=True)
    for x in samples:
        expected = oracle.run({str(port): array for port, array in x.items()})
        for port, actual in evaluate(graph, x).items():
            np.testing.assert_array_equal(actual, expected[port])


def assert_firmware_agrees(
    graph: Graph, samples: list[dict[ValueName, Array]], board: str, folder: Path
) -> None:
    results = Runtime(board, "portable" if board == "host" else "auto").run(graph, samples, folder)
    for x, outputs in zip(samples, results, strict=True):
        for expected, actual in zip(evaluate(graph, x).values(), outputs, strict=True):
            np.testing.assert_array_equal(actual, expected)


def test_int16_is_taken_for_some_layers_only() -> None:
    report = small("38dB")
    found = report.widths
    assert found is not None
    assert found.met
    assert 0 < found.int16_layers < found.layers
    assert report.evaluation.output_sqnr_db is not None
    assert report.evaluation.output_sqnr_db >= 38
    assert not found.trials[0].met  # int8, tried first
    assert borders(report.quantized.graph) == {True, False}


def test_what_is_told_is_what_is_in_the_graph() -> None:
    report = small("38dB")
    document = report.to_json()
    graph = report.quantized.graph
    types = {node.name: graph.types[node.outputs[0]].dtype for node in graph.nodes}
    assert {each["name"]: each["type"] for each in document["per_layer"]} == {
        each["name"]: types[each["name"]].value for each in document["per_layer"]
    }
    told = {name: g["type"] for g in document["widths"]["groups"] for name in g["layers"]}
    assert {name: types[name].value for name in told if name in types} == {
        name: kind for name, kind in told.items() if name in types
    }
    wide = [
        n for n in graph.nodes if not isinstance(n.op, Quantize) and types[n.name] is not DType.INT8
    ]
    assert document["widths"]["int16_layers"] == len(wide)


def test_more_is_asked_more_is_wide() -> None:
    counts = []
    for drop in ("20dB", "38dB", "200dB"):
        widths = small(drop).widths
        assert widths is not None
        counts.append(widths.int16_layers)
    assert counts[0] == 0
    assert counts == sorted(set(counts))


def test_a_drop_that_nothing_meets_is_told() -> None:
    report = small("200dB")
    assert report.widths is not None
    assert not report.widths.met
    assert report.quantized.recipe.width == "int16x8"
    problem = report.verdict.problem("m.onnx", report.advice)
    assert problem is not None
    assert problem.message.startswith("--max-drop asks for 200 dB of output SQNR; reached: ")
    assert report.verdict.missed_by is not None
    assert report.verdict.missed_by > 100


def test_the_search_gives_the_same_bytes_every_time() -> None:
    graph = uneven_net()
    again = mixed(graph, samples_of(graph, 48), "38dB")
    assert write_tflite(again.quantized.graph) == write_tflite(small("38dB").quantized.graph)


def test_agreement_is_asked_for_in_points() -> None:
    graph = uneven_net()
    samples = Samples(samples_of(graph, 64).arrays)  # no labels
    report = mixed(graph, samples, "0")
    assert report.evaluation.top1_agreement == 1
    assert report.widths is not None
    assert report.widths.met


@pytest.mark.oracle
def test_the_small_model_equals_the_interpreter() -> None:
    graph = optimize_integer(small("38dB").quantized.graph)
    assert_interpreter_agrees(graph, inputs(graph, samples_of(graph, 12, seed=5), 12))


@pytest.mark.qemu
@pytest.mark.parametrize("board", ["host", *BOARDS])
def test_the_small_firmware_equals_the_reference(board: str, tmp_path: Path) -> None:
    graph = optimize_integer(small("38dB").quantized.graph)
    samples = inputs(graph, samples_of(graph, 8, seed=5), 8)
    assert_firmware_agrees(graph, samples, board, tmp_path)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.oracle
@pytest.mark.qemu
@pytest.mark.parametrize(("name", "drop"), SHARED)
def test_public_models_are_equal_everywhere(name: str, drop: str, tmp_path: Path) -> None:
    graph = optimize_float(load(MODELS / name / f"{name}.onnx").graph)
    report = mixed(graph, read_samples(MODELS / name / "calib.npz", graph), drop)
    assert report.quantized.recipe.width == "mixed"
    assert report.widths is not None
    assert report.widths.met
    made = optimize_integer(report.quantized.graph)
    test = read_samples(MODELS / name / "test.npz", graph)
    assert_interpreter_agrees(made, inputs(made, test, 10))
    for board in BOARDS:
        assert_firmware_agrees(made, inputs(made, test, 3), board, tmp_path / board)


def test_samples_that_flatter_are_not_believed() -> None:
    """Few samples: what they meet is missed by those that are held out; more becomes int16."""
    graph = uneven_net()
    report = mixed(graph, samples_of(graph, 10, seed=3), "32dB")
    assert report.widths is not None
    refused = [each for each in report.widths.trials if not each.met and each.output_sqnr_db]
    assert any(each.output_sqnr_db > 32 for each in refused if each.output_sqnr_db)
    assert report.held_out is not None
    assert report.held_out.samples == 3
    held_out = report.held_out.worst_sqnr_db
    assert held_out is not None
    assert report.verdict.met == (held_out >= 32)
