"""Support vector machines of ai.onnx.ml: classifiers, regressors, one class."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import ceil, log2

import numpy as np

from edgec.frontends.onnx.operators.classical.classes import Classes, classes_of, tell_texts
from edgec.frontends.onnx.operators.classical.fixed import (
    Fixed,
    add_fixed,
    add_linear,
    largest_bits,
    mantissa_of,
)
from edgec.ir import Array, GraphBuilder, ValueName
from edgec.ops.classical.class_label import ClassLabel
from edgec.ops.classical.class_scores import ClassScores, Pair, Transform
from edgec.ops.classical.pair_classes import PairProbabilities, PairVotes, pairs_of
from edgec.ops.classical.support_vectors import Kernel, SupportVectors
from edgec.ops.registry import Format, SourceNode, importer

_PAIR = 2  # classes
_PARAMETERS = 3
_SUM_BITS = 60  # of the largest sum of kernels
_DEGREES = range(1, 21)


@dataclass(frozen=True)
class Machine:
    """The numbers of support vectors: vectors [V,F], coefficients [V,R], rho [P].

    ``counts`` of vectors per class; coefficient r of class c goes into sum ``sums[c][r]``.
    """

    kernel: Kernel
    gamma: float
    offset: float
    degree: int
    vectors: Array
    coefficients: Array
    rho: Array
    counts: tuple[int, ...]
    sums: tuple[tuple[int, ...], ...]


@importer(Format.ONNX, "ai.onnx.ml::SVMClassifier")
def _classifier(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """The label by votes of pairs, and decisions of pairs, or probabilities of classes."""
    classes = classes_of(node, "classlabels_ints")
    counts = node.integers("vectors_per_class", default=())
    if len(counts) != classes.count or not sum(counts) or classes.count < _PAIR:
        raise node.reject(
            f"{len(counts)} numbers of support vectors for {classes.count} classes",
            help="export with support vectors, or as LinearClassifier",
        )
    vectors = _vectors(node, sum(counts))
    coefficients = np.array(node.numbers("coefficients")).reshape(classes.count - 1, -1).T
    rho = np.array(node.numbers("rho"))[: pairs_of(classes.count)]
    machine = Machine(*_kernel(node), vectors, coefficients, rho, counts, _places(classes.count))
    decisions = _add(node, g, _folded(machine))
    label = _add_votes(node, g, classes, decisions)
    return [label, _scores(node, g, classes, decisions)]


def _add_votes(
    node: SourceNode, g: GraphBuilder, classes: Classes, decisions: ValueName
) -> ValueName:
    part = node.part(0)
    tell_texts(node, classes, part.outputs[0])
    op = PairVotes(labels=classes.numbers)
    return g.add(op, [decisions], name=part.name, outputs=part.outputs)[0]


def _scores(node: SourceNode, g: GraphBuilder, classes: Classes, decisions: ValueName) -> ValueName:
    """Add the scores as onnxruntime makes them of the pairs' decisions."""
    name = node.text("post_transform", default="NONE")
    if name not in {each.value for each in Transform}:
        raise node.reject(f"post_transform = {name}", help="export with NONE")
    a, b = (np.array(node.numbers(each, default=()), np.float32) for each in ("prob_a", "prob_b"))
    if len(node.outputs) == 1:
        return decisions
    part, transform, pair = node.part(1), Transform(name), Pair.NONE
    value = decisions
    if a.size:
        pairs = pairs_of(classes.count)
        values = [
            g.constant(f"{part.name}/{key}", each[:pairs]) for key, each in (("a", a), ("b", b))
        ]
        op = PairProbabilities(classes=classes.count)
        inner = part if transform is Transform.NONE else node.part(1, "probabilities")
        (value,) = g.add(op, [decisions, *values], name=inner.name, outputs=inner.outputs)
    elif classes.count == _PAIR:
        one_sum = {Transform.NONE: Pair.OPPOSITE, Transform.LOGISTIC: Pair.OPPOSITE}
        pair = one_sum.get(transform, Pair.COMPLEMENT)
        transform = transform if transform is Transform.LOGISTIC else Transform.NONE
    if pair is Pair.NONE and transform is Transform.NONE:
        return value
    scores = ClassScores(pair=pair, transform=transform)
    return g.add(scores, [value], name=part.name, outputs=part.outputs)[0]


