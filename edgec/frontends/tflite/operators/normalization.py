"""Normalization as edgec's own exporter spells it out: read as the one operator that it was."""

from collections.abc import Mapping, Sequence
from math import log2, prod

import numpy as np

from edgec.ir import Array, GraphBuilder, Signature, TensorType, ValueName
from edgec.ops.layers.normalization import Normalization, offset_bits
from edgec.ops.registry import Format, SourceNode, importer
from edgec.ops.tflite_operators import TfliteOperator, Types, describe_tflite

# The inputs of the stand-in, in the order of the rule in edgec.frontends.tflite.spelled_out.
_RUNS, _AXES, _COUNT, _FINE, _EPSILON, _UNIT, _GAINS, _OFFSETS, _STEPS = _PLACES = range(1, 10)
# How far what is saturated may have been: the bits of a gain follow from the largest one's.
_BEYOND = (1.0, 1 + 2.0**-20, *(1.5 * 2.0**bits for bits in range(30)))
_ADVICE = "build the model that the file was made from"
_INT32 = np.iinfo(np.int32)

describe_tflite("EDGEC_NORMALIZATION", says=TfliteOperator(types=Types.OWN))


@importer(Format.TFLITE, "EDGEC_NORMALIZATION")
def _from_tflite(node: SourceNode, g: GraphBuilder) -> Sequence[ValueName]:
    """Find gain, offset and epsilon in floats that come to the integers of the file."""
    found = {place: node.constant(g, place) for place in _PLACES}
    kind = g.type(node.input(0))
    runs = _axes_of_runs(kind.shape, [int(each) for each in found[_RUNS].flat])
    normalized = {int(each) for each in found[_AXES].flat}
    if runs is None or not normalized <= set(range(len(runs))):
        message = f"runs {found[_RUNS].tolist()} over {sorted(normalized)} of {kind}"
        raise node.reject(message, help=_ADVICE)
    y = kind.with_qparams(node.qparams[0])
    op = Normalization(axes=tuple(sorted(axis for run in normalized for axis in runs[run])))
    op = Normalization(axes=op.axes, epsilon=_epsilon(op, found, kind))
    parameters = _parameters(op, found, runs, (kind, y))
    if parameters is None:
        message = "no gain, offset and epsilon in floats come to its integers"
        raise node.reject(message, help=_ADVICE)
    constants = [
        g.constant(f"{node.name}/{name}", each)
        for name, each in zip(("gain", "offset"), parameters, strict=True)
    ]
    inputs = [node.input(0), *constants]
    return g.add(op, inputs, name=node.name, outputs=node.outputs, qparams=node.qparams)


def _parameters(
    op: Normalization,
    found: Mapping[int, Array],
    runs: Sequence[Sequence[int]],
    kinds: tuple[TensorType, TensorType],
) -> list[Array] | None:
    """Return gain and offset, as many axes as the input's; None where none come to the integers."""
    x, y = kinds
    for beyond in _BEYOND:
        with np.errstate(all="ignore"):  # what a damaged file says
            made = [_by_axes(each, runs, x.shape) for each in _floats(found, y, beyond)]
            inputs = (x, *(TensorType(each.shape) for each in made))
            if _integers(op, made, Signature(inputs, (y,))) == _stated(found):
                return made
    return None


def _axes_of_runs(shape: Sequence[int], extents: Sequence[int]) -> list[list[int]] | None:
    """Return which neighboring axes each run is made of; those of extent 1 are of none."""
    axes = [axis for axis, extent in enumerate(shape) if extent != 1]
    runs: list[list[int]] = []
    for extent in extents:
        run: list[int] = []
        while axes and prod(shape[axis] for axis in run) < extent:
            run.append(axes.pop(0))
        runs.append(run)
    found = [prod(shape[axis] for axis in run) for run in runs]
    return runs if not axes and found == list(extents) else None


def _bits(found: Mapping[int, Array]) -> tuple[int, int, int]:
    """Return ``fine``, ``inverse_bits`` and ``result_bits`` of the factors."""
    fine = round(log2(found[_FINE].item()) / 2)
    return fine, round(log2(found[_UNIT].item())) - fine, round(log2(found[_STEPS].item()))


def _epsilon(op: Normalization, found: Mapping[int, Array], x: TensorType) -> float:
    fine, *_ = _bits(found)
    count = op.count(Signature((x,), (x,)))
    return float(found[_EPSILON].item() / (count / x.quantization.scale) ** 2 / 4.0**fine)


def _floats(found: Mapping[int, Array], y: TensorType, beyond: float) -> tuple[Array, Array]:
    """Return gain and offset, with an axis for each run; ``beyond`` times what is saturated."""
    _, inverse_bits, result_bits = _bits(found)
    q, gains = y.quantization, found[_GAINS].astype(np.float64)
    largest = np.abs(gains).max(initial=0.0)
    if log2(largest + 1) % 1 == 0:
        gains = np.where(np.abs(gains) == largest, gains * beyond, gains)
    gain = gains * 2.0 ** (inverse_bits - result_bits) * q.scale
    places = found[_OFFSETS].astype(np.float64) * 2.0**-result_bits
    bits = offset_bits(y.dtype)
    steps = found[_OFFSETS] >> (result_bits - bits)
    saturated = (steps == _INT32.min) | (steps == _INT32.max)
    offset = (np.where(saturated, places * beyond, places) - q.zero_point - 0.5) * q.scale
    return gain.astype(np.float32), offset.astype(np.float32)


def _by_axes(parameter: Array, runs: Sequence[Sequence[int]], shape: Sequence[int]) -> Array:
    """Return a parameter with an axis for each of the input's."""
    extents = [1] * len(shape)
    for run, extent in zip(runs, parameter.shape, strict=True):
        for axis in run:
            extents[axis] = 1 if extent == 1 else shape[axis]
    return np.asarray(parameter.reshape(extents))


def _integers(op: Normalization, parameters: Sequence[Array], signature: Signature) -> object:
    """Return what the exporter writes for the operator, to be compared."""
    factors = op.factors(parameters[0], parameters[1], signature)
    gains, offsets = (op.by_runs(each, signature) for each in (factors.gains, factors.offsets))
    raised = offsets.astype(np.int64) << (factors.result_bits - factors.offset_bits)
    bits = factors.fine, factors.inverse_bits, factors.result_bits
    return bits, op.count(signature), factors.epsilon, gains.tolist(), raised.tolist()


def _stated(found: Mapping[int, Array]) -> object:
    integers = [found[place].item() for place in (_COUNT, _EPSILON)]
    return (_bits(found), *integers, found[_GAINS].tolist(), found[_OFFSETS].tolist())
