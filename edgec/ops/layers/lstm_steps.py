"""The steps of an LSTM, for where the operator for all of them does not do.

Gates are in the order input, output, forget, new (that of ONNX), so that the three that share an
activation lie side by side.
"""

from functools import partial

from edgec.ir import Array, ValueName
from edgec.ops.activations.clip import Clip
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.lstm import GATES
from edgec.ops.layers.recurrent_steps import Cell, State, Step, Steps

_INPUT, _OUTPUT, _FORGET, _NEW = range(4)
TO_OPERATOR = (_INPUT, _FORGET, _NEW, _OUTPUT)  # where steps have the gates of the operator
FROM_OPERATOR = (0, 3, 1, 2)  # where the operator has those of steps


def prepare(s: Steps, clip: float = 0.0) -> tuple[Step, Array]:
    """Return the step of one direction, and its bias; 0 is no clip of the cell."""
    r = s.constant(s.weights.r, f"{s.prefix}R")

    def step(s: Steps, x: ValueName, state: State) -> State:
        h, c = state
        product = None if h is None else s.repeat(FullyConnected(), h, r, name="hidden")
        return _next(s, s.plus(x, product, "gates"), c, clip)

    return step, s.weights.wb + s.weights.rb


def _next(s: Steps, gates: ValueName, c: ValueName | None, clip: float) -> State:
    f, g, h = s.activations
    open_ = s.add(f, s.gate(gates, _INPUT, 3, "gates_iof"), name="iof")
    new = s.add(g, s.gate(gates, _NEW, 1, "gates_c"), name="new")
    added = s.mul(s.gate(open_, _INPUT, 1, "i"), new, "added")
    kept = None if c is None else s.mul(s.gate(open_, _FORGET, 1, "f"), c, "kept")
    cell = s.plus(added, kept, "c")
    cell = s.repeat(Clip(low=-clip, high=clip), cell, name="clipped") if clip else cell
    return s.mul(s.gate(open_, _OUTPUT, 1, "o"), s.add(h, cell, name="squashed"), "h"), cell


def step_by_step(clip: float) -> Cell:
    """Return the layer with the usual activations, written out; 0 is no clip of c."""
    return Cell(GATES, 2, ("sigmoid", "tanh", "tanh"), partial(prepare, clip=clip))
