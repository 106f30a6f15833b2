"""Models that TFLite cannot express: built, and judged by scripts written from definitions.

The reference that edgec records could be wrong as its kernels are, so plain loops judge both.
"""

from itertools import product
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from edgec.driver import BuildOptions, build, open_output, run_regression
from edgec.driver.compile.golden import golden_of
from edgec.driver.progress import Quiet
from edgec.driver.run.run import run_all
from edgec.errors import EdgecError
from edgec.ir import Array

SHAPE = (1, 3, 9, 8)


def max_pool() -> onnx.NodeProto:
    return helper.make_node(
        "MaxPool", ["x"], ["y"], name="pool", kernel_shape=[2, 3], dilations=[2, 1], strides=[1, 2]
    )


def average_pool() -> onnx.NodeProto:
    return helper.make_node(
        "AveragePool", ["x"], ["y"], name="pool", kernel_shape=[3, 3], pads=[0, 1, 2, 0]
    )


def built(node: onnx.NodeProto, folder: Path) -> Path:
    rng = np.random.default_rng(0)
    graph = helper.make_graph(
        [node],
        "pools",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, SHAPE)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    path, calib = folder / "pools.onnx", folder / "calib.npz"
    path.write_bytes(model.SerializeToString())
    np.savez(calib, x=rng.standard_normal((24, *SHAPE[1:])).astype(np.float32))
    out = folder / "out"
    build(BuildOptions(model=str(path), board="qemu-m4", calib=str(calib), output=str(out)))
    return out


def windows(x: Array, node: onnx.NodeProto) -> list[list[list[int]]]:
    """Return, for every output position in NHWC order, the elements that its window meets."""
    get = {each.name: list(each.ints) for each in node.attribute}
    kernel, pads = get["kernel_shape"], get.get("pads", [0, 0, 0, 0])
    steps, spread = get.get("strides", [1, 1]), get.get("dilations", [1, 1])
    height, width, channels = x.shape
    size = [
        (extent + pads[axis] + pads[axis + 2] - (kernel[axis] - 1) * spread[axis] - 1)
        // steps[axis]
        + 1
        for axis, extent in enumerate((height, width))
    ]
    found = []
    for row, column in product(range(size[0]), range(size[1])):
        met: list[list[int]] = [[] for _ in range(channels)]
        for i, j in product(range(kernel[0]), range(kernel[1])):
            r = row * steps[0] + i * spread[0] - pads[0]
            c = column * steps[1] + j * spread[1] - pads[1]
            if 0 <= r < height and 0 <= c < width:
                for channel in range(channels):
                    met[channel].append(int(x[r, c, channel]))
        found.append(met)
    return found


def rounded_mean(values: list[int]) -> int:
    """Return the mean, halves away from zero."""
    total, count = sum(values), len(values)
    return (abs(total) + count // 2) // count * (1 if total >= 0 else -1)


@pytest.mark.qemu
@pytest.mark.parametrize(
    ("node", "of_window"),
    [(max_pool(), max), (average_pool(), rounded_mean)],
    ids=["dilated max pool", "average pool with odd padding"],
)
def test_firmware_computes_what_the_definition_says(
    node: onnx.NodeProto, of_window: object, tmp_path: Path
) -> None:
    out = built(node, tmp_path)
    assert callable(of_window)
    opened = open_output(out)
    inputs, _ = golden_of(opened)
    outputs, _ = run_all(opened, inputs, "emulator", Quiet())
    height, width, channels = SHAPE[2], SHAPE[3], SHAPE[1]
    for sample, result in zip(inputs, outputs, strict=True):
        x = np.frombuffer(sample[0], np.int8).reshape(height, width, channels)
        expected = [of_window(met) for position in windows(x, node) for met in position]
        assert np.frombuffer(result[0], np.int8).tolist() == expected
    assert run_regression(out).mismatches == 0
    assert opened.inputs[0].scale == opened.outputs[0].scale


@pytest.mark.qemu
def test_the_build_says_what_is_left_out_and_the_folder_serves_every_command(
    tmp_path: Path,
) -> None:
    out = built(max_pool(), tmp_path)
    opened = open_output(out)
    (remark,) = opened.report["remarks"]
    assert "no .tflite" in remark
    assert "pool" in remark
    assert remark in opened.report["warnings"]
    assert not (out / "pools.tflite").exists()
    assert (out / "pools.edgec").is_file()
    data = tmp_path / "data.npz"
    np.savez(data, x=np.random.default_rng(1).standard_normal((3, *SHAPE[1:])).astype(np.float32))
    assert run_regression(out, data, layers=True).mismatches == 0
    assert run_regression(out, on="host").mismatches == 0


@pytest.mark.qemu
def test_a_folder_without_a_target_graph_is_refused_by_name_where_it_is_needed(
    tmp_path: Path,
) -> None:
    out = built(max_pool(), tmp_path)
    (out / "pools.edgec").unlink()
    assert run_regression(out).mismatches == 0
    with pytest.raises(EdgecError, match=r"left no pools\.edgec") as caught:
        run_regression(out, on="host")
    assert caught.value.code == "older-output"
