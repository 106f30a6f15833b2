"""``.edgec`` files as models: what an earlier build ran is built again, for another board."""

from pathlib import Path
from types import MappingProxyType

from edgec.errors import Place
from edgec.frontends.files import read_file
from edgec.frontends.shapes import Shapes, check_fixed
from edgec.ir import Graph
from edgec.target_file import read_target


def load_target(path: Path, shapes: Shapes = MappingProxyType({})) -> Graph:
    """Return the graph in an .edgec file; ``invalid-shape``, and what :func:`read_target` raises.

    Shapes are fixed: ``shapes`` may ask for no others.
    """
    graph = read_target(read_file(path), path)
    check_fixed(graph, shapes, Place(str(path)))
    return graph
