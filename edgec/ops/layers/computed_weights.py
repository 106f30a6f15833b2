"""FULLY_CONNECTED whose weights are computed: a product of two matrices, as attention has it."""

from collections.abc import Sequence

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.activations.relu import Relu
from edgec.ops.elementwise.add import Add
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import Activation
from edgec.ops.registry import SourceNode


def product_with_computed_weights(
    node: SourceNode, g: GraphBuilder, activation: Activation, shape: Sequence[int]
) -> Sequence[ValueName]:
    """Add rows of x times the transposed weights [outputs, depth]; the result has ``shape``.

    Raises ``unsupported-attribute`` for integers that more than a product is made of.
    """
    x, weights = node.input(0), node.input(1)
    bias = node.input(2) if len(node.present_inputs()) > 2 else None  # noqa: PLR2004
    made = node.qparams[0] if node.qparams else None
    if made is not None and (bias is not None or activation is not Activation.NONE):
        raise node.reject(
            "integers with computed weights, and a bias or an activation",
            help="write it as tf.matmul, then tf.add and the activation",
        )
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
