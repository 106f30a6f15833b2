"""Trains the digits network in PyTorch and exports it with both of PyTorch's ONNX exporters.

python make_data.py && python train.py
"""

import hashlib
import json
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from make_data import CALIB_SAMPLES, HERE, TEST_SAMPLES, TRAIN_SEED, make
from torch import Tensor, nn

TRAIN_SAMPLES, EPOCHS, BATCH = 12_000, 14, 64
FILES = ("digits.onnx", "digits_dynamo.onnx", "calib.npz", "test.npz")


class Residual(nn.Module):
    """A depthwise and a pointwise convolution, added to their input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU6(),
            nn.Conv2d(channels, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.body(x))


class Digits(nn.Module):
    """[N,1,16,16] images, 0..1 -> [N,10] logits."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 12, 3, padding=1, bias=False),
            nn.BatchNorm2d(12),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(12, 24, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(24),
            nn.ReLU(),
            Residual(24),
            nn.Dropout(0.1),
        )
        self.classify = nn.Linear(24 * 4 * 4, 10)

    def forward(self, image: Tensor) -> Tensor:
        return self.classify(torch.flatten(self.features(image), 1))


def train() -> Digits:
    """Train from fixed seeds, on one thread, with deterministic kernels."""
    torch.manual_seed(0)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(mode=True)
    images, labels = (torch.from_numpy(each) for each in make(TRAIN_SAMPLES, TRAIN_SEED))
    model = Digits()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-3)
    steps = EPOCHS * -(-TRAIN_SAMPLES // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, total_steps=steps)
    for epoch in range(EPOCHS):
        total = 0.0
        for chosen in torch.randperm(len(images)).split(BATCH):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[chosen]), labels[chosen])
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        print(f"epoch {epoch + 1}: loss {total / len(images):.4f}")
    model.eval()
    return model


def export(model: Digits) -> None:
    """Write both files: TorchScript with batch norms as they are, dynamo with all in one file."""
    example = torch.zeros(1, 1, 16, 16)
    names = {"input_names": ["image"], "output_names": ["logits"]}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (example,),
            str(HERE / "digits.onnx"),
            dynamo=False,
            opset_version=17,
            do_constant_folding=False,
            training=torch.onnx.TrainingMode.PRESERVE,
            dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
            **names,
        )
        torch.onnx.export(
            model,
            (example,),
            str(HERE / "digits_dynamo.onnx"),
            dynamo=True,
            opset_version=18,
            external_data=False,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
            **names,
        )
    for name in FILES[:2]:
        without_paths(HERE / name)


def without_paths(path: Path) -> None:
    """Drop what exporters note of this machine: doc strings and metadata."""
    model = onnx.load(path)
    for each in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.input):
        each.doc_string = ""
        if hasattr(each, "metadata_props"):
            del each.metadata_props[:]
    del model.metadata_props[:]
    onnx.checker.check_model(model)
    onnx.save(model, path)


def accuracy(path: Path) -> float:
    """Return the float accuracy on test.npz by onnxruntime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    with np.load(HERE / "test.npz") as data:
        (logits,) = session.run(None, {"image": data["image"]})
        return float(np.mean(logits.argmax(axis=1) == data["label"]))


def main() -> None:
    model = train()
    export(model)
    manifest = {
        "accuracy_float": {name: accuracy(HERE / name) for name in FILES[:2]},
        "samples": {"train": TRAIN_SAMPLES, "calib": CALIB_SAMPLES, "test": TEST_SAMPLES},
        "parameters": sum(each.numel() for each in model.parameters()),
        "sha256": {n: hashlib.sha256((HERE / n).read_bytes()).hexdigest() for n in FILES},
        "versions": {"torch": torch.__version__, "onnx": onnx.__version__},
    }
    (HERE / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(json.dumps(manifest, indent=2))


if __name__ == "__main__":
    main()
