"""SVDF: a layer over time in two products, of features and of what they were in the last runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from edgec.errors import EdgecError, Place
from edgec.ir import Array, DType, GraphBuilder, Node, Signature, TensorType, ValueName
from edgec.ops.layers.variables import emit_result, emit_variable, keep_state
from edgec.ops.numerics.fixed_point import (
    Int64,
    quantize_multiplier,
    requantize,
    saturate,
    wrap_int32,
)
from edgec.ops.operator import Operator
from edgec.ops.registry import Format, SourceNode, TfliteEmitter, exporter, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

_WEIGHTS, _TIME, _STATE, _BIAS = 1, 2, 3, 4  # inputs
_FILE_BIAS, _FILE_STATE = 3, 4  # inputs as TFLite orders them


@dataclass(frozen=True, slots=True, kw_only=True)
class Svdf(Operator):
    """x [B,I], feature weights [F,I], time weights [F,T], state [B,F*T], bias -> y, next state.

    The bias [F/rank] is optional, y is [B,F/rank]. x, y and the feature weights are int8, time
    weights and states both int16 or both int8, the bias is int32. The output is clamped to int8, no
    more. The state holds T results of each of the F filters, the oldest first; ``rank`` filters
    make an output.
    Source: TFLite 2.14 reference_ops::EvalIntegerSVDF (Nakkiran et al. 2015); int8 states, which it
    does not know: TensorFlow Lite Micro's EvalInt8SvdfReference.
    """

    name: ClassVar[str] = "svdf"
    rank: int

    def infer(self, inputs: Sequence[TensorType]) -> tuple[TensorType, ...]:
        x, features, time, state, *bias = inputs
        filters, depth = features.shape
        units, left = divmod(filters, self.rank)
        fits = (
            x.rank == 2  # noqa: PLR2004
            and x.shape[1] == depth
            and time.shape[:-1] == (filters,)
            and state.shape == (x.shape[0], filters * time.shape[-1])
            and all(each.shape == (units,) for each in bias)
        )
        if left or not fits:
            message = f"svdf of rank {self.rank}: {', '.join(map(str, inputs))}"
            raise ValueError(message)
        return TensorType((x.shape[0], units), x.dtype), state

    def evaluate(self, inputs: Sequence[Array], signature: Signature) -> tuple[Array, ...]:
        x, features, time, state, *bias = inputs
        zero = signature.inputs[0].quantization.zero_point
        kept = signature.inputs[_STATE]
        offset, limits = kept.quantization.zero_point, np.iinfo(kept.dtype.numpy)
        first, second = (quantize_multiplier(each) for each in svdf_factors(signature))
        total = (x.astype(np.int64) - zero) @ features.T.astype(np.int64)
        newest = requantize(total, *first) + offset
        newest = saturate(newest, limits.min, limits.max, limits.dtype)
        history = state.reshape(len(x), *time.shape)
        history = np.concatenate([history[..., 1:], newest[..., None]], axis=-1)
        y = requantize(self._sums(history.astype(np.int64) - offset, time, bias), *second)
        y = y + signature.output.quantization.zero_point
        return saturate(y, -128, 127), history.reshape(state.shape)

    def _sums(self, history: Int64, time: Array, bias: Sequence[Array]) -> Int64:
        filters = (history * time).sum(axis=-1)
        units = filters.reshape(len(history), -1, self.rank).sum(axis=-1)
        return wrap_int32(units + bias[0] if bias else units)

    def macs(self, signature: Signature) -> int:
        x, features, time = signature.inputs[:3]
        return x.shape[0] * (features.elements + time.elements)


def svdf_factors(signature: Signature) -> tuple[float, float]:
    """Return the factors sum -> state and sum -> output, both multiplied out in float32."""
    x, features, time, state = (np.float32(k.quantization.scale) for k in signature.inputs[:4])
    output = np.float32(signature.output.quantization.scale)
    return float(x * features / state), float(state * time / output)


describe_tflite("SVDF", says=TfliteOperator(int8=3, int16=3, types=Types.OWN, has_states=True))


@importer(Format.TFLITE, "SVDF")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    node.ignore("asymmetric_quantize_inputs")  # hybrid kernels only
    kinds = [g.type(node.input(index)).dtype for index in (0, _WEIGHTS, _TIME, _FILE_STATE)]
    if kinds not in ([DType.INT8] * 2 + [kept] * 2 for kept in (DType.INT16, DType.INT8)):
        shown = ", ".join(kind.value for kind in kinds)
        raise node.reject(
            f"input, feature weights, time weights and state are {shown}",
            code="unsupported-tensor",
            help="convert with full integer quantization: int8, int8, int16, int16",
        )
    _check_activation(node)
    state, bias = node.input(_FILE_STATE), node.inputs[_FILE_BIAS]
    inputs = [*(node.input(index) for index in range(_STATE)), state, *([bias] if bias else [])]
    names = (*node.outputs, f"{state}/next")
    qparams = (*node.qparams, g.type(state).qparams)
    op = Svdf(rank=node.integer("rank"))
    y, after = g.add(op, inputs, name=node.name, outputs=names, qparams=qparams)
    keep_state(g, state, after)
    return [y]


def _check_activation(node: SourceNode) -> None:
    """TFLite's integer kernel takes RELU only, and leaves it to the clamp to int8."""
    activation = node.text("fused_activation_function")
    if activation != "RELU":
        raise node.reject(
            f"fused activation {activation}",
            help="TFLite's int8 kernel needs RELU (it clamps to the output's range)",
        )


@exporter(Svdf)
def _to_tflite(op: Svdf, node: Node, signature: Signature, out: TfliteEmitter) -> None:
    if signature.inputs[_STATE].dtype is not DType.INT16:
        raise EdgecError(
            "cannot-export",
            "SVDF with an int8 state: TFLite's kernel reads all states as int16",
            place=Place(inside=f"node {node.name!r}"),
            help="only TensorFlow Lite Micro runs such files",
        )
    state = emit_variable(node, signature, out, _STATE, 1)
    inputs: list[ValueName | None] = [*node.inputs[:_STATE], None, state]
    if len(node.inputs) > _BIAS:
        inputs[_FILE_BIAS] = node.inputs[_BIAS]
    out.emit(
        "SVDF",
        inputs,
        node.outputs[:1],
        "SVDFOptions",
        Rank=op.rank,
        FusedActivationFunction="RELU",
    )
    emit_result(out, state, node.outputs[1])
