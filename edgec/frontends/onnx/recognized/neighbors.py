"""Nearest neighbours as skl2onnx writes them: distances by Scan or CDist, TopK, and votes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgec.frontends.onnx.recognized.wiring import Wiring, attribute, node, tensor
from edgec.ir import Array

# fmt: off
_TYPES = frozenset({
    "Abs", "ArgMax", "ArrayFeatureExtractor", "CDist", "Cast", "Concat", "Constant", "Div", "Equal",
    "Flatten", "Identity", "Max", "Mul", "Neg", "Pow", "Reciprocal", "ReduceMean", "ReduceSum",
    "Reshape", "Scan", "Shape", "Sqrt", "Sub", "TopK", "Transpose", "Unsqueeze", "Squeeze",
})
# fmt: on
_PROBES = 50
_NEAR = 1e-4


@dataclass(frozen=True)
class Neighbors:
    """What a model knows: points [n,F], and values [n,T] or classes [n] with their labels."""

    points: Array
    count: int
    city: bool
    least: float
    values: Array
    labels: tuple[Any, ...] = ()

    def means(self, x: Array) -> Array:
        """Return the means of the nearest points' values, float64."""
        apart = x[:, None, :].astype(np.float64) - self.points[None, :, :]
        found = np.abs(apart).sum(2) if self.city else np.sqrt((apart**2).sum(2))
        places = np.argsort(found, axis=1, kind="stable")[:, : self.count]
        weights = np.ones(places.shape)
        if self.least:
            weights = 1 / np.maximum(np.take_along_axis(found, places, 1), self.least)
        worth = np.eye(len(self.labels))[self.values] if self.labels else self.values
        sums = (weights[:, :, None] * worth[places]).sum(1)
        return np.asarray(sums / weights.sum(1, keepdims=True))


def recognize_neighbors(model: Any) -> None:
    """Replace the nodes of a model of nearest neighbours by one."""
    wiring = Wiring(model)
    for measure in wiring.of_type("Scan", "CDist"):
        known = [wiring.constant(name) for name in measure.input]
        points = [each for each in known if each is not None and each.ndim == 2]  # noqa: PLR2004
        sources = [n for n, each in zip(measure.input, known, strict=True) if each is None]
        outputs = [o for o in wiring.outputs if wiring.between([o], sources, _TYPES)]
        nodes = wiring.between(outputs, sources, _TYPES) if outputs else None
        if len(points) == len(sources) == 1 and nodes is not None and measure in nodes:
            _replace(wiring, nodes, sources[0], points[0], outputs)


def _replace(
    wiring: Wiring, nodes: Sequence[Any], source: str, points: Array, outputs: Sequence[str]
) -> None:
    probes = _probes(points)
    found = wiring.run(nodes, {source: probes}, outputs)
    if found is None:
        return
    for known in _candidates(wiring, nodes, points, found):
        if all(_is_alike(known, probes, each) for each in found):
            wiring.replace(nodes, _made(known, source, outputs, found))
            return


def _probes(points: Array) -> Array:
    rng = np.random.default_rng(0)
    spread = points.max(0) - points.min(0) + 1e-3
    chosen = points[rng.integers(0, len(points), _PROBES)]
    return np.asarray(chosen + rng.normal(size=chosen.shape) * spread * 0.2, np.float32)


def _candidates(
    wiring: Wiring, nodes: Sequence[Any], points: Array, found: Sequence[Array]
) -> Iterator[Neighbors]:
    """Yield the models that the constants of nodes may stand for."""
    tops = [each for each in nodes if each.op_type == "TopK"]
    counts = [wiring.constant(each.input[1]) for each in tops]
    if len(counts) != 1 or counts[0] is None or not 1 <= counts[0].item() <= len(points):
        return
    arrays = wiring.arrays(nodes)
    city = any(_is_city(each) for each in nodes)
    limits = [_limit(wiring, each) for each in nodes if each.op_type == "Max"]
    columns = [each.shape[1] for each in found if each.dtype.kind == "f" and each.ndim == 2]  # noqa: PLR2004
    for worth, labels in _worths(
        arrays, len(points), columns, any(e.dtype.kind != "f" for e in found)
    ):
        for least in (0.0, *limits):
            yield Neighbors(points, int(counts[0].item()), city, least, worth, labels)


def _is_city(measure: Any) -> bool:
    metric = attribute(measure, "metric", b"")
    body = attribute(measure, "body")
    inner = [each.op_type for each in body.node] if measure.op_type == "Scan" and body else []
    return metric in {b"cityblock", b"manhattan"} or "Abs" in inner or "ReduceL1" in inner


def _limit(wiring: Wiring, largest: Any) -> float:
    known = [each for name in largest.input if (each := wiring.constant(name)) is not None]
    return float(known[0].reshape(-1)[0]) if known and known[0].size == 1 else 0.0


def _worths(
    arrays: Sequence[Array], count: int, columns: Sequence[int], has_labels: bool
) -> Iterator[tuple[Array, tuple[Any, ...]]]:
    """Yield what points may be worth: classes with labels, or values [n,T]."""
    for each in arrays:
        if has_labels and each.size == count and each.dtype.kind in "iuf":
            kinds, places = np.unique(each.reshape(-1), return_inverse=True)
            named = [
                a.reshape(-1) for a in arrays if a.size == kinds.size and a.dtype.kind in "OSUi"
            ]
            for labels in named:
                yield places.astype(np.int32), tuple(labels.tolist())
        elif not has_labels and each.dtype.kind in "iuf" and each.size % count == 0 and each.size:
            targets = each.size // count
            if targets in columns or (targets == 1 and not columns):
                yield each.reshape(targets, count).T.astype(np.float32), ()


def _is_alike(known: Neighbors, probes: Array, found: Array) -> bool:
    means = known.means(probes)
    if found.dtype.kind != "f":
        labels = np.array(known.labels)[means.argmax(1)]
        return found.size == len(labels) and bool((found.reshape(-1) == labels).all())
    if found.size != means.size:
        return False
    scale = max(float(np.abs(means).max()), 1e-6)
    return np.allclose(found.reshape(means.shape), means, rtol=0, atol=_NEAR * scale)


def _made(
    known: Neighbors, source: str, outputs: Sequence[str], found: Sequence[Array]
) -> list[Any]:
    """Return a node for the means, and one for the labels."""
    given = {
        "points": tensor("points", known.points.astype(np.float32)),
        "values": tensor("values", known.values),
        "count": known.count,
        "city": int(known.city),
        "least": known.least,
        "classes": len(known.labels),
    }
    labels = [o for o, each in zip(outputs, found, strict=True) if each.dtype.kind != "f"]
    scores = [o for o, each in zip(outputs, found, strict=True) if each.dtype.kind == "f"]
    means = scores[0] if scores else f"{labels[0]}/means"
    made = [node("Neighbors", [source], [means], **given)]
    for each in labels:
        names = [name.decode() if isinstance(name, bytes) else name for name in known.labels]
        kind = "strings" if isinstance(names[0], str) else "ints"
        made.append(node("BestClass", [means], [each], **{f"classlabels_{kind}": names}))
    return made
