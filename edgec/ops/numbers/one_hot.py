"""One-hot rows, masks of triangles, tests for NaN: what comparisons and selects say in short."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import DType, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.movement.gather import check_table
from edgec.ops.movement.reshape import Reshape
from edgec.ops.numbers.arithmetic import Arithmetic, Calculation
from edgec.ops.numbers.cast import Cast
from edgec.ops.numbers.compare import Compare, Relation
from edgec.ops.numbers.expressions import Expression
from edgec.ops.numbers.plain import in_32_bits
from edgec.ops.numbers.select import Select
from edgec.ops.reductions.axes import checked_axis
from edgec.ops.registry import Format, SourceNode, importer, number_importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

describe_tflite("ONE_HOT", says=TfliteOperator(types=Types.ANY))


@importer(Format.ONNX, "OneHot")
def _from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import rows that are ``values[1]`` at one place; negative places count from the end."""
    depth = int(node.constant(g, 1).item())
    off, on = (
        g.constant(f"{node.name}/{which}", np.asarray(each))
        for which, each in zip(("off", "on"), node.constant(g, 2).reshape(2), strict=True)
    )
    steps, places = Expression(node, g), _whole(node, g)
    negative = steps.add(Compare(relation=Relation.LESS), places, steps.number(0))
    later = steps.add(Arithmetic(calculation=Calculation.ADD), places, steps.number(depth))
    places = steps.add(Select(), negative, later, places)
    return _rows(node, g, places, depth, (in_32_bits(g, on), in_32_bits(g, off)))


@importer(Format.TFLITE, "ONE_HOT")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import rows whose two values are inputs, maybe computed."""
    depth = int(node.constant(g, 1).item())
    values = (in_32_bits(g, node.input(2)), in_32_bits(g, node.input(3)))
    return _rows(node, g, _whole(node, g), depth, values)


def _whole(node: SourceNode, g: GraphBuilder) -> ValueName:
    """Return the places as int32: ONNX allows floats, too."""
    places = in_32_bits(g, node.input(0))
    if g.type(places).dtype is DType.FLOAT32:
        return Expression(node, g).add(Cast(dtype=DType.INT32), places)
    return places


def _rows(
    node: SourceNode,
    g: GraphBuilder,
    places: ValueName,
    depth: int,
    values: tuple[ValueName, ValueName],
) -> Sequence[ValueName]:
    """Add the comparison of each place with 0 to depth - 1, along a new axis, and the select."""
    shape = g.type(places).shape
    axis = checked_axis(node, node.integer("axis", default=-1), len(shape) + 1)
    if depth < 1:
        raise node.reject(f"depth {depth}", code="malformed-model")
    check_table(node, depth)
    steps = Expression(node, g)
    column = steps.add(Reshape(shape=(*shape[:axis], 1, *shape[axis:])), places)
    counts = np.arange(depth, dtype=np.int32).reshape(depth, *(1,) * (len(shape) - axis))
    numbers = g.constant(f"{node.name}/places", counts)
    hit = steps.add(Compare(relation=Relation.EQUAL), column, numbers)
    return add_or_fold(node, g, Select(), [hit, *values])


@number_importer(Format.ONNX, "Trilu")
def _triangle(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import the upper or lower triangle of matrices of numbers: zeros elsewhere."""
    x = in_32_bits(g, node.input(0))
    kind = g.type(x)
    diagonal = int(node.constant(g, 1).item()) if len(node.present_inputs()) > 1 else 0
    ones = np.ones(kind.shape[-2:], np.bool_)
    upper = node.flag("upper", default=True)
    mask = np.triu(ones, diagonal) if upper else np.tril(ones, diagonal)
    keeps = g.constant(f"{node.name}/mask", mask)
    zero = g.constant(f"{node.name}/zero", np.array(0, kind.dtype.numpy))
    return add_or_fold(node, g, Select(), [keeps, x, zero])


@importer(Format.ONNX, "IsNaN", "IsInf")
def _never(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import a test for what no quantized number can be: it never is."""
    node.ignore("detect_negative", "detect_positive")
    node.remark(
        f"node {node.name!r}: {node.op} is false everywhere: integers stand for finite numbers only"
    )
    return [g.constant(node.outputs[0], np.zeros(g.type(node.input(0)).shape, np.bool_))]
