"""LSTM over a sequence in plain C."""

from collections.abc import Iterator

import numpy as np

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.request import Request
from edgec.ir import Array, DType
from edgec.ops.layers.lstm import BIASES, CELL, GATES, HIDDEN, WEIGHTS, Integers, Lstm, X
from edgec.ops.numerics.fixed_point import Int64
from edgec.program import Call, Scalar, Struct

_LARGEST = 128  # magnitude of an int8


def constant_lstm(request: Request) -> bool:
    """Weights and biases are constants."""
    return all(request.is_constant(index) for index in range(WEIGHTS, HIDDEN))


def int8_lstm(request: Request) -> bool:
    """Activations are int8, the cell is int16."""
    kinds = [request.signature.inputs[each].dtype for each in (X, HIDDEN, CELL)]
    return kinds == [DType.INT8, DType.INT8, DType.INT16]


def whole_states(request: Request) -> bool:
    """States have a row for every sequence of the batch."""
    inputs, outputs = request.signature.inputs, request.signature.outputs
    return inputs[HIDDEN].shape == outputs[1].shape and inputs[CELL].shape == outputs[2].shape


def gate_sums_fit(request: Request) -> bool:
    """Sums of products fit into 32 bits whatever the inputs."""
    arrays = [request.graph.constants[value] for value in request.node.inputs[WEIGHTS:HIDDEN]]
    return all(
        bool((np.abs(bias) + _LARGEST * np.abs(weights).sum(axis=1) < 2**31).all())
        for weights, bias in _folded(request, arrays)
    )


def _folded(request: Request, arrays: list[Array]) -> Iterator[tuple[Int64, Int64]]:
    """Yield the weights of every product and the bias that its operand's zero point leaves."""
    for number, product in enumerate(Lstm.products):
        weights = arrays[product.weight - WEIGHTS].astype(np.int64)
        zero = request.signature.inputs[product.operand].quantization.zero_point
        offset = -zero * weights.sum(axis=1)
        yield weights, offset + arrays[BIASES - WEIGHTS + number] if number < GATES else offset


@kernel("portable_c", Lstm, requires=(constant_lstm, int8_lstm, whole_states, gate_sums_fit))
def lstm_s8(ctx: OfferContext) -> Call:
    return Call(
        "edgec_lstm_s8",
        [
            _layer(ctx),
            ctx.input(X),
            ctx.input(HIDDEN),
            ctx.input(CELL),
            ctx.output(0),
            ctx.output(1),
            ctx.output(2),
        ],
    )


def _layer(ctx: OfferContext) -> Struct:
    """Return ``edgec_lstm_t``."""
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, Lstm)  # noqa: S101 - the registry guarantees it
    arrays = [ctx.constant_value(index) for index in range(WEIGHTS, HIDDEN)]
    integers = Integers(op, arrays, signature)
    biases = [bias.astype(np.int32) for _, bias in _folded(ctx.request, arrays)]
    scales = np.array([*integers.input_scales, *integers.recurrent_scales], np.int32)
    steps, batches = signature.inputs[X].shape[:2]
    apart = (1, batches)  # rows from batch to batch, from step to step
    if not op.time_major:
        batches, steps = steps, batches
        apart = (steps, 1)
    return Struct(
        "edgec_lstm_t",
        {
            "weights": ctx.table("weights", np.stack(arrays[:GATES])),
            "recurrent": ctx.table("recurrent", np.stack(arrays[GATES : 2 * GATES])),
            "bias": ctx.table("bias", np.stack(biases[:GATES])),
            "recurrent_bias": ctx.table("recurrent_bias", np.stack(biases[GATES:])),
            "multipliers": ctx.table("multipliers", scales[:, 0].copy()),
            "shifts": ctx.table("shifts", scales[:, 1].copy()),
            "depth": Scalar(signature.inputs[X].shape[-1]),
            "units": Scalar(signature.output.shape[-1]),
            "batches": Scalar(batches),
            "steps": Scalar(steps),
            "rows_per_batch": Scalar(apart[0]),
            "rows_per_step": Scalar(apart[1]),
            "cell_bits": Scalar(15 + integers.exponent),
            "cell_clip": Scalar(integers.clip),
            "scale_output": structs.fixed_point(*integers.result_scale),
            "offset_output": Scalar(integers.result_zero),
        },
    )
