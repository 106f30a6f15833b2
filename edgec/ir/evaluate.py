"""The reference evaluator: runs a graph node by node with each operator's NumPy semantics."""

from collections.abc import Mapping

from edgec.ir.graph import Graph, ValueName
from edgec.ir.types import Array


def evaluate_all(graph: Graph, inputs: Mapping[ValueName, Array]) -> dict[ValueName, Array]:
    """Return every value of the graph for one set of inputs (shapes and dtypes as declared)."""
    values: dict[ValueName, Array] = dict(graph.constants)
    for name in graph.inputs:
        kind, array = graph.types[name], inputs[name]
        if array.shape != kind.shape or array.dtype != kind.dtype.numpy:
            message = f"input {name!r} is {array.dtype}{array.shape}, expected {kind}"
            raise ValueError(message)
        values[name] = array
    for node in graph.nodes:
        results = node.op.evaluate([values[value] for value in node.inputs], graph.signature(node))
        values.update(zip(node.outputs, results, strict=True))
    return values


def evaluate(graph: Graph, inputs: Mapping[ValueName, Array]) -> dict[ValueName, Array]:
    """Return the outputs of the graph for one set of inputs."""
    values = evaluate_all(graph, inputs)
    return {name: values[name] for name in graph.outputs}
