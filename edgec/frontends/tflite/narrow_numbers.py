"""Numbers of 8 or 16 bits without a scale, which a CAST makes for outputs: int32 inside.

``tf.cast(tf.argmax(...), tf.uint8)``: a mask. What only shapes may follow; operators that compute
with such numbers are refused, as TFLite has next to none.
"""

from dataclasses import replace

from edgec.frontends.narrow_outputs import NARROW
from edgec.frontends.tflite.reader import FileModel, FileTensor
from edgec.ir import DType

_VIEWS = {"RESHAPE", "SQUEEZE", "EXPAND_DIMS"}


def narrow_numbers(model: FileModel) -> dict[int, DType]:
    """Return the tensors that casts make, and views of these, with their types in the file."""
    found: set[int] = set()
    for operator in model.operators:
        source = operator.inputs[0] if operator.inputs else None
        views = operator.op in _VIEWS and source in found
        if operator.op == "CAST" or views:
            found |= {n for n in operator.outputs if _is_narrow(model.tensors[n])}
    for operator in reversed(model.operators):
        view = operator.op in _VIEWS and {*operator.outputs} <= found
        if not view:
            found -= {n for n in operator.inputs if n is not None}
    return {n: dtype for n in sorted(found) if (dtype := model.tensors[n].dtype) is not None}


def with_wide_numbers(model: FileModel) -> FileModel:
    """Return the model with int32 for what :func:`narrow_numbers` finds."""
    found = narrow_numbers(model)
    tensors = [
        replace(tensor, type_name="INT32", dtype=DType.INT32) if number in found else tensor
        for number, tensor in enumerate(model.tensors)
    ]
    return replace(model, tensors=tuple(tensors)) if found else model


def _is_narrow(tensor: FileTensor) -> bool:
    return tensor.dtype in NARROW and tensor.qparams is None and not tensor.odd_scales
