"""QONNX: Quant of any width on activations and constants, as Brevitas writes it."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper
from qdq_models import QdqBuilder, run_integers

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.frontends.onnx.qonnx import QONNX, Steps
from edgec.ir import Array, DType, Graph, ValueName, evaluate
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.prequantized.prequantized import Prequantized

IN, OUT = 0.03, 0.5
RNG = np.random.default_rng(10)


class QonnxBuilder(QdqBuilder):
    """Adds Quant nodes; ``domain`` and ``op`` are what they are called."""

    domain, op = QONNX, "Quant"

    def quant(
        self, x: str, scale: Any, bits: float = 8, zero: float = 0, output: str = "", **attrs: Any
    ) -> str:
        output = output or f"/quant_{len(self.nodes)}"
        names = [self.weight(np.asarray(each, np.float32)) for each in (scale, zero, bits)]
        given = {"signed": 1, "narrow": 0, "rounding_mode": "ROUND", **attrs}
        inputs = [x, *names]
        if self.op == "BipolarQuant":
            inputs, given = inputs[:2], {}
        node = helper.make_node(self.op, inputs, [output], output, domain=self.domain, **given)
        self.nodes.append(node)
        return output

    def path(self, folder: Path, output: str) -> Path:
        info = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, ["n", "m"])
        graph = helper.make_graph(self.nodes, "main_graph", self.inputs, [info], self.weights)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid(self.domain, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        path = folder / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return path


def integers(path: Path) -> Graph:
    return optimize_integer(Prequantized.of(optimize_float(load_onnx(path))).integers())


def dense(b: QonnxBuilder, weights: Array, scale: Any, bits: float = 8, **attrs: Any) -> str:
    """Add x [1, 8] times weights [8, 5], all quantized."""
    x = b.quant(b.input("x", (1, 8)), IN)
    w = b.quant(b.weight(weights), scale, bits, **attrs)
    return b.quant(b.add("MatMul", x, w), OUT)


def constants(graph: Graph) -> tuple[Array, tuple[float, ...]]:
    """Return the one layer's weights and scales."""
    (layer,) = [node for node in graph.nodes if node.op.name in {"fully_connected", "conv2d"}]
    weights = layer.inputs[1]
    kind = graph.types[weights].quantization
    return graph.constants[weights].reshape(5, 8), kind.scales


def numbers(steps: Array, scale: Any) -> Array:
    return (steps * np.asarray(scale, np.float32)).astype(np.float32)


@pytest.mark.parametrize("domain", [QONNX, "onnx.brevitas", "finn.custom_op.general"])
@pytest.mark.parametrize("op", ["Quant", "IntQuant"])
def test_integers_and_scales_are_those_of_the_file(domain: str, op: str, tmp_path: Path) -> None:
    b = QonnxBuilder()
    b.domain, b.op = domain, op
    steps = RNG.integers(-127, 128, (8, 5))
    steps[:3, :3] = [[-128, 127, 3]] * 3
    graph = integers(b.path(tmp_path, dense(b, numbers(steps, 0.01) + np.float32(0.002), 0.01)))
    data, scales = constants(graph)
    np.testing.assert_array_equal(data, steps.T)
    assert scales == (float(np.float32(0.01)),)
    assert [graph.types[end].quantization.scale for end in (*graph.inputs, *graph.outputs)] == [
        float(np.float32(IN)),
        OUT,
    ]


def test_channels_have_their_scales(tmp_path: Path) -> None:
    b = QonnxBuilder()
    steps, each = RNG.integers(-127, 128, (8, 5)), np.array([[0.01, 0.02, 0.03, 0.005, 0.001]])
    graph = integers(b.path(tmp_path, dense(b, numbers(steps, each), each)))
    data, scales = constants(graph)
    np.testing.assert_array_equal(data, steps.T)
    np.testing.assert_array_equal(scales, each.astype(np.float32)[0])


def test_what_comes_out_is_what_the_file_says(tmp_path: Path) -> None:
    """4 bits without a sign: limits that no type of ours has."""
    b = QonnxBuilder()
    y = dense(b, numbers(RNG.integers(-7, 8, (8, 5)), 0.25), 0.25, 4, narrow=1)
    path = b.path(tmp_path, b.quant(y, 0.5, 4, signed=0))
    floats, graph = optimize_float(load_onnx(path)), integers(path)
    reached = set()
    for _ in range(20):
        x = {"x": RNG.normal(size=(1, 8)).astype(np.float32) * 3}
        wanted = evaluate(floats, {ValueName("x"): x["x"]})[floats.outputs[0]]
        (actual,) = run_integers(graph, x)
        assert np.abs(actual - wanted).max() <= 0.5
        reached |= set((actual / 0.5).reshape(-1).tolist())
    assert (min(reached), max(reached)) == (0, 15)


