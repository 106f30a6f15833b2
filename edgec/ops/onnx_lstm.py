"""ONNX LSTM: long short-term memory, written out step by step."""

from collections.abc import Sequence

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.fully_connected import FullyConnected
from edgec.ops.onnx_recurrent import Cell, State, Step, Steps, import_recurrent
from edgec.ops.registry import Format, SourceNode, importer

_PEEPHOLES = 7  # the input
_INPUT, _OUTPUT, _FORGET, _NEW = range(4)  # gates as ONNX orders them


@importer(Format.ONNX, "LSTM")
def import_lstm(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add steps of c = f * c + i * new, h = o * tanh(c); i, o, f and new from the inputs and h."""
    if node.flag("input_forget", default=False):
        raise node.reject("input_forget = 1 couples two gates", help="train with separate gates")
    peepholes = node.inputs[_PEEPHOLES] if len(node.inputs) > _PEEPHOLES else None
    if peepholes is not None and node.constant(g, _PEEPHOLES).any():
        raise node.reject("peepholes are not supported", help="train without peepholes")
    return import_recurrent(node, g, Cell(4, 2, ("sigmoid", "tanh", "tanh"), _prepare))


def _prepare(s: Steps) -> tuple[Step, Array]:
    r = s.constant(s.weights.r, f"{s.prefix}R")

    def step(s: Steps, x: ValueName, state: State) -> State:
        h, c = state
        product = None if h is None else s.repeat(FullyConnected(), h, r, name="hidden")
        return _next(s, s.plus(x, product, "gates"), c)

    return step, s.weights.wb + s.weights.rb


def _next(s: Steps, gates: ValueName, c: ValueName | None) -> State:
    f, g, h = s.activations
    open_ = s.add(f, s.gate(gates, _INPUT, 3, "gates_iof"), name="iof")
    new = s.add(g, s.gate(gates, _NEW, 1, "gates_c"), name="new")
    added = s.mul(s.gate(open_, _INPUT, 1, "i"), new, "added")
    kept = None if c is None else s.mul(s.gate(open_, _FORGET, 1, "f"), c, "kept")
    cell = s.plus(added, kept, "c")
    return s.mul(s.gate(open_, _OUTPUT, 1, "o"), s.add(h, cell, name="squashed"), "h"), cell
