"""Quantized ONNX models built in code: QDQ chains and operators on integers, with their judge."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper
from onnx_models import Numbers, OnnxBuilder

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, QParams, ValueName, evaluate
from edgec.ops.conversion.dequantize import dequantized
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.prequantized.prequantized import Prequantized

TYPES = {np.int8: TensorProto.INT8, np.uint8: TensorProto.UINT8}


class QdqBuilder(OnnxBuilder):
    """Adds QuantizeLinear and DequantizeLinear; ``kind`` is the type of activations."""

    def __init__(self, opset: int = 17, seed: int = 0, kind: type = np.int8) -> None:
        super().__init__(opset, seed)
        self.kind = kind

    def scale(self, value: float) -> str:
        return self.weight(np.float32(value))

    def zero(self, value: int = 0) -> str:
        """Add a zero point, given as for int8."""
        shift = 128 if self.kind is np.uint8 else 0
        return self.weight(np.array(value + shift, self.kind))

    def quantized(self, x: str, scale: float, zero: int = 0, output: str = "") -> str:
        return self.add("QuantizeLinear", x, self.scale(scale), self.zero(zero), output=output)

    def dequantized(self, x: str, scale: float, zero: int = 0, output: str = "") -> str:
        return self.add("DequantizeLinear", x, self.scale(scale), self.zero(zero), output=output)

    def qdq(self, x: str, scale: float, zero: int = 0, output: str = "") -> str:
        return self.dequantized(self.quantized(x, scale, zero), scale, zero, output)

    def integers(self, *shape: int, kind: type = np.int8) -> Array:
        low, high = (-127, 128) if kind is np.int8 else (1, 256)
        return self.rng.integers(low, high, shape).astype(kind)

    def stored(self, data: Array, scales: Numbers, zeros: Array, axis: int = 0) -> str:
        """Add dequantized weights; one scale, or one per slice along ``axis``."""
        names = [self.weight(each) for each in (data, scales.astype(np.float32), zeros)]
        return self.add("DequantizeLinear", *names, axis=axis if scales.ndim else None)

    def bias(self, data: Array, scales: Numbers) -> str:
        """Add a dequantized bias in int32."""
        names = [self.weight(data.astype(np.int32)), self.weight(scales.astype(np.float32))]
        return self.add("DequantizeLinear", *names, axis=0 if scales.ndim else None)

    def microsoft(self, op: str, *inputs: str, **attributes: Any) -> str:
        """Add an operator of onnxruntime's own domain."""
        output = f"/{op}_{len(self.nodes)}_output_0"
        self.nodes.append(
            helper.make_node(
                op, inputs, [output], name=f"/{op}", domain="com.microsoft", **attributes
            )
        )
        return output

    def file(
        self, folder: Path, *outputs: str, kind: int = TensorProto.FLOAT, rank: int = 0
    ) -> Path:
        """Write the model; outputs are of element type ``kind``.

        Their rank is needed where ONNX itself does not know an operator.
        """
        shape = [f"extent_{axis}" for axis in range(rank)] if rank else None
        infos = [helper.make_tensor_value_info(name, kind, shape) for name in outputs]
        graph = helper.make_graph(self.nodes, "main_graph", self.inputs, infos, self.weights)
        opsets = [helper.make_opsetid("", self.opset), helper.make_opsetid("com.microsoft", 1)]
        opsets += [helper.make_opsetid("com.microsoft.nchwc", 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        path = folder / "model.onnx"
        inferred = model if rank else onnx.shape_inference.infer_shapes(model)
        path.write_bytes(inferred.SerializeToString())
        return path


def judge(path: Path, x: Mapping[str, Array]) -> list[Array]:
    """Return what onnxruntime computes, node by node as the file has it."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(str(path), options)
    return list(session.run(None, dict(x)))


def integers(path: Path) -> Graph:
    """Return the integer graph that a build compiles."""
    return optimize_integer(Prequantized.of(optimize_float(load_onnx(path))).integers())


def run_integers(graph: Graph, x: Mapping[str, Array]) -> list[Array]:
    """Run an integer graph on floats in the source's layout; floats come back."""
    ours = {ValueName(name): _entering(graph, ValueName(name), array) for name, array in x.items()}
    outputs = evaluate(graph, ours)
    return [_leaving(graph, name, outputs[name]) for name in graph.outputs]


def steps(value: Array, q: QParams) -> Array:
    """Return the integers of real numbers, halves to even as ONNX has it."""
    scaled: Array = np.rint(value / np.float32(q.scale))
    return scaled + q.zero_point


def _entering(graph: Graph, name: ValueName, array: Array) -> Array:
    layout = graph.layouts.get(name, tuple(range(array.ndim)))
    kind = graph.types[name]
    limits = np.iinfo(kind.dtype.numpy)
    limited = np.clip(steps(array, kind.quantization), limits.min, limits.max)
    return np.ascontiguousarray(limited.astype(kind.dtype.numpy).transpose(layout))


def _leaving(graph: Graph, name: ValueName, array: Array) -> Array:
    real = dequantized(array, graph.types[name])
    layout = graph.layouts.get(name, tuple(range(array.ndim)))
    return real.transpose(np.argsort(layout))


def checked(path: Path) -> None:
    """The file is one that others accept."""
    onnx.checker.check_model(onnx.load(path))


def assert_within_a_step(path: Path, x: dict[str, Array]) -> Graph:
    """Compare with onnxruntime: the float graph exactly, the integers within one step."""
    checked(path)
    expected = judge(path, x)
    floats = optimize_float(load_onnx(path))
    ours = {name: x[name].transpose(layout_of(floats, name)) for name in floats.inputs}
    for name, wanted in zip(floats.outputs, expected, strict=True):
        actual = evaluate(floats, ours)[name].transpose(np.argsort(layout_of(floats, name)))
        np.testing.assert_allclose(actual, wanted, rtol=1e-4, atol=1e-5)
    graph = integers(path)
    for name, actual, wanted in zip(graph.outputs, run_integers(graph, x), expected, strict=True):
        assert np.abs(actual - wanted).max() <= 1.01 * graph.types[name].quantization.scale
    return graph


def layout_of(graph: Graph, name: ValueName) -> tuple[int, ...]:
    return graph.layouts.get(name, tuple(range(graph.types[name].rank)))


def two_layers(folder: Path, between: float, shape: tuple[int, ...] = (1, 4, 6, 6)) -> Path:
    """Write two convolutions with ``between`` as the scale of what is between them.

    0.05 suits it; with fifty times as much, a few steps are left.
    """
    b = QdqBuilder()
    weights = [b.stored(b.integers(4, 4, 3, 3), np.array(0.003), np.array(0, np.int8))] * 2
    y = b.qdq(b.input("image", shape), 0.03, 7)
    for w, scale in zip(weights, (between, 0.06), strict=True):
        y = b.qdq(b.add("Conv", y, w, pads=[1, 1, 1, 1]), scale)
    return b.file(folder, y)
