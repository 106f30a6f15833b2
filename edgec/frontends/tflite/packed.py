"""Weights of 4 bits: two in a byte, read as int8, which is what TFLite's kernels unpack them to."""

import numpy as np

from edgec.ir import Array


def unpacked(data: Array, elements: int) -> Array | None:
    """Return int4 numbers as int8, the lower half of a byte first; None where sizes do not fit.

    Source: tensor_utils::UnpackDenseInt4IntoInt8 of TFLite 2.14.
    """
    if data.size != (elements + 1) // 2:
        return None
    halves = np.stack([data & 15, data >> 4], axis=1).reshape(-1)[:elements].astype(np.int8)
    return np.where(halves > 7, halves - 16, halves).astype(np.int8)  # noqa: PLR2004
