"""Products of computed matrices in plain C: stored either way round, batches broadcast."""

from edgec.backends.constraints import int8_inputs, int16_inputs
from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.portable_c import structs
from edgec.backends.portable_c.movement.loops import MAX_LOOPS, Loops, broadcast_loops, loop_dims
from edgec.backends.request import Request
from edgec.ir import Signature, TensorType
from edgec.ops.layers.batch_matmul import BatchMatMul, product_factor
from edgec.ops.operator import Activation
from edgec.program import Call, Scalar, Struct

_LARGEST_DEPTH = 1 << 16
_LARGEST_FACTOR = 2.0**7


def few_batches(request: Request) -> bool:
    """At most four axes in front of the matrices remain once neighbours are merged."""
    return len(_batches(request.signature).extents) <= MAX_LOOPS


def _batches(signature: Signature) -> Loops:
    operands = [kind.shape[:-2] for kind in signature.inputs]
    return broadcast_loops(signature.output.shape[:-2], operands)


def wide_products_fit(request: Request) -> bool:
    """Products of int16 meet at most 65536 at a time, their factor to the output is below 128."""
    op, kinds = request.op, request.signature.inputs
    assert isinstance(op, BatchMatMul)  # noqa: S101 - the registry guarantees it
    if not int16_inputs(request):
        return True
    depth = op.extents(kinds[0], adjoint=op.adj_x)[1]
    return depth <= _LARGEST_DEPTH and product_factor(request.signature) < _LARGEST_FACTOR


@kernel("portable_c", BatchMatMul, requires=(int8_inputs, few_batches))
def batch_matmul_s8(ctx: OfferContext) -> Call:
    return _call("edgec_batch_matmul_s8", ctx)


@kernel("portable_c", BatchMatMul, requires=(int16_inputs, few_batches, wide_products_fit))
def batch_matmul_s16(ctx: OfferContext) -> Call:
    return _call("edgec_batch_matmul_s16", ctx)


def _call(function: str, ctx: OfferContext) -> Call:
    op, (a, b) = ctx.request.op, ctx.signature.inputs
    assert isinstance(op, BatchMatMul)  # noqa: S101 - the registry guarantees it
    loops = _batches(ctx.signature)
    steps = [
        [step * kind.shape[-2] * kind.shape[-1] for step in each]
        for each, kind in zip(loops.steps, (a, b), strict=True)
    ]
    return Call(
        function,
        [
            loop_dims(loops.extents, 1),
            _size(op, ctx.signature),
            loop_dims(steps[0], 0),
            ctx.input(0),
            loop_dims(steps[1], 0),
            ctx.input(1),
            _quantization(ctx.signature),
            ctx.scratch_buffer(_scratch_bytes(op, a)),
            ctx.output(),
        ],
    )


def _scratch_bytes(op: BatchMatMul, a: TensorType) -> int:
    """Return the bytes of two columns of int16, and of a where its rows have to be put together."""
    rows, depth = op.extents(a, adjoint=op.adj_x)
    return 2 * 2 * depth + (rows * depth * a.dtype.bytes if op.adj_x else 0)


def _size(op: BatchMatMul, signature: Signature) -> Struct:
    """Return ``edgec_matmul_t``."""
    rows, depth = op.extents(signature.inputs[0], adjoint=op.adj_x)
    columns = signature.output.shape[-1]
    return Struct(
        "edgec_matmul_t",
        {
            "rows": Scalar(rows),
            "depth": Scalar(depth),
            "columns": Scalar(columns),
            "step_a_row": Scalar(1 if op.adj_x else depth),
            "step_a_depth": Scalar(rows if op.adj_x else 1),
            "step_b_depth": Scalar(1 if op.adj_y else columns),
            "step_b_column": Scalar(depth if op.adj_y else 1),
        },
    )


def _quantization(signature: Signature) -> Struct:
    """Return ``edgec_product_t``."""
    (a, b), y = signature.inputs, signature.output
    return Struct(
        "edgec_product_t",
        {
            "offset_a": Scalar(-a.quantization.zero_point),
            "offset_b": Scalar(-b.quantization.zero_point),
            "scale": structs.scale(product_factor(signature)),
            "offset_output": Scalar(y.quantization.zero_point),
            "clamp": structs.clamp(Activation.NONE, y),
        },
    )
