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


def license_text() -> bytes:
    """Return the Apache-2.0 licence that covers the generated library and its kernels."""
    for candidate in (_PACKAGE / "_data" / "LICENSE", _PACKAGE.parent / "LICENSE"):
        if candidate.is_file():
            return candidate.read_bytes()
    message = "edgec is installed without its LICENSE"
    raise FileNotFoundError(message)
