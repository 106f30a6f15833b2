"""Finds the data folders (templates, runtime_c, boards) in a checkout or in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """Return the folder ``name``: beside the package in a checkout, inside it in a wheel."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    message = f"edgec is installed without its '{name}' folder"
    raise FileNotFoundError(message)
