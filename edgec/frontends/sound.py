"""What no format's own rules forbid and yet no firmware can be made of, whoever wrote the file."""

import math
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from edgec.errors import EdgecError, Place, raise_all
from edgec.ir import DType, Graph, Node, Room, TooLargeError
from edgec.ops.activations.clip import Clip
from edgec.ops.movement.pad import Pad

_MAY_BE_INFINITE = (Clip, Pad)  # no bound; the padding of a maximum


def check_sound(graph: Graph, path: Path) -> None:
    """Raise ``unsupported-graph`` for one without inputs, or with attributes that are no numbers.

    ``unsupported-dtype`` is for operators on constant integers that they compute nothing of.
    """
    if not graph.inputs:
        raise EdgecError(
            "unsupported-graph",
            "the model has no inputs: its outputs are always the same",
            place=Place(str(path)),
            help="export the model with its input; what is constant needs no model",
        )
    if not graph.outputs:
        raise EdgecError(
            "unsupported-graph",
            "all outputs of the model are constants: they do not depend on its inputs",
            place=Place(str(path)),
            help="no model is needed for them: read them from the file, or export what was meant",
        )
    raise_all([error for node in graph.nodes for error in _odd_attributes(node, path)])
    raise_all(list(_odd_integers(graph, path)))


def _odd_attributes(node: Node, path: Path) -> Iterator[EdgecError]:
    op = node.op
    for each in fields(op):
        value = getattr(op, each.name)
        if not isinstance(value, float) or math.isfinite(value):
            continue
        if math.isnan(value) or not isinstance(op, _MAY_BE_INFINITE):
            yield EdgecError(
                "unsupported-attribute",
                f"{each.name} of {op.name} is {value}",
                place=Place(str(path), f"node {node.name!r}"),
                help="train or export the model again: it holds a number that is none",
            )


def _odd_integers(graph: Graph, path: Path) -> Iterator[EdgecError]:
    """Try what depends on constants alone: operators that need a scale fail on plain integers.

    Such a node is no layer and no firmware runs it: its result is a constant.
    """
    known, room = dict(graph.constants), Room()
    for node in graph.nodes:
        kinds = [graph.types[value] for value in node.inputs]
        plain = [kind for kind in kinds if kind.dtype is not DType.FLOAT32 and kind.qparams is None]
        if not plain or not all(value in known for value in node.inputs):
            continue
        try:
            room.take(sum(graph.types[value].bytes for value in node.outputs))
            made = node.op.evaluate([known[v] for v in node.inputs], graph.signature(node))
        except TooLargeError:
            continue  # FoldConstants says so, with the size
        except (ValueError, TypeError, LookupError, ArithmeticError):
            yield EdgecError(
                "unsupported-dtype",
                f"{node.op.name} of constants of {plain[0]}: float32 is needed",
                place=Place(str(path), f"node {node.name!r}"),
                help="export the model without it: its result is a constant",
            )
            continue
        known.update(zip(node.outputs, made, strict=True))
