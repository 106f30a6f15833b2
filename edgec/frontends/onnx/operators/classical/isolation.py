"""Scores and labels of isolation forests: what was recognized among an exporter's operators."""

from collections.abc import Sequence

import numpy as np

from edgec.frontends.onnx.operators.classical.fixed import mantissa_of
from edgec.ir import GraphBuilder, ValueName
from edgec.ops.classical.anomaly_score import AnomalyScore
from edgec.ops.classical.class_label import ClassLabel
from edgec.ops.registry import Format, SourceNode, importer

_JUST_BELOW_ZERO = float(np.nextafter(np.float32(0), np.float32(-1)))


@importer(Format.ONNX, "edgec::AnomalyScore")
def _score(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The offset less exp(-rate * sum)."""
    rate, offset = node.number("rate"), node.number("offset")
    if rate < 0 or not 0 <= offset < 1:
        raise node.reject(f"rate {rate:g} and offset {offset:g}", code="malformed-model")
    mantissa, exponent = mantissa_of(rate)
    op = AnomalyScore(rate=mantissa, rate_unit=exponent, offset=round(offset * 2**31))
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs)


@importer(Format.ONNX, "edgec::AnomalyLabel")
def _label(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """-1 where the score is below 0, else 1."""
    op = ClassLabel(labels=(-1, 1), column=0, threshold=_JUST_BELOW_ZERO)
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs)
