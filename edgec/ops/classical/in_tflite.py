"""TFLite has none of these operators."""

from edgec.errors import EdgecError, Place
from edgec.ir import Node


def refuse_export(node: Node, what: str) -> EdgecError:
    """Return the error of an export; the caller raises it. The build goes on without a .tflite."""
    return EdgecError(
        "cannot-export",
        f"TFLite has no {what}",
        place=Place(inside=f"node {node.name!r}"),
        help="none is needed: the C library is whole without the .tflite file",
    )
