"""Constants of a source model, and folding at the door: shape arithmetic never becomes a node."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import Array, GraphBuilder, Op, Signature, ValueName
from edgec.ops.registry import Format, SourceNode, importer

_MAX_FOLDED = 1 << 28  # bytes; a small file can ask for any size


def add_or_fold(
    node: SourceNode, g: GraphBuilder, op: Op, inputs: Sequence[ValueName]
) -> tuple[ValueName, ...]:
    """Add ``op`` for a source node; where all inputs are constants, add its results instead.

    Raises :class:`EdgecError` ``malformed-model`` where the inputs do not fit the operator,
    ``model-too-large`` where the result of folding is beyond any microcontroller.
    """
    try:
        inferred = op.infer([g.type(value) for value in inputs])
    except ValueError as error:
        raise node.reject(str(error), code="malformed-model") from error
    arrays = [g.constant_value(value) for value in inputs]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays):
        return g.add(op, inputs, name=node.name, outputs=node.outputs, qparams=node.qparams)
    size = sum(kind.bytes for kind in inferred)
    if size > _MAX_FOLDED:
        raise node.reject(f"constants become {size} bytes", code="model-too-large")
    stated = node.qparams or tuple(kind.qparams for kind in inferred)
    kinds = tuple(kind.with_qparams(q) for kind, q in zip(inferred, stated, strict=True))
    results = op.evaluate(known, Signature(tuple(g.type(value) for value in inputs), kinds))
    return tuple(
        g.constant(name, array, kind.qparams)
        for name, array, kind in zip(node.outputs, results, kinds, strict=False)
    )


@importer(Format.ONNX, "Constant")
def _constant_from_onnx(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    return [g.constant(node.outputs[0], _constant_array(node))]


def _constant_array(node: SourceNode) -> Array:
    tensor = node.tensor("value")
    if tensor is not None:
        return np.asarray(tensor)
    if node.has("value_float"):
        return np.array(node.number("value_float"), np.float32)
    if node.has("value_floats"):
        return np.array(node.numbers("value_floats"), np.float32)
    if node.has("value_int"):
        return np.array(node.integer("value_int"), np.int64)
    if node.has("value_ints"):
        return np.array(node.integers("value_ints"), np.int64)
    raise node.reject(
        "only dense numeric constants are supported",
        help="store the constant as a dense tensor (attribute 'value')",
    )
