"""Concatenation in plain C: any axis, any element type, up to 16 inputs."""

from math import prod

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ops.movement.concatenation import MOST_JOINED, Concatenation
from edgec.program import Call, ConstantRef, OperandRef, Scalar, Struct


def few_inputs(request: Request) -> bool:
    """There are at most 16 inputs."""
    return len(request.node.inputs) <= MOST_JOINED


def equal_quantization(request: Request) -> bool:
    """Inputs and output have one scale and zero point."""
    kinds = [*request.signature.inputs, request.signature.output]
    return len({kind.qparams for kind in kinds}) == 1


@kernel("portable_c", Concatenation, requires=(few_inputs, equal_quantization))
def concatenate(ctx: OfferContext) -> Call:
    op, signature = ctx.request.op, ctx.signature
    assert isinstance(op, Concatenation)  # noqa: S101 - the registry guarantees it
    rows = prod(signature.output.shape[: op.axis])
    fields: dict[str, Scalar | OperandRef | ConstantRef] = {}
    for index, kind in enumerate(signature.inputs):
        fields[f"data[{index}]"] = ctx.input(index)
        fields[f"bytes[{index}]"] = Scalar(kind.bytes // rows)
    fields["count"] = Scalar(len(signature.inputs))
    pieces = Struct("edgec_pieces_t", fields)
    return Call("edgec_concatenate", [pieces, Scalar(rows), ctx.output()])
