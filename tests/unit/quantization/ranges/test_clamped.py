"""The float model behind a QDQ file: its clamps, without its rounding."""

from pathlib import Path

import numpy as np
from qdq_models import QdqBuilder

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import evaluate, verify
from edgec.pipelines import optimize_float
from edgec.quantization.prequantized.prequantized import Prequantized
from edgec.quantization.quality.evaluation import evaluate_quantization
from edgec.quantization.ranges.clamped import clamped
from edgec.quantization.samples.samples import Samples

X = np.random.default_rng(5).normal(size=(30, 1, 6)).astype(np.float32)


def two_layers(folder: Path) -> Prequantized:
    """Return two dense layers; of the ReLU between them only the range -128 to 127 is left."""
    b = QdqBuilder()
    x = b.qdq(b.input("x", [1, 6]), 0.03)
    for width, scale, zero in ((5, 0.03, -128), (4, 0.05, 3)):
        inputs = 6 if width == 5 else 5
        w = b.stored(b.integers(width, inputs), np.array(0.01), np.array(0, np.int8))
        x = b.qdq(b.add("Gemm", x, w, transB=1), scale, zero)
    return Prequantized.of(optimize_float(load_onnx(b.file(folder, x))))


def test_values_are_clamped_to_their_ranges_and_not_rounded(tmp_path: Path) -> None:
    stated = two_layers(tmp_path)
    graph = clamped(stated.annotated)
    verify(graph)
    first, second = (
        stated.annotated.graph.constants[node.inputs[1]] for node in stated.annotated.graph.nodes
    )
    x = np.float32(100) * X[0]
    (actual,) = evaluate(graph, {graph.inputs[0]: x}).values()
    hidden = np.clip(x @ first.T, 0, 0.03 * 255)
    wanted = np.clip(hidden @ second.T, 0.05 * (-128 - 3), 0.05 * (127 - 3))
    np.testing.assert_allclose(actual, wanted, rtol=1e-5, atol=1e-5)
    assert (wanted == np.float32(0.05 * (-128 - 3))).any()


def test_rounding_is_all_that_is_left_to_measure(tmp_path: Path) -> None:
    stated = two_layers(tmp_path)
    graph = clamped(stated.annotated)
    found = evaluate_quantization(graph, graph, stated.integers(), Samples({graph.inputs[0]: X}))
    assert found.output_sqnr_db is not None
    assert 30 < found.output_sqnr_db < 60
    assert len(found.layers) == 2
    assert all(30 < each.sqnr_db < 60 for each in found.layers)
