"""ONNX GRU: gated recurrent units, written out step by step."""

from collections.abc import Sequence

import numpy as np

from edgec.frontends.onnx.operators.recurrent import import_recurrent
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.elementwise.sub import Sub
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.recurrent_steps import Cell, State, Step, Steps
from edgec.ops.registry import Format, SourceNode, importer

_UPDATE, _RESET, _NEW = range(3)  # gates as ONNX orders them


@importer(Format.ONNX, "GRU")
def import_gru(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add steps of h = new + z * (h - new); z, the reset gate r and new from the inputs and h."""
    after = node.flag("linear_before_reset", default=False)
    prepare = _prepare_reset_after if after else _prepare_reset_before
    return import_recurrent(node, g, Cell(3, 1, ("sigmoid", "tanh"), prepare))


def _prepare_reset_before(s: Steps) -> tuple[Step, Array]:
    """Prepare steps whose reset gate is applied to h: new = g(x + R (r * h))."""
    both = s.constant(s.weights.r[: _NEW * s.hidden], f"{s.prefix}Rzr")
    last = s.constant(s.weights.r[_NEW * s.hidden :], f"{s.prefix}Rh")

    def step(s: Steps, x: ValueName, state: State) -> State:
        (h,) = state
        product = None if h is None else s.repeat(FullyConnected(), h, both, name="hidden")
        z, r = _gates(s, x, product)
        new = s.gate(x, _NEW, 1, "input_h")
        if h is not None:
            reset = s.mul(r, h, "reset")
            new = s.plus(new, s.repeat(FullyConnected(), reset, last, name="hidden_h"), "sum_h")
        return (_mixed(s, z, new, h),)

    return step, s.weights.wb + s.weights.rb


def _prepare_reset_after(s: Steps) -> tuple[Step, Array]:
    """Prepare steps whose reset gate is applied to the product: new = g(x + r * (R h + b))."""
    r_all = s.constant(s.weights.r, f"{s.prefix}R")
    split = _NEW * s.hidden
    inner = np.concatenate([np.zeros(split, np.float32), s.weights.rb[split:]])
    inner_bias = s.constant(inner, f"{s.prefix}Rb")
    alone = s.constant(inner[np.newaxis, split:], f"{s.prefix}Rbh")

    def step(s: Steps, x: ValueName, state: State) -> State:
        (h,) = state
        product = (
            None if h is None else s.repeat(FullyConnected(), h, r_all, inner_bias, name="hidden")
        )
        z, r = _gates(s, x, product)
        from_h = alone if product is None else s.gate(product, _NEW, 1, "hidden_h")
        new = s.plus(s.gate(x, _NEW, 1, "input_h"), s.mul(r, from_h, "reset"), "sum_h")
        return (_mixed(s, z, new, h),)

    return step, s.weights.wb + np.concatenate(
        [s.weights.rb[:split], np.zeros(s.hidden, np.float32)]
    )


def _gates(s: Steps, x: ValueName, product: ValueName | None) -> tuple[ValueName, ValueName]:
    """Return the update and the reset gate."""
    two = s.gate(x, _UPDATE, 2, "input_zr")
    if product is not None:
        two = s.plus(two, s.gate(product, _UPDATE, 2, "hidden_zr"), "sum_zr")
    both = s.add(s.activations[0], two, name="zr")
    return s.gate(both, _UPDATE, 1, "z"), s.gate(both, _RESET, 1, "r")


def _mixed(s: Steps, z: ValueName, total: ValueName, h: ValueName | None) -> ValueName:
    """Return (1 - z) * new + z * h."""
    new = s.add(s.activations[1], total, name="new")
    if h is None:
        return s.repeat(Sub(), new, s.mul(z, new, "unused"), name="h")
    return s.plus(new, s.mul(z, s.repeat(Sub(), h, new, name="change"), "kept"), "h")
