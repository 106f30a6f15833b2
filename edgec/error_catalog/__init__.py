"""Every error code with its page: the source of ``edgec explain`` and of docs/errors.md.

A code, once released, keeps its meaning. A test compares the codes raised in the source with these.
"""

from collections.abc import Mapping
from types import MappingProxyType

from edgec.error_catalog import (
    boards,
    builds,
    commands,
    firmware,
    flashing,
    formats,
    operators,
    pruning,
    samples,
)
from edgec.error_catalog.page import ErrorPage

__all__ = ["AREAS", "CATALOG", "ErrorPage"]

AREAS: Mapping[str, tuple[ErrorPage, ...]] = MappingProxyType(
    {
        "Model files": formats.PAGES,
        "Operators and tensors": operators.PAGES,
        "Samples and output folders": samples.PAGES,
        "Options and commands": commands.PAGES,
        "Pruning": pruning.PAGES,
        "Boards and TOML files": boards.PAGES,
        "Fitting and building": builds.PAGES,
        "Running": firmware.PAGES,
        "Flashing and serial ports": flashing.PAGES,
    }
)
CATALOG: Mapping[str, ErrorPage] = MappingProxyType(
    {page.code: page for pages in AREAS.values() for page in pages}
)
