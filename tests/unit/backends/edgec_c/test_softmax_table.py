"""Softmax by table on this machine: every row the reference's, whatever its length and scale."""

import ctypes
from pathlib import Path

import numpy as np
import pytest
from host_kernels import host_kernel

from edgec.backends.edgec_c.softmax import power_table
from edgec.ir import Array, DType, QParams, Signature, TensorType
from edgec.ops.activations.softmax import Softmax

SCALES = (1e-4, 0.0021, 0.01, 0.037, 0.1, 0.29, 1.0, 7.0)
OUTPUT = QParams.per_tensor(1 / 256, -128)


def rows_of(length: int, seed: int) -> Array:
    """Draw wide and narrow rows; all equal, one hot, one cold, a ramp."""
    rng = np.random.default_rng(seed)
    wide = rng.integers(-128, 128, (4, length))
    narrow = rng.integers(-3, 4, (4, length)) + rng.integers(-120, 120, (4, 1))
    extreme = np.full((6, length), [[-128], [127], [0], [-128], [127], [0]])
    extreme[3, seed % length] = 127
    extreme[4, seed % length] = -128
    extreme[5] = np.arange(length) % 256 - 128
    rows: Array = np.concatenate([wide, narrow, extreme]).astype(np.int8)
    return rows


@pytest.mark.cc
@pytest.mark.parametrize("beta", [1.0, 0.37])
def test_all_lengths_and_scales_equal_the_reference(beta: float, tmp_path: Path) -> None:
    kernel = host_kernel("edgec_softmax_table_s8", tmp_path)
    op = Softmax(beta=beta)
    for length in (*range(1, 601), 1000, 2047, 4096):
        x = rows_of(length, length)
        kind = TensorType(x.shape, DType.INT8, QParams.per_tensor(SCALES[length % len(SCALES)], 3))
        (expected,) = op.evaluate([x], Signature((kind,), (kind.with_qparams(OUTPUT),)))
        table, output = power_table(*op.rescale(kind)), np.empty_like(x)
        pointers = [each.ctypes.data_as(ctypes.c_void_p) for each in (x, table, output)]
        kernel(pointers[0], *x.shape, *pointers[1:])
        np.testing.assert_array_equal(output, expected, err_msg=str(kind))


@pytest.mark.parametrize("scale", SCALES)
def test_the_table_rounds_the_sum_and_falls_from_one(scale: float) -> None:
    kind = TensorType((1, 4), DType.INT8, QParams.per_tensor(scale))
    table = power_table(*Softmax().rescale(kind))
    assert table.dtype == np.uint32
    assert int(table[-1]) == 2**31 - 1 + 2048
    powers = table.astype(np.float64) - 2048
    np.testing.assert_allclose(powers / 2**31, np.exp(scale * np.arange(-255, 1)), atol=1e-5)
    assert np.all(np.diff(powers) >= 0)
