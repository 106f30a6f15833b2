"""What no format's own rules forbid and yet no firmware can be made of, whoever wrote the file."""

import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import Graph, Node
from edgec.ops.activations.clip import Clip
from edgec.ops.movement.pad import Pad

_MAY_BE_INFINITE = (Clip, Pad)  # no bound; the padding of a maximum


def check_sound(graph: Graph, path: Path) -> None:
    """Raise ``malformed-model`` for a graph without inputs, and attributes that are no numbers."""
    if not graph.inputs:
        raise EdgecError(
            "malformed-model",
            "the model has no inputs: its outputs are always the same",
            place=Place(str(path)),
            help="export the model with its input; what is constant needs no model",
        )
    raise_all([error for node in graph.nodes for error in _odd_attributes(node, path)])


def _odd_attributes(node: Node, path: Path) -> Iterator[EdgecError]:
    op = node.op
    for each in fields(op):
        value = getattr(op, each.name)
        if not isinstance(value, float) or math.isfinite(value):
            continue
        if math.isnan(value) or not isinstance(op, _MAY_BE_INFINITE):
            yield EdgecError(
                "malformed-model",
                f"{each.name} of {op.name} is {value}",
                place=Place(str(path), f"node {node.name!r}"),
                help="train or export the model again: it holds a number that is none",
            )
