"""Sum and Mean of any number of tensors (ONNX, TFLite ADD_N): one addition after the other."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgec.ir import GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.movement.reshape import Reshape
from edgec.ops.operator import is_float
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "Sum")
def _sum(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return _total(node, g)


@importer(Format.TFLITE, "ADD_N")
def _add_n(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    if not all(is_float(g.type(value)) for value in node.present_inputs()):
        raise node.reject("a sum of integers", help="add two at a time: TFLite has float sums only")
    return _total(node, g)


@importer(Format.ONNX, "Mean")
def _mean(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    count = len(node.present_inputs())
    (total,) = _total(_on_the_way(node, "sum"), g)
    share = g.constant(f"{node.name}.share", np.array(1 / max(count, 1), np.float32))
    return add_or_fold(node, g, Mul(), [total, share])


def _total(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    first, *others = node.present_inputs() or (node.input(0),)
    if not others:
        return add_or_fold(node, g, Reshape(shape=g.type(first).shape), [first])
    for index, other in enumerate(others, start=1):
        last = index == len(others)
        part = node if last else _on_the_way(node, f"sum_{index}")
        (first,) = add_or_fold(part, g, Add(), [first, other])
    return (first,)


def _on_the_way(node: SourceNode, name: str) -> SourceNode:
    """Return the node with other names, for a value before its output."""
    names = tuple(f"{output}/{name}" for output in node.outputs)
    return replace(node, name=f"{node.name}/{name}", outputs=names)
