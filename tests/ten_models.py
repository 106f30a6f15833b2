"""Ten models of every kind that a build takes, written as files: what out_hashes.py builds.

All are made by our own code from seeds, so that a commit can be compared with another one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
from differential.test_streaming import model as lstm_step
from differential.test_transformer_block import model as transformer_block
from onnx import TensorProto, helper, numpy_helper
from onnx_models import branches, dynamo_cnn, signal_net, torchscript_cnn
from ops.cases.layers.lstm import CASES as LSTMS
from ops.cases.layers.svdf import CASES as SVDFS
from qdq_models import QdqBuilder
from small_nets import samples_of, uneven_net

from edgec.driver import BuildOptions
from edgec.exporters import write_tflite
from edgec.ir import Array, Graph, State
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate

DIGITS = Path(__file__).parents[1] / "examples" / "digits"
COUNT = 24  # calibration samples


@dataclass(frozen=True)
class Model:
    """A model file and the options it is built with, but for the board."""

    name: str
    make: Callable[[Path], BuildOptions]


def models() -> Iterator[Model]:
    """Yield the ten models."""
    yield Model("digits", _digits)
    yield Model("int8_tflite", lambda folder: _tflite(folder, _int8_net()))
    yield Model("qdq", _qdq)
    yield Model("float_cnn", lambda folder: _floats(folder, torchscript_cnn(1), image=(1, 3, 8, 6)))
    yield Model("branches", lambda folder: _floats(folder, branches(), image=(1, 3, 6, 5)))
    yield Model(
        "signal_int16",
        lambda folder: replace(_floats(folder, signal_net(), imu=(1, 3, 16)), quantize=_INT16),
    )
    yield Model("softmax", lambda folder: _floats(folder, dynamo_cnn(), x=(1, 3, 8, 6)))
    yield Model("transformer", lambda folder: _floats(folder, transformer_block(), x=(1, 6, 16)))
    yield Model("states", _states)
    yield Model("svdf", lambda folder: _tflite(folder, _stateful(SVDFS[0].graph, 1)))
    yield Model("lstm_tflite", lambda folder: _tflite(folder, _stateful(_lstm_of_states(), 2)))
    yield Model("gru", _gru)


_INT16 = "int16x8"


def _digits(_: Path) -> BuildOptions:
    return BuildOptions(model=str(DIGITS / "digits.onnx"), calib=str(DIGITS / "calib.npz"))


def _floats(
    folder: Path, model: onnx.ModelProto, *, state: str = "", **shapes: tuple[int, ...]
) -> BuildOptions:
    rng = np.random.default_rng(0)
    path, calib = folder / "model.onnx", folder / "calib.npz"
    path.write_bytes(model.SerializeToString())
    arrays = {
        name: rng.standard_normal((COUNT, *shape[1:])).astype(np.float32)
        for name, shape in shapes.items()
    }
    np.savez(calib, **arrays)
    return BuildOptions(model=str(path), calib=str(calib), effort="fast", state=state)


def _tflite(folder: Path, graph: Graph) -> BuildOptions:
    path = folder / "model.tflite"
    path.write_bytes(write_tflite(graph))
    return BuildOptions(model=str(path))


def _int8_net() -> Graph:
    graph = uneven_net()
    return quantize(graph, calibrate(graph, samples_of(graph)))


def _qdq(folder: Path) -> BuildOptions:
    b = QdqBuilder(kind=np.uint8)
    scales = b.rng.uniform(0.005, 0.02, 6)
    x = b.qdq(b.input("x", [1, 3, 8, 8]), 0.04, 10)
    w = b.stored(b.integers(6, 3, 3, 3), scales, np.zeros(6, np.int8))
    bias = b.bias(b.rng.integers(-900, 900, 6), scales * 0.04)
    y = b.add("Conv", x, w, bias, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
    y = b.qdq(b.add("Relu", y), 0.06, -128)
    y = b.qdq(b.add("GlobalAveragePool", y), 0.05, -128)
    b.qdq(b.add("Flatten", y), 0.05, -128, output="y")
    return BuildOptions(model=str(b.file(folder, "y")))


def _states(folder: Path) -> BuildOptions:
    return _floats(folder, lstm_step(), state="h=h_next,c=c_next", x=(1, 1, 4))


def _gru(folder: Path) -> BuildOptions:
    units, depth, steps = 6, 3, 5
    rng = np.random.default_rng(1)
    arrays: dict[str, Array] = {
        "W": rng.standard_normal((1, 3 * units, depth)) / 2,
        "R": rng.standard_normal((1, 3 * units, units)) / 3,
        "B": rng.standard_normal((1, 6 * units)) / 4,
    }
    graph = helper.make_graph(
        [helper.make_node("GRU", ["x", "W", "R", "B"], ["", "h"], name="gru", hidden_size=units)],
        "gru",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [steps, 1, depth])],
        [helper.make_tensor_value_info("h", TensorProto.FLOAT, [1, 1, units])],
        [numpy_helper.from_array(array.astype(np.float32), n) for n, array in arrays.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)], ir_version=8)
    path, calib = folder / "model.onnx", folder / "calib.npz"
    path.write_bytes(model.SerializeToString())
    np.savez(calib, x=rng.standard_normal((COUNT, steps, 1, depth)).astype(np.float32))
    return BuildOptions(model=str(path), calib=str(calib), effort="fast")


def _stateful(graph: Graph, count: int) -> Graph:
    pairs = list(zip(graph.inputs[-count:], graph.outputs[-count:], strict=True))
    return replace(graph, states=tuple(State(before, after) for before, after in pairs))


def _lstm_of_states() -> Graph:
    return next(case.graph for case in LSTMS if case.name == "lstm_of_states")
