"""Tensors of an ONNX file: where they are, and their elements."""

from collections.abc import Iterator
from typing import Any

import onnx

from edgec.errors import EdgecError, Place
from edgec.ir import Array

_EXPORT = "export the model again, e.g. torch.onnx.export(model, inputs, 'model.onnx')"


def tensors(graph: Any) -> Iterator[Any]:
    """Yield every ``TensorProto`` of a graph: initializers and attributes of nodes."""
    yield from graph.initializer
    for node in graph.node:
        yield from (each.t for each in node.attribute if each.type == onnx.AttributeProto.TENSOR)


def tensor_array(tensor: Any, place: Place) -> Array:
    """Return a ``TensorProto`` as an array; ``malformed-model`` where data and shape disagree."""
    try:
        array: Array = onnx.numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OverflowError, NotImplementedError) as error:
        message = f"tensor {tensor.name!r} cannot be read: {error}"
        raise malformed(message, place) from error
    return array


def malformed(message: str, place: Place) -> EdgecError:
    """Return the error for a file that is no valid ONNX model."""
    return EdgecError("malformed-model", message, place=place, help=_EXPORT)
