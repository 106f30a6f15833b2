"""Graphs lowered for a core alone, with the libraries that come with edgec."""

from edgec.backends.backend import linked_libraries, preferred
from edgec.backends.selection import lower
from edgec.ir import Graph
from edgec.program import Program
from edgec.targets.target import Target


def target(core: str, kernels: str = "auto") -> Target:
    """Return a core as a target, with what ``--kernels`` links."""
    return Target.of_core(core, *linked_libraries(preferred(kernels), {}))


def lowered(graph: Graph, core: str, kernels: str = "auto") -> Program:
    """Return the program that ``--kernels`` makes of a graph on a core."""
    return lower(graph, target(core, kernels), preferred(kernels))
