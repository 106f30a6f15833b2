"""MindSpore: float networks as ONNX. Its quantization writes MindIR, which edgec does not read.

pip install mindspore onnxruntime; python with_mindspore.py
"""

from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import mindspore as ms
import numpy as np
from mindspore import nn, ops
from onnx_answers import onnxruntime_answers
from samples import CALIBRATION, CLASSES, SHAPES, keep, samples, written

_TOOL = "mindspore"
_STEPS = 60


class Lstm(nn.Cell):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.last = nn.Dense(8, CLASSES)

    def construct(self, x):
        steps, _ = self.lstm(x)
        return self.last(steps[:, -1])


class Attention(nn.Cell):
    def __init__(self):
        super().__init__()
        self.query, self.key, self.value = nn.Dense(16, 16), nn.Dense(16, 16), nn.Dense(16, 16)
        self.out, self.last = nn.Dense(16, 16), nn.Dense(16, CLASSES)

    def construct(self, x):
        scores = ops.matmul(self.query(x), self.key(x).swapaxes(1, 2)) * 0.25
        mixed = ops.matmul(ops.softmax(scores, axis=-1), self.value(x))
        return self.last((x + self.out(mixed)).mean(axis=1))


NETS = {
    "cnn": lambda: nn.SequentialCell(
        nn.Conv2d(1, 8, 3, has_bias=True),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.Conv2d(8, 8, 3, stride=2, group=8, has_bias=True),
        nn.ReLU(),
        nn.Flatten(),
        nn.Dense(128, CLASSES),
    ),
    "mlp": lambda: nn.SequentialCell(nn.Dense(16, 24), nn.ReLU(), nn.Dense(24, CLASSES)),
    "lstm": Lstm,
    "attention": Attention,
}


def main() -> None:
    """Write every file of every network."""
    for net in NETS:
        name = f"{net}.float.onnx"
        x = samples(net)[0][CALIBRATION:]
        keep(_TOOL, name, written(_TOOL, name, partial(_made, net)), x, onnxruntime_answers)


def _made(net: str) -> bytes:
    x, labels = (ms.Tensor(each[:CALIBRATION]) for each in samples(net))
    ms.set_seed(0)
    model = NETS[net]()
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    optimizer = nn.Adam(model.trainable_params(), 0.01)
    step = ms.value_and_grad(
        lambda: loss(model(x), labels.astype(ms.int32)), None, optimizer.parameters
    )
    for _ in range(_STEPS):
        _, gradients = step()
        optimizer(gradients)
    model.set_train(False)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        example = ms.Tensor(np.zeros((1, *SHAPES[net]), np.float32))
        ms.export(model, example, file_name=str(path), file_format="ONNX")
        return path.read_bytes()


if __name__ == "__main__":
    main()
