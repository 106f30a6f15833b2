"""The target graph of a built model, read back from its output folder."""

from edgec.driver.output import OutputInfo
from edgec.ir import Graph
from edgec.target_file import read_target


def built_graph(built: OutputInfo) -> Graph:
    """Return what the folder's firmware computes, with the states that it keeps.

    Raises ``older-output`` for a folder of an edgec that left no such file, ``damaged-target``,
    ``other-target-version``.
    """
    path = built.target_file
    return read_target(path.read_bytes(), path)
