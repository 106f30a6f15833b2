"""How labels judge a model's first output: one verdict per sample, one figure for all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from edgec.ir import Array, Graph, Node, TensorType
from edgec.ops.activations.logistic import Logistic
from edgec.ops.operator import Operator, OutputRule, is_float

_CLASSES = 2  # of an anomaly: there is one, or there is none
_THRESHOLD = 0.5


@dataclass(frozen=True, slots=True)
class Metric:
    """``verdicts`` takes inputs and outputs, real and [samples, ...], and returns one per sample.

    ``score`` takes verdicts and labels, both [samples], and returns 0 to 1. Verdicts of classes
    (``of_classes``) of two models can be compared without labels.
    """

    name: str
    verdicts: Callable[[Array, Array], Array]
    score: Callable[[Array, Array], float]
    of_classes: bool = True

    def measure(self, verdicts: Array, labels: Array | None) -> float | None:
        """Return the score; None where labels are not one integer per sample."""
        if labels is None or labels.dtype.kind not in "iu" or labels.shape != verdicts.shape:
            return None
        return self.score(verdicts, labels)

    def agreement(self, one: Array, other: Array) -> float | None:
        """Return the share of samples that two models see alike."""
        return float((one == other).mean()) if self.of_classes and len(one) else None


def metric_for(graph: Graph, labels: Array | None = None) -> Metric | None:
    """Return the metric that suits a model's first output; None where it is no such thing.

    Several values are scores of classes, but where they look like an input again: labels 0 and 1
    then tell normal samples from anomalies. One value is a probability behind a logistic function.
    """
    if not graph.outputs:
        return None
    output = graph.types[graph.outputs[0]]
    if output.elements == 1:
        if not is_float(output) and output.qparams is None:
            return INDEX
        return BINARY if isinstance(_last(graph), Logistic) else None
    return _reconstruction(output, labels) if _reconstructs(graph) else TOP_1


def _reconstruction(output: TensorType, labels: Array | None) -> Metric | None:
    """Return the metric of an output that looks like the input."""
    known = set() if labels is None or labels.dtype.kind not in "iu" else {*labels.flat}
    if not known:
        return None
    if max(known) >= _CLASSES or output.elements == _CLASSES:
        return TOP_1
    return AUC if known == {0, 1} else None


def auc(scores: Array, labels: Array) -> float:
    """Return the area under the ROC curve of scores of positives (label 1) and negatives (0).

    It is the share of pairs in the right order, ties counting half. There is one of each at least.
    """
    positive, negative = (np.sort(scores[labels == which]) for which in (1, 0))
    below = np.searchsorted(negative, positive, "left").sum(dtype=np.float64)
    not_above = np.searchsorted(negative, positive, "right").sum(dtype=np.float64)
    return float((below + not_above) / (2 * positive.size * negative.size))


def class_count(metric: Metric | None, graph: Graph) -> int | None:
    """Return how many classes the verdicts of a metric tell apart; None where that is unknown."""
    if metric is TOP_1:
        return _classes(graph.types[graph.outputs[0]].shape)
    return _CLASSES if metric in (BINARY, AUC) else None


def _largest(inputs: Array, outputs: Array) -> Array:
    """Return [samples], or [samples, positions] of a map."""
    rows = outputs.reshape(len(outputs), -1, _classes(outputs.shape[1:])).argmax(axis=-1)
    return np.asarray(rows[:, 0] if rows.shape[1] == 1 else rows)


def _classes(shape: Sequence[int]) -> int:
    return shape[-1] if shape[-1] > 1 else prod(shape)


def _index(inputs: Array, outputs: Array) -> Array:
    return outputs.reshape(len(outputs))


def _likely(inputs: Array, outputs: Array) -> Array:
    return np.asarray(outputs.reshape(len(outputs)) >= _THRESHOLD)


def _squared_error(inputs: Array, outputs: Array) -> Array:
    difference = (outputs.reshape(inputs.shape).astype(np.float64) - inputs) ** 2
    return np.asarray(difference.reshape(len(inputs), -1).mean(axis=1))


def _share(verdicts: Array, labels: Array) -> float:
    return float((verdicts == labels).mean())


TOP_1 = Metric("top-1", _largest, _share)
BINARY = Metric("accuracy at 0.5", _likely, _share)
INDEX = Metric("top-1", _index, _share)  # the output is the class number itself
AUC = Metric("AUC of the squared error", _squared_error, auc, of_classes=False)


def _reconstructs(graph: Graph) -> bool:
    """Tell whether the first output may be the first input again."""
    last = _last(graph)
    is_fixed = isinstance(last, Operator) and last.output_rule is OutputRule.FIXED
    same = graph.types[graph.inputs[0]].shape == graph.types[graph.outputs[0]].shape
    return same and not is_fixed


def _last(graph: Graph) -> object:
    """Return the operator that makes the first output, but for what only carries it."""
    producers = graph.producers()
    node: Node | None = producers.get(graph.outputs[0])
    while node is not None and _carries(node.op):
        node = producers.get(node.inputs[0])
    return node.op if node is not None else None


def _carries(op: object) -> bool:
    return isinstance(op, Operator) and (op.is_view or op.name in ("quantize", "dequantize"))
