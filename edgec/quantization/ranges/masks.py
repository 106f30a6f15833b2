"""What is masked before a softmax: -1e9 and -inf become numbers that a scale can hold.

A softmax makes 0 of all that lies far below the rest of its row. How far does not matter to it, but
to the range of the integers before it: -1e9 would leave one step for all other scores.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from edgec.ir import Array, Graph, Node, ValueName
from edgec.ops.activations.softmax import Softmax
from edgec.ops.numbers.select import Select
from edgec.ops.operator import Operator, is_float
from edgec.passes.rewrite import unused
from edgec.quantization.ranges.mask_sums import with_selected_masks
from edgec.quantization.samples.batch_evaluator import BatchEvaluator
from edgec.quantization.samples.samples import Samples

# exp(-10) is 4.5e-5: a hundred such elements beside one that counts are 0.0045, about a step of
# the softmax's output (1/256).
_FAR = 10.0


def with_finite_masks(graph: Graph, samples: Samples) -> Graph:
    """Return the graph with constants that only mask scores little below the scores' minimum.

    Scores are what the other operand of the Select is on the samples; without samples, they are
    taken for 0. A mask that is added to the scores becomes a Select first.
    """
    graph = with_selected_masks(graph)
    masks = {node.name: found for node in graph.nodes if (found := _mask(node, graph)) is not None}
    if not masks:
        return graph
    wanted = {node.inputs[1 + masks[node.name]] for node in graph.nodes if node.name in masks}
    scores = _scores(graph, samples, wanted)
    types, constants, nodes = dict(graph.types), dict(graph.constants), []
    for node in graph.nodes:
        place = masks.get(node.name)
        lowest = None if place is None else _lowest(scores[node.inputs[1 + place]])
        if place is None or lowest is None:
            nodes.append(node)
            continue
        masked = node.inputs[2 - place]
        limit = np.maximum(constants[masked], np.float32(lowest - _FAR))
        name = ValueName(unused(f"{masked}/mask", types))
        types[name], constants[name] = types[masked], limit
        inputs = list(node.inputs)
        inputs[2 - place] = name
        nodes.append(replace(node, inputs=tuple(inputs)))
    return replace(graph, types=types, constants=constants).with_nodes(nodes)


def _scores(graph: Graph, samples: Samples, wanted: set[ValueName]) -> Mapping[ValueName, Array]:
    if not len(samples):
        return dict.fromkeys(wanted, np.zeros(1, np.float32))
    with np.errstate(all="ignore"):
        return BatchEvaluator(graph).run(samples.arrays, keep=wanted)


def _mask(node: Node, graph: Graph) -> int | None:
    """Return which operand of a Select has the scores, 0 or 1, where the other masks them."""
    if not isinstance(node.op, Select) or not is_float(graph.types[node.outputs[0]]):
        return None
    known = [value in graph.constants for value in node.inputs[1:]]
    if sorted(known) != [False, True] or not _only_softmax_reads(node.outputs[0], graph):
        return None
    return known.index(False)


def _only_softmax_reads(value: ValueName, graph: Graph) -> bool:
    readers = graph.consumers().get(value, [])
    return (
        bool(readers)
        and value not in graph.outputs
        and all(
            isinstance(node.op, Softmax)
            or (
                isinstance(node.op, Operator)
                and node.op.moves_only
                and _only_softmax_reads(node.outputs[0], graph)
            )
            for node in readers
        )
    )


def _lowest(scores: Array) -> float | None:
    finite = scores[np.isfinite(scores)]
    return float(finite.min()) if finite.size else None
