"""The pytest plugin, in a pytest of its own."""

import shutil
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from cli.conftest import small_graph

from edgec.driver import BuildOptions, build
from edgec.exporters.tflite import write_tflite

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.qemu
INSTALLED = bool(entry_points(group="pytest11", name="edgec"))  # then pytest loads it by itself
PLUGIN = (
    *(() if INSTALLED else ("-p", "edgec.pytest_plugin")),
    *("-p", "no:cacheprovider", "-p", "no:randomly"),
)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a build of the small model."""
    folder = tmp_path_factory.mktemp("plugin")
    model = folder / "small.tflite"
    model.write_bytes(write_tflite(small_graph()))
    build(BuildOptions(model=str(model), board="qemu-m4", output=str(folder / "out")))
    return folder / "out"


def test_one_test_per_golden_sample(pytester: pytest.Pytester, out: Path) -> None:
    result = pytester.runpytest(*PLUGIN, "--edgec", str(out))
    result.assert_outcomes(passed=20)
    again = pytester.runpytest(*PLUGIN, "-v", "--edgec", str(out))
    again.stdout.fnmatch_lines(["*sample19*PASSED*"])


def test_a_wrong_firmware_fails_with_its_layer(
    pytester: pytest.Pytester, out: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(out, folder)
    data = bytearray((folder / "firmware.elf").read_bytes())
    matrix = next(value for name, value in small_graph().constants.items() if name == "matrix")
    data[bytes(data).find(matrix.tobytes()) + 7] ^= 0x40
    (folder / "firmware.elf").write_bytes(data)
    result = pytester.runpytest(*PLUGIN, "--edgec", str(folder))
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*output scores*expected*", "*first layer that differs*'dense'*"])
    assert "Traceback" not in result.stdout.str()


def test_not_an_output_folder_is_a_usage_error(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest(*PLUGIN, "--edgec", "nothing_here")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*not-an-output*"])


def test_fixture_runs_samples(pytester: pytest.Pytester, out: Path) -> None:
    pytester.makepyfile(
        f"""
        import numpy as np

        def test_model(edgec_model):
            model = edgec_model({str(out)!r})
            image = np.zeros((3, 8, 8, 1), np.int8)
            scores = model.run({{"image": image}})["scores"]
            assert scores.shape == (3, 5)
            assert (scores[0] == scores[1]).all()
            assert model.report["board"] == "qemu-m4"
            model.check()

        def test_no_folder(edgec_model):
            edgec_model()
        """
    )
    result = pytester.runpytest(*PLUGIN)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*name a folder*"])
