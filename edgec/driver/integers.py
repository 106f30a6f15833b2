"""The integer graph of a built model, read back from its output folder."""

from edgec.driver.output import OutputInfo
from edgec.frontends import load
from edgec.ir import Graph
from edgec.quantization.states import parse_states, with_states


def built_graph(built: OutputInfo) -> Graph:
    """Return what the folder's .tflite file computes, with the states that the build keeps.

    In the file these are inputs and outputs.
    """
    config = built.report.get("config", {})
    return with_states(load(built.tflite).graph, parse_states(str(config.get("state", ""))))
