"""States of a model: pairs of its inputs and outputs that firmware keeps to itself between runs."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from edgec.errors import EdgecError, ExitCode, Place
from edgec.ir import Array, Graph, Node, State, ValueName, evaluate
from edgec.ir.evaluate import zeros
from edgec.ops.conversion.alike import Alike
from edgec.ops.operator import is_float
from edgec.quantization.samples.samples import Samples

NONE, KEEP = "none", "keep"
"""What --state says of the states that a file has: none are kept, or all of them."""


def parse_states(text: str) -> tuple[State, ...]:
    """Return the pairs of ``h_in=h_out,c_in=c_out``; ``invalid-option`` where that is none.

    ``none`` and ``keep`` may stand among them.
    """
    parts = [part.strip() for part in text.split(",")]
    pairs = [part.partition("=") for part in parts if part and part not in {NONE, KEEP}]
    names = [before.strip() for before, _, _ in pairs]
    if len(set(names)) < len(names) or not all(b.strip() and a.strip() for b, _, a in pairs):
        raise EdgecError(
            "invalid-option",
            f"--state {text}: expected pairs of an input and an output, each input once",
            help="--state h_in=h_out, several with commas in between; --state none where every "
            "run is to begin from zero",
            exit_code=ExitCode.USAGE,
        )
    return tuple(
        State(ValueName(before.strip()), ValueName(after.strip())) for before, _, after in pairs
    )


def with_states(graph: Graph, states: Sequence[State]) -> Graph:
    """Return a graph that keeps ``states``; in a float one both ends will share a quantization.

    Raises ``unknown-state`` where a name is no input or output of the graph, ``unsupported-state``
    where the two differ in shape, type, order of axes or quantization.
    """
    for each in states:
        _check(graph, each)
    if not states:
        return graph
    return with_alike_states(replace(graph, states=(*graph.states, *states)))


def with_alike_states(graph: Graph) -> Graph:
    """Return a graph whose float states share one quantization at both ends."""
    producers = graph.producers()
    for each in graph.states:
        made = producers.get(each.output)
        marked = made is not None and isinstance(made.op, Alike) and each.input in made.inputs
        if is_float(graph.types[each.output]) and not marked:
            graph = _alike(graph, each)
    return graph


def with_file_states(graph: Graph, text: str) -> Graph:
    """Return the graph that a file holds with its own states, or with none where ``text`` says so.

    Without them every run begins from zero.
    """
    if NONE not in _words(text) or not graph.states:
        return graph
    zero = {each.input: zeros(graph.types[each.input]) for each in graph.states}
    bare = replace(
        graph,
        inputs=graph.without_states(graph.inputs),
        outputs=graph.without_states(graph.outputs),
        constants={**graph.constants, **zero},
        states=(),
    )
    return bare.with_nodes(bare.nodes)


def state_warnings(graph: Graph, text: str) -> tuple[str, ...]:
    """Return what to tell users of a file whose states are kept, unless ``text`` says that."""
    if not graph.states or _words(text):
        return ()
    names = ", ".join(each.input for each in graph.states)
    told = (
        f"the file keeps states from one run to the next ({names}): what a run gives depends on "
        "those before it since the last reset; --state none lets every run begin from zero, "
        "--state keep is for models that mean it"
    )
    return (told,)


def _words(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def with_state_samples(graph: Graph, samples: Samples) -> Samples:
    """Return samples with the states that the graph has when it gets them one after the other."""
    state = {each.input: zeros(graph.types[each.input]) for each in graph.states}
    seen: dict[ValueName, list[Array]] = {name: [] for name in state}
    for index in range(len(samples) if state else 0):
        for name, array in state.items():
            seen[name].append(array)
        outputs = evaluate(graph, {**samples.sample(index), **state})
        state = {each.input: outputs[each.output] for each in graph.states}
    arrays = {**samples.arrays, **{name: np.stack(each) for name, each in seen.items()}}
    return replace(samples, arrays=arrays)


def without_state_inputs(graph: Graph) -> Graph:
    """Return a graph with the inputs that a user gives; only its ports make sense."""
    return replace(graph, inputs=graph.without_states(graph.inputs))


def _check(graph: Graph, state: State) -> None:
    for value, known, kind in (
        (state.input, graph.without_states(graph.inputs), "input"),
        (state.output, graph.without_states(graph.outputs), "output"),
    ):
        if value not in known:
            raise EdgecError(
                "unknown-state",
                f"--state: {value!r} is no {kind} of the model",
                place=Place(graph.name),
                help=f"its {kind}s are {', '.join(known)}",
            )
    ends = [(graph.types[v], graph.layouts.get(v)) for v in (state.input, state.output)]
    if ends[0] != ends[1]:
        shown = " and ".join(
            f"{kind}" + (f" (axes {layout})" if layout else "") for kind, layout in ends
        )
        raise EdgecError(
            "unsupported-state",
            f"{state.input} and {state.output} differ: {shown}",
            place=Place(graph.name),
            help="give both one shape and one quantization in the model",
        )


def _alike(graph: Graph, state: State) -> Graph:
    """Mark the output as the same quantity as the input."""
    inner = ValueName(f"{state.output}/made")
    if state.output in (*graph.inputs, *graph.constants):
        return graph
    outputs = graph.outputs
    changed = graph.renamed({state.output: inner})
    node = Node(
        f"{state.output}/alike", Alike(), (inner, state.input), (state.output,), (state.output,)
    )
    return replace(
        changed,
        outputs=outputs,
        nodes=(*changed.nodes, node),
        types={**changed.types, state.output: graph.types[state.output]},
        layouts=graph.layouts,
        doors=graph.doors,
        states=graph.states,
    )
