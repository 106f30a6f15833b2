"""Runs commands in this process, and builds one small model for all tests of built folders."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgec.cli import main
from edgec.driver import BuildOptions, build
from edgec.exporters.tflite import write_tflite
from edgec.ir import DType, Graph, GraphBuilder, QParams, TensorType
from edgec.ops.activations.softmax import Softmax
from edgec.ops.layers.conv2d import Conv2D
from edgec.ops.layers.fully_connected import FullyConnected
from edgec.ops.layers.windows import Window


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Cli = Callable[..., Ended]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Return a function that runs a command; no settings of the developer leak in."""
    for name in ("EDGEC_ARM_GCC", "EDGEC_QEMU", "EDGEC_CC", "EDGEC_CMSIS_NN", "EDGEC_DEBUG"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


def small_graph(size: int = 8, channels: int = 4) -> Graph:
    """Return conv 3x3 -> fully connected -> softmax, int8, input [1,size,size,1]."""
    rng = np.random.default_rng(1)
    g = GraphBuilder("small")
    act = QParams.per_tensor(0.05, -3)
    x = g.input("image", TensorType((1, size, size, 1), DType.INT8, act))
    kernel = g.constant("kernel", _int8(rng, (channels, 3, 3, 1)), QParams.per_tensor(0.02))
    steps = QParams.per_tensor(0.02 * 0.05)
    bias = g.constant("bias", rng.integers(-999, 999, channels).astype(np.int32), steps)
    y = g.add1(Conv2D(window=Window((3, 3))), x, kernel, bias, name="conv", qparams=act)
    features = channels * (size - 2) ** 2
    matrix = g.constant("matrix", _int8(rng, (5, features)), QParams.per_tensor(0.01))
    scores = g.add1(FullyConnected(), y, matrix, name="dense", qparams=act)
    result = g.add1(Softmax(), scores, name="scores", qparams=QParams.per_tensor(1 / 256, -128))
    return g.build([result])


def _int8(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    return rng.integers(-127, 128, shape).astype(np.int8)


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a small int8 model."""
    path = tmp_path_factory.mktemp("model") / "small.tflite"
    path.write_bytes(write_tflite(small_graph()))
    return path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Path:
    """Return the output folder of the small model, built for stm32."""
    folder = tmp_path_factory.mktemp("built") / "small"
    build(BuildOptions(model=str(model), board="stm32", output=str(folder)))
    return folder


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Return an npz with six samples and labels for the small model."""
    rng = np.random.default_rng(2)
    path = tmp_path / "samples.npz"
    images = rng.integers(-128, 128, (6, 8, 8, 1)).astype(np.int8)
    np.savez(path, image=images, label=np.zeros(6, np.int64))
    return path
