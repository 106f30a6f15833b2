"""The four networks in PyTorch, trained for a second each, and their export to ONNX."""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from onnx_answers import onnxruntime_answers
from samples import CALIBRATION, CLASSES, Array, keep, samples, written
from torch import nn

_STEPS, _RATE = 150, 0.01


class Cnn(nn.Module):
    """Convolution, depthwise convolution, pointwise convolution with a residual, pool, linear."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU())
        self.depth = nn.Sequential(
            nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8), nn.BatchNorm2d(8), nn.ReLU()
        )
        self.point = nn.Sequential(nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.last = nn.Linear(8, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.depth(self.first(x))
        x = x + self.point(x)
        return self.last(torch.flatten(self.pool(x), 1))


class Mlp(nn.Module):
    """Three linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(16, 24), nn.ReLU(), nn.Linear(24, 16), nn.ReLU(), nn.Linear(16, CLASSES)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layers(x)


class Lstm(nn.Module):
    """One LSTM layer; a linear layer reads the last step."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.last = nn.Linear(8, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps, _ = self.lstm(x)
        return self.last(steps[:, -1])


class Attention(nn.Module):
    """One head of self attention with a residual; a linear layer reads the mean of the steps."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.out = (nn.Linear(16, 16) for _ in range(4))
        self.last = nn.Linear(16, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = torch.matmul(self.query(x), self.key(x).transpose(1, 2)) * 0.25
        mixed = torch.matmul(torch.softmax(scores, dim=-1), self.value(x))
        x = x + self.out(mixed)
        return self.last(x.mean(dim=1))


NETS: dict[str, Callable[[], nn.Module]] = {
    "cnn": Cnn,
    "mlp": Mlp,
    "lstm": Lstm,
    "attention": Attention,
}


def trained(net: str, model: nn.Module | None = None, steps: int = _STEPS) -> nn.Module:
    """Return a network (a new one unless ``model`` is given) after some steps of training."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    model = NETS[net]() if model is None else model
    x, labels = (torch.from_numpy(each[:CALIBRATION]) for each in samples(net))
    optimizer = torch.optim.Adam(model.parameters(), _RATE)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), labels).backward()
        optimizer.step()
    return model.eval()


def calibration(net: str) -> Iterator[torch.Tensor]:
    """Yield the calibration samples, each a batch of one."""
    yield from torch.from_numpy(samples(net)[0][:CALIBRATION]).split(1)


def example(net: str) -> torch.Tensor:
    """Return one sample as a batch of one."""
    return next(calibration(net))


def test_samples(net: str) -> Array:
    """Return the samples that are kept beside each file."""
    return samples(net)[0][CALIBRATION:]


def exported(model: nn.Module, net: str, *, dynamo: bool = False, opset: int = 17) -> bytes:
    """Return a network as an ONNX file for a batch of one."""
    names = {"input_names": ["x"], "output_names": ["y"]}
    if not dynamo:
        file = io.BytesIO()
        torch.onnx.export(model, example(net), file, opset_version=opset, dynamo=False, **names)
        return file.getvalue()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        program = torch.onnx.export(model, (example(net),), dynamo=True, **names)
        program.save(str(path), include_initializers=True, external_data=False)
        return _without_traces(onnx.load(path))


def _without_traces(model: onnx.ModelProto) -> bytes:
    """Return a file without what the exporter notes for debugging: most of it, with local paths."""
    for graph in (model.graph, *model.functions):
        for each in (*graph.node, *getattr(graph, "value_info", ())):
            del each.metadata_props[:]
        del graph.metadata_props[:]
    del model.graph.value_info[:]
    return model.SerializeToString()


def keep_onnx(tool: str, name: str, make: Callable[[], bytes]) -> None:
    """Keep the ONNX file that a tool makes of the network that its name begins with."""
    x = test_samples(name.split(".", maxsplit=1)[0])
    keep(tool, name, written(tool, name, make), x, onnxruntime_answers)
