"""A mean costs no more instructions than the pool that it replaces (docs/quantization.md)."""

from pathlib import Path

import pytest

from edgec.driver import BuildOptions, build
from edgec.driver.run.profile import profile
from edgec.exporters.tflite import write_tflite
from edgec.ir import DType, Graph, GraphBuilder, QParams, TensorType
from edgec.ops.layers.windows import Window
from edgec.ops.pooling.average_pool2d import AveragePool2D
from edgec.ops.reductions.mean import Mean


def pool_and_mean(height: int, width: int, channels: int) -> Graph:
    """Return an int8 graph with both over one image: as stated, so that the pool stays a pool."""
    g = GraphBuilder("both")
    q = QParams.per_tensor(0.05, -128)
    x = g.input("x", TensorType((1, height, width, channels), DType.INT8, q))
    pool = AveragePool2D(window=Window((height, width)))
    mean = Mean(axes=(1, 2), keep_dims=True)
    a = g.add(pool, [x], name="pool", qparams=[q])
    b = g.add(mean, [x], name="mean", qparams=[QParams.per_tensor(0.03, -128)])
    return g.build([*a, *b])


@pytest.mark.qemu
@pytest.mark.parametrize("shape", [(24, 9, 40), (8, 8, 64), (3, 3, 256), (5, 5, 9)], ids=str)
@pytest.mark.parametrize("board", ["qemu-m0", "qemu-m4", "qemu-m55"])
def test_a_mean_is_no_slower_than_a_pool(
    board: str, shape: tuple[int, int, int], tmp_path: Path
) -> None:
    model = tmp_path / "both.tflite"
    model.write_bytes(write_tflite(pool_and_mean(*shape)))
    options = BuildOptions(model=str(model), board=board, output=str(tmp_path / "out"))
    cost = {each.op: each.instructions for each in profile(build(options).folder).layers}
    assert cost["mean"] <= cost["average_pool2d"]
