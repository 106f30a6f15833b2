"""What int8 arithmetic adds by rounding twice, and how a bias takes it back.

TFLite scales an accumulator in fixed point and rounds, then shifts right and rounds again. A result
just below a half becomes exactly a half first and is then rounded away from zero. For positive
results this is as if the accumulator were up to one larger (0.5 to 1 where there is a right shift).
"""

import numpy as np

from edgec.ir import Array, QParams
from edgec.ops.numerics.fixed_point import quantize_multipliers
from edgec.quantization.ranges.parameters import LOWEST


def rounding_excess(products: Array, output: QParams) -> Array:
    """Return by how much, int32, the accumulators of a layer seem larger than they are.

    ``products`` are input scale times weight scales. Only for outputs that have no negative
    numbers: with both signs the two roundings err both ways.
    """
    _, shifts = quantize_multipliers([float(each) / output.scale for each in products])
    positive = output.zero_point == LOWEST
    return np.asarray(np.where(positive & (np.asarray(shifts) < 0), 1, 0), np.int32)
