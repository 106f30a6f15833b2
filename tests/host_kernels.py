"""Single kernels of runtime_c as functions of this process: for tests that place their operands."""

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

from edgec.backends.runtime_sources import closure

FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wsign-conversion")


def host_kernel(function: str, folder: Path) -> Callable[..., None]:
    """Compile a kernel and what it includes, and return it; arguments are ctypes' and integers."""
    for path, data in closure([function]).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    library = folder / f"{function}.so"
    command = ["cc", *FLAGS, "-Werror", "-shared", "-fPIC", f"-I{folder}", f"{folder}/{function}.c"]
    subprocess.run([*command, "-o", str(library)], check=True)
    found: Callable[..., None] = getattr(ctypes.CDLL(str(library)), function)
    return found
