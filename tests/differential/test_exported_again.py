"""Whole models: what check accepts is built, and edgec builds its own .tflite to the same bytes.

Files of ``../shared`` too; those of ``models/real``, which take minutes, where
``EDGEC_ALL_SHARED`` is set.
"""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from ops.case import random_array
from ten_models import Model, models
from unets import unet
from unit.frontends.onnx.operators.test_recurrent import DIRECTIONS, GATES
from unit.frontends.onnx.operators.test_recurrent import model as recurrent

from edgec.driver import BuildOptions
from edgec.driver.compile.check import check
from edgec.driver.compile.compile import Compiled, compile_model
from edgec.ir import evaluate_runs

BOARD = "qemu-m4"
SHARED = Path(__file__).parents[3] / "shared"
_WITHOUT_TFLITE = {
    *("pools", "pools_no_tflite", "skl_knn", "skl_rf", "skl_svc", "861513_model", "db462a_model"),
    *("0791b2_svc_wl_48_pct_2", "1d5e0e_keyword_scrambled_8bit"),
}


def floats(model: onnx.ModelProto, quantize: str = "") -> Model:
    def make(folder: Path) -> BuildOptions:
        path = folder / "model.onnx"
        path.write_bytes(model.SerializeToString())
        return BuildOptions(model=str(path), calib="random", effort="fast", quantize=quantize)

    return Model("", make)


def of_nodes(*nodes: onnx.NodeProto, shape: tuple[int, ...], **constants: object) -> Model:
    """Return a model from ``x`` to ``y``."""
    arrays = [numpy_helper.from_array(np.array(each), name) for name, each in constants.items()]
    graph = helper.make_graph(
        nodes,
        "model",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        arrays,
    )
    opset = [helper.make_opsetid("", 17)]
    return floats(helper.make_model(graph, opset_imports=opset, ir_version=8))


def detection_head() -> Model:
    """Return what decodes boxes: (sigmoid(x) * 2 - 0.5 + grid) * stride, on five axes."""
    rng = np.random.default_rng(0)
    node = helper.make_node
    return of_nodes(
        node("Reshape", ["x", "anchors"], ["five"]),
        node("Sigmoid", ["five"], ["s"]),
        node("Mul", ["s", "two"], ["doubled"]),
        node("Add", ["doubled", "grid"], ["placed"]),
        node("Mul", ["placed", "stride"], ["scaled"]),
        node("Mul", ["scaled", "s"], ["product"]),
        node("ReduceMean", ["product"], ["means"], axes=[1, 3], keepdims=1),
        node("Mul", ["product", "means"], ["y"]),
        shape=(1, 12, 4, 3),
        anchors=np.array([1, 3, 4, 4, 3]),
        two=np.float32(2),
        grid=rng.standard_normal((1, 1, 4, 4, 3)).astype(np.float32),
        stride=rng.uniform(1, 2, (1, 3, 4, 1, 1)).astype(np.float32),
    )


def pools() -> Model:
    pool = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], dilations=[2, 1])
    return of_nodes(pool, shape=(1, 3, 9, 8))


def quantized_in_part() -> Model:
    """Return two layers, of which the file quantizes the second: the rest needs samples."""
    rng = np.random.default_rng(1)
    node = helper.make_node
    return of_nodes(
        node("MatMul", ["x", "first"], ["product"]),
        node("Relu", ["product"], ["hidden"]),
        node("QuantizeLinear", ["hidden", "scale", "zero"], ["q"]),
        node("DequantizeLinear", ["q", "scale", "zero"], ["h"]),
        node("DequantizeLinear", ["weights", "scale", "zero"], ["second"]),
        node("MatMul", ["h", "second"], ["sum"]),
        node("QuantizeLinear", ["sum", "coarse", "zero"], ["stored"]),
        node("DequantizeLinear", ["stored", "coarse", "zero"], ["y"]),
        shape=(1, 6),
        first=rng.standard_normal((6, 5)).astype(np.float32),
        weights=rng.integers(-127, 128, (5, 3), dtype=np.int8),
        scale=np.float32(0.05),
        coarse=np.float32(0.5),
        zero=np.int8(0),
    )


def all_models() -> Iterator[Model]:
    yield from models()
    yield replace(detection_head(), name="detection_head")
    yield replace(pools(), name="pools")
    yield replace(quantized_in_part(), name="quantized_in_part")
    yield replace(floats(unet()), name="unet")
    yield replace(floats(unet(), "int16x8"), name="unet_int16")
    for op in GATES:
        for direction in DIRECTIONS:
            layer = recurrent(op, direction=direction, states="given")
            yield replace(floats(layer), name=f"{op}_{direction}")
            yield replace(floats(layer, "int16x8"), name=f"{op}_{direction}_int16")


def problem_of(options: BuildOptions, name: str, folder: Path) -> str:
    """Return what is wrong with the build of a model that check accepts."""
    made = compile_model(replace(options, board=BOARD, output=str(folder / "out")))
    data = made.model.interchange
    if data is None:
        known = name in _WITHOUT_TFLITE and "no .tflite" in " ".join(made.warnings)
        return "" if known else f"no .tflite: {made.warnings}"
    if made.model.remarks:
        return f"the interpreter: {made.model.remarks}"
    path = folder / f"{made.model.graph.name}.tflite"
    path.write_bytes(data)
    again = compile_model(BuildOptions(model=str(path), board=BOARD, output=str(folder / "again")))
    if again.model.interchange != data:
        return "its .tflite is built to other bytes"
    return "" if _computes_the_same(made, again) else "it computes something else"


def _computes_the_same(made: Compiled, again: Compiled) -> bool:
    rng = np.random.default_rng(3)
    graphs = [replace(each.model.graph, states=()) for each in (made, again)]
    kinds = {name: graphs[0].types[name] for name in graphs[0].inputs}
    samples = [{name: random_array(rng, kind) for name, kind in kinds.items()} for _ in range(3)]
    first, second = (
        [each.tobytes() for run in evaluate_runs(graph, samples) for each in run.values()]
        for graph in graphs
    )
    return first == second


@pytest.mark.parametrize("model", list(all_models()), ids=lambda each: each.name)
def test_what_check_accepts_is_built_and_read_again(model: Model, tmp_path: Path) -> None:
    options = model.make(tmp_path)
    result = check(Path(options.model), state=options.state)
    assert result.supported, result.problems
    assert problem_of(options, model.name, tmp_path) == ""


def shared_files() -> list[Path]:
    folders = ["models/exports", "models/mlperf_tiny", "models/onnx", "cases"]
    folders += ["models/real"] if os.environ.get("EDGEC_ALL_SHARED") else []
    found = [each for name in folders for each in (SHARED / name).rglob("*")]
    return sorted(each for each in found if each.suffix in {".onnx", ".tflite"})


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.parametrize("path", shared_files(), ids=lambda each: each.name)
def test_shared_files_that_check_accepts_are_built_and_read_again(
    path: Path, tmp_path: Path
) -> None:
    result = check(path)
    if not result.supported:
        assert result.problems
        return
    options = BuildOptions(model=str(path), calib="random", effort="fast")
    assert problem_of(options, path.stem, tmp_path) == ""
