"""Recurrent layers of ONNX, quantized: in one node or written out, all steps together."""

from typing import Any

import numpy as np
from ops.case import Case

from edgec.errors import Place
from edgec.frontends.onnx.operators.gru import import_gru
from edgec.frontends.onnx.operators.lstm import import_lstm
from edgec.frontends.onnx.operators.rnn import import_rnn
from edgec.ir import Array, DType, Graph, GraphBuilder, TensorType, ValueName, evaluate_all
from edgec.ops.registry import Format, Importer, SourceNode
from edgec.pipelines import optimize_float, optimize_integer
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.observers import Range

_IMPORTERS: dict[str, tuple[Importer, int]] = {
    "LSTM": (import_lstm, 4),
    "GRU": (import_gru, 3),
    "RNN": (import_rnn, 1),
}
_INPUTS = 3


def _case(
    name: str,
    op: str,
    hidden: int,
    *,
    batch: int = 1,
    stateful: bool = False,
    width: DType = DType.INT8,
    steps: int = 4,
    **attributes: Any,
) -> Case:
    graph = optimize_float(_layer(name, op, (hidden, batch, steps), stateful, attributes))
    return Case(name, optimize_integer(quantize(graph, _ranges(graph), None, width)))


def _layer(
    name: str, op: str, size: tuple[int, int, int], stateful: bool, attributes: dict[str, Any]
) -> Graph:
    run, gates = _IMPORTERS[op]
    hidden, batch, steps = size
    rng = np.random.default_rng(hidden)
    g = GraphBuilder(name)
    directions = 2 if attributes.get("direction") == "bidirectional" else 1
    rows = gates * hidden

    def weights(*shape: int) -> ValueName:
        return g.constant("c", rng.standard_normal((directions, *shape)).astype(np.float32) * 0.6)

    state = TensorType((directions, batch, hidden))
    kinds = ("h", "c") if op == "LSTM" else ("h",)
    inputs: list[ValueName | None] = [g.input("x", TensorType((steps, batch, _INPUTS)))]
    inputs += [weights(rows, _INPUTS), weights(rows, hidden), weights(2 * rows), None]
    inputs += [g.input(each, state) if stateful else None for each in kinds]
    outputs = ("Y", "Y_h", "Y_c")[: 1 + len(kinds)]
    node = SourceNode(
        Format.ONNX, op, "node", tuple(inputs), outputs, attributes, Place(name), version=14
    )
    return g.build(run(node, g))


def _ranges(graph: Graph) -> dict[ValueName, Range]:
    rng = np.random.default_rng(1)
    seen: dict[ValueName, Range] = {}
    for _ in range(8):
        x = {name: _drawn(rng, graph.types[name].shape) for name in graph.inputs}
        for value, array in evaluate_all(graph, x).items():
            now = Range.of(array)
            seen[value] = seen[value].union(now) if value in seen else now
    return seen


def _drawn(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return rng.standard_normal(shape).astype(np.float32)


CASES = [
    _case("lstm", "LSTM", 5),
    _case("lstm_both_ways", "LSTM", 4, direction="bidirectional"),
    _case("lstm_with_state_of_a_batch", "LSTM", 3, batch=2, stateful=True),
    _case("lstm_s16", "LSTM", 4, width=DType.INT16),
    _case("gru_reset_before", "GRU", 5),
    _case("gru_reset_after", "GRU", 4, linear_before_reset=1, stateful=True),
    _case("gru_backwards", "GRU", 3, linear_before_reset=1, direction="reverse"),
    _case("rnn", "RNN", 5),
    _case("rnn_of_many_steps", "RNN", 2, steps=18),
    _case("lstm_of_other_activations", "LSTM", 3, activations=["Sigmoid", "Relu", "Tanh"]),
    _case("lstm_backwards_with_state", "LSTM", 3, stateful=True, direction="reverse"),
]
