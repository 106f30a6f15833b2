"""TFLite's UNIDIRECTIONAL_SEQUENCE_LSTM: its many inputs, and its states, which are variables."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import DType, GraphBuilder, QParams, TensorType, ValueName
from edgec.ops.layers.lstm import (
    BIASES,
    CELL,
    CELL_EXPONENTS,
    HIDDEN,
    TFLITE_INPUTS,
    WEIGHTS,
    Lstm,
    cell_exponent,
)
from edgec.ops.layers.variables import keep_state
from edgec.ops.operator import is_float
from edgec.ops.registry import Format, SourceNode, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

_EXTRAS = {  # what the file may have and we do not
    1: "an input gate that is coupled to the forget gate (CIFG)",
    9: "peepholes",
    10: "peepholes",
    11: "peepholes",
    16: "a projection",
    17: "a projection",
    20: "layer normalization",
    21: "layer normalization",
    22: "layer normalization",
    23: "layer normalization",
}
_INTERMEDIATES, _RESULT = 5, 4  # how many, and which of them quantizes the result
_ADVICE = "use a plain LSTM layer (Keras: tf.keras.layers.LSTM with its default activations)"


describe_tflite(
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    says=TfliteOperator(types=Types.OWN, has_states=True, own_activation=True),
)


@importer(Format.TFLITE, "UNIDIRECTIONAL_SEQUENCE_LSTM")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    _check_parts(node)
    inputs = [node.input(place) for place in TFLITE_INPUTS]
    _check_types(node, g, inputs)
    kinds = [g.type(value) for value in inputs]
    op = Lstm(
        time_major=node.flag("time_major"),
        cell_clip=node.number("cell_clip"),
        hidden=_hidden(node, kinds),
        shows_cells=is_float(kinds[0]),
    )
    hidden, cell = inputs[HIDDEN], inputs[CELL]
    names = (*node.outputs, f"{node.name}/next_h", f"{node.name}/next_c", f"{node.name}/cells")
    qparams = (*node.qparams, kinds[HIDDEN].qparams, kinds[CELL].qparams)
    count = 4 if op.shows_cells else 3
    if hidden == cell:
        raise node.reject("one tensor is both states", code="malformed-model")
    wanted = op.infer(kinds)[1:3]
    if [kinds[each].shape for each in (HIDDEN, CELL)] != [each.shape for each in wanted]:
        message = f"states {kinds[HIDDEN]} and {kinds[CELL]} for sequences {kinds[0]}"
        raise node.reject(message, code="malformed-model")
    y, next_h, next_c, *_ = g.add(
        op, inputs, name=node.name, outputs=names[:count], qparams=qparams
    )
    for state, after in ((hidden, next_h), (cell, next_c)):
        keep_state(g, state, after)
    return [y]


def _check_parts(node: SourceNode) -> None:
    """Refuse what only other LSTMs than Keras' have."""
    node.ignore("proj_clip", "asymmetric_quantize_inputs")
    for place, what in _EXTRAS.items():
        present = place < len(node.inputs) and node.inputs[place] is not None
        if present != (place == 1):
            raise node.reject(f"{what}: not supported", help=_ADVICE)
    if node.flag("diagonal_recurrent_tensors", default=False):
        raise node.reject("diagonal recurrent weights are not supported", help=_ADVICE)
    if node.text("fused_activation_function") != "TANH":
        activation = node.text("fused_activation_function")
        raise node.reject(f"activation {activation}, only TANH is supported", help=_ADVICE)


def _check_types(node: SourceNode, g: GraphBuilder, inputs: Sequence[ValueName]) -> None:
    for place in range(WEIGHTS, HIDDEN):
        node.constant(g, TFLITE_INPUTS[place])
    kinds = [g.type(value) for value in inputs]
    found = [kind.dtype for kind in kinds]
    integer = [DType.INT8] * BIASES + [DType.INT32] * 4 + [DType.INT8, DType.INT16]
    if found not in (integer, [DType.FLOAT32] * len(kinds)):
        shown = ", ".join(dict.fromkeys(kind.value for kind in found))
        raise node.reject(
            f"its tensors are {shown}",
            code="unsupported-tensor",
            help="convert in floats, or with full integer quantization: int8 with int16 cell",
        )
    if not is_float(kinds[CELL]):
        _check_cell(node, kinds[CELL])


def _check_cell(node: SourceNode, cell: TensorType) -> None:
    scale = cell.quantization.scale
    if np.frexp(scale)[0] != 0.5 or cell_exponent(cell) not in CELL_EXPONENTS:  # noqa: PLR2004
        raise node.reject(
            f"the cell's scale is {scale}, not a power of two from 2^-15 to 2^-9",
            code="unsupported-quantization",
            help="convert the model again with full integer quantization",
        )


def _hidden(node: SourceNode, kinds: Sequence[TensorType]) -> QParams | None:
    """Return the quantization that results are made in; None for that of the output."""
    if is_float(kinds[0]):
        node.ignore("intermediates")
        return None
    stated = node.attrs.get("intermediates", [])
    node.ignore("intermediates")
    if len(stated) != _INTERMEDIATES or stated[_RESULT] is None:
        message = f"{len(stated)} intermediate tensors, 5 with the result's scale are needed"
        raise node.reject(message, code="unsupported-quantization")
    result: QParams = stated[_RESULT]
    return None if result == node.qparams[0] else result
