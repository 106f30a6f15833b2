"""Operators and kernels that lie outside edgec: a folder is added, no file is edited.

The folder is laid out as edgec's repository. What lies in ``edgec/ops``, ``edgec/backends``,
``edgec/frontends/onnx/operators`` ... is found as if it lay there, and so are the C files of
kernels in ``runtime_c/src/kernels``.
"""

from pathlib import Path

import edgec
from edgec.discovery import extend
from edgec.resources import add_data


def add_folder(folder: Path) -> None:
    """Add a folder, before the first model is loaded; a family of operators may be a new one."""
    extend(edgec, folder.resolve() / "edgec")
    add_data(folder.resolve())
