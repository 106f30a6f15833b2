"""Every invariant of a graph, one function each; a broken one is a bug in edgec."""

from collections import Counter
from collections.abc import Iterator

from edgec.ir.graph import Graph, State


class InvalidGraphError(AssertionError):
    """A graph broke an invariant."""


def verify(graph: Graph) -> None:
    """Raise :class:`InvalidGraphError` naming every broken invariant."""
    problems = [problem for check in _CHECKS for problem in check(graph)]
    if problems:
        message = f"graph {graph.name!r} is invalid: " + "; ".join(problems)
        raise InvalidGraphError(message)


def _defined_once_before_use(graph: Graph) -> Iterator[str]:
    known = [*graph.inputs, *graph.constants]
    seen = set(known)
    if len(seen) != len(known):
        yield "an input is also a constant or declared twice"
    for node in graph.nodes:
        yield from (
            f"{node.name!r} reads {v!r} before it exists" for v in node.inputs if v not in seen
        )
        yield from (f"{node.name!r} redefines {v!r}" for v in node.outputs if v in seen)
        seen.update(node.outputs)
    yield from (f"output {value!r} is never made" for value in graph.outputs if value not in seen)


def _node_names_unique(graph: Graph) -> Iterator[str]:
    times = Counter(node.name for node in graph.nodes)
    yield from (f"node name {name!r} is taken twice" for name, n in times.items() if n > 1)


def _everything_typed(graph: Graph) -> Iterator[str]:
    values = {*graph.inputs, *graph.outputs, *graph.constants}
    values.update(value for node in graph.nodes for value in (*node.inputs, *node.outputs))
    yield from (f"{value!r} has no type" for value in sorted(values) if value not in graph.types)
    yield from (
        f"{value!r} is typed but not used" for value in sorted(graph.types) if value not in values
    )


def _constants_match_their_types(graph: Graph) -> Iterator[str]:
    for value, array in graph.constants.items():
        kind = graph.types.get(value)
        if kind and (array.shape != kind.shape or array.dtype != kind.dtype.numpy):
            yield f"constant {value!r} is {array.dtype}{array.shape}, typed {kind}"


def _types_as_inferred(graph: Graph) -> Iterator[str]:
    for node in graph.nodes:
        if any(value not in graph.types for value in (*node.inputs, *node.outputs)):
            continue
        signature = graph.signature(node)
        try:
            inferred = node.op.infer(signature.inputs)
        except ValueError as error:
            yield f"{node.name!r}: {error}"
            continue
        for declared, kind in zip(signature.outputs, inferred, strict=True):
            if (declared.shape, declared.dtype) != (kind.shape, kind.dtype):
                yield f"{node.name!r} is typed {declared}, but makes {kind}"


def _quantization_fits(graph: Graph) -> Iterator[str]:
    for value, kind in graph.types.items():
        q = kind.qparams
        if q is None:
            continue
        if q.axis is None and len(q.scales) != 1:
            yield f"{value!r} has {len(q.scales)} scales but no axis"
        if q.axis is not None and (q.axis >= kind.rank or kind.shape[q.axis] != len(q.scales)):
            yield f"{value!r}: {len(q.scales)} scales do not fit axis {q.axis} of {kind.shape}"
        if any(not 0 <= scale < float("inf") for scale in q.scales):
            yield f"{value!r} has a scale that is negative or not finite"


def _layouts_are_permutations(graph: Graph) -> Iterator[str]:
    door = {*graph.inputs, *graph.outputs}
    for value, layout in graph.layouts.items():
        if value not in door:
            yield f"layout of {value!r}, which is no input or output"
        elif sorted(layout) != list(range(graph.types[value].rank)):
            yield f"layout {layout} of {value!r} is no permutation of its axes"


def _states_fit(graph: Graph) -> Iterator[str]:
    for each in graph.states:
        if each.input not in graph.inputs or each.output not in graph.outputs:
            yield f"state {each.input!r} = {each.output!r} is no input and output"
        elif not _same_bytes(graph, each):
            yield f"state {each.input!r} is not like {each.output!r}"
    inputs = [each.input for each in graph.states]
    if len(set(inputs)) < len(inputs):
        yield "an input is a state twice"


def _same_bytes(graph: Graph, state: State) -> bool:
    before, after = graph.types[state.input], graph.types[state.output]
    layouts = [graph.layouts.get(value) for value in (state.input, state.output)]
    return before == after and layouts[0] == layouts[1]


_CHECKS = (
    _defined_once_before_use,
    _node_names_unique,
    _everything_typed,
    _constants_match_their_types,
    _types_as_inferred,
    _quantization_fits,
    _layouts_are_permutations,
    _states_fit,
)
