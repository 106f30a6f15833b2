"""Files whose stated quantization is poor: refused, warned of, or taken as they are."""

from pathlib import Path

import numpy as np
import pytest
from qdq_models import QdqBuilder, two_layers

from edgec.driver.compile.check import check
from edgec.driver.compile.compile import integer_model
from edgec.driver.options import BuildOptions
from edgec.driver.progress import Quiet
from edgec.driver.run.eval import evaluate_model
from edgec.errors import EdgecError

GOOD, MEDIOCRE, POOR = 0.05, 2.0, 100.0  # scales between two layers


def warnings_of(path: Path, **options: str | bool) -> tuple[str, ...]:
    made = BuildOptions(model=str(path), **options)  # type: ignore[arg-type]
    return integer_model(made, Quiet()).warnings


def problem_of(path: Path, **options: str | bool) -> EdgecError:
    with pytest.raises(EdgecError) as caught:
        warnings_of(path, **options)
    return caught.value


def samples(folder: Path, scale: float = 1.0) -> Path:
    path = folder / "samples.npz"
    rng = np.random.default_rng(0)
    np.savez(path, image=(scale * rng.standard_normal((20, 4, 6, 6))).astype(np.float32))
    return path


def test_a_good_file_is_taken_without_a_word(tmp_path: Path) -> None:
    assert warnings_of(two_layers(tmp_path, GOOD)) == ()


def test_a_poor_file_is_refused(tmp_path: Path) -> None:
    problem = problem_of(two_layers(tmp_path, POOR))
    assert (problem.code, problem.exit_code) == ("poor-quantization", 1)
    assert problem.place.inside == "node '/Conv_6'"
    assert "less than 10 dB" in problem.message
    assert problem.notes == ("measured on 12 random inputs within the range that the file states",)
    assert "--allow-poor" in problem.help


def test_a_poor_file_that_is_allowed_is_warned_of(tmp_path: Path) -> None:
    (told,) = warnings_of(two_layers(tmp_path, POOR), allow_poor=True)
    assert "dB at node '/Conv_6'" in told
    assert told.endswith("measured on 12 random inputs within the range that the file states")


def test_a_mediocre_file_is_warned_of(tmp_path: Path) -> None:
    (told,) = warnings_of(two_layers(tmp_path, MEDIOCRE))
    assert " 1" in told.split("have")[1][:4], told  # 10 to 20 dB
    assert "measured on" in told


def test_samples_decide_where_there_are_some(tmp_path: Path) -> None:
    """Real inputs that use a hundredth of the range leave little of what follows."""
    path = two_layers(tmp_path, GOOD)
    assert warnings_of(path, calib=str(samples(tmp_path))) == ()
    problem = problem_of(path, calib=str(samples(tmp_path, 0.005)))
    assert problem.code == "poor-quantization"
    assert problem.notes[0] == "measured on the first 12 samples of samples.npz"


def test_eval_shows_the_figures_of_a_poor_file(tmp_path: Path) -> None:
    options = BuildOptions(model=str(two_layers(tmp_path, POOR)))
    found = evaluate_model(options, samples(tmp_path))
    assert found.evaluation.output_sqnr_db is not None
    assert found.evaluation.output_sqnr_db < 10
    assert any("measured on the first 12 samples of samples.npz" in w for w in found.warnings)


def test_check_has_it_among_the_problems(tmp_path: Path) -> None:
    path = two_layers(tmp_path, POOR)
    found = check(path, "stm32")
    assert [each.code for each in found.problems] == ["poor-quantization"]
    assert found.fits
    assert check(path, allow_poor=True).problems == []


def test_outputs_that_are_always_zero_are_no_fault(tmp_path: Path) -> None:
    b = QdqBuilder()
    x = b.qdq(b.input("image", (1, 4, 6, 6)), 0.03, 7)
    w = b.stored(np.zeros((4, 4, 1, 1), np.int8), np.array(0.01), np.array(0, np.int8))
    path = b.file(tmp_path, b.qdq(b.add("Conv", x, w), 0.1))
    assert warnings_of(path) == ()
    assert warnings_of(path, calib=str(samples(tmp_path))) == ()
