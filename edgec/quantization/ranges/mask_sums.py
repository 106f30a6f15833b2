"""Masks that are added to scores before a softmax: they become selections.

``scores + mask`` with -inf or -1e9 in the mask has a range that no scale holds. What the softmax
makes of it is what it makes of the scores where the mask is 0, and of -inf elsewhere.
"""

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.activations.softmax import Softmax
from edgec.ops.elementwise.add import Add
from edgec.ops.numbers.select import Select
from edgec.ops.operator import Operator
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite

_MASKED = -9e3
"""What is masked: -1e4 and less is what exporters write, some of it with a small offset."""


def with_selected_masks(graph: Graph) -> Graph:
    """Return the graph with each Add of a mask before a softmax as a Select.

    The mask is a constant, or a choice between two numbers, moved or not.
    """
    return rewrite(graph, _selected)


def _selected(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, Add) or not only_softmax_reads(node.outputs[0], around):
        return None
    for scores, mask in (node.inputs, node.inputs[::-1]):
        made = _of_constant(node, scores, mask, around) or _of_choice(node, scores, mask, around)
        if made is not None:
            return made
    return None


def only_softmax_reads(value: ValueName, around: Neighborhood) -> bool:
    """Tell whether a value is read, and only by softmaxes, moved or not."""
    readers = around.readers(value)
    return (
        bool(readers)
        and not around.is_output(value)
        and all(
            isinstance(node.op, Softmax)
            or (_moves(node) and only_softmax_reads(node.outputs[0], around))
            for node in readers
        )
    )


def _moves(node: Node) -> bool:
    return isinstance(node.op, Operator) and node.op.moves_only


def _of_constant(
    node: Node, scores: ValueName, mask: ValueName, around: Neighborhood
) -> Replacement | None:
    """Split a constant mask: what is masked becomes a truth value, the rest is still added."""
    array = around.constant(mask)
    if array is None or around.constant(scores) is not None or not _masks(array):
        return None
    draft = Draft(around, [node])
    hidden = array <= _MASKED
    rest = np.where(hidden, np.float32(0), array).astype(np.float32)
    if rest.any() or around.type(scores).shape != around.type(node.outputs[0]).shape:
        scores = draft.add(Add(), [scores, draft.constant(f"{mask}/rest", rest)], name=node.name)
    condition = draft.constant(f"{mask}/hidden", hidden)
    low = draft.constant(f"{mask}/low", np.array(array[hidden].max(), np.float32))
    name = f"{node.name}/mask"
    draft.add(Select(), [condition, low, scores], name=name, output=node.outputs[0])
    return draft.replacement()


def _masks(array: Array) -> bool:
    return bool((array <= _MASKED).any()) and not np.isnan(array).any()


def _of_choice(
    node: Node, scores: ValueName, mask: ValueName, around: Neighborhood
) -> Replacement | None:
    """Choose between the scores and a number instead of between 0 and that number."""
    moves: list[Node] = []
    maker = around.producer(mask)
    while maker is not None and _moves(maker):
        moves.append(maker)
        maker = around.producer(maker.inputs[0])
    if maker is None or not isinstance(maker.op, Select):
        return None
    condition, *choices = maker.inputs
    numbers = [_number(each, around) for each in choices]
    shape = around.type(maker.outputs[0]).shape
    if 0.0 not in numbers or around.type(condition).shape != shape:
        return None
    kept = numbers.index(0.0)
    low = numbers[1 - kept]
    wide = around.type(scores).shape == around.type(node.outputs[0]).shape
    if low is None or not low <= _MASKED or not wide:
        return None
    draft = Draft(around, [node])
    for move in reversed(moves):
        condition = draft.add(move.op, [condition, *move.inputs[1:]], name=f"{move.name}/mask")
    operands = [draft.constant(f"{mask}/low", np.array(low, np.float32))]
    operands.insert(kept, scores)
    draft.add(Select(), [condition, *operands], name=node.name, output=node.outputs[0])
    return draft.replacement()


def _number(value: ValueName, around: Neighborhood) -> float | None:
    """Return the one number that a constant is everywhere; None where there is none."""
    array = around.constant(value)
    if array is None or not array.size or (array != array.flat[0]).any():
        return None
    return float(array.flat[0])
