"""Functions of one int8 element: one kernel, its table made by the operator's own semantics."""

from edgec.backends.base import LoweringContext, kernel
from edgec.backends.constraints import int8_inputs
from edgec.lir import Call, Scalar
from edgec.ops.clip import Clip
from edgec.ops.hard_swish import HardSwish
from edgec.ops.leaky_relu import LeakyRelu
from edgec.ops.logistic import Logistic
from edgec.ops.relu import Relu
from edgec.ops.tanh import Tanh
from edgec.ops.unary import Unary, lookup_table


@kernel("portable_c", Clip, requires=(int8_inputs,))
@kernel("portable_c", HardSwish, requires=(int8_inputs,))
@kernel("portable_c", LeakyRelu, requires=(int8_inputs,))
@kernel("portable_c", Logistic, requires=(int8_inputs,))
@kernel("portable_c", Relu, requires=(int8_inputs,))
@kernel("portable_c", Tanh, requires=(int8_inputs,))
def lut_s8(ctx: LoweringContext) -> Call:
    op, size = ctx.request.op, Scalar(ctx.signature.output.elements)
    assert isinstance(op, Unary)  # noqa: S101 - the registry guarantees it
    table = ctx.table("table", lookup_table(op, ctx.signature))
    return Call("edgec_lut_s8", [table, ctx.input(0), size, ctx.output()])
