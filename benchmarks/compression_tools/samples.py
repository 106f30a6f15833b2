"""The data that all networks here learn, and what is kept of each file: answers of its own runtime.

Four classes, each a random prototype and noise, always the same. No framework is needed here.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
KEPT = Path(__file__).parents[2] / "tests" / "data" / "compression_tools"
SHAPES: Mapping[str, tuple[int, ...]] = {
    "cnn": (1, 8, 8),  # channels, rows, columns
    "mlp": (16,),
    "lstm": (6, 8),  # steps, features
    "attention": (6, 16),
}
CLASSES = 4
CALIBRATION, TEST = 96, 12
_SEED, _NOISE = 10, 0.5
_SHOWN = 300  # characters of an error


def samples(net: str) -> tuple[Array, NDArray[np.int64]]:
    """Return all samples [CALIBRATION + TEST, ...] of a network in float32, and their classes."""
    rng = np.random.default_rng(_SEED)
    shape = SHAPES[net]
    prototypes = rng.normal(size=(CLASSES, *shape))
    labels = rng.integers(0, CLASSES, CALIBRATION + TEST)
    noise = _NOISE * rng.normal(size=(CALIBRATION + TEST, *shape))
    return (prototypes[labels] + noise).astype(np.float32), labels


def keep_calibration(most: int = 32) -> None:
    """Write the first calibration samples of all networks beside the files."""
    KEPT.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(KEPT / "calibration.npz", **{net: samples(net)[0][:most] for net in SHAPES})


def written(tool: str, name: str, make: Callable[[], bytes]) -> bytes | None:
    """Return what a tool writes; where it cannot, the reason is printed: that is a result too."""
    try:
        return make()
    except Exception as error:  # noqa: BLE001 - tools raise what they like
        print(f"{tool}/{name}: not written: {type(error).__name__} {str(error)[:_SHOWN]}")
        return None


def keep(
    tool: str, name: str, data: bytes | None, x: Array, answers: Callable[[bytes, Array], Array]
) -> None:
    """Keep a model file of a tool, and beside it test samples and its own runtime's answers.

    ``name`` is network, what was done, and the format: ``cnn.qat.tflite``. Where the runtime
    cannot run the file, only the file is written and the reason printed.
    """
    if data is None:
        return
    folder = KEPT / tool
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    try:
        y = answers(data, x)
    except Exception as error:  # noqa: BLE001 - whatever the runtime says is the news
        print(f"{tool}/{name}: {len(data)} B, not run: {str(error)[:_SHOWN]}")
        return
    np.savez_compressed(folder / f"{name}.npz", x=x, y=y)
    print(f"{tool}/{name}: {len(data)} B, classes {y.reshape(len(y), -1).argmax(axis=1)}")


if __name__ == "__main__":
    keep_calibration()
