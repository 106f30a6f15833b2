"""--cmsis-nn and EDGEC_CMSIS_NN on the command line: check, matrix, doctor, config files."""

from pathlib import Path

import cmsis_nn_copies as copies
import pytest
from cli.conftest import Cli, small_graph

from edgec.driver.options import BuildOptions, read_config
from edgec.driver.run.matrix import MatrixOptions, _work
from edgec.exporters.tflite import write_tflite


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the root of a checkout of all of CMSIS, with a fork of CMSIS-NN in it."""
    files = copies.version_8()
    old = r"(\barm_convolve_s8\(const cmsis_nn_context \*ctx,)"
    copies.replace(files, copies.FUNCTIONS, old, r"\1 const cmsis_nn_context *weight_sum_ctx,", 1)
    root = tmp_path_factory.mktemp("CMSIS_5")
    copies.write(files, root / "CMSIS" / "NN")
    return root


def test_check_sees_the_linked_copy(
    cli: Cli, model: Path, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def kernels(*more: object) -> list[str]:
        return [each["kernel"] for each in cli("check", model, *more, "--json").json["layers"]]

    bundled = kernels()
    theirs = kernels("--cmsis-nn", checkout)
    assert (bundled[0], theirs[0]) == ("arm_convolve_s8", "edgec_conv2d_s8")
    assert bundled[1:] == theirs[1:]
    monkeypatch.setenv("EDGEC_CMSIS_NN", str(checkout))
    assert kernels() == theirs


def test_check_does_not_blame_the_model(cli: Cli, model: Path, tmp_path: Path) -> None:
    ended = cli("check", model, "--cmsis-nn", tmp_path)
    assert ended.code == 3
    assert "error[cmsis-nn-missing]" in ended.err
    assert str(tmp_path) in ended.err
    assert "not supported" not in ended.out
    assert cli("check", model, "--cmsis-nn", tmp_path, "--kernels", "portable").code == 0


def test_a_config_file_names_it_relative_to_itself(cli: Cli, model: Path, tmp_path: Path) -> None:
    config = tmp_path / "project" / "edgec.toml"
    config.parent.mkdir()
    config.write_text(f'model = "{model}"\nboard = "qemu-m4"\ncmsis_nn = "../lib/NN"\n')
    options = read_config(config)
    assert Path(options.cmsis_nn).resolve() == (tmp_path / "lib" / "NN").resolve()
    assert options.as_config()["cmsis_nn"] == "NN"
    ended = cli("build", "--config", config, "-o", tmp_path / "out")
    assert ended.code == 3
    assert "error[cmsis-nn-missing]: there is no such folder" in ended.err
    assert "lib/NN" in ended.err


def test_cells_of_a_matrix_depend_on_the_linked_copy(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "m.tflite"
    file.write_bytes(write_tflite(small_graph()))

    def key(kernels: str = "auto") -> str:
        return _work(file, "qemu-m4", MatrixOptions(kernels=kernels)).key

    monkeypatch.delenv("EDGEC_CMSIS_NN", raising=False)
    bundled, portable = key(), key("portable")
    assert key() == bundled
    monkeypatch.setenv("EDGEC_CMSIS_NN", str(checkout))
    assert key() != bundled
    assert key("portable") == portable


def test_doctor_says_which_copy_and_what_is_wrong_with_it(
    cli: Cli, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGEC_CMSIS_NN", str(checkout))
    assert "V.18.0.0" in cli("doctor").out
    monkeypatch.setenv("EDGEC_CMSIS_NN", str(tmp_path / "gone"))
    found = {each["name"]: each for each in cli("doctor", "--json").json["findings"]}["CMSIS-NN"]
    assert not found["ok"]
    assert str(tmp_path / "gone") in found["detail"]


def test_options_know_nothing_of_other_folders() -> None:
    """Where a build links a copy of the user's, the report names the folder without its place."""
    assert BuildOptions(cmsis_nn="/home/me/CMSIS-NN").as_config()["cmsis_nn"] == "CMSIS-NN"
