"""Real .tflite files: what is refused is refused once, by its name and with what to do."""

from pathlib import Path

import numpy as np
import pytest
from oracle import Oracle

from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.ir import evaluate
from edgec.pipelines import optimize_float

REAL = Path(__file__).parents[3] / "shared" / "models" / "real"
pytestmark = [pytest.mark.shared]
REFUSED = {
    "7aa4db_vad": "resource variables",
    "0689ab_okay_nabu": "resource variables",
    "21a797_hey_jarvis": "resource variables",
    "b1917d_model3_1": "recurrent layer",
    "330d1c_person_detect_vela": "Ethos-U",
}


@pytest.mark.parametrize("name", REFUSED)
def test_one_problem_by_its_name(name: str) -> None:
    with pytest.raises(EdgecError) as caught:
        load(REAL / f"{name}.tflite")
    (problem,) = caught.value.problems()
    assert problem.code == "unsupported-operator"
    assert REFUSED[name] in problem.message


def test_a_front_end_is_named_first() -> None:
    """It computes in uint32, too: that is told beside it."""
    with pytest.raises(EdgecError) as caught:
        load(REAL / "278949_audio_preprocessor_int8.tflite")
    first, *others = caught.value.problems()
    assert "audio front end" in first.message
    assert [each.code for each in others] == ["unsupported-tensor"]


@pytest.mark.parametrize(
    "name",
    ["c69cef_model", "2c3728_face_detection_full_range_sparse", "9ee168_selfie_segmentation"],
)
def test_loaded(name: str) -> None:
    assert load(REAL / f"{name}.tflite").graph.outputs


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["c69cef_model", "2c3728_face_detection_full_range_sparse"])
def test_floats_are_those_of_the_interpreter(name: str) -> None:
    """c69cef has int8 weights: the interpreter rounds activations to go with them, edgec not."""
    path = REAL / f"{name}.tflite"
    graph = load(path).graph
    (x,) = graph.inputs
    oracle = Oracle(path.read_bytes())
    values = np.random.default_rng(1).uniform(-1, 1, graph.types[x].shape).astype(np.float32)
    theirs = list(oracle.run({graph.aliases.get(x, x): values}).values())
    for each in (graph, optimize_float(graph)):
        layout = each.layouts.get(x, tuple(range(values.ndim)))
        ours = list(evaluate(each, {x: values.transpose(layout)}).values())
        assert len(ours) == len(theirs)
        for mine, wanted in zip(ours, theirs, strict=True):
            close = 0.05 if name == "c69cef_model" else 1e-3
            np.testing.assert_allclose(mine, wanted, atol=close * np.abs(wanted).max())
