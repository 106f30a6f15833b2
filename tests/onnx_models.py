"""Float ONNX models built in code, node by node as PyTorch's two exporters write them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from edgec.ir import Array, Graph, ValueName, evaluate

FLOAT = TensorProto.FLOAT
Numbers = Array | np.generic
"""An array, or a scalar of an array's element types."""


class OnnxBuilder:
    """Collects nodes and weights; names are numbered like an exporter's."""

    def __init__(self, opset: int = 17, seed: int = 0) -> None:
        self.opset = opset
        self.rng = np.random.default_rng(seed)
        self.inputs: list[onnx.ValueInfoProto] = []
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def input(self, name: str, shape: Sequence[int | str | None], kind: int = FLOAT) -> str:
        self.inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def weight(self, array: Numbers, name: str = "") -> str:
        name = name or f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def random(self, *shape: int, scale: float = 0.5) -> str:
        return self.weight((self.rng.standard_normal(shape) * scale).astype(np.float32))

    def ints(self, *values: int) -> str:
        return self.weight(np.array(values, np.int64))

    def add(self, op: str, *inputs: str, output: str = "", outputs: int = 1, **attrs: Any) -> str:
        """Add a node and return its (first) output; an attribute that is None is left out."""
        output = output or f"/{op}_{len(self.nodes)}_output_0"
        names = [output] + [f"{output}.{index}" for index in range(1, outputs)]
        self.nodes.append(
            helper.make_node(op, inputs, names, name=f"/{op}_{len(self.nodes)}", **attrs)
        )
        return output

    def conv(
        self, x: str, channels: tuple[int, int], kernel: Sequence[int] = (3, 3), **attrs: Any
    ) -> str:
        """Add a Conv from ``channels[0]`` to ``channels[1]`` with bias and same-size padding."""
        group = attrs.setdefault("group", 1)
        attrs.setdefault("pads", [(k - 1) // 2 for k in kernel] * 2)
        w = self.random(channels[1], channels[0] // group, *kernel)
        return self.add("Conv", x, w, self.random(channels[1]), kernel_shape=list(kernel), **attrs)

    def batch_norm(self, x: str, channels: int) -> str:
        gamma, beta, mean = (self.random(channels) for _ in range(3))
        variance = self.weight(self.rng.uniform(0.3, 2, channels).astype(np.float32))
        return self.add("BatchNormalization", x, gamma, beta, mean, variance, epsilon=1e-5)

    def linear(self, x: str, columns: int, rows: int, output: str = "") -> str:
        w, b = self.random(rows, columns), self.random(rows)
        return self.add("Gemm", x, w, b, output=output, transB=1, alpha=1.0, beta=1.0)

    def model(
        self, *outputs: str, shapes: Sequence[Sequence[int | str | None]] = ()
    ) -> onnx.ModelProto:
        """Return the model; output shapes come from shape inference where none are given."""
        infos = [helper.make_tensor_value_info(name, FLOAT, None) for name in outputs]
        for info, shape in zip(infos, shapes, strict=False):
            info.CopyFrom(helper.make_tensor_value_info(info.name, FLOAT, shape))
        graph = helper.make_graph(self.nodes, "main_graph", self.inputs, infos, self.weights)
        opsets = [helper.make_opsetid("", self.opset)]
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=8, producer_name="pytorch"
        )
        return model if shapes else onnx.shape_inference.infer_shapes(model)


def torchscript_cnn(batch: int | str = "batch", opset: int = 13) -> onnx.ModelProto:
    """Return Conv-BN-ReLU6 blocks, a depthwise layer, a residual, a global pool and a Flatten."""
    b = OnnxBuilder(opset)
    x = b.batch_norm(b.conv(b.input("image", [batch, 3, 8, 6]), (3, 8), strides=[2, 2]), 8)
    low = b.add("Constant", value=numpy_helper.from_array(np.array(0, np.float32)))
    high = b.add("Constant", value=numpy_helper.from_array(np.array(6, np.float32)))
    x = b.add("Clip", x, low, high)
    y = b.add("Relu", b.batch_norm(b.conv(x, (8, 8), group=8), 8))
    x = b.add("Add", x, b.batch_norm(b.conv(y, (8, 8), (1, 1)), 8))
    x = b.add("GlobalAveragePool", x)
    b.linear(b.add("Flatten", x, axis=1), 8, 5, output="output")
    return b.model("output")


def dynamo_cnn(opset: int = 18) -> onnx.ModelProto:
    """Return a like net as the new exporter writes it: axes as inputs, Reshape for Flatten."""
    b = OnnxBuilder(opset, seed=1)
    x = b.add("Relu", b.conv(b.input("x", [1, 3, 8, 6]), (3, 4), auto_pad="NOTSET"))
    x = b.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2], ceil_mode=0, storage_order=0)
    x = b.add("ReduceMean", x, b.ints(-1, -2), keepdims=1, noop_with_empty_axes=0)
    x = b.add("Reshape", x, b.ints(1, 4), allowzero=1)
    x = b.linear(x, 4, 3)
    b.add("Softmax", x, output="output", axis=-1)
    return b.model("output")


