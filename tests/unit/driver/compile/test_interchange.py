"""A .tflite file that no interpreter loads is told of, not written as if nothing were wrong."""

from pathlib import Path

import pytest
from tflite_files import file, operator, tensor, two_convolutions

from edgec.driver.compile import compile as stages
from edgec.driver.compile.compile import compile_model
from edgec.driver.options import BuildOptions
from edgec.exporters.tflite import write_tflite
from edgec.ir import QParams


@pytest.mark.oracle
def test_a_build_tells_of_a_file_that_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "two.tflite"
    path.write_bytes(write_tflite(two_convolutions()))
    options = BuildOptions(model=str(path), board="qemu-m4")
    assert not any("does not load" in each for each in compile_model(options).warnings)
    tensors = [tensor("x", (1, 6)), tensor("y", (1, 6), q=QParams.per_tensor(0.3))]
    bad = file(tensors, [operator("LOGISTIC", [0], [1])], outputs=(1,))
    monkeypatch.setattr(stages, "write_tflite", lambda _: bad)
    (told,) = (each for each in compile_model(options).warnings if "does not load" in each)
    assert "LOGISTIC" in told
