"""MatMulNBits: weights of few bits with a scale per block are the floats that onnxruntime has."""

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto
from qdq_models import QdqBuilder, judge

from edgec.errors import EdgecError
from edgec.frontends.onnx.load import load_onnx
from edgec.ir import ValueName, evaluate

RNG = np.random.default_rng(4)
COLUMNS, BLOCK = 6, 16


def product(
    b: QdqBuilder, bits: int, depth: int, *, zeros: bool = False, bias: bool = False
) -> str:
    blocks = -(-depth // BLOCK)
    data = RNG.integers(0, 256, (COLUMNS, blocks, BLOCK * bits // 8)).astype(np.uint8)
    scales = RNG.uniform(0.01, 0.1, COLUMNS * blocks).astype(np.float32)
    row = -(-blocks * bits // 8)
    points = RNG.integers(0, 256, COLUMNS * row).astype(np.uint8)
    inputs = [b.input("x", (2, depth)), b.weight(data), b.weight(scales)]
    inputs.append(b.weight(points) if zeros else "")
    inputs += ["", b.weight(RNG.normal(size=COLUMNS).astype(np.float32))] if bias else []
    while not inputs[-1]:
        inputs.pop()
    given = {"K": depth, "N": COLUMNS, "bits": bits, "block_size": BLOCK}
    return b.microsoft("MatMulNBits", *inputs, **given)


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("depth", [32, 40])
@pytest.mark.parametrize(("zeros", "bias"), [(False, False), (True, True)])
def test_it_is_the_product_with_these_weights(
    bits: int, depth: int, zeros: bool, bias: bool, tmp_path: Path
) -> None:
    b = QdqBuilder()
    path = b.file(tmp_path, product(b, bits, depth, zeros=zeros, bias=bias), rank=2)
    x = {"x": RNG.normal(size=(2, depth)).astype(np.float32)}
    graph = load_onnx(path)
    (wanted,) = judge(path, x)
    (actual,) = evaluate(graph, {ValueName("x"): x["x"]}).values()
    np.testing.assert_allclose(actual, wanted, rtol=1e-4, atol=1e-4)


def test_an_order_of_groups_is_refused_with_the_option(tmp_path: Path) -> None:
    b = QdqBuilder()
    y = product(b, 4, 32)
    b.nodes[-1].input.extend(["", b.weight(np.arange(32, dtype=np.int32))])
    with pytest.raises(EdgecError, match="MatMulNBits") as caught:
        load_onnx(b.file(tmp_path, y, kind=TensorProto.FLOAT, rank=2))
    assert "actorder" in caught.value.help
