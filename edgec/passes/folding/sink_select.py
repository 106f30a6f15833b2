"""Takes a select of zeros behind a product into the product: division that knows no NaN.

``0 where y == 0, else x * (1 / y)`` is ``x * (0 where y == 0, else 1 / y)``: what decides, and what
it guards, then depend on y alone, and become one table of it.
"""

from dataclasses import dataclass
from typing import ClassVar

from edgec.ir import Graph, Node, ValueName
from edgec.ops.elementwise.mul import Mul
from edgec.ops.numbers.select import Select
from edgec.ops.operator import Activation
from edgec.passes.rewrite import Draft, Neighborhood, Replacement, rewrite


@dataclass(frozen=True, slots=True)
class SinkSelect:
    """select(c, 0, x * f(y)) with a condition of y becomes x * select(c, 0, f(y))."""

    name: ClassVar[str] = "sink_select"

    def run(self, graph: Graph) -> Graph:
        return rewrite(graph, _into_product)


def _into_product(node: Node, around: Neighborhood) -> Replacement | None:
    if not isinstance(node.op, Select):
        return None
    condition, *operands = node.inputs
    zeros = [index for index, value in enumerate(operands) if _is_zero(value, around)]
    if len(zeros) != 1:
        return None
    (zero,) = zeros
    product = around.producer(operands[1 - zero])
    if product is None or not isinstance(product.op, Mul):
        return None
    alone = around.reads_only(product.outputs[0], [node])
    if product.op.activation is not Activation.NONE or not alone:
        return None
    guarded = _guarded(condition, product, around)
    if guarded is None:
        return None
    (other,) = [value for value in product.inputs if value != guarded]
    draft = Draft(around, [product, node])
    operands[1 - zero] = guarded
    inner = draft.add(Select(), [condition, *operands], name=f"{node.name}/guarded")
    draft.add(product.op, [other, inner], name=product.name, output=node.outputs[0])
    return draft.replacement()


def _is_zero(value: ValueName, around: Neighborhood) -> bool:
    array = around.constant(value)
    return array is not None and array.size == 1 and not array.any()


def _guarded(condition: ValueName, product: Node, around: Neighborhood) -> ValueName | None:
    """Return the factor that the condition looks at, of the condition's own shape."""
    test = around.producer(condition)
    seen = set() if test is None else {v for v in test.inputs if around.constant(v) is None}
    shape = around.type(condition).shape
    for value in product.inputs:
        maker = around.producer(value)
        sources = {value} if maker is None else {value, *maker.inputs}
        if seen and seen <= sources and around.type(value).shape == shape:
            return value
    return None
