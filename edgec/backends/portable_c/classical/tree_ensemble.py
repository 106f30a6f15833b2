"""Decision trees in plain C: one loop over a table, floats compared as integers."""

from math import prod

from edgec.backends.kernel import kernel
from edgec.backends.offer import OfferContext
from edgec.backends.request import Request
from edgec.ops.classical.tree_ensemble import Merge, TreeEnsemble, is_sound
from edgec.program import Call, Scalar

_MERGES = (Merge.SUM, Merge.AVERAGE, Merge.MIN, Merge.MAX)


def constant_tables(request: Request) -> bool:
    """Tables are constants."""
    return all(request.is_constant(index) for index in range(1, len(request.node.inputs)))


def sound_trees(request: Request) -> bool:
    """Every branch leads on to a node, every leaf to a target, within the tables."""
    if not constant_tables(request):
        return True
    tables = (request.graph.constants[value] for value in request.node.inputs[1:])
    return is_sound(request.signature.inputs[0].shape[-1], *tables)


@kernel("portable_c", TreeEnsemble, requires=(constant_tables, sound_trees))
def tree_ensemble_f32(ctx: OfferContext) -> Call:
    op, (x, _, roots, _, base) = ctx.request.op, ctx.signature.inputs
    assert isinstance(op, TreeEnsemble)  # noqa: S101 - the registry guarantees it
    return Call(
        "edgec_tree_ensemble_f32",
        [
            ctx.input(0),
            Scalar(prod(x.shape[:-1])),
            Scalar(x.shape[-1]),
            ctx.input(1),
            ctx.input(2),
            Scalar(roots.elements),
            ctx.input(3),
            ctx.input(4),
            Scalar(base.elements),
            Scalar(_MERGES.index(op.merge)),
            Scalar(int(op.marks)),
            ctx.output(),
        ],
    )
