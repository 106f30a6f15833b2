"""The C files of our own kernels, the headers they include, and prototypes made of them."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from edgec.resources import data_folder, data_folders

HEADER = '"edgec_kernels.h"'
"""What includes the prototypes of the kernels."""

_SIGNATURE = re.compile(r"^((?:void|int32_t) (edgec_\w+)\([^{;]*\))(?:\n\{|;)", re.MULTILINE)
_INCLUDE = re.compile(r'^#include "(support/[\w/]+\.h)"', re.MULTILINE)


def closure(functions: Iterable[str]) -> dict[str, bytes]:
    """Return path -> content of all that ``functions`` need, relative to the ``kernels`` folder.

    Besides the kernels: ``edgec/edgec.h``, included support headers, and ``edgec_kernels.h`` with
    a prototype of every kernel there is: folders of two models can be copied over each other.
    """
    root = data_folder("runtime_c")
    files = {"edgec/edgec.h": (root / "include" / "edgec" / "edgec.h").read_bytes()}
    for function in sorted(set(functions)):
        source = _kernel_file(function).read_bytes()
        files[f"{function}.c"] = source
        files.update(_support(source))
    files["edgec_kernels.h"] = _header(map(_prototype, _all_kernels()))
    return files


def _all_kernels() -> list[Path]:
    folders = [each / "src" / "kernels" for each in data_folders("runtime_c")]
    found = {path.stem: path for each in folders for path in each.glob("*/edgec_*.c")}
    return [found[name] for name in sorted(found)]


@cache
def _prototype(path: Path) -> str:
    return prototype(path.stem, path.read_text())


def _kernel_file(function: str) -> Path:
    """Return the file of a kernel: named like its function, in the folder of its family."""
    folders = [each / "src" / "kernels" for each in data_folders("runtime_c")]
    (found,) = (path for each in folders for path in each.glob(f"*/{function}.c"))
    return found


def prototype(function: str, source: str) -> str:
    """Return the declaration of the one public function of a kernel file.

    The file defines it, or declares it where the body is shared (``support/bodies``).
    """
    found: dict[str, str] = {name: text for text, name in _SIGNATURE.findall(source)}
    if list(found) != [function]:
        message = f"{function}.c must have exactly {function}, it has {sorted(found)}"
        raise ValueError(message)
    return found[function]


def _support(source: bytes) -> dict[str, bytes]:
    """Return the support headers that a source includes, and those that these include."""
    root = data_folder("runtime_c") / "src"
    files: dict[str, bytes] = {}
    for path in _INCLUDE.findall(source.decode()):
        files[path] = (root / path).read_bytes()
        files.update(_support(files[path]))
    return files


def _header(prototypes: Iterable[str]) -> bytes:
    declarations = "\n\n".join(f"{each};" for each in prototypes)
    return (
        "/// Prototypes of edgec's kernels, made of their definitions; used ones are here.\n"
        "#ifndef EDGEC_KERNELS_H\n#define EDGEC_KERNELS_H\n\n"
        '#include "edgec/edgec.h"\n\n'
        '#ifdef __cplusplus\nextern "C" {\n#endif\n\n'
        f"{declarations}\n\n"
        "#ifdef __cplusplus\n}\n#endif\n\n#endif\n"
    ).encode()
