"""ONNX models in half precision (float16, bfloat16), read as the float32 models they stand for."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx

from edgec.errors import Place
from edgec.frontends.onnx.tensors import graphs, malformed, tensor_array, tensors

_FLOAT = onnx.TensorProto.FLOAT
_HALVES = {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16}
_TYPE_ATTRIBUTES = {"to", "dtype", "output_dtype", "stash_type"}  # numbers of element types


def widen(model: Any, place: Place) -> None:
    """Turn half-precision constants, inputs and casts of a ``ModelProto`` into float32, in place.

    ``malformed-model`` where data and shape of a constant disagree.
    """
    for tensor in tensors(model.graph):
        if tensor.data_type in _HALVES:
            _widen_constant(tensor, place)
    for value in (*model.graph.input, *model.graph.output):
        if value.type.tensor_type.elem_type in _HALVES:
            value.type.tensor_type.elem_type = _FLOAT
    for attribute in _type_attributes(model.graph):
        if attribute.i in _HALVES:
            attribute.i = _FLOAT
    del model.graph.value_info[:]


def _widen_constant(tensor: Any, place: Place) -> None:
    array = tensor_array(tensor, place)
    try:
        tensor.CopyFrom(onnx.numpy_helper.from_array(array.astype(np.float32), tensor.name))
    except (TypeError, ValueError) as error:
        raise malformed(f"tensor {tensor.name!r} cannot be read: {error}", place) from error


def _type_attributes(graph: Any) -> Iterator[Any]:
    for node in (node for each in graphs(graph) for node in each.node):
        yield from (each for each in node.attribute if each.name in _TYPE_ATTRIBUTES)
