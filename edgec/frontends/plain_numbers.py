"""Plain numbers at run time: which operators may read them, and what to say of the others."""

from collections.abc import Sequence

from edgec.errors import EdgecError
from edgec.ir import GraphBuilder, Node, ValueName
from edgec.ops.operator import Operator
from edgec.ops.registry import SourceNode, importer_of, is_number


def imported(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Add what a source node stands for, and return its values.

    Raises ``unsupported-dtype`` where that would compute with numbers that have no scale, but can
    only do so with real ones.
    """
    function = importer_of(node, g)
    if function is None:
        raise _refused(node, g, next(iter(node.present_inputs())))
    before = len(g.nodes)
    values = function(node, g)
    for each in g.nodes[before:]:
        for value in each.inputs:
            if g.constant_value(value) is None and not _takes(each, value, g):
                raise _refused(node, g, value)
    return values


def _takes(node: Node, value: ValueName, g: GraphBuilder) -> bool:
    kind = g.type(value)
    if not is_number(kind) or not isinstance(node.op, Operator):
        return True
    return kind.dtype in node.op.number_types


def _refused(node: SourceNode, g: GraphBuilder, value: ValueName) -> EdgecError:
    return node.reject(
        f"{value!r} is {g.type(value).dtype.value} at run time: it computes with other types only",
        code="unsupported-dtype",
        help="cast it to float32 before (ONNX Cast, tf.cast), or compute this in the application",
    )
