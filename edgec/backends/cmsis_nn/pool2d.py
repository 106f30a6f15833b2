"""Average and maximum pooling by CMSIS-NN."""

from edgec.backends.cmsis_nn import structs
from edgec.backends.cmsis_nn.arguments import positional
from edgec.backends.constraints import halves_away, int8_data, int16_data, pools_integers
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.pooling.max_pool2d import MaxPool2D
from edgec.program import Call, Struct


def undilated(request: Request) -> bool:
    """The pool has no dilation."""
    return _op(request).window.dilations == (1, 1)


@kernel("cmsis_nn", AveragePool2D, requires=(int8_data, pools_integers, undilated, halves_away))
def avgpool_s8(ctx: OfferContext) -> Call:
    return _pool("arm_avgpool_s8", ctx, _sums(ctx))


@kernel("cmsis_nn", AveragePool2D, requires=(int16_data, pools_integers, undilated, halves_away))
def avgpool_s16(ctx: OfferContext) -> Call:
    return _pool("arm_avgpool_s16", ctx, _sums(ctx))


@kernel("cmsis_nn", MaxPool2D, requires=(int8_data, pools_integers, undilated))
def max_pool_s8(ctx: OfferContext) -> Call:
    return _pool("arm_max_pool_s8", ctx, structs.no_context())


@kernel("cmsis_nn", MaxPool2D, requires=(int16_data, pools_integers, undilated))
def max_pool_s16(ctx: OfferContext) -> Call:
    return _pool("arm_max_pool_s16", ctx, structs.no_context())


def _sums(ctx: OfferContext) -> Struct:
    """Return the context of an average pool: DSP cores keep one sum per channel in it."""
    scratch = 4 * ctx.signature.inputs[0].shape[3] if ctx.cpu.isa == "dsp" else 0
    return structs.context(ctx, scratch)


def _op(request: Request) -> AveragePool2D | MaxPool2D:
    op = request.op
    assert isinstance(op, AveragePool2D | MaxPool2D)  # noqa: S101 - the registry guarantees it
    return op


def _pool(function: str, ctx: OfferContext, context: Struct) -> Call:
    op, x, y = _op(ctx.request), ctx.signature.inputs[0], ctx.signature.output
    return Call(
        function,
        positional(
            ctx,
            function,
            [
                context,
                structs.pool(op.window, op.activation, y),
                structs.shape(x.shape),
                ctx.input(0),
                structs.dims(1, *op.window.kernel, 1),
                structs.shape(y.shape),
                ctx.output(),
            ],
        ),
        returns_status=True,
    )
