"""Modules that register something when they are imported: found, not listed."""

import importlib
import pkgutil
from types import ModuleType


def import_all(package: ModuleType) -> None:
    """Import every module below a package, in sorted order, so that what they register is there."""
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    for name in sorted(each.name for each in found):
        importlib.import_module(name)
