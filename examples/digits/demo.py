"""Runs the built digits firmware on the test set: digits as text, predictions, cost, accuracy.

edgec build digits.onnx --board stm32 --calib calib.npz -o build/digits
python demo.py build/digits
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from edgec.driver import RunResult, open_output, run

HERE = Path(__file__).resolve().parent
TEST_SET = HERE / "test.npz"
MODEL = HERE / "digits.onnx"
SHADES = " .:-=+*#%@"
SHOWN = 4
PER_ROW = 2
WIDTH = 36  # of one digit with its margin: two characters per pixel


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/digits")
    report = open_output(folder).report
    with np.load(TEST_SET) as data:
        images, labels = data["image"], data["label"]
    print(f"Running the firmware for {report['board']} in QEMU on {len(images)} images ...\n")
    result = run(folder, TEST_SET)
    predictions = scores(result).argmax(axis=1)
    for start in range(0, SHOWN, PER_ROW):
        show(*(each[start : start + PER_ROW] for each in (images, labels, predictions)))
    summary(
        report, result, accuracy(predictions, labels), accuracy(float_predictions(images), labels)
    )


def scores(result: RunResult) -> NDArray[Any]:
    """Return the first output of every sample, the integers as the firmware wrote them."""
    first = next(iter(result.outputs.values()))
    return first.reshape(result.samples, -1)


def float_predictions(images: NDArray[Any]) -> NDArray[Any]:
    """Run the float model in onnxruntime, one image at a time as it was exported."""
    session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    outputs = [session.run(None, {name: image[None]})[0] for image in images]
    return np.asarray(np.concatenate(outputs).argmax(axis=1))


def accuracy(predictions: NDArray[Any], labels: NDArray[Any]) -> float:
    return float(np.mean(predictions == labels))


def show(images: NDArray[Any], labels: NDArray[Any], predictions: NDArray[Any]) -> None:
    """Print images [n,1,16,16] side by side, and below each what the firmware says."""
    for rows in zip(*map(as_text, images), strict=True):
        print("".join(row.ljust(WIDTH) for row in rows).rstrip())
    verdicts = [f"firmware: {p}   label: {t}" for p, t in zip(predictions, labels, strict=True)]
    print("".join(verdict.ljust(WIDTH) for verdict in verdicts).rstrip() + "\n")


def as_text(image: NDArray[Any]) -> list[str]:
    """Return the rows of an image as characters, the lightest pixel blank, the darkest black."""
    darkness = (image[0] - image.min()) / (image.max() - image.min())
    levels = np.rint(darkness**1.5 * (len(SHADES) - 1)).astype(int)
    return ["".join(SHADES[level] * 2 for level in row) for row in levels]


def summary(report: dict[str, Any], result: RunResult, in_qemu: float, in_float: float) -> None:
    memory = report["memory"]
    arena, ram, ram_limit = (memory[f"{key}_bytes"] for key in ("arena", "ram_total", "ram_limit"))
    flash, flash_limit = memory["flash_total_bytes"], memory["flash_limit_bytes"]
    count = report["instructions_total"]
    print(f"images         {result.samples}")
    print(f"accuracy       {in_qemu:.2%} in QEMU (int8), {in_float:.2%} in float")
    print(f"instructions   {count:,} per inference")
    print(f"RAM            {ram:,} of {ram_limit:,} bytes, of these the arena {arena:,}")
    print(f"flash          {flash:,} of {flash_limit:,} bytes")


if __name__ == "__main__":
    main()
