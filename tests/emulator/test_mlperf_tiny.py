"""The MLPerf Tiny models on every board: bytes of TFLite, instructions of CMSIS-NN."""

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from oracle import run_tflite

from edgec.driver import BuildOptions, build, open_output
from edgec.driver.run.run import open_session
from edgec.ir import Array, ValueName

MODELS = Path(__file__).parents[3] / "shared" / "models" / "mlperf_tiny"
SAMPLES = 20
BOARDS = ("qemu-m0", "qemu-m3", "qemu-m4", "qemu-m7", "qemu-m33", "qemu-m55", "stm32")
FILES = {
    "kws": ("kws_ref_model.tflite", "kws_samples.npz", "features"),
    "vww": ("vww_96_int8.tflite", "vww_samples.npz", "image"),
    "ic": ("pretrainedResnet_quant.tflite", "ic_samples.npz", "image"),
    "ad": ("ad01_int8.tflite", "ad_samples.npz", "window"),
}
CMSIS_NN_INSTRUCTIONS = {  # of CMSIS-NN 12.5.1 alone, counted apart from this project
    ("kws", "qemu-m4"): 7_845_355,
    ("vww", "qemu-m4"): 24_701_235,
    ("ic", "qemu-m4"): 29_852_615,
    ("ad", "qemu-m4"): 579_155,
    ("kws", "qemu-m55"): 1_784_342,
    ("vww", "qemu-m55"): 6_421_427,
    ("ic", "qemu-m55"): 4_835_102,
    ("ad", "qemu-m55"): 172_733,
}


@cache
def inputs_of(model: str) -> list[Array]:
    """Return real samples first, then random ones, int8 and of the model's shape."""
    _, samples, key = FILES[model]
    shape = {"kws": (1, 49, 10, 1), "vww": (1, 96, 96, 3), "ic": (1, 32, 32, 3), "ad": (1, 640)}
    with np.load(MODELS / samples) as archive:
        real = archive[key][: SAMPLES // 2]
    if real.dtype == np.uint8:
        real = (real.astype(np.int16) - 128).astype(np.int8)
    if real.dtype == np.float32:  # ad: scale and zero point of its input
        real = np.clip(np.round(real / 0.39102) + 89, -128, 127).astype(np.int8)
    rng = np.random.default_rng(7)
    drawn = [each.reshape(shape[model]) for each in real]
    while len(drawn) < SAMPLES:
        drawn.append(rng.integers(-128, 128, shape[model], np.int8))
    return drawn


@cache
def expected_of(model: str) -> list[bytes]:
    """Return what TFLite's reference kernels make of the inputs."""
    data = (MODELS / FILES[model][0]).read_bytes()
    name = ValueName({"kws": "input_1", "ad": "input_1"}.get(model, "input_1_int8"))
    return [next(iter(run_tflite(data, {name: x}).values())).tobytes() for x in inputs_of(model)]


@pytest.mark.qemu
@pytest.mark.oracle
@pytest.mark.shared
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("model", FILES)
def test_firmware_equals_tflite(model: str, board: str, tmp_path: Path) -> None:
    path = MODELS / FILES[model][0]
    options = BuildOptions(model=str(path), board=board, output=str(tmp_path / "out"))
    result = build(options)
    built = open_output(result.folder)
    samples = inputs_of(model)
    expected = expected_of(model)
    with open_session(built, "emulator") as session:
        runs = [session.run([sample.tobytes()]) for sample in samples]
    assert [run.outputs[0] for run in runs] == expected
    backends = {layer["backend"] for layer in result.report["layers"]}
    assert backends == {"cmsis_nn"}
    reference = CMSIS_NN_INSTRUCTIONS.get((model, board))
    if reference is not None:
        assert runs[0].instructions == pytest.approx(reference, rel=0.05)
