"""Graphs with outputs of given shapes, and what metrics make of values for them."""

from collections.abc import Sequence
from math import prod

import numpy as np
from equivalence import floats, graph_of

from edgec.ir import Array, Graph, GraphBuilder, Op, ValueName
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.reshape import Reshape
from edgec.quantization.quality.metrics.choice import chosen
from edgec.quantization.quality.metrics.metric import Metric, Score
from edgec.quantization.samples.sample_labels import Labels

X = ValueName("x")


def net(*shapes: Sequence[int], last: Sequence[Op] = (), width: int = 6) -> Graph:
    """Return a graph with an output of each of the shapes, a sample each: out0, out1, ..."""

    def build(g: GraphBuilder) -> list[ValueName]:
        x = g.input("x", floats(1, width))
        return [_output(g, x, number, shape, last) for number, shape in enumerate(shapes)]

    return graph_of(build)


def _output(
    g: GraphBuilder, x: ValueName, number: int, shape: Sequence[int], last: Sequence[Op]
) -> ValueName:
    weights = np.ones((prod(shape), g.type(x).shape[-1]), np.float32)
    y = g.add1(FullyConnected(), x, g.constant(f"w{number}", weights), name=f"dense{number}")
    for place, op in enumerate(last):
        y = g.add1(op, y, name=f"last{number}_{place}")
    return g.add1(Reshape(shape=(1, *shape)), y, name=f"out{number}")


def metrics(graph: Graph, wanted: str = "", /, **labels: Array) -> tuple[Metric, ...]:
    """Return what judges labels by these keys; ``mask__out1`` stands for mask:out1."""
    classes = labels.pop("classes", None)
    given = []
    for key, values in labels.items():
        name, _, output = key.partition("__")
        given.append(Labels(name, values, output, classes if "boxes" in key else None))
    choice = chosen(graph, given, wanted)
    choice.check()
    return choice.metrics


def measured(graph: Graph, outputs: Sequence[Array], wanted: str = "", /, **labels: Array) -> Score:
    """Return what labels say of values for each of the outputs, in batches of two samples."""
    (metric,) = metrics(graph, wanted, **labels)
    names = dict(zip(graph.outputs, outputs, strict=True))
    batches = [
        metric.verdicts({name: values[start : start + 2] for name, values in names.items()})
        for start in range(0, len(outputs[0]), 2)
    ]
    return metric.measure(np.concatenate(batches))
