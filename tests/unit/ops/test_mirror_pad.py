"""Padding by elements of the tensor: as the interpreter and NumPy have it; what does not fit."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from oracle import run_tflite
from tflite_files import constant, file, operator, tensor

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, evaluate

PADS = ((0, 0), (1, 2), (3, 0), (0, 1))
RNG = np.random.default_rng(4)


def mirrored(mode: int, pads: Sequence[Sequence[int]] = PADS) -> bytes:
    """Return a file that pads int8 [1,4,5,2]; mode 0 is REFLECT, 1 SYMMETRIC."""
    shape = [n + sum(pair) for n, pair in zip((1, 4, 5, 2), pads, strict=True)]
    amounts = constant("pads", np.array(pads, np.int32))
    tensors = [tensor("x", (1, 4, 5, 2)), amounts, tensor("y", shape)]
    pad = FileOperator("MIRROR_PAD", 1, (0, 1), (2,), "MirrorPadOptions", {"Mode": mode})
    return file(tensors, [pad], outputs=(2,))


@pytest.mark.oracle
@pytest.mark.parametrize("mode", [0, 1])
def test_the_interpreter_pads_alike(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(mirrored(mode))
    graph = load_tflite(path)
    assert {node.op.name for node in graph.nodes} == {"gather"}
    x = RNG.integers(-128, 128, (1, 4, 5, 2)).astype(np.int8)
    (wanted,) = run_tflite(path.read_bytes(), {"x": x}, exact=True).values()
    np.testing.assert_array_equal(evaluate(graph, {graph.inputs[0]: x})[graph.outputs[0]], wanted)


@pytest.mark.parametrize(
    ("mode", "pads"),
    [(0, ((0, 0), (4, 0), (0, 0), (0, 0))), (1, ((0, 0), (0, 0), (0, 6), (0, 0)))],
)
def test_more_than_there_is_to_mirror(
    mode: int, pads: tuple[tuple[int, int], ...], tmp_path: Path
) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(mirrored(mode, pads))
    with pytest.raises(EdgecError, match="do not fit") as caught:
        load_tflite(path)
    assert caught.value.code == "operator-misfit"


@pytest.mark.oracle
def test_a_sum_of_several_tensors(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    tensors = [tensor(name, (2, 3), DType.FLOAT32, None) for name in "abcy"]
    add = operator("ADD_N", (0, 1, 2), (3,))
    path.write_bytes(file(tensors, [add], inputs=(0, 1, 2)))
    graph = load_tflite(path)
    x = {name: RNG.normal(size=(2, 3)).astype(np.float32) for name in graph.inputs}
    named = {str(name): array for name, array in x.items()}
    (wanted,) = run_tflite(path.read_bytes(), named).values()
    np.testing.assert_allclose(evaluate(graph, x)[graph.outputs[0]], wanted, rtol=1e-6)


def test_a_sum_of_several_integers_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    tensors = [tensor(name, (2, 3)) for name in "abcy"]
    path.write_bytes(file(tensors, [operator("ADD_N", (0, 1, 2), (3,))], inputs=(0, 1, 2)))
    with pytest.raises(EdgecError, match="two at a time"):
        load_tflite(path)
