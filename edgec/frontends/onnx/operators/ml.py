"""Operators of ai.onnx.ml that skl2onnx puts around a network, as arithmetic."""

from collections.abc import Sequence

import numpy as np

from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.conversion.constants import add_or_fold
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.sub import Sub
from edgec.ops.registry import Format, SourceNode, importer


@importer(Format.ONNX, "ai.onnx.ml::Scaler")
def _scaler(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """(x - offset) * scale, one of each per feature or one in all."""
    x = node.input(0)
    features = g.type(x).shape[-1:]
    offset = _per_feature(node, "offset", 0.0, features)
    scale = _per_feature(node, "scale", 1.0, features)
    if not offset.any():
        return add_or_fold(node, g, Mul(), [x, g.constant(f"{node.name}.scale", scale)])
    shifted = add_or_fold(
        node.part(suffix="shifted"), g, Sub(), [x, g.constant(f"{node.name}.offset", offset)]
    )
    return add_or_fold(node, g, Mul(), [*shifted, g.constant(f"{node.name}.scale", scale)])


def _per_feature(node: SourceNode, name: str, default: float, features: tuple[int, ...]) -> Array:
    values = np.array(node.numbers(name, default=(default,)), np.float32)
    if values.size not in {1, *features}:
        message = f"{values.size} values of {name!r} for features {features}"
        raise node.reject(message, code="malformed-model")
    return values


@importer(Format.ONNX, "ai.onnx.ml::Imputer")
def _imputer(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Import as nothing: integers have no NaN, the application fills in what is missing."""
    filled = node.numbers("imputed_value_floats", default=())
    node.ignore("imputed_value_int64s", "replaced_value_int64")
    missing = node.number("replaced_value_float", default=0.0)
    if not np.isnan(missing):
        raise node.reject(
            f"{missing:g} stands for what is missing",
            help="mark missing values by NaN, or replace them before the model",
        )
    shown = ", ".join(f"{value:.6g}" for value in filled)
    node.remark(f"{node.name}: the application replaces missing values (NaN) itself, by {shown}")
    return [node.input(0)]
