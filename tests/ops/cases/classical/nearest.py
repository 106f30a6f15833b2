"""Nearest points: one and many, equally near ones, both kinds of distance, what they are worth."""

import numpy as np
from ops.case import Case
from ops.cases.classical.support_vectors import FRACTION, features

from edgec.ir import GraphBuilder
from edgec.ops.classical.nearest import Distances, Nearest
from edgec.ops.classical.neighbor_mean import NeighborMean


def nearest_case(
    name: str,
    shape: tuple[int, ...],
    points: int,
    count: int,
    *,
    city: bool = False,
    least: float = 0.0,
) -> Case:
    """Return places, distances and both kinds of means; a point is there twice."""
    g = GraphBuilder(f"nearest_{name}")
    rng = np.random.default_rng(points)
    x = features(g, shape, 7)
    table = rng.integers(-(2**14), 2**14, (points, shape[-1])).astype(np.int32)
    table[points // 2] = table[-1]
    known = g.constant("points", table)
    op = Nearest(fraction=FRACTION, count=count, city=city)
    places, far = g.add(op, [x, known], name="nearest")
    values = g.constant("values", rng.normal(size=(points, 2)).astype(np.float32))
    classes = g.constant("classes", rng.integers(0, 3, points).astype(np.int32))
    means = g.add(NeighborMean(least=least), [places, far, values], name="means")
    shares = g.add(NeighborMean(classes=3, least=least), [places, far, classes], name="shares")
    # TFLite has none of these
    return Case(f"nearest_{name}", g.build([places, far, *means, *shares]), 6, oracle=False)


def distances_case(name: str, *, city: bool = False, squared: bool = False) -> Case:
    g = GraphBuilder(f"distances_{name}")
    x = features(g, (2, 3), 9)
    table = np.random.default_rng(2).integers(-(2**14), 2**14, (4, 3)).astype(np.int32)
    op = Distances(fraction=FRACTION, city=city, squared=squared)
    outputs = g.add(op, [x, g.constant("points", table)], name="node")
    return Case(f"distances_{name}", g.build(outputs), 6, oracle=False)


CASES = [
    nearest_case("one", (1, 3), 6, 1),
    nearest_case("some", (3, 2), 9, 4),
    nearest_case("weighted", (2, 4), 8, 3, least=1e-6),
    nearest_case("city", (1, 5), 7, 7, city=True, least=0.5),
    distances_case("euclid"),
    distances_case("city", city=True),
    distances_case("squared", squared=True),
]
