"""ONNX MatMul and Gemm: layers with weights where the right side is a constant matrix.

Everything else is a product of two activations, :class:`BatchMatMul`.
"""

from collections.abc import Sequence

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.layers.batch_matmul import BatchMatMul
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.movement.reshape import Reshape
from edgec.ops.movement.transpose import Transpose
from edgec.ops.registry import Format, SourceNode, importer

_MATRIX = 2  # axes of one


@importer(Format.ONNX, "MatMul")
def _matmul(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    a, b = node.input(0), node.input(1)
    weights = g.constant_value(b)
    if weights is not None and weights.ndim == _MATRIX and g.constant_value(a) is None:
        _check_inner(node, g.type(a).shape[-1:], weights.shape[:1])
        op = FullyConnected(keep_num_dims=g.type(a).rank != _MATRIX)
        inputs = [a, g.constant(f"{b}.oi", weights.T)]
        return g.add(op, inputs, name=node.name, outputs=node.outputs)
    return _stacked(node, g, a, b)


def _stacked(node: SourceNode, g: GraphBuilder, a: ValueName, b: ValueName) -> Sequence[ValueName]:
    """Add the product of two stacks of matrices; vectors are a row on the left, else a column."""
    left, right = g.type(a).shape, g.type(b).shape
    if not left or not right:
        raise node.reject(f"{left} times {right}", code="malformed-model")
    _check_inner(node, left[-1:], right[-2:][:1])
    if min(len(left), len(right)) >= _MATRIX:
        return add_or_fold(node, g, BatchMatMul(), [a, b])
    if len(left) == 1:
        (a,) = add_or_fold(node.part(suffix="row"), g, Reshape(shape=(1, *left)), [a])
    if len(right) == 1:
        (b,) = add_or_fold(node.part(suffix="column"), g, Reshape(shape=(*right, 1)), [b])
    full = add_or_fold(node.part(suffix="product"), g, BatchMatMul(), [a, b])
    shape = g.type(full[0]).shape
    dropped = [len(shape) - 2] * (len(left) == 1) + [len(shape) - 1] * (len(right) == 1)
    kept = tuple(extent for axis, extent in enumerate(shape) if axis not in dropped)
    return add_or_fold(node, g, Reshape(shape=kept), full)


def _check_inner(node: SourceNode, columns: Sequence[int], rows: Sequence[int]) -> None:
    if tuple(columns) != tuple(rows):
        message = f"{columns} columns on the left, {rows} rows on the right"
        raise node.reject(message, code="malformed-model")


@importer(Format.ONNX, "Gemm")
def _gemm(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Y = alpha A' B' + beta C: alpha and beta go into the constants where there are some."""
    alpha, beta = node.number("alpha", default=1.0), node.number("beta", default=1.0)
    turned = (node.flag("transA", default=False), node.flag("transB", default=False))
    _check_matrices(node, g, turned)
    c = node.inputs[2] if len(node.inputs) > _MATRIX else None
    if g.constant_value(node.input(1)) is not None:
        return _layer(node, g, turned, alpha, beta)
    steps = node.part(suffix="product") if alpha != 1 or c else node
    op = BatchMatMul(adj_x=turned[0], adj_y=turned[1])
    (y,) = add_or_fold(steps, g, op, [node.input(0), node.input(1)])
    if alpha != 1:
        y = _times(node.part(suffix="alpha") if c else node, g, y, alpha)
    return [y if c is None else _plus(node, g, y, c, beta)]


def _check_matrices(node: SourceNode, g: GraphBuilder, turned: tuple[bool, bool]) -> None:
    a, b = (g.type(node.input(index)).shape for index in (0, 1))
    if len(a) != _MATRIX or len(b) != _MATRIX:
        raise node.reject(f"{a} times {b} is no product of matrices", code="malformed-model")
    _check_inner(node, [a[0 if turned[0] else 1]], [b[1 if turned[1] else 0]])


def _layer(
    node: SourceNode, g: GraphBuilder, turned: tuple[bool, bool], alpha: float, beta: float
) -> Sequence[ValueName]:
    """Add a fully connected layer; a C that is no row of numbers is added behind it."""
    b = node.constant(g, 1)
    weights = b if turned[1] else b.T
    x = node.input(0)
    if turned[0]:
        x = g.add1(Transpose(perm=(1, 0)), x, name=f"{node.name}/transA")
    inputs = [x, g.constant(f"{node.inputs[1]}.oi", _scaled(weights, alpha))]
    c = node.inputs[2] if len(node.inputs) > _MATRIX else None
    row = None if c is None else _row(g.constant_value(c), weights.shape[0])
    if c is None or row is not None:
        inputs += [] if row is None else [g.constant(f"{c}.o", _scaled(row, beta))]
        return g.add(FullyConnected(), inputs, name=node.name, outputs=node.outputs)
    y = g.add1(FullyConnected(), *inputs, name=f"{node.name}/product")
    return [_plus(node, g, y, c, beta)]


def _row(array: Array | None, outputs: int) -> Array | None:
    """Return C as a row of ``outputs`` numbers, None where it has more, or is computed."""
    if array is None or array.size not in {1, outputs} or array.shape[:-1] not in {(), (1,)}:
        return None
    return np.broadcast_to(array.reshape(-1), (outputs,))


def _plus(node: SourceNode, g: GraphBuilder, y: ValueName, c: ValueName, beta: float) -> ValueName:
    if beta != 1:
        c = _times(node.part(suffix="beta"), g, c, beta)
    return add_or_fold(node, g, Add(), [y, c])[0]


def _times(node: SourceNode, g: GraphBuilder, x: ValueName, factor: float) -> ValueName:
    number = g.constant(f"{node.name}/factor", np.array(factor, np.float32))
    return add_or_fold(node, g, Mul(), [x, number])[0]


def _scaled(array: Array, factor: float) -> Array:
    return array if factor == 1 else (array * factor).astype(array.dtype)
