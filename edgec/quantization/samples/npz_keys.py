"""Names of tensors as keys of an .npz file: as they are, wherever a zip file can hold them.

An .npz file is a zip file, a key is the path of a member. Slashes are usual in names and do no
harm. What would lead out of a folder, or be cut off, is written otherwise.
"""

import re
from collections.abc import Iterable

from edgec.ir.names import Names

_LONGEST = 200  # bytes of a key: file systems take 255 for a file, and ".npy" follows
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]")


def npz_key(name: str) -> str:
    """Return the key for the name of a tensor: itself, but where no zip file should hold it.

    NUL, control characters, backslashes, half surrogates, empty names, ``.`` and ``..`` between
    slashes become ``_``; of long names the first 200 bytes stay.
    """
    plain = _UNSAFE.sub("_", name).encode("utf-8", "replace").decode("utf-8")
    parts = ["_" if part in {"", ".", ".."} else part for part in plain.split("/")]
    return "/".join(parts).encode()[:_LONGEST].decode("utf-8", "ignore")


def npz_keys(names: Iterable[str]) -> list[str]:
    """Return a key of its own for every name, in their order; ``.2`` behind one that is taken."""
    listed = list(names)
    taken, keys = Names(), []
    own = {name for name in listed if npz_key(name) == name}  # these keep it, whatever else comes
    for name in listed:
        key = npz_key(name)
        if key != name or key in taken:
            key = taken.unused(key, taken=own)
        taken.add(key)
        keys.append(key)
    return keys
