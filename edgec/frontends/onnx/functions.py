"""How many nodes a model's functions become: known before any is inlined."""

from collections.abc import Iterator
from typing import Any

_Key = tuple[str, str]
_MANY = 1 << 40


def inlined_nodes(model: Any) -> int:
    """Return the nodes of a ``ModelProto`` once its functions are inlined, at most about 2**40.

    Functions that call others twice, and these others twice, are a few bytes that become anything.
    A function that calls itself has no end.
    """
    functions = {(each.domain, each.name): each for each in model.functions}
    counted: dict[_Key, int] = {}
    for key in functions:
        _count(key, functions, counted)
    return sum(counted.get(key, 1) for key in _keys(model.graph.node))


def _keys(nodes: Any) -> Iterator[_Key]:
    """Yield what each node is called, those in the branches and bodies of others included."""
    for node in nodes:
        yield node.domain, node.op_type
        for attribute in node.attribute:
            for graph in (attribute.g, *attribute.graphs):
                yield from _keys(graph.node)


def _count(start: _Key, functions: dict[_Key, Any], counted: dict[_Key, int]) -> None:
    """Count the nodes of a function, and of those that it calls, without recursion."""
    path = [start]
    while path:
        key = path[-1]
        calls = list(_keys(functions[key].node))
        open_calls = [each for each in calls if each in functions and each not in counted]
        if not open_calls:
            counted[key] = min(_MANY, sum(counted.get(each, 1) for each in calls))
            path.pop()
        elif open_calls[0] in path:
            counted[open_calls[0]] = _MANY
        else:
            path.append(open_calls[0])
