"""Cases that functions of one element share: all 256 inputs, many scales and zero points."""

from collections.abc import Sequence

from ops.case import Case, int8, op_case

from edgec.ir import Op, QParams

Affine = tuple[float, int]


def unary_case(name: str, op: Op, source: Affine, target: Affine, count: int = 2048) -> Case:
    """Return a case whose random inputs hold every int8 value several times."""
    return op_case(name, op, [int8((1, count), *source)], [QParams.per_tensor(*target)])


def fixed_output_cases(name: str, op: Op, target: Affine) -> list[Case]:
    """Return cases of an operator whose output quantization is prescribed."""
    sources = [(0.0004 * 1.83**i, 29 * i % 256 - 128) for i in range(16)]
    return [unary_case(f"{name}_scale{i}", op, each, target) for i, each in enumerate(sources)]


def rescaling_cases(name: str, op: Op, targets: Sequence[Affine]) -> list[Case]:
    """Return cases of an operator with a free output quantization: each target, many inputs."""
    sources = [(0.05, 0), (0.05, -128), (0.0237, 127), (0.4, 3), (0.0011, -90), (3.7, 40)]
    return [
        *(
            unary_case(f"{name}_{i}_{j}", op, source, target)
            for i, source in enumerate(sources)
            for j, target in enumerate(targets)
        ),
        *(unary_case(f"{name}_n{n}", op, (0.05, 7), targets[0], n) for n in (1, 3, 4, 17)),
    ]
