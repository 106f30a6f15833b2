"""Target graph -> the bytes of ``<name>.edgec``: same graph, same bytes."""

from typing import Any

from edgec import __version__
from edgec.ir import Graph, Node, QParams, TensorType
from edgec.ops.operator import Operator
from edgec.target_file.attributes import encode, encode_operator
from edgec.target_file.container import ALIGNMENT, Container


def write_target(graph: Graph) -> bytes:
    """Return the file of a target graph; constants that are equal are there once."""
    graph = graph.whole()
    data = bytearray()
    places: dict[bytes, int] = {}
    constants = {}
    for value, array in graph.constants.items():
        raw = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        if raw not in places:
            data += bytes(-len(data) % ALIGNMENT)
            places[raw] = len(data)
            data += raw
        constants[value] = places[raw]
    description = {
        "edgec_version": __version__,
        "name": graph.name,
        "inputs": list(graph.inputs),
        "outputs": list(graph.outputs),
        "nodes": [_node(each) for each in graph.nodes],
        "types": {value: _type(kind) for value, kind in graph.types.items()},
        "constants": constants,
        "layouts": {value: list(layout) for value, layout in graph.layouts.items()},
        "states": [[each.input, each.output] for each in graph.states],
        "halves_to_even": graph.halves_to_even,
        "remarks": list(graph.remarks),
    }
    if graph.aliases:
        description["aliases"] = dict(graph.aliases)
    return Container(description, bytes(data)).to_bytes()


def _node(node: Node) -> dict[str, Any]:
    if not isinstance(node.op, Operator):
        message = f"{node.name!r} is no operator of edgec: {node.op}"
        raise TypeError(message)
    return {
        "name": node.name,
        "op": encode_operator(node.op),
        "inputs": list(node.inputs),
        "outputs": list(node.outputs),
        "origins": list(node.origins),
    }


def _type(kind: TensorType) -> dict[str, Any]:
    q: QParams | None = kind.qparams
    return {"shape": list(kind.shape), "dtype": kind.dtype.value, "qparams": encode(q)}
