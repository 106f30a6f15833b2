"""ONNX graphs node by node, for what no builder writes: branches, loops, sequences, odd files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, evaluate

FLOAT, BOOL, INT64 = TensorProto.FLOAT, TensorProto.BOOL, TensorProto.INT64
Shape = Sequence[int | str] | None
Node = helper.make_node


def value(name: str, shape: Shape = None, kind: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def constant(name: str, array: Any) -> Any:
    return numpy_helper.from_array(np.asarray(array), name)


def floats(name: str, *numbers: float) -> Any:
    return constant(name, np.array(numbers, np.float32))


def branch(nodes: Sequence[Any], outputs: Sequence[str], constants: Sequence[Any] = ()) -> Any:
    return helper.make_graph(nodes, "branch", [], [value(each) for each in outputs], constants)


def body(
    nodes: Sequence[Any],
    inputs: Sequence[str],
    outputs: Sequence[str],
    constants: Sequence[Any] = (),
) -> Any:
    """Return the body of a Loop: turn, condition and what is carried; condition and results."""
    ins = [value(inputs[0], [], INT64), value(inputs[1], [], BOOL), *map(value, inputs[2:])]
    outs = [value(outputs[0], [], BOOL), *map(value, outputs[1:])]
    return helper.make_graph(nodes, "body", ins, outs, constants)


def model(
    nodes: Sequence[Any],
    constants: Sequence[Any] = (),
    *,
    x: Sequence[int | str] = (1, 4),
    outputs: Sequence[Any] = (),
    opset: int = 17,
    domains: Sequence[str] = (),
) -> Any:
    """Return a model with input x [1,4] and output y, unless said otherwise."""
    outs = list(outputs) or [value("y")]
    graph = helper.make_graph(nodes, "g", [value("x", x)], outs, constants)
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def saved(made: Any, folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(made.SerializeToString())
    return path


def assert_as_onnxruntime(made: Any, folder: Path) -> Graph:
    """Compare edgec's evaluator with onnxruntime on random data; return the graph."""
    path = saved(made, folder)
    graph = load_onnx(path)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(path, options)
    rng = np.random.default_rng(0)
    x: dict[str, Array] = {
        str(name): rng.standard_normal(graph.types[name].shape).astype(np.float32)
        for name in graph.inputs
    }
    names = [str(name) for name in graph.outputs]
    results = evaluate(graph, {name: x[str(name)] for name in graph.inputs})
    for name, wanted in zip(graph.outputs, session.run(names, x), strict=True):
        assert results[name].shape == wanted.shape
        np.testing.assert_allclose(results[name], wanted, 1e-4, 1e-4)
    return graph
