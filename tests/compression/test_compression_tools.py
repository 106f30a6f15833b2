"""Files of compression tools: what docs/compression-tools.md says of each is so."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from compression.tool_files import FOLDER, NETS, built, files, kept_samples, outcome
from onnx.reference import ReferenceEvaluator
from ops.runtimes import Runtime

from edgec.ir import Array, Graph, evaluate

DOC = Path(__file__).parents[2] / "docs" / "compression-tools.md"
LEAST_DB, MARGIN = 25.0, 1.0
_RANKS = {"refused": 0, "calib": 1}
_REMEDIES = {  # what the refusal of a file names, besides its code
    "esp_ppq": ("unsupported-quantization", "num_of_bits=8"),
    "brevitas": ("unsupported-operator", "QuantLSTM"),
}
_ON_CONSTANTS = {"Cast", "Clip", "Constant", "Identity", "QuantizeLinear", "Reshape", "Transpose"}
_FIRMWARE = (
    ("brevitas/cnn.int4.qonnx.onnx", "qemu-m0"),
    ("nncf/cnn.onnx.onnx", "qemu-m4"),
    ("tfmot/cnn.qat.tflite", "qemu-m55"),
    ("aimet/attention.a16.onnx", "qemu-m4"),
)


@cache
def table() -> dict[str, str]:
    """Return what the document says of each file: path in the folder -> cell."""
    rows = re.findall(r"^\| (\w+)/\*\.(\S+) \|(.*)\|$", DOC.read_text(), re.MULTILINE)
    return {
        f"{tool}/{net}.{rest}": cell.strip()
        for tool, rest, cells in rows
        for net, cell in zip(NETS, cells.split("|"), strict=True)
        if cell.strip() != "-"
    }


def named(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def test_the_table_has_all_files() -> None:
    assert {named(path) for path in files()} == set(table())


@pytest.mark.parametrize("path", files(), ids=named)
def test_a_file_is_taken_as_the_table_says(path: Path, tmp_path: Path) -> None:
    """Or better: labels are those of the tool's own runtime; bytes are, of integers."""
    cell, found = table()[named(path)], outcome(path, tmp_path)
    rank = next((rank for word, rank in _RANKS.items() if word in cell), 2)
    if rank == 0:
        code, remedy = _REMEDIES[path.parent.name]
        assert found.error is not None
        assert (found.error.problems()[0].code, remedy in str(found.error)) == (code, True)
        return
    assert found.rank >= rank, found
    assert found.labels == 1.0
    stated = re.search(r"([\d.]+) dB", cell)
    if "bytes" in cell:
        assert found.said.startswith("bytes")
    else:
        assert found.db >= max(LEAST_DB, float(stated.group(1)) - MARGIN if stated else 60.0)


def integers_of(model: onnx.ModelProto) -> Iterator[tuple[str, Array]]:
    """Yield the weights of a QDQ file as integers less their zero point, by onnx's evaluator."""
    constants = {each.name: onnx.numpy_helper.to_array(each) for each in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type in _ON_CONSTANTS and all(name in constants for name in node.input):
            feeds = {name: constants[name] for name in node.input}
            function = onnx.helper.make_function(
                "", "one", list(feeds), list(node.output), [node], [*model.opset_import]
            )
            (constants[node.output[0]],) = ReferenceEvaluator(function).run(None, feeds, {})
        if node.op_type == "DequantizeLinear" and node.input[0] in constants:
            data = constants[node.input[0]].astype(np.int64)
            zero = constants[node.input[2]].astype(np.int64) if len(node.input) > 2 else np.array(0)
            if data.ndim > 1:
                yield node.input[0], data - np.max(zero)


def _spectrum(steps: Array) -> tuple[int, ...]:
    """Return integers without order and sign, in the largest steps: a fold may turn signs."""
    sizes = np.abs(steps.astype(np.int64)).reshape(-1)
    return tuple(np.sort(sizes // max(1, int(np.gcd.reduce(sizes)))).tolist())


# LSTMs are in float; 4 bits are taken in smaller steps; onnx divides halves as halves.
_NOT_COMPARED = "lstm|int4|w4|qonnx|_16|blocks|half"
EXACT = [
    path
    for path in files()
    if re.search(r"aimet|brevitas|esp_ppq|modelopt|neural|nncf|torchao|qdq", named(path))
    and path.suffix == ".onnx"
    and not re.search(_NOT_COMPARED, path.name)
]


@pytest.mark.parametrize("path", EXACT, ids=named)
def test_weights_are_the_integers_of_the_file(path: Path, tmp_path: Path) -> None:
    wanted = list(integers_of(onnx.load(path)))
    graph = built(path, tmp_path)[0].graph
    ours = {_spectrum(each) for each in graph.constants.values() if each.dtype == np.int8}
    assert len(wanted) >= 3
    assert [name for name, steps in wanted if _spectrum(steps) not in ours] == []


@pytest.mark.slow
@pytest.mark.qemu
@pytest.mark.parametrize(("name", "board"), _FIRMWARE)
def test_the_firmware_gives_the_same_bytes(name: str, board: str, tmp_path: Path) -> None:
    graph: Graph = built(FOLDER / name, tmp_path)[0].graph
    inputs = kept_samples(FOLDER / name, graph)[:4]
    for x, outputs in zip(inputs, Runtime(board, "auto").run(graph, inputs, tmp_path), strict=True):
        for expected, actual in zip(evaluate(graph, x).values(), outputs, strict=True):
            np.testing.assert_array_equal(actual, expected)
