"""FULLY_CONNECTED whose weights are computed: a product of two matrices, as attention has it."""

from collections.abc import Sequence

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.ops.registry import SourceNode

_MATRICES = 2  # inputs without a bias


def is_product(node: SourceNode, g: GraphBuilder, activation: Activation) -> bool:
    """Tell whether weights are computed, and floats or integers with a zero point of their own.

    Other integers are as good as constant ones; with a bias or an activation no product is either.
    """
    q, plain = g.type(node.input(1)).qparams, activation is Activation.NONE
    if g.constant_value(node.input(1)) is not None:
        return False
    return q is None or (any(q.zero_points) and plain and len(node.present_inputs()) == _MATRICES)


def product_with_computed_weights(
    node: SourceNode, g: GraphBuilder, activation: Activation, shape: Sequence[int]
) -> Sequence[ValueName]:
    """Add rows of x times the transposed weights [outputs, depth]; the result has ``shape``."""
    x, weights = node.input(0), node.input(1)
    bias = node.input(2) if len(node.present_inputs()) > _MATRICES else None
    made = node.qparams[0] if node.qparams else None
    depth = g.type(weights).shape[-1]
    rows = Reshape(shape=(g.type(x).elements // depth, depth))
    flat = g.add1(rows, x, name=f"{node.name}/rows", qparams=g.type(x).qparams)
    product = BatchMatMul(adj_y=True)
    y = g.add1(product, flat, weights, name=f"{node.name}/product", qparams=made)
    if bias is not None:
        y = g.add1(Add(activation=activation), y, bias, name=f"{node.name}/bias")
    elif activation is not Activation.NONE:
        y = g.add1(Relu(activation=activation), y, name=f"{node.name}/activation")
    last = Reshape(shape=tuple(shape))
    return g.add(last, [y], name=node.name, outputs=node.outputs, qparams=node.qparams)
