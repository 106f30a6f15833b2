"""K-means as skl2onnx writes it: squares and products add up to distances from centers."""

from typing import Any

import numpy as np

from edgec.frontends.onnx.recognized.wiring import Wiring, node, tensor
from edgec.ir import Array

_TYPES = frozenset(
    {"Add", "ArgMin", "Cast", "Constant", "Gemm", "Identity", "MatMul", "Mul", "Pow", "Reshape"}
    | {"ReduceSum", "ReduceSumSquare", "Sqrt", "Sub", "Transpose"}
)
_PROBES = 50
_NEAR = 1e-3  # of the largest distance: squares that cancel lose some


def recognize_clusters(model: Any) -> None:
    """Replace the nodes of K-means by one."""
    wiring = Wiring(model)
    for least in wiring.of_type("ArgMin"):
        for product in wiring.of_type("Gemm", "MatMul"):
            _replace(wiring, least, product)


def _replace(wiring: Wiring, least: Any, product: Any) -> None:
    source = product.input[0]
    outputs = [each for each in wiring.outputs if wiring.between([each], [source], _TYPES)]
    nodes = wiring.between(outputs, [source], _TYPES) if outputs else None
    centers = wiring.constant(product.input[1])
    if nodes is None or centers is None or centers.ndim != 2 or least not in nodes:  # noqa: PLR2004
        return
    for points in (centers, centers.T, centers / -2, centers.T / -2):
        labels = np.unique(points, axis=0)
        if len(labels) == len(points) and _is_alike(wiring, nodes, source, outputs, points):
            return


def _is_alike(wiring: Wiring, nodes: Any, source: str, outputs: list[str], points: Array) -> bool:
    """Replace nodes where they compute distances to points; tell whether they do."""
    rng = np.random.default_rng(0)
    spread = points.max(0) - points.min(0) + 1e-3
    probes = points[rng.integers(0, len(points), _PROBES)]
    probes = (probes + rng.normal(size=probes.shape) * spread * 0.4).astype(np.float32)
    found = wiring.run(nodes, {source: probes}, outputs)
    if found is None:
        return False
    far = ((probes[:, None, :].astype(np.float64) - points[None]) ** 2).sum(2)
    places, names, squared = far.argmin(1), ["", ""], False
    for output, each in zip(outputs, found, strict=True):
        if each.dtype.kind == "i" and each.size == len(places):
            if (each.reshape(-1) != places).any():
                return False
            names[0] = output
            continue
        if each.shape != far.shape:
            return False
        squared = np.allclose(each, far, rtol=0, atol=_NEAR * far.max())
        if not squared and not np.allclose(
            each, np.sqrt(far), rtol=0, atol=_NEAR * far.max() ** 0.5
        ):
            return False
        names[1] = output
    if not names[0]:
        return False
    given = {"points": tensor("points", points.astype(np.float32)), "squared": int(squared)}
    ends = [names[0], names[1] or f"{names[0]}/distances"]
    wiring.replace(nodes, [node("Clusters", [source], ends, **given)])
    return True
