"""Names of TFLite tensors, as its interpreter shows them, beside those of the file's signature."""

from dataclasses import replace
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest
from tflite_files import constant, conv, conv_tensors, tensor

from edgec.driver import BuildOptions, build, open_output, run, run_regression
from edgec.driver.run.eval import evaluate_model
from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import _Layout
from edgec.frontends import load
from edgec.ir import Array, DType
from edgec.target_file import read_target, write_target

INPUT, OUTPUT = "serving_default_image:0", "StatefulPartitionedCall:0"


class _Signed(_Layout):
    """Writes a signature that calls the tensors by short names."""

    def _named(self, name: str, number: int) -> int:
        return super()._named({INPUT: "image", OUTPUT: "scores"}.get(name, name), number)


def classifier(*, floats: bool) -> bytes:
    """Return a convolution of [1,4,4,2], float or int8, with such names."""
    rng = np.random.default_rng(2)
    dtype = DType.FLOAT32 if floats else DType.INT8
    x, w, b, y = conv_tensors()
    if floats:
        w = constant("w", rng.normal(size=w.kind.shape).astype(np.float32))
        b = constant("b", rng.normal(size=b.kind.shape).astype(np.float32))
    q = None if floats else x.kind.qparams
    tensors = [tensor(INPUT, x.kind.shape, dtype, q), w, b, tensor(OUTPUT, y.kind.shape, dtype, q)]
    return _Signed().model("main", tensors, [conv()], [0], [3])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with both models and the built int8 one."""
    path = tmp_path_factory.mktemp("names")
    for name, floats in (("float", True), ("int8", False)):
        (path / f"{name}.tflite").write_bytes(classifier(floats=floats))
    build(BuildOptions(model=str(path / "int8.tflite"), board="qemu-m4", output=str(path / "out")))
    return path


def saved(folder: Path, key: str, **others: Array) -> Path:
    """Write 40 samples under a key."""
    path = folder / "samples.npz"
    x = np.random.default_rng(3).uniform(-1, 1, (40, 4, 4, 2)).astype(np.float32)
    np.savez(path, **{key: x, **others})
    return path


KEYS = ("image", INPUT, "serving_default_image")


@pytest.mark.qemu
@pytest.mark.parametrize("key", KEYS)
def test_inputs_of_a_run(folder: Path, key: str) -> None:
    result = run(folder / "out", saved(folder, key))
    assert result.outputs["scores"].shape == (40, 4, 4, 2)


@pytest.mark.parametrize("key", KEYS)
def test_calibration_and_evaluation(folder: Path, key: str) -> None:
    """Labels may name the output as the interpreter does, too."""
    labels = {f"target:{OUTPUT}": np.zeros((40, 4, 4, 2), np.float32)}
    data = saved(folder, key, **labels)
    options = BuildOptions(model=str(folder / "float.tflite"), board="qemu-m4", calib=str(data))
    result = evaluate_model(replace(options, effort="fast"), data)
    assert (result.evaluation.output_sqnr_db or 0) > 20
    assert not [each for each in result.warnings if "target" in each]


def test_a_key_that_means_nothing_is_told(folder: Path) -> None:
    data = saved(folder, "serving_default")
    with pytest.raises(EdgecError, match="no array for input 'image'") as caught:
        run(folder / "out", data)
    assert caught.value.code == "samples-keys"


@pytest.mark.qemu
def test_golden_vectors(folder: Path, tmp_path: Path) -> None:
    opened = open_output(folder / "out")
    assert [each.alias for each in (*opened.inputs, *opened.outputs)] == [INPUT, OUTPUT]
    copy = tmp_path / "out"
    copytree(folder / "out", copy)
    with np.load(opened.golden) as file:
        arrays = dict(file)
    np.savez(copy / "golden.npz", **{INPUT: arrays["image"], OUTPUT: arrays["scores"]})
    assert run_regression(copy).mismatches == 0


def test_the_target_graph_keeps_them(folder: Path) -> None:
    path = open_output(folder / "out").target_file
    graph = read_target(path.read_bytes(), path)
    assert dict(graph.aliases) == {"image": INPUT, "scores": OUTPUT}
    assert write_target(graph) == path.read_bytes()
    assert load(path).graph.aliases == graph.aliases
