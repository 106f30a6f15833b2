"""Labels in a file of samples: arrays under keys that say what they are, ``label:OUTPUT`` of what.

What they mean beside a model's outputs is said in :mod:`edgec.quantization.quality.metrics`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgec.ir import Array

LABEL, ANOMALY, MASK, TARGET, BOXES, BOXES_CENTER = (
    *("label", "anomaly", "mask", "target"),
    *("boxes", "boxes_center"),
)
KEYS = (LABEL, ANOMALY, MASK, TARGET, BOXES, BOXES_CENTER)
"""Names of the arrays; ``KEY:OUTPUT`` says which output of the model an array judges."""
CLASSES = "classes"
"""The name of the array that holds a class number for each of the boxes."""

_ALIASES = {"y": LABEL, "labels": LABEL, "targets": TARGET, "masks": MASK}
"""Names that are taken for a key where the file does not have that, and no output is called so."""
_OTHER_NAMES = (*_ALIASES, "class")
_ROWS = 2  # axes of one-hot labels


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """One array of labels, [samples, ...], as it is in the file.

    ``output`` is the model's output that it names; "" where it names none. ``classes`` are those of
    boxes, [samples, boxes]. ``stored`` is the array's name in the file, where it is another.
    """

    key: str
    values: Array
    output: str = ""
    classes: Array | None = None
    stored: str = ""

    @property
    def name(self) -> str:
        """The array's name in the file."""
        return self.stored or (f"{self.key}:{self.output}" if self.output else self.key)

    def chosen(self, which: Array | slice) -> "Labels":
        """Return the labels of some samples."""
        classes = None if self.classes is None else self.classes[which]
        return replace(self, values=self.values[which], classes=classes)

    def __str__(self) -> str:
        return f"{self.name!r} ({self.values.dtype} of shape {self.values.shape})"


def is_label(name: str) -> bool:
    """Tell whether an array of this name may hold labels."""
    return name == CLASSES or name.partition(":")[0] in {*KEYS, *_ALIASES}


def label_keys(
    names: Collection[str], inputs: Collection[str], outputs: Collection[str]
) -> dict[str, tuple[str, str]]:
    """Return which arrays hold labels, each with its key and the output that it names, or ""."""
    found, others = {}, {}
    for name in names:
        key, _, output = name.partition(":")
        if name not in inputs and key in (*KEYS, CLASSES):
            found[name] = key, output
        elif key in _ALIASES and name not in (*inputs, *outputs):
            others[name] = _ALIASES[key], output
    known = {*found.values()}
    return {**found, **{name: each for name, each in others.items() if each not in known}}


def read_labels(
    arrays: Mapping[str, Array], inputs: Collection[str], outputs: Collection[str] = ()
) -> tuple[tuple[Labels, ...], str]:
    """Return the labels of a file, in the order of ``KEYS``, and what there is to warn of.

    ``inputs`` and ``outputs`` are names of the model's own.
    """
    keys, found = label_keys(arrays, inputs, outputs), []
    for name, (key, output) in keys.items():
        if key != CLASSES:
            beside = arrays.get(CLASSES) if key in {BOXES, BOXES_CENTER} else None
            found.append(Labels(key, arrays[name], output, beside, name))
    found.sort(key=lambda each: KEYS.index(each.key))
    others = [name for name in arrays if name not in (*keys, *inputs, *outputs)]
    return tuple(found), "" if found else _misnamed(others)


def _misnamed(names: Sequence[str]) -> str:
    found = [name for name in names if name.lower() in _OTHER_NAMES]
    return f"{found[0]!r} is not read; if it holds the labels, call it 'label'" if found else ""


def class_numbers(labels: Array) -> Array | None:
    """Return whole numbers, [n] or [n, 1], or one-hot rows, as int64 [n]; None for other labels."""
    whole = whole_numbers(labels)
    if whole is None or not labels.ndim:
        return None
    rows = whole.reshape(len(whole), -1)
    if rows.shape[1] == 1:
        return rows[:, 0]
    is_one_hot = labels.ndim == _ROWS and (np.sort(rows)[:, :-1] == 0).all()
    return np.asarray(rows.argmax(axis=1)) if is_one_hot and (rows.max(axis=1) == 1).all() else None


def whole_numbers(labels: Array) -> Array | None:
    """Return an array as int64; None where it is empty or holds anything but whole numbers."""
    if not labels.size or labels.dtype.kind not in "biuf" or not np.isfinite(labels).all():
        return None
    if labels.dtype.kind == "f" and np.abs(labels).max() >= 1 << 53:
        return None
    whole = labels.astype(np.int64)
    return whole if (whole == labels).all() else None
