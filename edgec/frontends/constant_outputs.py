"""Outputs of a model that do not depend on its inputs: computed once, and laid aside."""

from pathlib import Path

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, Graph, Node, Room, TensorType, TooLargeError, ValueName


def with_fixed_outputs(graph: Graph, path: Path) -> Graph:
    """Return the graph with what is always the same in :attr:`edgec.ir.Graph.fixed`.

    Raises ``unsupported-tensor`` for one that holds numbers that are none. An output that cannot be
    computed beforehand stays among the others.
    """
    varying = set(graph.inputs)
    for node in graph.nodes:
        if varying.intersection(node.inputs):
            varying.update(node.outputs)
    wanted = [value for value in graph.without_states(graph.outputs) if value not in varying]
    known = dict(graph.constants)
    _evaluate(graph, _needed(graph, wanted), known)
    fixed = {value: known[value] for value in wanted if value in known}
    if not fixed:
        return graph
    for value, data in fixed.items():
        _check(value, data, graph.types[value], path)
    rest = [value for value in graph.outputs if value not in fixed]
    needed = {node.name for node in _needed(graph, rest)}
    kept = [
        node for node in graph.nodes if node.name in needed or varying.intersection(node.outputs)
    ]
    return graph.with_nodes(kept, constants=fixed).fixed_aside()


def _needed(graph: Graph, values: list[ValueName]) -> list[Node]:
    """Return the nodes that values depend on, in order."""
    wanted, found = set(values), []
    for node in reversed(graph.nodes):
        if wanted.intersection(node.outputs):
            wanted.update(node.inputs)
            found.append(node)
    return found[::-1]


def _evaluate(graph: Graph, nodes: list[Node], known: dict[ValueName, Array]) -> None:
    """Add what nodes on constants make, as far as it can be made."""
    room = Room.of_file(sum(array.nbytes for array in graph.constants.values()))
    for node in nodes:
        if not all(value in known for value in node.inputs):
            continue
        try:
            room.take(sum(graph.types[value].bytes for value in node.outputs))
            inputs = [known[value] for value in node.inputs]
            known.update(
                zip(node.outputs, node.op.evaluate(inputs, graph.signature(node)), strict=True)
            )
        except (TooLargeError, ValueError, TypeError, LookupError, ArithmeticError):
            return  # what else looks at the node says what is wrong


def _check(value: ValueName, data: Array, kind: TensorType, path: Path) -> None:
    place = Place(str(path), f"output {value!r}")
    if kind.qparams is not None and len(kind.qparams.scales) > 1:
        raise EdgecError(
            "unsupported-quantization",
            f"output {value!r} is a constant with {len(kind.qparams.scales)} scales instead of one",
            place=place,
            help="leave it out of the model's outputs, or convert it to floats in the model",
        )
    if data.dtype.kind == "f" and not np.isfinite(data).all():
        raise EdgecError(
            "unsupported-tensor",
            f"output {value!r} is a constant that holds numbers that are none (NaN or infinity)",
            place=place,
            help="leave it out of the model's outputs",
        )
