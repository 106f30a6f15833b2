"""ONNX RNN: the simple recurrent layer, written out step by step."""

from collections.abc import Sequence

from edgec.frontends.onnx.operators.recurrent import import_recurrent
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.recurrent_steps import Cell, State, Step, Steps
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "RNN")
def import_rnn(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add steps of h = tanh(W x + R h + b)."""
    return import_recurrent(node, g, Cell(1, 1, ("tanh",), _prepare))


def _prepare(s: Steps) -> tuple[Step, Array]:
    r = s.constant(s.weights.r, f"{s.prefix}R")

    def step(s: Steps, x: ValueName, state: State) -> State:
        (h,) = state
        product = None if h is None else s.repeat(FullyConnected(), h, r, name="hidden")
        return (s.add(s.activations[0], s.plus(x, product, "sum"), name="h"),)

    return step, s.weights.wb + s.weights.rb