def lenet() -> onnx.ModelProto:
    """Return a net that flattens [N,C,H,W] with H, W > 1, activation behind the Flatten."""
    b = OnnxBuilder(seed=2)
    x = b.conv(b.input("image", [1, 2, 6, 6]), (2, 5))
    x = b.add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = b.add("Relu", b.add("Flatten", x))
    x = b.add("Relu", b.linear(x, 45, 7))
    x = b.add("MatMul", x, b.random(7, 4))
    b.add("Add", x, b.random(4), output="output")
    return b.model("output")


def signal_net() -> onnx.ModelProto:
    """Return a one-dimensional net: Conv1d-BN-ReLU, pools, a residual, padding, ReduceMean."""
    b = OnnxBuilder(seed=3)
    x = b.add("Relu", b.batch_norm(b.conv(b.input("imu", [1, 3, 16]), (3, 6), (5,)), 6))
    x = b.add("MaxPool", x, kernel_shape=[2], strides=[2])
    y = b.add("Pad", x, b.ints(0, 0, 1, 0, 0, 1))
    y = b.add("Relu", b.batch_norm(b.conv(y, (6, 6), (3,), pads=[0, 0]), 6))
    x = b.add("Add", x, y)
    x = b.add("ReduceMean", x, axes=[2], keepdims=0)
    b.linear(x, 6, 4, output="output")
    return b.model("output")


def branches() -> onnx.ModelProto:
    """Return a net with a squeeze-and-excite gate, a Concat over channels and two outputs."""
    b = OnnxBuilder(seed=4)
    x = b.add("Relu", b.conv(b.input("image", ["N", 3, 6, 5]), (3, 4)))
    gate = b.add("ReduceMean", x, axes=[2, 3], keepdims=1)
    gate = b.add("Sigmoid", b.conv(b.add("Relu", b.conv(gate, (4, 2), (1, 1))), (2, 4), (1, 1)))
    x = b.add("Mul", x, gate)
    x = b.add("Concat", x, b.add("Tanh", b.conv(x, (4, 3), (1, 1))), axis=1)
    x = b.add("Mul", x, b.random(1, 7, 1, 1))
    b.add("Identity", x, output="features")
    x = b.add("AveragePool", x, kernel_shape=[2, 2], strides=[2, 2])
    b.add("Softmax", b.linear(b.add("Flatten", x), 42, 3), output="probabilities", axis=1)
    return b.model("features", "probabilities")


MODELS = {
    "torchscript": torchscript_cnn(),
    "torchscript_opset17": torchscript_cnn(1, opset=17),
    "dynamo": dynamo_cnn(),
    "dynamo_newest": dynamo_cnn(min(25, onnx.defs.onnx_opset_version())),
    "lenet": lenet(),
    "signal": signal_net(),
    "branches": branches(),
}


def save(model: onnx.ModelProto, folder: Path, name: str = "model.onnx") -> Path:
    path = folder / name
    path.write_bytes(model.SerializeToString())
    return path


def random_sample(graph: Graph, seed: int = 0) -> dict[ValueName, Array]:
    """Return random inputs in the graph's own layout."""
    rng = np.random.default_rng(seed)
    kinds = {name: graph.types[name] for name in graph.inputs}
    return {
        name: rng.standard_normal(kind.shape).astype(np.float32) for name, kind in kinds.items()
    }


def to_source(graph: Graph, name: ValueName, array: Array) -> Array:
    """Bring an input or output of a graph into the source model's layout."""
    layout = graph.layouts.get(name)
    return array if layout is None else array.transpose(np.argsort(layout))


def to_graph(graph: Graph, name: ValueName, array: Array) -> Array:
    """Bring an array in the source model's layout into the graph's."""
    layout = graph.layouts.get(name)
    return array if layout is None else np.ascontiguousarray(array.transpose(layout))


def evaluate_source(graph: Graph, inputs: dict[ValueName, Array]) -> dict[ValueName, Array]:
    """Evaluate a graph with inputs and outputs in the source model's layout."""
    results = evaluate(graph, {name: to_graph(graph, name, x) for name, x in inputs.items()})
    return {name: to_source(graph, name, y) for name, y in results.items()}


def run_onnxruntime(model: bytes, inputs: dict[ValueName, Array]) -> dict[str, Array]:
    options = onnxruntime.SessionOptions()
    level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it folds a Pad of 0 into a MaxPool
    options.graph_optimization_level = level
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_outputs()]
    results = session.run(names, {str(name): x for name, x in inputs.items()})
    return dict(zip(names, results, strict=True))


def assert_close(actual: Array, expected: Array) -> None:
    """Compare float results: the same shape, within 1e-4 of the largest value."""
    assert actual.shape == expected.shape
    np.testing.assert_allclose(
        actual, expected, rtol=0, atol=1e-4 * max(1e-6, np.abs(expected).max())
    )
