"""The integer graph of a built model, read back from its output folder."""

from edgec.driver.output import OutputInfo
from edgec.frontends import load
from edgec.ir import Graph, State, ValueName
from edgec.passes.fusion.join_standardize import JoinStandardize
from edgec.quantization.samples.model_states import with_states


def built_graph(built: OutputInfo) -> Graph:
    """Return what the folder's .tflite file computes, with the states that the build keeps.

    In the file these are variables, or inputs and outputs.
    """
    graph = JoinStandardize().run(load(built.tflite).graph)
    states = [
        State(ValueName(before), ValueName(after))
        for before, after in built.report["model"].get("states", [])
    ]
    kept = {each.input for each in graph.states}
    return with_states(graph, [each for each in states if each.input not in kept])
