"""Linear models of ai.onnx.ml: fully connected layers with what comes behind their sums."""

from collections.abc import Callable, Sequence

import numpy as np

from edgec.frontends.onnx.operators.ml_labels import labels
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.activations.logistic import Logistic
from edgec.ops.activations.softmax import Softmax
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.operator import Operator
from edgec.ops.registry import Format, SourceNode, importer

_PAIR = 2  # classes
_TRANSFORMS: dict[str, Callable[[], Operator] | None] = {
    "NONE": None,
    "LOGISTIC": Logistic,
    "SOFTMAX": Softmax,
}


@importer(Format.ONNX, "ai.onnx.ml::LinearClassifier")
def _classifier(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Scores = transform(x W' + b); the label, output 0, is left out."""
    node.ignore("multi_class")
    names = ("classlabels_strings", "classlabels_ints")
    classes = next((list(node.attrs[name]) for name in names if node.attrs.get(name)), [])
    node.ignore(*names)
    node.leave_out(0, labels(classes))
    if len(node.outputs) == 1:
        return [node.input(0)]
    bias = node.numbers("intercepts", default=())
    weights = _rows(node, g, len(bias) or len(classes))
    offsets = np.array(bias or [0.0] * len(weights))
    transform = node.text("post_transform", default="NONE")
    if len(weights) == 1 and len(classes) == _PAIR:
        weights, offsets, transform = _both(weights, offsets, transform)
    scores = _layer(node.part(1), node, g, weights, offsets, transform)
    return [scores, scores]


def _both(weights: Array, offsets: Array, transform: str) -> tuple[Array, Array, str]:
    """Return rows for both classes from that of the second, as onnxruntime scores the first."""
    both = np.concatenate([-weights, weights])
    if transform == "LOGISTIC":
        return both, np.concatenate([-offsets, offsets]), transform
    return both, np.concatenate([1 - offsets, offsets]), "NONE"


@importer(Format.ONNX, "ai.onnx.ml::LinearRegressor")
def _regressor(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """X W' + b, one row of W per target."""
    targets = node.integer("targets", default=1)
    offsets = np.array(node.numbers("intercepts", default=()) or [0.0] * targets)
    transform = node.text("post_transform", default="NONE")
    return [_layer(node, node, g, _rows(node, g, targets), offsets, transform)]


def _rows(node: SourceNode, g: GraphBuilder, rows: int) -> Array:
    """Return the coefficients, one row per output; onnxruntime reads no more than it needs."""
    coefficients = np.array(node.numbers("coefficients"))
    features = g.type(node.input(0)).shape[-1:]
    used = rows * (features[0] if features else 0)
    if not used or coefficients.size < used:
        message = f"{coefficients.size} coefficients for {rows} outputs of features {features}"
        raise node.reject(message, code="malformed-model")
    if coefficients.size > used:
        node.remark(
            f"{node.name}: of {coefficients.size} coefficients the first {used} are used, as in "
            f"onnxruntime: {rows} outputs of {features[0]} features need no more"
        )
    return coefficients[:used].reshape(rows, -1)


def _layer(
    named: SourceNode,
    node: SourceNode,
    g: GraphBuilder,
    weights: Array,
    offsets: Array,
    transform: str,
) -> ValueName:
    """Add a layer and its transform; ``named`` has the name and output they get."""
    if transform not in _TRANSFORMS:
        raise node.reject(f"post_transform = {transform}")
    w = g.constant(f"{named.name}.weights", weights.astype(np.float32))
    b = g.constant(f"{named.name}.bias", offsets.astype(np.float32))
    make = _TRANSFORMS[transform]
    part = named.part(suffix="sums") if make else named
    (y,) = add_or_fold(part, g, FullyConnected(), [node.input(0), w, b])
    return add_or_fold(named, g, make(), [y])[0] if make else y