def test_two_values_are_weights(tmp_path: Path) -> None:
    b = QonnxBuilder()
    x = b.quant(b.input("x", (1, 8)), IN)
    b.op = "BipolarQuant"
    w = b.quant(b.weight(RNG.normal(size=(8, 5)).astype(np.float32)), 0.125)
    b.op = "Quant"
    data, (scale,) = constants(integers(b.path(tmp_path, b.quant(b.add("MatMul", x, w), OUT))))
    assert set(np.unique(data * scale)) == {-0.125, 0.125}


def test_weights_may_be_rounded_in_any_manner(tmp_path: Path) -> None:
    b = QonnxBuilder()
    steps = RNG.integers(-127, 127, (8, 5))
    w = numbers(steps, 1.0) + np.float32(0.75)
    graph = integers(b.path(tmp_path, dense(b, w, 1.0, rounding_mode="FLOOR")))
    np.testing.assert_array_equal(constants(graph)[0], steps.T)


@pytest.mark.parametrize(
    ("given", "says", "remedy"),
    [
        ({"rounding_mode": "FLOOR"}, "rounding mode FLOOR", "FloatToIntImplType.ROUND"),
        ({"bits": 24}, "24 bits", "bit_width=8"),
        ({"bits": 1}, "only -scale or +scale", "bit_width=2"),
        ({"zero": 0.5}, "zero point 0.5", "Int8ActPerTensorFloat"),
        ({"scale": [[0.1, 0.2, 0.3, 0.4, 0.5]]}, "5 scales", "scaling_per_output_channel=False"),
    ],
)
def test_other_activations_are_refused_with_the_option(
    given: dict[str, Any], says: str, remedy: str, tmp_path: Path
) -> None:
    b = QonnxBuilder()
    y = dense(b, numbers(RNG.integers(-7, 8, (8, 5)), 0.25), 0.25)
    path = b.path(tmp_path, b.quant(y, **{"scale": 0.5, **given}))
    with pytest.raises(EdgecError) as caught:
        load_onnx(path)
    assert caught.value.code == "unsupported-quantization"
    assert says in caught.value.message
    assert remedy in caught.value.help


@pytest.mark.parametrize("op", ["Trunc", "QuantLSTMCell", "MultiThreshold", "FloatQuant"])
def test_other_operators_are_refused_with_the_option(op: str, tmp_path: Path) -> None:
    b = QonnxBuilder()
    x = b.quant(b.input("x", (1, 8)), IN)
    b.nodes.append(helper.make_node(op, [x], ["y"], "it", domain=QONNX))
    with pytest.raises(EdgecError) as caught:
        load_onnx(b.path(tmp_path, "y"))
    assert caught.value.code == "unsupported-operator"
    assert any(tool in caught.value.help for tool in ("Brevitas", "FINN", "QuantLSTM"))


@pytest.mark.parametrize(
    ("bits", "signed", "narrow", "limits", "dtype"),
    [
        (8, True, False, (-128, 127), DType.INT8),
        (8, True, True, (-127, 127), DType.INT8),
        (8, False, False, (0, 255), DType.UINT8),
        (8, False, True, (0, 254), DType.UINT8),
        (3, True, False, (-4, 3), DType.INT8),
        (12, False, False, (0, 4095), DType.INT16),
        (16, True, False, (-32768, 32767), DType.INT16),
        (16, False, False, (0, 65535), DType.UINT16),
        (32, True, False, (-(2**31), 2**31 - 1), None),
    ],
)
def test_limits(
    bits: int, signed: bool, narrow: bool, limits: tuple[int, int], dtype: DType | None
) -> None:
    one = np.ones((), np.float32)
    steps = Steps(one, 0 * one, bits, signed, narrow)
    assert (steps.low, steps.high) == limits
    assert steps.dtype is dtype


@pytest.mark.parametrize("bits", [1e9, 1e30, np.inf, np.nan, 0.5, -3])
def test_bits_that_no_number_has_are_refused(bits: float, tmp_path: Path) -> None:
    """Nothing is made of that many."""
    b = QonnxBuilder()
    with pytest.raises(EdgecError, match="bits, rounding mode 'ROUND'"):
        load_onnx(b.path(tmp_path, dense(b, np.ones((8, 5), np.float32), 0.1, bits)))
