"""Logic in plain C, with broadcasting."""

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c.elementwise.broadcasting import elementwise_call
from edgec.backends.portable_c.movement.loops import few_loops
from edgec.ops.numbers.logic import Logic
from edgec.program import Call, Scalar


@kernel("portable_c", Logic, requires=(few_loops,))
def logic(ctx: OfferContext) -> Call:
    op = ctx.request.op
    assert isinstance(op, Logic)  # noqa: S101 - the registry guarantees it
    return elementwise_call(ctx, "edgec_logic", Scalar(int(op.both)))
