"""One-node ONNX models: imported and evaluated by edgec, and run by onnxruntime."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, evaluate
from edgec.ir.graph import ValueName

OPSET = 17


def node_model(
    op: str,
    shapes: Sequence[tuple[int, ...]],
    constants: Sequence[Array] = (),
    *,
    opset: int = OPSET,
    outputs: Sequence[str] = ("y",),
    **attributes: Any,
) -> onnx.ModelProto:
    """Return a model of one node: inputs of ``shapes`` first, then constants.

    An attribute that is None is left out.
    """
    data = [f"x{index}" for index in range(len(shapes))]
    weights = [onnx.numpy_helper.from_array(c, f"c{index}") for index, c in enumerate(constants)]
    node = onnx.helper.make_node(
        op, [*data, *(each.name for each in weights)], list(outputs), name="node", **attributes
    )
    graph = onnx.helper.make_graph(
        [node],
        "model",
        [_info(name, shape) for name, shape in zip(data, shapes, strict=True)],
        [_info(name, None) for name in outputs],
        weights,
    )
    imports = [onnx.helper.make_opsetid("", opset)]
    model = onnx.helper.make_model(graph, opset_imports=imports, ir_version=8)
    return _with_output_shapes(model)


def _with_output_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fill in the output shapes, which the checker demands; a broken node gets scalars."""
    try:
        model = onnx.shape_inference.infer_shapes(model, strict_mode=True)
    except onnx.shape_inference.InferenceError:
        for each in model.graph.output:
            each.type.tensor_type.shape.SetInParent()
    return model


def _info(name: str, shape: tuple[int, ...] | None) -> onnx.ValueInfoProto:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)


def imported(model: onnx.ModelProto, folder: Path) -> Graph:
    path = folder / "model.onnx"
    path.write_bytes(model.SerializeToString())
    return load_onnx(path)


def assert_equals_onnxruntime(model: onnx.ModelProto, folder: Path) -> Graph:
    """Compare edgec's evaluator with onnxruntime on random data; return the graph."""
    graph = imported(model, folder)
    rng = np.random.default_rng(0)
    x = {name: _random(rng, graph.types[name].shape) for name in graph.inputs}
    session = onnxruntime.InferenceSession(model.SerializeToString())
    expected = session.run(None, {str(name): array for name, array in x.items()})
    actual = evaluate(graph, x)
    for name, wanted in zip(graph.outputs, expected, strict=True):
        assert actual[name].shape == wanted.shape
        np.testing.assert_allclose(actual[name], wanted, rtol=1e-4, atol=1e-4)
    return graph


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


def random_weights(*shape: int) -> Array:
    rng = np.random.default_rng(sum(shape))
    return _random(rng, shape)


def node_names(graph: Graph) -> list[str]:
    return [node.op.name for node in graph.nodes]


def constant(graph: Graph, name: str) -> Array:
    return graph.constants[ValueName(name)]
