"""Features of a model as integers of one unit: what is done to them before becomes part of it."""

from dataclasses import dataclass, replace
from math import ceil, frexp, log2

import numpy as np

from edgec.frontends.onnx.operators.classical.features import Prepared, Step, prepared
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.classical.fixed_features import FixedFeatures
from edgec.ops.classical.fixed_matrix import FixedMatrix
from edgec.ops.classical.float_matrix import FloatMatrix
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.sub import Sub
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.registry import SourceNode

ROOM = 4
"""Bits by which features may be beyond those that the model knows: 16 times as far."""
_WORD = 31
_FINEST = 60  # bits behind or before the point


@dataclass(frozen=True)
class Affine:
    """features = matrix @ source + offset, in float64; the matrix is a vector where diagonal."""

    source: ValueName
    matrix: Array
    offset: Array


@dataclass(frozen=True)
class Fixed:
    """A value of integers in units of 2**-fraction, and what is subtracted before."""

    value: ValueName
    fraction: int
    center: Array
    gains: Array

    def table(self, points: Array) -> Array:
        """Return points of the model's own in these integers, int32."""
        whole = np.rint((points - self.center) * self.gains * 2.0**self.fraction)
        return np.asarray(whole, np.int32)


def affine(g: GraphBuilder, value: ValueName) -> Affine:
    """Return how features are made from a value by standardizations and at most one projection."""
    behind = prepared(g, value)
    gain, offset = _diagonal(behind.steps, behind.columns.size)
    node = g.producer(behind.source)
    if node is None or not is_projected(g, behind.source):
        return _picked(Affine(behind.source, gain, offset), behind, g)
    weights, *bias = (np.asarray(g.constant_value(each)) for each in node.inputs[1:])
    before = prepared(g, node.inputs[0])
    first, shift = _diagonal(before.steps, weights.shape[1])
    added = bias[0].astype(np.float64) if bias else np.zeros(len(weights))
    matrix = gain[:, None] * weights.astype(np.float64)[behind.columns]
    whole = matrix @ shift + gain * added[behind.columns] + offset
    return _picked(Affine(before.source, matrix * first, whole), before, g)


def _picked(made: Affine, of: Prepared, g: GraphBuilder) -> Affine:
    """Return the same of a value some of whose features are taken, as a matrix."""
    size = g.type(of.source).shape[-1]
    if of.are_all and of.columns.size == size:
        return made
    places = np.eye(size)[of.columns]
    matrix = made.matrix[:, None] * places if made.matrix.ndim == 1 else made.matrix @ places
    return replace(made, matrix=matrix)


def _diagonal(steps: tuple[Step, ...], size: int) -> tuple[Array, Array]:
    gain, offset = np.ones(size), np.zeros(size)
    for step in steps:
        constant = step.constant.astype(np.float64) * step.taken
        if step.kind is Mul:
            constant = np.where(step.taken, constant, 1.0)
            gain, offset = gain * constant, offset * constant
        elif step.kind in {Add, Sub}:
            offset = offset + (constant if step.kind is Add else -constant)
    return gain, offset


def add_fixed(
    node: SourceNode,
    g: GraphBuilder,
    points: Array,
    *,
    centers: bool,
    bits: int,
    gains: Array | None = None,
) -> Fixed:
    """Add the features of a node as integers of at most ``bits`` bits.

    ``points`` are what the features are compared with, [n,F]; where only distances count
    (``centers``) their middle becomes 0. Features times their ``gains`` are held within 16 times
    what the points span.
    """
    made = affine(g, node.input(0))
    factors = np.ones(points.shape[1]) if gains is None else gains
    center = (points.max(0) + points.min(0)) / 2 if centers else np.zeros(points.shape[1])
    span = float((np.abs(points - center) * factors).max(initial=0.0)) or 1.0
    if gains is not None:
        span = max(span, 1.0)  # what varies by 1 lies farther out than its middle
    fraction = min(bits - ROOM - ceil(log2(span)) - 1, _FINEST)
    if fraction < -_FINEST:
        raise node.reject(
            f"points that lie {span:g} apart: no unit of 32-bit integers reaches so far",
            help="scale the features before (StandardScaler in scikit-learn)",
        )
    offset = np.rint((made.offset - center) * factors * 2.0**fraction)
    offset = np.clip(offset, -(2.0**60), 2.0**60).astype(np.int64)
    rows = factors if made.matrix.ndim == 1 else factors[:, None]
    scaled = Affine(made.source, made.matrix * rows, made.offset)
    make = _features if made.matrix.ndim == 1 else _matrix
    value = make(g, scaled, fraction, offset, bits, f"{node.name}/fixed")
    return Fixed(value, fraction, center, factors)


