"""The target graph of a built model, read back from its output folder."""

from edgec.driver.output import OutputInfo
from edgec.errors import EdgecError, Place
from edgec.frontends.files import read_file
from edgec.ir import Graph
from edgec.target_file import read_target


def built_graph(built: OutputInfo) -> Graph:
    """Return what the folder's firmware computes, with the states that it keeps.

    Raises ``older-output`` for a folder of an edgec that left no such file, ``damaged-target``,
    ``other-target-version``; ``damaged-output`` where it is not the model of the folder's report.
    """
    path = built.target_file
    graph = read_target(read_file(path), path)
    whole = graph.whole()
    for ports, values in ((built.inputs, whole.inputs), (built.outputs, whole.outputs)):
        kinds = [whole.types[value] for value in whole.without_states(values)]
        if [(each.shape, each.dtype) for each in kinds] != [
            (each.type.shape, each.type.dtype) for each in ports
        ]:
            raise EdgecError(
                "damaged-output",
                "its inputs and outputs are not those of report.json",
                place=Place(str(path)),
                help="build again",
            )
    return graph
