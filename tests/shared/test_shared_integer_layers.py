"""Public files with a weight scale per output, or with floats at their end: as their runtime."""

from pathlib import Path

import numpy as np
import pytest
from source_runtimes import judged

SHARED = Path(__file__).parents[3] / "shared"
INTEGERS = [
    "cases/dense_per_channel.tflite",
    "models/exports/tf_dscnn.int8.tflite",
    "models/exports/tf_mlp.16x8.tflite",
    "models/exports/tf_mlp.int8.tflite",
    "models/real/1794c5_model_quant.tflite",
    "models/real/d8b10c_model_quant_int8.tflite",
]
FLOAT_END = "models/real/5cc433_ptq_mnist_lenet-300-100.tflite"
LEAST_DB = 100.0  # floats differ by some roundings of float32, 6e-8 each
pytestmark = [pytest.mark.shared, pytest.mark.oracle, pytest.mark.qemu]


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"{path} is not there: it comes with the shared models")
    return path


@pytest.mark.parametrize("name", INTEGERS)
def test_firmware_gives_the_bytes_of_the_interpreter(name: str, tmp_path: Path) -> None:
    verdict = judged(shared(name), tmp_path)
    assert (verdict.differing, verdict.sqnr_db) == (0, np.inf)


def test_floats_at_the_end_are_those_of_the_interpreter(tmp_path: Path) -> None:
    verdict = judged(shared(FLOAT_END), tmp_path)
    assert verdict.sqnr_db > LEAST_DB
    assert verdict.same_labels == 1
