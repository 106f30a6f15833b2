"""Naive Bayes as skl2onnx writes it: likelihoods of classes, the best one, and probabilities.

Gaussian: the squares of what lies between x and a class's means, over its variances. Of the others
the likelihood is a sum of products with x.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from edgec.frontends.onnx.recognized.wiring import Wiring, node, tensor
from edgec.ir import Array

# fmt: off
_TYPES = frozenset({
    "Add", "ArgMax", "ArrayFeatureExtractor", "Cast", "Constant", "Div", "Exp", "Identity",
    "MatMul", "Mul", "Pow", "ReduceLogSumExp", "ReduceSum", "Reshape", "Sub",
})
# fmt: on
_PROBES = 60
_AXES = 3  # of a Gaussian's means: 1, classes, features
_NEAR = 1e-4


def recognize_bayes(model: Any) -> None:
    """Replace the nodes of naive Bayes by two: the likelihoods, and the best class."""
    wiring = Wiring(model)
    for total in wiring.of_type("ReduceLogSumExp"):
        for source in _sources(wiring):
            outputs = [each for each in wiring.outputs if wiring.between([each], [source], _TYPES)]
            nodes = wiring.between(outputs, [source], _TYPES) if outputs else None
            if (
                nodes is not None
                and total in nodes
                and _replace(wiring, nodes, source, outputs, total)
            ):
                return


def _sources(wiring: Wiring) -> list[str]:
    """Return the model's input, and what a Scaler makes of it."""
    return [*wiring.inputs, *(each.output[0] for each in wiring.of_type("Scaler"))]


def _replace(
    wiring: Wiring, nodes: Sequence[Any], source: str, outputs: Sequence[str], total: Any
) -> bool:
    joint = total.input[0]
    arrays = wiring.arrays(nodes)
    for weights, centers in _guesses(arrays):
        probes = _probes(weights, centers)
        found = wiring.run(nodes, {source: probes}, [joint, *outputs])
        if found is None:
            return False
        likelihood = found[0].reshape(len(probes), -1)
        fitted = _fitted(probes, weights, centers, likelihood)
        if fitted is None or not _is_bayes(likelihood, found[1:]):
            continue
        labels = _labels(arrays, likelihood, found[1:])
        if labels is not None:
            _put(
                wiring,
                nodes,
                source,
                list(zip(outputs, found[1:], strict=True)),
                weights,
                centers,
                fitted,
                labels,
            )
            return True
    return False


def _guesses(arrays: Sequence[Array]) -> Iterator[tuple[Array, Array | None]]:
    """Yield weights [C,F] of products, or of squares with their centers."""
    floats = [each for each in arrays if each.dtype.kind == "f"]
    for first in floats:
        for second in floats:
            pair = first is not second and first.ndim == _AXES and first.shape == second.shape
            if pair and second.min() > 0:
                weights = 0.5 / second[0].astype(np.float64)
                yield weights, first[0].astype(np.float64)
    for each in floats:
        if each.ndim == 2 and 1 not in each.shape:  # noqa: PLR2004
            yield each.T.astype(np.float64), None


def _probes(weights: Array, centers: Array | None) -> Array:
    rng = np.random.default_rng(0)
    shape = (_PROBES, weights.shape[1])
    if centers is None:
        return np.asarray(np.abs(rng.normal(size=shape)), np.float32)
    near = centers[rng.integers(0, len(centers), _PROBES)]
    return np.asarray(near + rng.normal(size=shape) / np.sqrt(weights.min(0)), np.float32)


def _fitted(x: Array, weights: Array, centers: Array | None, likelihood: Array) -> Array | None:
    """Return what is added to each class's sum; None where the likelihoods are none of these."""
    wide = x.astype(np.float64)
    if weights.shape[1] != x.shape[1] or likelihood.shape[1] != len(weights):
        return None
    if centers is None:
        sums = wide @ weights.T
    else:
        sums = -(((wide[:, None, :] - centers) ** 2) * weights).sum(2)
    rest = likelihood - sums
    offset = np.median(rest, axis=0)
    scale = max(float(np.abs(likelihood).max()), 1.0)
    return offset if np.abs(rest - offset).max() < _NEAR * scale else None


def _is_bayes(likelihood: Array, outputs: Sequence[Array]) -> bool:
    """Tell whether every float output is the probabilities of the classes."""
    powers = np.exp(likelihood - likelihood.max(1, keepdims=True).astype(np.float64))
    wanted = powers / powers.sum(1, keepdims=True)
    floats = [each for each in outputs if each.dtype.kind == "f"]
    return all(
        each.size == wanted.size
        and np.allclose(each.reshape(wanted.shape), wanted, rtol=0, atol=1e-3)
        for each in floats
    )


def _labels(
    arrays: Sequence[Array], likelihood: Array, outputs: Sequence[Array]
) -> list[Any] | None:
    """Return the labels of the classes; an empty list where none is asked for."""
    wanted = [each.reshape(-1) for each in outputs if each.dtype.kind != "f"]
    if not wanted:
        return []
    best = likelihood.argmax(1)
    for each in arrays:
        if each.size == likelihood.shape[1] and each.dtype.kind in "OSUi":
            named = each.reshape(-1)[best]
            if all((found == named).all() for found in wanted):
                return list(each.reshape(-1).tolist())
    return None


def _put(
    wiring: Wiring,
    nodes: Sequence[Any],
    source: str,
    ends: Sequence[tuple[str, Array]],
    weights: Array,
    centers: Array | None,
    offset: Array,
    labels: Sequence[Any],
) -> None:
    first = ends[0][0]
    sums = f"{first}/likelihoods"
    given = {"weights": tensor("weights", weights), "offset": tensor("offset", offset)}
    if centers is not None:
        given["centers"] = tensor("centers", centers)
    made = [node("Likelihoods", [source], [sums], **given)]
    for output, each in ends:
        if each.dtype.kind == "f":
            made.append(node("Probabilities", [sums], [output]))
        else:
            names = [e.decode() if isinstance(e, bytes) else e for e in labels]
            kind = "strings" if isinstance(names[0], str) else "ints"
            made.append(node("BestClass", [sums], [output], **{f"classlabels_{kind}": names}))
    wiring.replace(nodes, made)