@importer(Format.ONNX, "ai.onnx.ml::SVMRegressor")
def _regressor(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """A sum of kernels; of one class 1 where it is more than 0, else -1."""
    node.ignore("post_transform")  # onnxruntime leaves the sum as it is
    coefficients = np.array(node.numbers("coefficients"))
    count = node.integer("n_supports", default=0)
    rho = np.array(node.numbers("rho"))[:1]
    kernel = _kernel(node)
    if count:
        vectors, weights = _vectors(node, count), coefficients.reshape(-1, 1)
    elif kernel[0] is Kernel.LINEAR:
        vectors, weights = coefficients.reshape(1, -1), np.ones((1, 1))
    else:
        raise node.reject(f"kernel {kernel[0].value} without support vectors")
    machine = Machine(*kernel, vectors, weights, rho, (len(vectors),), ((0,),))
    sums = _add(node, g, _folded(machine))
    if not node.flag("one_class", default=False):
        return [sums]
    op = ClassLabel(labels=(-1, 1), column=0)
    return g.add(op, [sums], name=node.name, outputs=node.outputs)


def _vectors(node: SourceNode, count: int) -> Array:
    vectors = np.array(node.numbers("support_vectors", default=()))
    if not vectors.size or vectors.size % count:
        raise node.reject(f"{vectors.size} numbers of {count} support vectors")
    return vectors.reshape(count, -1)


def _kernel(node: SourceNode) -> tuple[Kernel, float, float, int]:
    """Return the kernel, gamma, the offset and the degree."""
    name = node.text("kernel_type", default="LINEAR")
    if name not in {each.value for each in Kernel}:
        raise node.reject(f"kernel {name}")
    gamma, offset, degree = (*node.numbers("kernel_params", default=()), 0.0, 0.0, 0.0)[
        :_PARAMETERS
    ]
    kernel = Kernel(name)
    if kernel is Kernel.POLY and degree not in _DEGREES:
        raise node.reject(f"a polynomial of degree {degree:g}", help="use a whole degree, 1 to 20")
    if kernel is Kernel.RBF and gamma < 0:
        raise node.reject(f"gamma = {gamma:g}")
    return kernel, gamma, offset, int(degree) if kernel is Kernel.POLY else 1


def _places(count: int) -> tuple[tuple[int, ...], ...]:
    """Return, for each class, the pair that each of its coefficients counts in."""
    place = {pair: index for index, pair in enumerate(combinations(range(count), 2))}
    others = [[other for other in range(count) if other != own] for own in range(count)]
    return tuple(
        tuple(place[min(own, other), max(own, other)] for other in others[own])
        for own in range(count)
    )


def _folded(machine: Machine) -> Machine:
    """Return a linear machine as one vector per sum: its vectors add up."""
    if machine.kernel is not Kernel.LINEAR:
        return machine
    whole = np.zeros((machine.rho.size, machine.vectors.shape[1]))
    owners = np.repeat(np.arange(len(machine.counts)), machine.counts)
    for vector, each, owner in zip(machine.vectors, machine.coefficients, owners, strict=True):
        for factor, place in zip(each, machine.sums[owner], strict=True):
            whole[place] += factor * vector
    count = len(whole)
    return Machine(
        machine.kernel,
        machine.gamma,
        machine.offset,
        machine.degree,
        whole,
        np.ones((count, 1)),
        machine.rho,
        (1,) * count,
        tuple((place,) for place in range(count)),
    )


def _add(node: SourceNode, g: GraphBuilder, machine: Machine) -> ValueName:
    """Add the features in fixed point and the sums of kernels; returns decisions, float32."""
    shape = g.type(node.input(0)).shape
    if shape[-1:] != machine.vectors.shape[1:]:
        raise node.reject(f"support vectors of {machine.vectors.shape[1]} features of {shape}")
    scalars = np.array([machine.gamma, machine.offset])
    numbers = (machine.vectors, machine.coefficients, machine.rho, scalars)
    if not all(np.isfinite(each).all() for each in numbers):
        raise node.reject("numbers that are not finite", help="train the model again")
    is_rbf = machine.kernel is Kernel.RBF
    bits = largest_bits(shape[-1], distances=is_rbf)
    points = machine.vectors
    if machine.kernel is Kernel.LINEAR:
        return add_linear(node, g, machine.vectors, machine.rho)
    fixed = add_fixed(node, g, points, centers=is_rbf, bits=bits)
    vectors = fixed.table(points)
    return _add_sums(node, g, machine, fixed, vectors, -2 * fixed.fraction)


def _add_sums(
    node: SourceNode, g: GraphBuilder, machine: Machine, fixed: Fixed, vectors: Array, unit: int
) -> ValueName:
    """Add the sums of kernels; the largest that there can be has 60 bits."""
    bits = largest_bits(vectors.shape[1], distances=machine.kernel is Kernel.RBF)
    reach = 2.0**unit * np.abs(vectors.astype(np.float64)).sum(axis=1).max() * 2.0**bits
    largest = {
        Kernel.POLY: (abs(machine.gamma) * reach + abs(machine.offset)) ** machine.degree,
    }.get(machine.kernel, 1.0)
    total = np.abs(machine.coefficients).sum() * largest + np.abs(machine.rho).max()
    sum_unit = ceil(log2(total or 1.0)) - _SUM_BITS
    factor_unit = mantissa_of(float(np.abs(machine.coefficients).max()))[1]
    tables = {
        "vectors": vectors,
        "coefficients": np.rint(machine.coefficients * 2.0**-factor_unit)
        .clip(-(2**31) + 1, 2**31 - 1)
        .astype(np.int32),
        "rho": np.rint(machine.rho * 2.0**-sum_unit).astype(np.int64),
    }
    values = [g.constant(f"{node.name}/{key}", array) for key, array in tables.items()]
    op = SupportVectors(
        kernel=machine.kernel,
        counts=machine.counts,
        sums=machine.sums,
        unit=unit,
        coefficient_unit=factor_unit,
        sum_unit=sum_unit,
        gamma=mantissa_of(machine.gamma),
        offset=mantissa_of(machine.offset),
        degree=machine.degree,
    )
    name = f"{node.name}/decisions"
    return g.add(op, [fixed.value, *values], name=name, outputs=[name])[0]