def add_linear(node: SourceNode, g: GraphBuilder, weights: Array, offset: Array) -> ValueName:
    """Add weights [F,G] times what a node reads plus offsets [F]: floats, computed in integers."""
    made = affine(g, node.input(0))
    whole = weights @ made.matrix if made.matrix.ndim > 1 else weights * made.matrix
    added = (offset + weights @ made.offset).astype(np.float32)
    largest = float(np.abs(whole).sum(axis=1).max(initial=0.0)) or 1.0
    unit = ceil(log2(largest)) - _WORD + 1
    name = f"{node.name}/products"
    values = (
        g.constant(f"{name}/weights", np.rint(whole * 2.0**-unit).astype(np.int32)),
        g.constant(f"{name}/offsets", added),
    )
    return g.add(FloatMatrix(shift=unit), [made.source, *values], name=name, outputs=[name])[0]


def is_projected(g: GraphBuilder, value: ValueName) -> bool:
    """Tell whether a value is a product with a constant matrix."""
    node = g.producer(value)
    if node is None or node.op != FullyConnected():
        return False
    return all(g.constant_value(each) is not None for each in node.inputs[1:])


def add_projection(node: SourceNode, g: GraphBuilder) -> ValueName:
    """Add what a node reads, which is projected, as floats computed in integers."""
    size = g.type(node.input(0)).shape[-1]
    return add_linear(node, g, np.eye(size), np.zeros(size))


def _features(
    g: GraphBuilder, made: Affine, fraction: int, offset: Array, bits: int, name: str
) -> ValueName:
    pairs = [mantissa_of(float(each)) for each in made.matrix]
    tables = {
        "factors": np.array([mantissa for mantissa, _ in pairs], np.int32),
        "shifts": np.array([exponent + fraction for _, exponent in pairs], np.int32),
        "offsets": offset,
    }
    values = [g.constant(f"{name}/{key}", array) for key, array in tables.items()]
    op = FixedFeatures(bits=bits)
    return g.add(op, [made.source, *values], name=name, outputs=[name])[0]


def _matrix(
    g: GraphBuilder, made: Affine, fraction: int, offset: Array, bits: int, name: str
) -> ValueName:
    largest = float(np.abs(made.matrix).sum(axis=1).max(initial=0.0)) or 1.0
    unit = ceil(log2(largest)) - _WORD + 1  # a row adds up to less than 2**31
    weights = np.rint(made.matrix * 2.0**-unit).astype(np.int32)
    tables = {"weights": weights, "offsets": offset}
    values = [g.constant(f"{name}/{key}", array) for key, array in tables.items()]
    op = FixedMatrix(shift=unit + fraction, bits=bits)
    return g.add(op, [made.source, *values], name=name, outputs=[name])[0]


def mantissa_of(value: float, bits: int = _WORD) -> tuple[int, int]:
    """Return value as (mantissa, exponent), the mantissa of at most ``bits`` bits."""
    fraction, exponent = frexp(value)
    mantissa = round(fraction * 2.0**bits)
    if abs(mantissa) == 1 << bits:
        mantissa, exponent = mantissa // 2, exponent + 1
    return (mantissa, exponent - bits) if mantissa else (0, -100)


def largest_bits(features: int, *, distances: bool) -> int:
    """Return how many bits features may have so that their squares add up in 64 bits."""
    return min(29, (61 - ceil(log2(max(features, 1)))) // 2 - int(distances))
