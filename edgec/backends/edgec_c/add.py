"""Addition and subtraction of int8 as one affine form, found and proven by the build."""

from dataclasses import dataclass
from math import prod

from edgec.backends.constraints import int8_inputs
from edgec.backends.edgec_c.affine_sum import AffineSum, find_affine_sum
from edgec.backends.kernel import kernel
from edgec.backends.offer import NotOfferedError, OfferContext
from edgec.backends.request import Request
from edgec.ir import TensorType
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.sub import Sub
from edgec.ops.operator import Activation
from edgec.program import Call, Scalar


@dataclass(frozen=True, slots=True)
class Blocks:
    """The output as blocks of elements; an operand that is not walked repeats for each of them."""

    count: int
    size: int
    walked: tuple[bool, bool]


def whole_blocks(request: Request) -> bool:
    """Shapes are equal, or one operand repeats as a whole along the outer axes."""
    shape = request.signature.output.shape
    inner = [_without_ones(kind.shape) for kind in request.signature.inputs]
    whole = request.signature.output.elements in [
        kind.elements for kind in request.signature.inputs
    ]
    return whole and all(shape[len(shape) - len(each) :] == each for each in inner)


def rows(request: Request) -> int:
    """Return the blocks; where there is only one, the extent of its outermost axis."""
    count = blocks(request).count
    return count if count > 1 else (*_without_ones(request.signature.output.shape), 1)[0]


def blocks(request: Request) -> Blocks:
    sizes = [prod(kind.shape) for kind in request.signature.inputs]
    elements = request.signature.output.elements
    return Blocks(elements // min(sizes), min(sizes), (sizes[0] == elements, sizes[1] == elements))


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape from its first axis on that is not 1."""
    first = next((axis for axis, extent in enumerate(shape) if extent != 1), len(shape))
    return shape[first:]


@kernel("edgec", Add, requires=(int8_inputs, whole_blocks), rows=rows)
def add_affine_s8(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Add)  # noqa: S101 - the registry guarantees it
    return _call(ctx, op.activation, 1)


@kernel("edgec", Sub, requires=(int8_inputs, whole_blocks), rows=rows)
def sub_affine_s8(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Sub)  # noqa: S101 - the registry guarantees it
    return _call(ctx, op.activation, -1)


def _call(ctx: OfferContext, activation: Activation, sign: int) -> Call:
    """Return the call for ``ctx.rows``.

    It walks operands and output in ascending order and writes an element once it has read it: in
    place is fine. An operand that repeats is read for the last time by the last block.
    """
    found = _numbers(ctx, activation, sign)
    whole = blocks(ctx.request)
    elements = ctx.signature.output.elements
    row = elements // rows(ctx.request)
    size = whole.size if whole.count > 1 else len(ctx.rows) * row
    first = ctx.rows.start * row
    operands = [
        argument
        for index, walked in enumerate(whole.walked)
        for argument in (
            ctx.input(index, first if walked else 0),
            Scalar(size if walked else 0),
        )
    ]
    for index, walked in enumerate(whole.walked):
        ctx.may_overlap(index, lag=0 if walked else elements - whole.size)
    numbers = [len(ctx.rows) * row // size, size, found.ka, found.kb, found.c, found.shift]
    return Call(
        "edgec_add_affine_s8",
        [*operands, *map(Scalar, [*numbers, found.low, found.high]), ctx.output(offset=first)],
    )


def _numbers(ctx: OfferContext, activation: Activation, sign: int) -> AffineSum:
    a, b = (_steps(each, ctx.signature.output) for each in ctx.signature.inputs)
    limits = activation.quantized_bounds(ctx.signature.output)
    found = find_affine_sum(ctx.request.op, ctx.signature, (a, sign * b), limits)
    if found is None:
        message = (
            "One affine form gives TFLite's results for all 65,536 pairs of operands; "
            "scales that are simple fractions of each other have none"
        )
        raise NotOfferedError(message)
    return found


def _steps(operand: TensorType, output: TensorType) -> float:
    """Return how many steps of the output one of an operand is."""
    return operand.quantization.scale / output.quantization.scale
