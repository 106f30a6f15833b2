"""Axes as models state them: negative ones count from the end."""

from edgec.ops.registry import SourceNode


def checked_axis(node: SourceNode, axis: int, rank: int) -> int:
    """Return an axis in [0, rank); raises ``malformed-model`` where there is none."""
    if not -rank <= axis < rank:
        raise node.reject(f"axis {axis} of a rank-{rank} tensor", code="malformed-model")
    return axis % rank
