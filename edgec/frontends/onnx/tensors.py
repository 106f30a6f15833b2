"""Tensors of an ONNX file: where they are, and their elements."""

from collections.abc import Iterator
from typing import Any

import onnx

from edgec.errors import EdgecError, Place
from edgec.frontends.limits import too_large
from edgec.ir import Array

_MOST_TEXT = 1 << 26  # bytes: no layer computes with texts
_EXPORT = "export the model again, e.g. torch.onnx.export(model, inputs, 'model.onnx')"


def graphs(graph: Any) -> Iterator[Any]:
    """Yield a graph and all that its nodes hold: branches, bodies of loops, and those inside."""
    todo = [graph]
    while todo:
        each = todo.pop()
        yield each
        for node in each.node:
            for attribute in node.attribute:
                todo += [*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs]


def tensors(graph: Any) -> Iterator[Any]:
    """Yield every ``TensorProto`` of a graph: initializers and attributes of nodes."""
    for each in graphs(graph):
        yield from each.initializer
        for node in each.node:
            yield from (a.t for a in node.attribute if a.type == onnx.AttributeProto.TENSOR)


def tensor_array(tensor: Any, place: Place) -> Array:
    """Return a ``TensorProto`` as an array; ``malformed-model`` where data and shape disagree."""
    texts = tensor.string_data
    size = (
        4 * len(texts) * max(map(len, texts), default=0)
    )  # NumPy makes all as long as the longest
    if size > _MOST_TEXT:
        raise too_large(
            f"texts in tensor {tensor.name!r}: an array of them", size, place, _MOST_TEXT
        )
    try:
        array: Array = onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OverflowError, NotImplementedError) as error:
        message = f"tensor {tensor.name!r} cannot be read: {error}"
        raise malformed(message, place) from error
    return array


def malformed(message: str, place: Place) -> EdgecError:
    """Return the error for a file that is no valid ONNX model."""
    return EdgecError("malformed-model", message, place=place, help=_EXPORT)
