"""Weights with a scale per block of a row (MatMulNBits), spelled as arithmetic on constants.

It is folded as it is imported: what is left is a float MatMul with these weights.
Source: onnxruntime's com.microsoft.MatMulNBits-1.
"""

from collections.abc import Iterator
from typing import Any

import onnx

from edgec.frontends.onnx.spelling import MICROSOFT, Forms, Spelling

_BYTE = 8
_FLOAT, _INT32 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT32
_ZERO_POINTS, _GROUPS, _BIAS = 3, 4, 5  # inputs


def _product(s: Spelling) -> Iterator[Any]:
    """Inputs: a [...,K], weights in bytes [N, blocks, bytes], scales, zero points, order, bias."""
    bits = int(s.attribute("bits", 4))
    if s.input(_GROUPS) or bits not in {2, 4, _BYTE}:
        yield s.node  # refused by its name
        return
    columns, depth, size = (int(s.attribute(name, 0)) for name in ("N", "K", "block_size"))
    yield from _unpacked(s, 1, bits, [columns, -1, size], "steps")
    yield from _zero_points(s, bits, columns)
    yield s.make("Sub", [s.own("steps"), s.own("zeros")], s.own("centered"))
    yield from _shaped(s, s.input(2), [columns, -1, 1], "scales")
    yield s.make("Mul", [s.own("centered"), s.own("scales")], s.own("blocks"))
    yield from _shaped(s, s.own("blocks"), [columns, -1], "rows")
    bounds = [s.integers([value], f"bound_{value}") for value in (0, depth)]
    last = s.integers([1], "last")
    yield from (*bounds, last)
    ends = [each.output[0] for each in (*bounds, last)]
    yield s.make("Slice", [s.own("rows"), *ends], s.own("cut"))
    yield s.make("Transpose", [s.own("cut")], s.own("weights"), perm=[1, 0])
    operands = [s.input(0), s.own("weights")]
    result = s.own("product") if s.input(_BIAS) else s.output(0)
    yield s.make("MatMul", operands, result)
    if s.input(_BIAS):
        yield s.make("Add", [result, s.input(_BIAS)], s.output(0))


def _zero_points(s: Spelling, bits: int, columns: int) -> Iterator[Any]:
    """Make one zero point per block: half the range where none are given, in bytes else."""
    if not s.input(_ZERO_POINTS):
        yield s.number(float(2 ** (bits - 1)), "zeros")
        return
    blocks = -(-int(s.attribute("K", 0)) // int(s.attribute("block_size", 1)))
    yield from _unpacked(s, _ZERO_POINTS, bits, [columns, -1], "zero_rows")
    bounds = [s.integers([value], f"zero_bound_{value}") for value in (0, blocks)]
    last = s.integers([1], "zero_last")
    yield from (*bounds, last)
    ends = [each.output[0] for each in (*bounds, last)]
    yield s.make("Slice", [s.own("zero_rows"), *ends], s.own("zero_blocks"))
    yield from _shaped(s, s.own("zero_blocks"), [columns, -1, 1], "zeros")


def _unpacked(s: Spelling, index: int, bits: int, shape: list[int], what: str) -> Iterator[Any]:
    """Make floats of integers that lie side by side in bytes, the lowest bits first."""
    wide = s.own(f"{what}_wide")
    yield s.make("Cast", [s.input(index)], wide, to=_INT32)
    parts = []
    axis = s.integers([-1], f"{what}_axis")
    yield axis
    for number in range(_BYTE // bits):
        names = [s.own(f"{what}_{step}_{number}") for step in ("shifted", "part", "column")]
        factor, base = (f"{what}_{step}_{number}" for step in ("factor", "base"))
        for name, value in ((factor, 2 ** (bits * number)), (base, 2**bits)):
            yield s.make("Constant", [], s.own(f"{name}_long"), value_int=value)
            yield s.make("Cast", [s.own(f"{name}_long")], s.own(name), to=_INT32)
        yield s.make("Div", [wide, s.own(factor)], names[0])
        yield s.make("Mod", [names[0], s.own(base)], names[1])
        yield s.make("Unsqueeze", [names[1], axis.output[0]], names[2])
        parts.append(names[2])
    yield s.make("Concat", parts, s.own(f"{what}_bytes"), axis=-1)
    yield s.make("Cast", [s.own(f"{what}_bytes")], s.own(f"{what}_real"), to=_FLOAT)
    yield from _shaped(s, s.own(f"{what}_real"), shape, what)


def _shaped(s: Spelling, name: str, shape: list[int], what: str) -> Iterator[Any]:
    extents = s.integers(shape, f"{what}_shape")
    yield from (extents, s.make("Reshape", [name, extents.output[0]], s.own(what)))


BLOCK_FORMS: Forms = {(MICROSOFT, "MatMulNBits"): _product}
