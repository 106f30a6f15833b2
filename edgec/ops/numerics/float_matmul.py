"""Products of float matrices that are the same on every machine."""

import numpy as np

from edgec.ir import Array


def float_matmul(a: Array, b: Array) -> Array:
    """Multiply float32 matrices (stacks of them, as ``numpy.matmul``), summed in double.

    A BLAS adds up in an order of its own, for each processor another. In double that leaves what
    float32 can show: one result in 10**8 is rounded otherwise. Searches that compare candidates
    come to the same end everywhere.
    """
    product: Array = np.matmul(a.astype(np.float64), b.astype(np.float64))
    return product.astype(np.float32)
