"""Under which keys the arrays of a file may stand, beside the names of a model's tensors.

TFLite files have two names for an input: that of the signature, and that of the tensor, which the
interpreter shows. And what a name has in it that no Python identifier has, people leave out.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeVar

from edgec.quantization.samples.npz_keys import npz_keys
from edgec.quantization.samples.sample_labels import is_label

Name = TypeVar("Name", bound=str)  # also a ValueName: the keys of a Mapping are invariant
_OUTPUT_NUMBER = re.compile(r":\d+$")
_NO_IDENTIFIER = re.compile(r"\W", re.ASCII)


def spelled(names: Sequence[Name], aliases: Mapping[Name, str]) -> dict[str, str]:
    """Return key -> name for all keys that mean one of ``names``, the most exact ones first.

    Names and their keys in an .npz file; other names of the same tensors; all of these without the
    ``:0`` at the end, and as identifiers. What could mean two of them, or labels, means none.
    """
    found: dict[str, str] = dict(zip(names, names, strict=True))
    for key, name in zip(npz_keys(names), names, strict=True):
        found.setdefault(key, name)
    loose: dict[str, set[str]] = {}
    for keys in _rounds(list(names), [aliases.get(each, each) for each in names]):
        for key, name in zip(keys, names, strict=True):
            loose.setdefault(key, set()).add(name)
    for key, owners in loose.items():
        if len(owners) == 1 and key not in found and not is_label(key):
            found[key] = min(owners)
    return found


def _rounds(names: list[str], aliases: list[str]) -> Iterator[list[str]]:
    yield aliases
    yield npz_keys(aliases)
    for each in (names, aliases):
        short = [_OUTPUT_NUMBER.sub("", name) for name in each]
        yield short
        for whole in (each, short):
            yield [_NO_IDENTIFIER.sub("_", name) for name in whole]


def chosen_keys(keys: Collection[str], spellings: Mapping[str, str]) -> dict[str, str]:
    """Return key -> name for the keys of a file: of each name the most exact one."""
    chosen: dict[str, str] = {}
    for key, name in spellings.items():
        if key in keys and name not in chosen.values():
            chosen[key] = name
    return chosen
