"""The memory of a whole command on a U-Net: interpreter, libraries, samples and all."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from unets import images, unet

_LIMIT = 300_000_000  # bytes
_RUN = """
import sys
from pathlib import Path
from edgec.cli import main
code = main(sys.argv[1:])
(high,) = [line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line]
print(high.split()[1])
sys.exit(code)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux tells the peak in /proc")
@pytest.mark.parametrize("effort", ["fast", pytest.param("best", marks=pytest.mark.slow)])
def test_a_unet_is_quantized_in_300_megabytes(effort: str, tmp_path: Path) -> None:
    """Both efforts once took more: 498 and 677 MB (activations of all samples alone are 49 MB)."""
    model, calib, out = (tmp_path / name for name in ("unet.onnx", "calib.npz", "unet.tflite"))
    model.write_bytes(unet(32, channels=8).SerializeToString())
    np.savez(calib, image=images(128, 32))
    options = ["quantize", model, "--calib", calib, "-o", out, "--effort", effort]
    command = [sys.executable, "-c", _RUN, *map(str, options)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    ended = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert ended.returncode == 0, ended.stderr
    assert int(ended.stdout.splitlines()[-1]) * 1024 < _LIMIT
    assert out.exists()
