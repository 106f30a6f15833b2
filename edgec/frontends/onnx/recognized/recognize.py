"""All that is recognized, in its order."""

from typing import Any

from edgec.frontends.onnx.recognized.bayes import recognize_bayes
from edgec.frontends.onnx.recognized.clusters import recognize_clusters
from edgec.frontends.onnx.recognized.isolation import recognize_isolation
from edgec.frontends.onnx.recognized.neighbors import recognize_neighbors
from edgec.frontends.onnx.recognized.pair_shares import recognize_pair_shares
from edgec.frontends.onnx.recognized.signs import recognize_signs

_ALL = (
    recognize_pair_shares,
    recognize_neighbors,
    recognize_clusters,
    recognize_bayes,
    recognize_isolation,
    recognize_signs,
)


def recognize(model: Any) -> None:
    """Replace, in place, what stands for a model of another kind by one node of domain edgec.

    A graph is changed at the very end, once it is known what it is: whatever goes wrong before is a
    sign that it is something else.
    """
    for each in _ALL:
        try:
            each(model)
        except Exception:  # noqa: BLE001, S112 - such a graph is none that is known
            continue
