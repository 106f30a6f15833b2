"""Weights that a source file gives as integers stay integers where a factor is folded into them.

A factor per output channel changes the scales, not the integers. The floats are made of both again,
bit for bit, so that whoever looks for the integers finds them on the new grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from edgec.ir import Array, Graph, QParams
from edgec.passes.folding.weighted_layers import Layer

_PROBE = 64  # elements that are looked at before all are
_LEAST, _MOST = -128, 127


def steps_on_grid(array: Array, scales: Array, axis: int | None) -> Array | None:
    """Return the integers that times ``scales`` are the float32 ``array``; None where none are."""
    along = _along(scales.astype(np.float32), axis, array.ndim)
    if axis is None and not _exact(array.reshape(-1)[:_PROBE], along.reshape(-1)):
        return None
    return np.rint(array / along) if _exact(array, along) else None


@dataclass(eq=False)
class KeptIntegers:
    """Multiplies weights of a graph; ``added`` are the grids that they lie on then."""

    grids: Sequence[QParams]
    added: list[QParams] = field(default_factory=list)

    def scaled(self, layer: Layer, gain: Array) -> Array:
        """Return the weights with each output channel multiplied by its gain, in float32."""
        usable = np.isfinite(gain).all()
        for q in (*self.grids, *self.added) if usable else ():
            scales = np.array(q.scales, np.float32)
            if len(scales) not in {1, layer.channels}:
                continue
            axis = None if len(scales) == 1 else layer.op.output_axis
            steps = steps_on_grid(layer.weights, scales, axis)
            if steps is not None and steps.min() >= _LEAST and steps.max() <= _MOST:
                return self._on_new_grid(layer, steps, scales, gain)
        return layer.scaled(gain)

    def graph(self, graph: Graph) -> Graph:
        """Return the graph that the rewriting left, with the grids that it added."""
        added = [q for q in dict.fromkeys(self.added) if q not in graph.grids]
        return replace(graph, grids=(*graph.grids, *added)) if added else graph

    def _on_new_grid(self, layer: Layer, steps: Array, scales: Array, gain: Array) -> Array:
        size = np.where(gain == 0, 1, np.abs(gain)).astype(np.float32)
        made = (scales * size).astype(np.float32)
        made = made[:1] if (made == made[0]).all() else np.broadcast_to(made, layer.channels)
        if not np.isfinite(made).all() or not made.all():
            return layer.scaled(gain)
        axis = None if len(made) == 1 else 0
        zeros = (0,) * len(made)
        self.added.append(QParams(tuple(float(each) for each in made), zeros, axis))
        signs = layer.op.along_outputs(np.sign(gain), steps.ndim)
        along = _along(made, None if axis is None else layer.op.output_axis, steps.ndim)
        return np.asarray((steps * signs).astype(np.float32) * along, np.float32)


def _along(scales: Array, axis: int | None, rank: int) -> Array:
    return scales.reshape([-1 if i == axis else 1 for i in range(rank)])


def _exact(array: Array, scales: Array) -> bool:
    return np.array_equal((np.rint(array / scales) * scales).astype(np.float32), array)
