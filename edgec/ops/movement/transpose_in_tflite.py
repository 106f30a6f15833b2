"""Writing transposes of many axes for TFLite, which limits their number."""

from collections.abc import Sequence
from math import prod

import numpy as np

from edgec.ir import Node, TensorType
from edgec.ops.registry import TfliteEmitter


def emit_transposed(
    node: Node, kind: TensorType, walk: tuple[Sequence[int], Sequence[int]], out: TfliteEmitter
) -> None:
    """Write input 0, seen in another shape, transposed, and seen as ``kind``, the node's output.

    ``walk`` holds that shape and the permutation. Axes that stay side by side become one.
    """
    shape, perm = _merged(*walk)
    split, moved = (
        out.temporary(f"{node.name}/{name}", kind.with_shape(extents))
        for name, extents in (("split", shape), ("moved", [shape[axis] for axis in perm]))
    )
    constants = {"split_shape": shape, "order": perm, "shape": kind.shape}
    values = {
        name: out.constant(f"{node.name}/{name}", np.array(numbers, np.int32))
        for name, numbers in constants.items()
    }
    out.emit("RESHAPE", [node.inputs[0], values["split_shape"]], [split], "ReshapeOptions")
    out.emit("TRANSPOSE", [split, values["order"]], [moved], "TransposeOptions")
    out.emit("RESHAPE", [moved, values["shape"]], node.outputs, "ReshapeOptions")


def _merged(shape: Sequence[int], perm: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return shape and permutation of the fewest axes that are moved alike."""
    runs: list[list[int]] = []
    for axis in perm:
        if runs and axis == runs[-1][-1] + 1:
            runs[-1].append(axis)
        else:
            runs.append([axis])
    ordered = sorted(runs)
    return [prod(shape[axis] for axis in run) for run in ordered], [ordered.index(r) for r in runs]
