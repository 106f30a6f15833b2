"""What can be known of the shapes of values before anything is imported."""

from collections.abc import Mapping
from typing import Any

import onnx

Shape = tuple[int | None, ...]
"""Extents; None: not known."""


def known_shapes(model: Any, inputs: Mapping[str, Shape]) -> dict[str, Shape]:
    """Return the shapes of a ``ModelProto``'s values, as ONNX's own shape inference has them.

    ``inputs`` are the shapes of its inputs. Values of which not even the rank is known are left
    out, and all where the inference fails.
    """
    closed = onnx.ModelProto()
    closed.CopyFrom(model)
    for each in closed.graph.input:
        if each.name in inputs:
            _set(each, inputs[each.name])
    del closed.graph.value_info[:]
    for each in closed.graph.output:
        each.type.tensor_type.ClearField("shape")
    try:
        inferred = onnx.shape_inference.infer_shapes(closed, data_prop=True)
    except Exception:  # noqa: BLE001 - whatever it is, the importers will say what does not fit
        return {}
    values = (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output)
    return {
        each.name: tuple(map(extent, each.type.tensor_type.shape.dim))
        for each in values
        if each.type.tensor_type.HasField("shape")
    }


def is_consistent(model: Any) -> bool:
    """Tell whether ONNX's own shape inference finds nothing wrong with a ``ModelProto``."""
    try:
        onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    except Exception:  # noqa: BLE001 - of the library's own kinds, and those of protobuf
        return False
    return True


def extent(dim: Any) -> int | None:
    """Return the extent of an axis, None where it is open."""
    fixed = dim.WhichOneof("value") == "dim_value" and dim.dim_value > 0
    return int(dim.dim_value) if fixed else None


def _set(value: Any, shape: Shape) -> None:
    dims = value.type.tensor_type.shape.dim
    for dim, known in zip(dims, shape, strict=False):
        if known is not None:
            dim.dim_value = known
