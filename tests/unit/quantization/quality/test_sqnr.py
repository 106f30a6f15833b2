"""Signal and noise: sums that come out the same everywhere."""

import os
import subprocess
import sys

import numpy as np

from edgec.quantization.quality.sqnr import energy

MANY = """
import numpy as np
from edgec.quantization.quality.sqnr import energy
print(*(energy(np.random.default_rng(seed).standard_normal(10**6)).hex() for seed in range(8)))
"""


def test_energy_is_the_sum_of_squares_in_double() -> None:
    x = np.array([[3, -4], [1e-4, 0]], np.float32)
    np.testing.assert_allclose(energy(x), 25 + 1e-8, rtol=1e-12)


def test_the_number_of_threads_changes_no_energy() -> None:
    """OpenBLAS would split the sum among its threads."""
    told = []
    for threads in ("1", "2"):
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": threads}
        command = [sys.executable, "-c", MANY]
        told.append(subprocess.run(command, env=environment, check=True, capture_output=True))
    assert told[0].stdout == told[1].stdout != b""
