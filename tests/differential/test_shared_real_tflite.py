"""Real .tflite files: what is refused is refused once, by its name and with what to do."""

from pathlib import Path

import pytest

from edgec.errors import EdgecError
from edgec.frontends import load

REAL = Path(__file__).parents[3] / "shared" / "models" / "real"
pytestmark = [pytest.mark.shared]
REFUSED = {
    "7aa4db_vad": "resource variables",
    "0689ab_okay_nabu": "resource variables",
    "21a797_hey_jarvis": "resource variables",
    "b1917d_model3_1": "recurrent layer",
    "330d1c_person_detect_vela": "Ethos-U",
    "278949_audio_preprocessor_int8": "audio front end",
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_problem_by_its_name(name: str) -> None:
    with pytest.raises(EdgecError) as caught:
        load(REAL / f"{name}.tflite")
    (problem,) = caught.value.problems()
    assert problem.code == "unsupported-operator"
    assert REFUSED[name] in problem.message


@pytest.mark.parametrize("name", ["c69cef_model"])
def test_loaded(name: str) -> None:
    assert load(REAL / f"{name}.tflite").graph.outputs
