"""A block as PyTorch exports it below opset 17: layer norm, Gelu and SiLU spelled out."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_node import assert_equals_onnxruntime
from oracle import Oracle

from edgec.exporters import write_tflite
from edgec.ir import Array, Graph, ValueName, evaluate, evaluate_all
from edgec.ops.conversion.quantize import quantize_floats
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.observers import Range

WIDTH = 16
NODES = """
ReduceMean x -> mean; Sub x mean -> centered; Pow centered two -> squares
ReduceMean squares -> variance; Add variance epsilon -> sum; Sqrt sum -> deviation
Div centered deviation -> normal; Mul normal gain -> scaled; Add scaled offset -> norm
MatMul norm w1 -> product1; Add product1 b1 -> hidden
Div hidden root_two -> inner; Erf inner -> erf; Add erf one -> gate
Mul hidden gate -> gated; Mul gated half -> gelu
MatMul gelu w2 -> product2; Add product2 x -> residual; PRelu residual slope -> rectified
Sigmoid rectified -> sigmoid; Mul rectified sigmoid -> silu
ReduceMax silu -> largest; ReduceMin silu -> smallest; Max largest smallest -> extremum
LogSoftmax extremum -> y
"""


def model() -> onnx.ModelProto:
    rng = np.random.default_rng(0)
    numbers = {"two": 2, "epsilon": 1e-5, "root_two": 2**0.5, "one": 1, "half": 0.5}
    shapes = {"gain": (16,), "offset": (16,), "w1": (16, 32), "b1": (32,), "w2": (32, 16)}
    arrays = {name: np.array(each, np.float32) for name, each in numbers.items()}
    for name, shape in {**shapes, "slope": (16,)}.items():
        arrays[name] = (rng.standard_normal(shape) * 0.3).astype(np.float32)
    graph = helper.make_graph(
        [_node(line) for line in NODES.replace("\n", ";").split(";") if line.strip()],
        "block",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 6, WIDTH])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 6, 1])],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def _node(line: str) -> onnx.NodeProto:
    op, *inputs, _, output = line.split()
    axes = {"axes": [-1]} if op.startswith("Reduce") else {}
    axis = {"axis": 1} if op == "LogSoftmax" else {}
    return helper.make_node(op, inputs, [output], name=output, **axes, **axis)


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return optimize_float(assert_equals_onnxruntime(model(), tmp_path_factory.mktemp("block")))


def samples(graph: Graph) -> list[dict[ValueName, Array]]:
    rng = np.random.default_rng(1)
    shape = graph.types[graph.inputs[0]].shape
    drawn = rng.standard_normal((20, *shape)).astype(np.float32) * 2
    return [{graph.inputs[0]: each} for each in drawn]


def quantized(graph: Graph) -> Graph:
    ranges: dict[ValueName, Range] = {}
    for sample in samples(graph):
        for value, array in evaluate_all(graph, sample).items():
            seen = Range.of(array)
            ranges[value] = ranges[value].union(seen) if value in ranges else seen
    return optimize_integer(quantize(graph, ranges))


def test_what_is_spelled_out_is_recognized(block: Graph) -> None:
    names = [node.op.name for node in block.nodes if node.op.name not in {"reshape", "transpose"}]
    assert names == [
        "normalization",
        "fully_connected",
        "gelu",
        "fully_connected",
        "add",
        "prelu",
        "swish",
        "reduce_extremum",
        "reduce_extremum",
        "extremum",
        "log_softmax",
    ]


@pytest.mark.oracle
def test_int8_block_equals_its_tflite_file(block: Graph) -> None:
    graph = quantized(block)
    oracle = Oracle(write_tflite(graph), exact=True)
    for sample in samples(block):
        x = {name: quantize_floats(array, graph.types[name]) for name, array in sample.items()}
        expected, actual = evaluate(graph, x), oracle.run(x)
        assert all(expected[name].tobytes() == actual[name].tobytes() for name in graph.outputs)


def test_int8_block_is_close_to_the_float_one(block: Graph) -> None:
    graph = quantized(block)
    kind = graph.types[graph.outputs[0]]
    errors, signals = [], []
    for sample in samples(block):
        x = {name: quantize_floats(array, graph.types[name]) for name, array in sample.items()}
        steps = evaluate(graph, x)[graph.outputs[0]].astype(np.float32)
        real = (steps - kind.quantization.zero_point) * kind.quantization.scale
        wanted = evaluate(block, sample)[block.outputs[0]]
        errors.append(real - wanted)
        signals.append(wanted)
    ratio = np.mean(np.square(signals)) / np.mean(np.square(errors))
    assert 10 * np.log10(ratio) > 18
