"""Cases that functions of one element share: all 256 inputs, many scales and zero points."""

from collections.abc import Sequence

from ops.case import Case, int8, op_case

from edgec.ir import Op, QParams

Affine = tuple[float, int]

SOURCES: list[Affine] = [
    (0.05, 0),
    (0.05, -128),
    (0.0237, 127),
    (0.4, 3),
    (0.0011, -90),
    (3.7, 40),
]


def unary_case(name: str, op: Op, source: Affine, target: Affine, count: int = 700) -> Case:
    """Return a case whose random inputs hold practically every int8 value."""
    return op_case(name, op, [int8((1, count), *source)], [QParams.per_tensor(*target)])


def fixed_output_cases(name: str, op: Op, target: Affine) -> list[Case]:
    """Return cases of an operator whose output quantization is prescribed."""
    sources = [(0.0004 * 1.83**i, 29 * i % 256 - 128) for i in range(16)]
    return [unary_case(f"{name}_scale{i}", op, each, target) for i, each in enumerate(sources)]


def rescaling_cases(name: str, op: Op, targets: Sequence[Affine], step: int = 3) -> list[Case]:
    """Return cases of an operator with a free output quantization: every ``step``-th pair."""
    return [
        unary_case(f"{name}_{i}_{j}", op, source, target)
        for i, source in enumerate(SOURCES)
        for j, target in enumerate(targets)
        if (i + j) % step == 0
    ]
