"""Every version of CMSIS-NN computes the same bytes: the bundled copy, and copies like upstream's.

One model has every layer that CMSIS-NN has kernels for. The copies look at what they are given (see
``cmsis_nn_copies``), so a call that suits another version ends in an error or in other bytes.
"""

import os
from pathlib import Path
from typing import Any

import cmsis_nn_copies as copies
import numpy as np
import onnx
import pytest
from onnx_models import OnnxBuilder

from edgec.driver import BuildOptions
from edgec.driver.compile.build import build_integers
from edgec.driver.compile.compile import compile_integers, integer_model
from edgec.driver.compile.stages import IntegerModel
from edgec.driver.progress import Quiet
from edgec.driver.run.regression import run_regression

pytestmark = pytest.mark.qemu

BOARDS = ("qemu-m4", "qemu-m55")
WIDTHS = ("int8", "int16x8")
UNROUNDED = 2 * 3 * 3  # weights of an output: 24 bytes in eights, 32 in sixteens
IMAGE = (2, 10, 10)
GIVEN = [each for each in os.environ.get("EDGEC_CMSIS_NN_COPIES", "").split(os.pathsep) if each]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the model, its calibration samples, and the copies of CMSIS-NN."""
    folder = tmp_path_factory.mktemp("versions")
    onnx.save(all_layers(), folder / "layers.onnx")
    samples = np.random.default_rng(4).normal(0.3, 1, (16, *IMAGE)).astype(np.float32)
    np.savez(folder / "samples.npz", x=samples)
    for name, make in copies.COPIES.items():
        copies.write(make(), folder / name)
    copies.write(copies.bundled(), folder / "upstream")
    return folder


def all_layers() -> onnx.ModelProto:
    """Return conv, depthwise, 1x1, add, both pools, two dense layers and softmax."""
    b = OnnxBuilder(seed=5)
    x = b.input("x", [1, *IMAGE])
    assert IMAGE[0] * 9 == UNROUNDED
    first = b.add("Relu", b.conv(x, (IMAGE[0], 8)))
    deep = b.conv(first, (8, 8), group=8)
    point = b.conv(deep, (8, 8), (1, 1))
    pooled = b.add("MaxPool", b.add("Add", first, point), kernel_shape=[2, 2], strides=[2, 2])
    mean = b.add("AveragePool", pooled, kernel_shape=[2, 2], strides=[1, 1])
    hidden = b.add("Relu", b.linear(b.add("Flatten", mean), 8 * 4 * 4, 13))
    y = b.add("Softmax", b.linear(hidden, 13, 5), output="y", axis=1)
    return b.model(y, shapes=[[1, 5]])


def options_for(folder: Path, board: str, width: str, copy: str) -> BuildOptions:
    return BuildOptions(
        model=str(folder / "layers.onnx"),
        calib=str(folder / "samples.npz"),
        board=board,
        quantize=width,
        effort="fast",
        cmsis_nn=str(folder / copy) if copy else "",
        output=str(folder / "out" / f"{board}-{width}-{Path(copy).name or 'bundled'}"),
    )


@pytest.fixture(scope="module")
def quantized(folder: Path) -> dict[str, IntegerModel]:
    """Return the integer models by width: made once, they are the same for every copy."""
    options = (options_for(folder, BOARDS[0], width, "") for width in WIDTHS)
    return {each.quantize: integer_model(each, Quiet()) for each in options}


@pytest.mark.parametrize("board", BOARDS)
def test_upstreams_layout_of_the_bundled_sources_changes_nothing(
    folder: Path, quantized: dict[str, IntegerModel], board: str
) -> None:
    for width, made in quantized.items():
        own, theirs = (
            compile_integers(options_for(folder, board, width, copy), made, Quiet()).library.files
            for copy in ("", "upstream")
        )
        license_file = "kernels/cmsis_nn/LICENSE"
        assert set(theirs) - set(own) == {license_file}
        assert own == {path: data for path, data in theirs.items() if path != license_file}


@pytest.mark.parametrize(
    ("board", "copy", "revision"),
    [
        ("qemu-m4", "", "V.12.5.1"),
        ("qemu-m4", "v8", "V.18.0.0"),  # v6 differs from it on MVE only
        ("qemu-m55", "", "V.12.5.1"),
        ("qemu-m55", "v6", "V.16.0.0"),
        ("qemu-m55", "v8", "V.18.0.0"),
    ],
)
def test_every_version_gives_the_references_bytes(
    folder: Path, quantized: dict[str, IntegerModel], board: str, copy: str, revision: str
) -> None:
    """All are compared with one reference, byte for byte, so they equal each other too."""
    report = built_and_compared(options_for(folder, board, "int8", copy), quantized["int8"])
    assert {each["backend"] for each in report["layers"]} == {"cmsis_nn"}
    expected = {"arm_convolve_s8", "arm_convolve_1x1_s8_fast", "arm_fully_connected_s8"}
    assert expected <= {each["kernel"] for each in report["layers"]}
    (library,) = report["libraries"]
    assert (library["name"], library["revision"]) == ("CMSIS-NN", revision)
    assert len(library["sha256"]) == 64


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("copy", ["upstream", *GIVEN])
def test_copies_that_are_given(
    folder: Path, quantized: dict[str, IntegerModel], copy: str, board: str, width: str
) -> None:
    """Whatever their version: what it has no kernel for, plain C runs."""
    report = built_and_compared(options_for(folder, board, width, copy), quantized[width])
    theirs = {each["op"] for each in report["layers"] if each["backend"] == "cmsis_nn"}
    assert {"depthwise_conv2d", "fully_connected", "add", "max_pool2d"} <= theirs


@pytest.mark.parametrize("board", BOARDS)
def test_int16_layers_of_a_version_whose_convolution_is_not_known(
    folder: Path, quantized: dict[str, IntegerModel], board: str
) -> None:
    options = options_for(folder, board, "int16x8", "v8")
    report = built_and_compared(options, quantized["int16x8"])
    theirs = {each["op"] for each in report["layers"] if each["backend"] == "cmsis_nn"}
    assert {"depthwise_conv2d", "fully_connected", "add", "max_pool2d"} <= theirs
    layers = [each for each in report["layers"] if each["op"] == "conv2d"]
    assert len(layers) == 2
    for layer in layers:
        assert layer["backend"] == "portable_c"
        (refused,) = (each for each in layer["offers"] if each["kernel"] == "convolve_s16")
        assert "arm_convolve_fast_s16 (V.18.0.0 does not" in refused["reason"]


def built_and_compared(options: BuildOptions, made: IntegerModel) -> dict[str, Any]:
    """Build, run all golden samples in QEMU, and return the report."""
    report = build_integers(options, made, Quiet()).report
    result = run_regression(options.output_folder)
    assert (result.mismatches, result.samples) == (0, 20)
    return report
