"""Labels in a file of samples: one class number for each, however it was written down."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from edgec.ir import Array

LABELS = ("label", "anomaly")
"""Names of the array; an anomaly is 1, all else 0."""

_OTHER_NAMES = ("labels", "y", "target", "targets")
_ROWS = 2  # axes of one-hot labels


def read_labels(arrays: Mapping[str, Array], inputs: Collection[str]) -> tuple[Array | None, str]:
    """Return the labels of a file, [samples], as int64, and what there is to warn of.

    Labels that are no class numbers stay as they are.
    """
    found = [arrays[key] for key in LABELS if key in arrays and key not in inputs]
    if not found:
        return None, _misnamed([key for key in arrays if key not in inputs])
    numbers = _class_numbers(found[0])
    if numbers is not None:
        return numbers, ""
    shown = f"{found[0].dtype} of shape {found[0].shape}"
    return found[0], f"labels: {shown} is not one class number per sample: no accuracy"


def _misnamed(names: Sequence[str]) -> str:
    found = [name for name in names if name.lower() in _OTHER_NAMES]
    return f"{found[0]!r} is not read; if it holds the labels, call it 'label'" if found else ""


def _class_numbers(labels: Array) -> Array | None:
    """Return whole numbers, [n] or [n, 1], or one-hot rows as [n]; None for anything else."""
    if (
        not labels.ndim
        or not labels.size
        or labels.dtype.kind not in "biuf"
        or not np.isfinite(labels).all()
    ):
        return None
    whole = labels.reshape(len(labels), -1).astype(np.int64)
    if (whole != labels.reshape(whole.shape)).any():
        return None
    if whole.shape[1] == 1:
        return whole[:, 0]
    is_one_hot = labels.ndim == _ROWS and (np.sort(whole)[:, :-1] == 0).all()
    return np.asarray(whole.argmax(axis=1)) if is_one_hot and (whole.max(1) == 1).all() else None
