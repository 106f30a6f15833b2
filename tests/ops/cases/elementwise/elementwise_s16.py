"""Sums, differences and products of int16: broadcasting, extreme scales, activations."""

from collections.abc import Callable
from itertools import product

import numpy as np
from ops.case import Case, Constant, int16, op_case
from ops.elementwise import BROADCASTS, Shape

from edgec.ir import Op, QParams
from edgec.ops.elementwise.add import Add
from edgec.ops.elementwise.mul import Mul
from edgec.ops.elementwise.squared_difference import SquaredDifference
from edgec.ops.elementwise.sub import Sub
from edgec.ops.operator import Activation

Make = Callable[[Activation], Op]
Scales = tuple[float, float, float]  # of both operands and of the result


def elementwise_cases(name: str, make: Make, scales: Scales) -> list[Case]:
    """Return cases for ``make(activation)`` around typical scales."""

    def case(
        label: str,
        shapes: tuple[Shape, Shape] = ((1, 3, 5, 7), (1, 3, 5, 7)),
        factors: Scales = (1, 1, 1),
        activation: Activation = Activation.NONE,
        constant: int | None = None,
    ) -> Case:
        rng = np.random.default_rng(len(label))
        kinds = [int16(shapes[i], scales[i] * factors[i]) for i in range(2)]
        operands = [
            Constant(rng.integers(-(2**15), 2**15, kind.shape).astype(np.int16), kind.qparams)
            if index == constant
            else kind
            for index, kind in enumerate(kinds)
        ]
        output = QParams.per_tensor(scales[2] * factors[2])
        return op_case(f"{name}_s16_{label}", make(activation), operands, [output])

    return [
        *(case(f"n{n}", ((1, n), (1, n))) for n in (*range(1, 6), 16, 17)),
        *(case(f"broadcast{i}", shapes) for i, shapes in enumerate(BROADCASTS)),
        *(
            case(f"constant{i}_{side}", shapes, constant=side)
            for (i, shapes), side in product(enumerate(BROADCASTS[:2]), (0, 1))
        ),
        *(case(f"scale{i}", factors=(1, 3.1**i, 1.7**i)) for i in range(-4, 5)),
        case("saturates", factors=(1, 1, 0.02)),
        case("vanishes", factors=(1, 1, 5000.0)),
        *(case(activation.value.lower(), activation=activation) for activation in Activation),
    ]


def squared_difference_case(i: int, shapes: tuple[Shape, Shape], scales: Scales) -> Case:
    kinds = [int16(shape, scale) for shape, scale in zip(shapes, scales, strict=False)]
    result = QParams.per_tensor(scales[2])
    return op_case(f"squared_difference_s16_{i}", SquaredDifference(), kinds, [result])


SQUARE_SCALES: list[Scales] = [
    (2e-4, 3.1e-4, 2.9e-3),
    (2e-4, 2e-4, 1e-3),
    (1e-5, 3e-2, 9.0),
    (2e-4, 3e-4, 1e-6),
]
CASES = [
    *(
        squared_difference_case(4 * i + j, shapes, scales)
        for (i, shapes), (j, scales) in product(enumerate(BROADCASTS[:4]), enumerate(SQUARE_SCALES))
    ),
    *elementwise_cases("add", lambda each: Add(activation=each), (2e-4, 3.1e-4, 4.3e-4)),
    *elementwise_cases("sub", lambda each: Sub(activation=each), (2e-4, 3.1e-4, 4.3e-4)),
    *elementwise_cases("mul", lambda each: Mul(activation=each), (2e-4, 3.1e-4, 1.9e-3)),
    *elementwise_cases("add_pot", lambda each: Add(activation=each), (2**-12, 2**-12, 2**-11)),
]
