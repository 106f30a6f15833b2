"""Cases that addition, subtraction and multiplication share; each draws its own output scales."""

from collections.abc import Callable
from itertools import product

import numpy as np
from ops.case import Case, Constant, int8, op_case

from edgec.ir import Op, QParams
from edgec.ops.operator import Activation

Shape = tuple[int, ...]
Affine = tuple[float, int]

BROADCASTS: list[tuple[Shape, Shape]] = [
    ((1, 3, 4, 5), (1, 3, 4, 5)),
    ((1, 3, 4, 5), (5,)),
    ((5,), (1, 3, 4, 5)),
    ((1, 3, 4, 5), (1, 1, 1, 5)),
    ((1, 3, 4, 5), (1, 3, 4, 1)),
    ((1, 3, 4, 5), (1, 1, 4, 1)),
    ((1, 3, 1, 5), (1, 1, 4, 1)),
    ((2, 3, 4, 5), (2, 1, 4, 1)),
    ((1, 3, 4, 5), (1, 1, 1, 1)),
    ((1, 3, 4, 5), ()),
    ((7, 1), (1, 6)),
]


def elementwise_cases(
    name: str, make: Callable[[Activation], Op], a: Affine, b: Affine, output: Affine
) -> list[Case]:
    """Return cases for ``make(activation)`` around the typical quantization a, b -> output."""

    def case(
        label: str,
        shapes: tuple[Shape, Shape] = ((1, 3, 5, 7), (1, 3, 5, 7)),
        quantizations: tuple[Affine, Affine, Affine] = (a, b, output),
        activation: Activation = Activation.NONE,
        constant: int | None = None,
    ) -> Case:
        rng = np.random.default_rng(len(label))
        kinds = [int8(shapes[i], *quantizations[i]) for i in range(2)]
        operands = [
            Constant(rng.integers(-128, 128, kind.shape).astype(np.int8), kind.qparams)
            if index == constant
            else kind
            for index, kind in enumerate(kinds)
        ]
        qparams = QParams.per_tensor(*quantizations[2])
        return op_case(f"{name}_{label}", make(activation), operands, [qparams])

    def scaled(affine: Affine, factor: float, zero_point: int) -> Affine:
        return affine[0] * factor, zero_point

    return [
        *(case(f"n{n}", ((1, n), (1, n))) for n in (*range(1, 9), 16, 17)),
        *(case(f"broadcast{i}", shapes) for i, shapes in enumerate(BROADCASTS)),
        *(
            case(f"constant{i}_{side}", shapes, constant=side)
            for (i, shapes), side in product(enumerate(BROADCASTS[:4]), (0, 1))
        ),
        *(
            case(
                f"zero_points{z1}_{z2}_{zo}",
                quantizations=((a[0], z1), (b[0], z2), (output[0], zo)),
            )
            for z1, z2, zo in ((-128, 127, 0), (127, 127, 127), (-128, -128, -128), (0, 0, 0))
        ),
        *(
            case(f"scale{i}", quantizations=(a, scaled(b, 3.1**i, 5), scaled(output, 1.7**i, -9)))
            for i in range(-5, 6)
        ),
        case("saturates", quantizations=(a, b, scaled(output, 0.02, 0))),
        case("vanishes", quantizations=(a, b, scaled(output, 5000.0, 0))),
        *(
            case(
                f"{activation.value.lower()}",
                quantizations=(a, b, scaled(output, 1, -20)),
                activation=activation,
            )
            for activation in Activation
        ),
    ]


def odd_scale_cases(name: str, make: Callable[[Activation], Op]) -> list[Case]:
    """Return cases of sums whose scales are no simple fractions of each other, as calibrated ones.

    With such scales a sum hardly ever lies halfway between two results.
    """
    a, b, output = (0.051734, 3), (0.083177, -11), (0.117913, 7)

    def case(
        label: str,
        shapes: tuple[Shape, Shape],
        activation: Activation = Activation.NONE,
        constant: int | None = None,
    ) -> Case:
        rng = np.random.default_rng(len(label))
        kinds = [int8(shape, *affine) for shape, affine in zip(shapes, (a, b), strict=True)]
        operands = [
            Constant(rng.integers(-128, 128, kind.shape).astype(np.int8), kind.qparams)
            if index == constant
            else kind
            for index, kind in enumerate(kinds)
        ]
        qparams = QParams.per_tensor(*output)
        return op_case(f"{name}_odd_{label}", make(activation), operands, [qparams])

    return [
        *(case(f"n{n}", ((1, n), (1, n))) for n in (1, 2, 3, 4, 5, 7, 8, 17, 256)),
        *(
            case(f"broadcast{i}_{side}", shapes, constant=side)
            for i, side in ((0, None), (1, None), (1, 1), (2, None), (2, 1), (3, 0), (8, None))
            for shapes in BROADCASTS[i : i + 1]
        ),
        case("rows", ((3, 2, 5), (1, 2, 5))),
        *(case(each.value.lower(), ((1, 3, 5, 7),) * 2, each) for each in Activation),
    ]
