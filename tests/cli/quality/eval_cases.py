"""Small ONNX models with an output of every kind, and ``edgec eval`` of them by labels."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
from cli.conftest import Cli, Ended
from onnx_models import OnnxBuilder

from edgec.ir import Array

ROWS = 48


def dense(classes: int, last: str = "") -> OnnxBuilder:
    """Return x [1,6] -> 12 -> ``y`` [1, classes], with a function at the end."""
    m = OnnxBuilder(seed=3)
    hidden = m.add("Relu", m.linear(m.input("x", [1, 6]), 6, 12))
    y = m.linear(hidden, 12, classes, output="" if last else "y")
    if last:
        m.add(last, y, output="y")
    return m


def image(channels: int, last: str = "") -> OnnxBuilder:
    """Return x [1,2,6,8] -> conv -> ``y`` [1, channels, 6, 8], with a function at the end."""
    m = OnnxBuilder(seed=4)
    hidden = m.add("Relu", m.conv(m.input("x", [1, 2, 6, 8]), (2, 6)))
    y = m.conv(hidden, (6, channels), output="" if last else "y")
    if last:
        m.add(last, y, output="y")
    return m


def detector(joined: bool) -> OnnxBuilder:
    """Return x [1,6] -> 16 boxes, with scores of 3 classes in the same tensor or beside."""
    m = OnnxBuilder(seed=5)
    x = m.input("x", [1, 6])
    corner = m.add("Reshape", m.linear(x, 6, 32), m.ints(1, 16, 2))
    size = m.add("Exp", m.add("Tanh", m.add("Reshape", m.linear(x, 6, 32), m.ints(1, 16, 2))))
    end = m.add("Add", corner, size)
    boxes = m.add("Concat", corner, end, axis=2, output="" if joined else "boxes_out")
    scores = m.add("Reshape", m.linear(x, 6, 48), m.ints(1, 16, 3))
    scores = m.add("Sigmoid", scores, output="" if joined else "scores")
    if joined:
        m.add("Concat", boxes, scores, axis=2, output="y")
    return m


class Case:
    """A model in a file, samples for it, and what onnxruntime says of them."""

    def __init__(self, folder: Path, made: OnnxBuilder, *outputs: str) -> None:
        model = made.model(*(outputs or ("y",)))
        onnx.checker.check_model(model)
        self.model, self.folder = folder / "model.onnx", folder
        onnx.save(model, self.model)
        shape = [each.dim_value for each in model.graph.input[0].type.tensor_type.shape.dim]
        x = np.random.default_rng(1).standard_normal((ROWS, *shape[1:])).astype(np.float32)
        session = onnxruntime.InferenceSession(self.model, providers=["CPUExecutionProvider"])
        rows = [session.run(None, {"x": row[None]}) for row in x]
        self.x = x
        self.said: list[Array] = [np.concatenate(each) for each in zip(*rows, strict=True)]

    def data(self, **labels: Array) -> Path:
        path = self.folder / "t.npz"
        arrays: dict[str, Any] = {
            "x": self.x,
            **{k.replace("__", ":"): v for k, v in labels.items()},
        }
        np.savez(path, **arrays)
        return path

    def eval(self, cli: Cli, *options: str, **labels: Array) -> Ended:
        fast = ("--effort", "fast", *options)
        return cli("eval", self.model, "--data", self.data(**labels), *fast)

    def accuracy(self, cli: Cli, *options: str, **labels: Array) -> dict[str, Any]:
        ended = self.eval(cli, "--json", *options, **labels)
        assert ended.code == 0, ended.err + ended.out
        found: dict[str, Any] = ended.json["accuracy"]
        worse = found["quantized"] - found["float"]
        assert found["loss"] == (-worse if found["higher_is_better"] else worse)
        return found


def noisy(classes: Array, count: int, seed: int = 2) -> Array:
    """Return class numbers, a fifth of them drawn anew."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, count, classes.shape)
    return np.where(rng.random(classes.shape) < 0.2, drawn, classes)


def two_heads() -> OnnxBuilder:
    m = OnnxBuilder(seed=7)
    hidden = m.add("Relu", m.linear(m.input("x", [1, 6]), 6, 12))
    m.linear(hidden, 12, 3, output="kind")
    m.linear(hidden, 12, 1, output="size")
    return m
