"""Constants of a source model, and folding at the door: shape arithmetic never becomes a node."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import Array, GraphBuilder, Op, QParams, Signature, TooLargeError, ValueName
from edgec.ops.registry import Format, SourceNode, importer


def folded_or_added(
    g: GraphBuilder,
    op: Op,
    inputs: Sequence[ValueName],
    *,
    name: str,
    outputs: Sequence[str],
    qparams: Sequence[QParams | None] = (),
) -> tuple[ValueName, ...]:
    """Add ``op`` under ``name``; where all inputs are constants, add its results instead.

    Raises ``ValueError`` where the inputs do not fit the operator, :class:`TooLargeError` where the
    result of folding is beyond any microcontroller.
    """
    inferred = op.infer([g.type(value) for value in inputs])
    arrays = [g.constant_value(value) for value in inputs]
    known = [array for array in arrays if array is not None]
    if len(known) < len(arrays):
        return g.add(op, inputs, name=name, outputs=outputs, qparams=qparams)
    g.room.check(sum(kind.bytes for kind in inferred))
    stated = qparams or tuple(kind.qparams for kind in inferred)
    kinds = tuple(kind.with_qparams(q) for kind, q in zip(inferred, stated, strict=True))
    results = op.evaluate(known, Signature(tuple(g.type(value) for value in inputs), kinds))
    return tuple(
        g.constant(each, array, kind.qparams)
        for each, array, kind in zip(outputs, results, kinds, strict=False)
    )


def add_or_fold(
    node: SourceNode, g: GraphBuilder, op: Op, inputs: Sequence[ValueName]
) -> tuple[ValueName, ...]:
    """Do as :func:`folded_or_added` for a source node, under its names.

    Raises :class:`EdgecError` ``malformed-model`` and ``model-too-large``.
    """
    try:
        return folded_or_added(
            g, op, inputs, name=node.name, outputs=node.outputs, qparams=node.qparams
        )
    except TooLargeError as error:
        raise node.reject(str(error), code="model-too-large") from error
    except ValueError as error:
        raise node.reject(str(error), code="malformed-model") from error


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
