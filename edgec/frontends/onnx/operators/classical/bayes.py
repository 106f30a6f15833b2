"""Likelihoods of naive Bayes: what was recognized among an exporter's operators."""

from collections.abc import Sequence
from math import ceil, log2

import numpy as np

from edgec.frontends.onnx.operators.classical.fixed import (
    add_fixed,
    add_linear,
    largest_bits,
    mantissa_of,
)
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.classical.class_scores import ClassScores, Transform
from edgec.ops.classical.gaussian_sums import GaussianSums
from edgec.ops.registry import Format, SourceNode, importer

_SUM_BITS = 60
_MATRIX = 2  # axes


@importer(Format.ONNX, "edgec::Likelihoods")
def _likelihoods(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The offset of each class plus products with x, or less weighted squares."""
    weights, offset = (np.asarray(node.tensor(each), np.float64) for each in ("weights", "offset"))
    centers, size = node.tensor("centers"), g.type(node.input(0)).shape[-1]
    if weights.ndim != _MATRIX or weights.shape[1] != size or offset.shape != weights.shape[:1]:
        raise node.reject(f"weights that are none of {size} features", code="malformed-model")
    if centers is None:
        return [add_linear(node, g, weights, offset)]
    centers = np.asarray(centers, np.float64)
    if centers.shape != weights.shape or weights.min() < 0:
        raise node.reject("centers that do not fit the weights", code="malformed-model")
    return [_gaussian(node, g, centers, weights, offset)]


def _gaussian(
    node: SourceNode, g: GraphBuilder, centers: Array, weights: Array, offset: Array
) -> ValueName:
    """Add sums of squares of features that all vary by about 1."""
    gains = np.sqrt(weights.mean(0)) + 1e-30
    bits = largest_bits(1, distances=True)
    fixed = add_fixed(node, g, centers, centers=True, bits=bits, gains=gains)
    factors = weights / gains**2
    unit = -2 * fixed.fraction
    largest = factors.sum(1).max() * 2.0 ** (2 * (bits + 1) + unit) + np.abs(offset).max()
    sum_unit = ceil(log2(largest)) - _SUM_BITS
    weight_unit = mantissa_of(float(factors.max()))[1]
    tables = {
        "centers": fixed.table(centers),
        "weights": np.minimum(np.rint(factors * 2.0**-weight_unit), 2**31 - 1).astype(np.int32),
        "offsets": np.rint(offset * 2.0**-sum_unit).astype(np.int64),
    }
    values = [g.constant(f"{node.name}/{key}", array) for key, array in tables.items()]
    op = GaussianSums(unit=unit, weight_unit=weight_unit, sum_unit=sum_unit)
    return g.add(op, [fixed.value, *values], name=node.name, outputs=node.outputs)[0]


@importer(Format.ONNX, "edgec::Probabilities")
def _probabilities(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The softmax of likelihoods."""
    op = ClassScores(transform=Transform.SOFTMAX)
    return g.add(op, [node.input(0)], name=node.name, outputs=node.outputs)
