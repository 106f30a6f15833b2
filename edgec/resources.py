"""Finds the data folders (templates, runtime_c, boards) in a checkout or in an installed wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_ADDED: list[Path] = []  # folders that hold data folders as well


def data_folder(name: str) -> Path:
    """Return the folder ``name``: beside the package in a checkout, inside it in a wheel."""
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    message = f"edgec is installed without its '{name}' folder"
    raise FileNotFoundError(message)


def data_folders(name: str) -> list[Path]:
    """Return the folder ``name`` of edgec and of every folder that was added."""
    added = [each / name for each in _ADDED if (each / name).is_dir()]
    return [data_folder(name), *added]


def add_data(folder: Path) -> None:
    """Have :func:`data_folders` look into another folder too."""
    _ADDED.append(folder)


def license_text() -> bytes:
    """Return the Apache-2.0 licence that covers the generated library and its kernels."""
    for candidate in (_PACKAGE / "_data" / "LICENSE", _PACKAGE.parent / "LICENSE"):
        if candidate.is_file():
            return candidate.read_bytes()
    message = "edgec is installed without its LICENSE"
    raise FileNotFoundError(message)
