"""The reference evaluator: runs a graph node by node with each operator's NumPy semantics."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from edgec.ir.graph import Graph, ValueName
from edgec.ir.types import Array, TensorType


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


def evaluate_runs(
    graph: Graph, runs: Iterable[Mapping[ValueName, Array]]
) -> Iterator[dict[ValueName, Array]]:
    """Yield the outputs of one run after the other, states carried along from zero.

    Neither the inputs nor the outputs of a run have the states.
    """
    state = {each.input: zeros(graph.types[each.input]) for each in graph.states}
    wanted = graph.without_states(graph.outputs)
    for inputs in runs:
        outputs = evaluate(graph, {**inputs, **state})
        state = {each.input: outputs[each.output] for each in graph.states}
        yield {name: outputs[name] for name in wanted}


def zeros(kind: TensorType) -> Array:
    """Return what stands for real zeros in a type."""
    fill = kind.quantization.zero_point if kind.qparams else 0
    return np.full(kind.shape, fill, kind.dtype.numpy)
