"""Many samples through a graph at once, for operators that take any number of leading axes."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from edgec.frontends.onnx.load import load_onnx
from edgec.ir import Array, Graph, Signature
from edgec.ops.movement.reshape import Reshape
from edgec.ops.settled import is_settled
from edgec.pipelines import optimize_float


def by_onnxruntime(model: onnx.ModelProto, x: Array) -> dict[str, Array]:
    """Return what onnxruntime computes in one thread; with more, trees are added up in parts."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [each.name for each in session.get_outputs()]
    return dict(zip(names, map(np.asarray, session.run(None, {"x": x})), strict=True))


def by_edgec(model: onnx.ModelProto, x: Array, folder: Path) -> dict[str, Array]:
    """Return what the reference computes of a model that needs no quantization."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    graph = optimize_float(load_onnx(path))
    assert is_settled(graph)
    return in_batches(graph, x)


def in_batches(graph: Graph, x: Array) -> dict[str, Array]:
    """Return the outputs for samples along the first axis of the graph's one input."""
    (name,) = graph.inputs
    values = {**graph.constants, name: x}
    for node in graph.nodes:
        signature = graph.signature(node)
        pairs = zip(node.inputs, signature.inputs, strict=True)
        inputs = tuple(
            kind if value in graph.constants else kind.with_shape((len(x), *kind.shape[1:]))
            for value, kind in pairs
        )
        outputs = tuple(kind.with_shape((len(x), *kind.shape[1:])) for kind in signature.outputs)
        if isinstance(node.op, Reshape):
            values[node.outputs[0]] = values[node.inputs[0]].reshape(outputs[0].shape)
            continue
        results = node.op.evaluate([values[v] for v in node.inputs], Signature(inputs, outputs))
        values.update(zip(node.outputs, results, strict=True))
    return {str(value): values[value] for value in graph.outputs}
