"""Small ONNX models that compare, count and look up, written in lines; checked on every runtime."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx_models import to_graph, to_source
from ops.case import Case
from ops.runtimes import Runtime, merge, prefixed
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, ValueName, evaluate, verify
from edgec.ops.conversion.quantize import quantize_floats
from edgec.pipelines import optimize_float, optimize_integer, optimize_target
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.quantization.samples.samples import Samples

_KINDS = {
    "float32": TensorProto.FLOAT,
    "int32": TensorProto.INT32,
    "int64": TensorProto.INT64,
    "bool": TensorProto.BOOL,
}
SAMPLES = 24


def lines_model(
    text: str,
    inputs: Mapping[str, tuple[str, Sequence[int]]],
    outputs: Sequence[str],
    constants: Mapping[str, Array] | None = None,
    attributes: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
    opset: int = 18,
) -> onnx.ModelProto:
    """Return a model of lines like ``Add a b -> c``; ``attributes`` by the node's first output."""
    nodes = []
    for line in filter(str.strip, text.replace("\n", ";").split(";")):
        left, right = line.split("->")
        op, *read = left.split()
        made = right.split()
        read = ["" if each == "_" else each for each in read]
        nodes.append(helper.make_node(op, read, made, name=made[0], **attributes.get(made[0], {})))
    arrays = {name: np.asarray(array) for name, array in (constants or {}).items()}
    graph = helper.make_graph(
        nodes,
        "lines",
        [
            helper.make_tensor_value_info(name, _KINDS[kind], shape)
            for name, (kind, shape) in inputs.items()
        ],
        [helper.make_tensor_value_info(name, 0, None) for name in outputs],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    return onnx.shape_inference.infer_shapes(model, strict_mode=True)


def drawn(model: onnx.ModelProto, most: int = 5, seed: int = 0) -> list[dict[str, Array]]:
    """Return samples: normal floats, integers within +-most, truth values."""
    rng = np.random.default_rng(seed)
    return [
        {each.name: _drawn(rng, each, most) for each in model.graph.input} for _ in range(SAMPLES)
    ]


def _drawn(rng: np.random.Generator, value: onnx.ValueInfoProto, most: int) -> Array:
    tensor = value.type.tensor_type
    shape = [dim.dim_value for dim in tensor.shape.dim]
    if tensor.elem_type == TensorProto.FLOAT:
        return rng.standard_normal(shape).astype(np.float32)
    if tensor.elem_type == TensorProto.BOOL:
        return rng.integers(0, 2, shape).astype(np.bool_)
    kind = np.int64 if tensor.elem_type == TensorProto.INT64 else np.int32
    return rng.integers(-most, most + 1, shape).astype(kind)


def ours(graph: Graph, sample: Mapping[str, Array]) -> dict[ValueName, Array]:
    """Return a sample as a graph takes it: in its layout, numbers in its type.

    What counts has 32 bits; what is made real first thing is real in a float graph.
    """
    return {
        name: to_graph(graph, name, sample[name].astype(_kept(graph, name, sample[name])))
        for name in graph.inputs
    }


def _kept(graph: Graph, name: ValueName, array: Array) -> np.dtype[Any]:
    """Return the type in which a sample is handed over: floats are quantized elsewhere."""
    return array.dtype if array.dtype.kind == "f" else graph.types[name].dtype.numpy


def float_graph(model: onnx.ModelProto, samples: list[dict[str, Array]], folder: Path) -> Graph:
    """Import a model, compare it with onnxruntime before and after the passes, and return it."""
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    imported = load_onnx(path)
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    optimized = optimize_float(imported)
    for graph in (imported, optimized):
        verify(graph)
        for sample in samples:
            expected = session.run([str(name) for name in graph.outputs], sample)
            actual = evaluate(graph, ours(graph, sample))
            for name, wanted in zip(graph.outputs, expected, strict=True):
                result = to_source(graph, name, actual[name])
                assert result.shape == wanted.shape, name
                if wanted.dtype.kind == "f":
                    np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-5)
                else:
                    np.testing.assert_array_equal(result, wanted)
    return optimized


def integer_graph(graph: Graph, samples: list[dict[str, Array]]) -> Graph:
    """Quantize a float graph by samples."""
    arrays = {
        name: np.stack([ours(graph, each)[name] for each in samples]) for name in graph.inputs
    }
    ranges = calibrate(graph, Samples(arrays))
    integers = optimize_integer(quantize(graph, ranges))
    verify(integers)
    return integers


def integer_sample(graph: Graph, sample: Mapping[str, Array]) -> dict[ValueName, Array]:
    """Return a sample in the types of an integer graph's inputs."""
    return {
        name: quantize_floats(array, graph.types[name]) if array.dtype.kind == "f" else array
        for name, array in ours(graph, sample).items()
    }


def assert_interpreter_agrees(graph: Graph, samples: list[dict[str, Array]]) -> None:
    """Compare the reference with TFLite's interpreter, bit for bit."""
    interpreter = Oracle(write_tflite(graph))
    for sample in (integer_sample(graph, each) for each in samples):
        wanted, theirs = evaluate(graph, sample), interpreter.run(sample)
        for name in graph.outputs:
            assert wanted[name].tobytes() == theirs[name].tobytes(), name


def assert_host_agrees(
    models: Sequence[tuple[Graph, list[dict[str, Array]]]], folder: Path
) -> None:
    """Compare the reference with C on this machine, bit for bit: all graphs in one build."""
    targets = [optimize_target(graph) for graph, _ in models]
    merged = merge("models", [Case(f"{i}", graph) for i, graph in enumerate(targets)])
    taken = [
        {
            prefixed(f"case{number}", name): array
            for number, (graph, samples) in enumerate(models)
            for name, array in integer_sample(graph, samples[index]).items()
        }
        for index in range(SAMPLES)
    ]
    results = Runtime("host", "portable").run(merged, taken, folder)
    for sample, outputs in zip(taken, results, strict=True):
        wanted = evaluate(merged, sample)
        for name, actual in zip(merged.outputs, outputs, strict=True):
            assert wanted[name].tobytes() == actual.tobytes(), name


def decibels(graph: Graph, integers: Graph, samples: list[dict[str, Array]], name: str) -> float:
    """Return signal to noise of an output, of the integer graph against the float one."""
    signal = noise = 0.0
    value = ValueName(name)
    for sample in samples:
        wanted = evaluate(graph, ours(graph, sample))[value].astype(np.float64)
        kind = integers.types[value]
        raw = evaluate(integers, integer_sample(integers, sample))[value]
        q = kind.quantization
        signal += float((wanted**2).sum())
        noise += float(((q.scale * (raw.astype(np.float64) - q.zero_point) - wanted) ** 2).sum())
    return float(10 * np.log10(signal / max(noise, 1e-30)))
