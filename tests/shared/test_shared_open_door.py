"""Files found in public and of today's exporters: taken, or refused by their right names."""

from pathlib import Path

import pytest
from source_runtimes import judged

from edgec.driver.compile.check_many import (
    NOT_SUPPORTED,
    SUPPORTED,
    FileCheck,
    check_many,
    model_files,
)

SHARED = Path(__file__).parents[3] / "shared"
FOLDERS = ("models/real", "models/exports", "models/mlperf_tiny", "models/onnx", "cases")
REFUSED = {  # what is refused, and a word of why
    "0689ab_okay_nabu.tflite": "resource variables",
    "21a797_hey_jarvis.tflite": "resource variables",
    "278949_audio_preprocessor_int8.tflite": "audio front end",
    "330d1c_person_detect_vela.tflite": "Ethos-U",
    "7aa4db_vad.tflite": "resource variables",
    "b1917d_model3_1.tflite": "recurrent layer",
    "dense_int16_output.tflite": "FULLY_CONNECTED of int8 makes int16",
    "open_time_axis.onnx": "it is the time axis",
}
SAME_BYTES = (  # what no other test here runs beside the interpreter
    "cases/uint8_io.tflite",
    "models/exports/tf_mlp.int8u.tflite",
    "models/real/13a2c7_resnet_v1_8_32_tfs_int8.tflite",
    "models/real/20e7d6_fdmobilenet_0.25_128_tfs_int8.tflite",
    "models/real/270e79_model_quant_int8.tflite",
    "models/real/8fe4e8_model_quant_int8.tflite",
    "models/real/991a93_stmnist_v1_int8.tflite",
    "models/real/ac718e_keras_lstm_mnist_ptq.tflite",
)
CLOSE = (  # to onnxruntime, with random samples
    "cases/uint8_cast.onnx",
    "models/exports/lstm.qdq_u8.onnx",
    "models/real/0791b2_svc_wl_48_pct_2.onnx",
    "models/real/0ee8d9_100-games-model.onnx",
)
LEAST_DB = 25.0
pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def answers() -> list[FileCheck]:
    return check_many(model_files([SHARED / each for each in FOLDERS]))


def test_what_is_refused_is_refused_by_name(answers: list[FileCheck]) -> None:
    refused = {each.file.name: each for each in answers if each.state != SUPPORTED}
    assert set(refused) == set(REFUSED)
    for name, answer in refused.items():
        assert answer.state == NOT_SUPPORTED
        first = answer.problems[0]
        assert REFUSED[name] in first.message
        assert first.help


def test_nothing_that_its_runtime_loads_is_called_malformed(answers: list[FileCheck]) -> None:
    assert len(answers) > 100
    assert not [str(each) for answer in answers for each in answer.problems if _blames(each.code)]


def _blames(code: str) -> bool:
    return "malformed" in code or code == "bug"


@pytest.mark.oracle
@pytest.mark.qemu
@pytest.mark.parametrize("name", SAME_BYTES)
def test_firmware_gives_the_bytes_of_the_interpreter(name: str, tmp_path: Path) -> None:
    assert judged(SHARED / name, tmp_path).differing == 0


@pytest.mark.qemu
@pytest.mark.parametrize("name", CLOSE)
def test_firmware_answers_as_onnxruntime(name: str, tmp_path: Path) -> None:
    verdict = judged(SHARED / name, tmp_path)
    assert verdict.sqnr_db > LEAST_DB
    assert verdict.same_labels == 1
