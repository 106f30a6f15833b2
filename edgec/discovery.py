"""Modules that register something when they are imported: found, not listed."""

import importlib
import importlib.util
import pkgutil
from pathlib import Path
from types import ModuleType


def import_all(package: ModuleType) -> None:
    """Import every module below a package, in sorted order, so that what they register is there."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    for name in sorted(each.name for each in found):
        importlib.import_module(name)


def extend(package: ModuleType, folder: Path) -> None:
    """Have modules in ``folder`` found as if they lay in ``package``; so with its subpackages.

    A subfolder that is no subpackage yet becomes one by an ``__init__.py`` of its own.
    """
    package.__path__.append(str(folder))
    importlib.invalidate_caches()
    for each in sorted(path for path in folder.iterdir() if path.is_dir()):
        name = f"{package.__name__}.{each.name}"
        found = importlib.util.find_spec(name)
        if found is not None and str(each) not in (found.submodule_search_locations or []):
            extend(importlib.import_module(name), each)
