"""Worst-case stack of a firmware, from gcc's call graphs (-fcallgraph-info=su).

Calls through the runner's descriptor go to the functions that ``main.c`` binds; functions of the C
library, whose frames gcc does not state, count as :data:`LIBRARY_FRAME_BYTES` each.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edgec.errors import EdgecError, Place

LIBRARY_FRAME_BYTES = 64
_INDIRECT = "__indirect_call"
_BOUND_IN_MAIN = re.compile(r"firmware/main\.c:(run|input|output|reset)(_\d+)?$")
_BOUND_IN_RUNNER = re.compile(r"firmware/runner/calibrate\.c:\w+_nodes?$")
_NODE = re.compile(r'node: \{ title: "([^"]*)" label: "([^"]*)"')
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"')
_FRAME = re.compile(r"(\d+) bytes \((static|dynamic,bounded|dynamic)\)")


@dataclass(frozen=True, slots=True)
class CallGraph:
    """Stack frame (bytes) of each function, whom it calls, and which belong to the runner."""

    frames: Mapping[str, int]
    calls: Mapping[str, frozenset[str]]
    runner: frozenset[str]


@dataclass(frozen=True, slots=True)
class StackUse:
    """Worst case in bytes, interrupt included, and the chain of calls that reaches it."""

    bytes: int
    chain: tuple[str, ...]


def read_call_graph(files: Iterable[Path]) -> CallGraph:
    """Read gcc's ``.ci`` files. Raises ``unbounded-stack`` for a frame without a bound."""
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = {}
    runner: set[str] = set()
    for file in files:
        text = file.read_text(encoding="utf-8", errors="replace")
        defined = _frames(text)
        frames.update(defined)
        if file.parent.name == "runner":
            runner.update(defined)
        for source, target in _EDGE.findall(text):
            calls.setdefault(source, set()).add(target)
    targets = {name: frozenset(called) for name, called in calls.items()}
    return CallGraph(frames, targets, frozenset(runner))


def _frames(text: str) -> dict[str, int]:
    found = ((title, _FRAME.search(label)) for title, label in _NODE.findall(text))
    return {title: _bounded(title, int(each[1]), each[2]) for title, each in found if each}


def worst_case(graph: CallGraph, interrupt_bytes: int, entry: str) -> StackUse:
    """Return the deepest chain from ``entry`` plus one interrupt.

    Raises ``recursive-call`` and ``unbounded-stack``.
    """
    bound = frozenset(
        name
        for name in graph.frames
        if _BOUND_IN_MAIN.search(name) or _BOUND_IN_RUNNER.search(name)
    )
    walk = _Walk(graph, bound)
    depth, chain = walk.deepest(entry, ())
    return StackUse(depth + interrupt_bytes, chain)


class _Walk:
    """Depth-first search with memory; the path so far shows a recursion."""

    def __init__(self, graph: CallGraph, bound: frozenset[str]) -> None:
        self._graph = graph
        self._bound = bound
        self._known: dict[str, tuple[int, tuple[str, ...]]] = {}

    def deepest(self, name: str, path: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        if name in path:
            raise _recursive((*path[path.index(name) :], name))
        if name not in self._known:
            below = [self.deepest(each, (*path, name)) for each in sorted(self._targets(name))]
            depth, chain = max(below, default=(0, ()))
            frame = self._graph.frames.get(name, LIBRARY_FRAME_BYTES)
            self._known[name] = (frame + depth, (name, *chain))
        return self._known[name]

    def _targets(self, name: str) -> frozenset[str]:
        targets = self._graph.calls.get(name, frozenset())
        if _INDIRECT not in targets:
            return targets
        if name not in self._graph.runner:
            raise _unbounded(name, "it calls through a pointer")
        return (targets - {_INDIRECT}) | self._bound


def _bounded(function: str, size: int, kind: str) -> int:
    if kind == "dynamic":
        raise _unbounded(function, "its frame has a variable size")
    return size


def _unbounded(function: str, reason: str) -> EdgecError:
    return EdgecError(
        "unbounded-stack",
        f"the stack of {function} cannot be bounded: {reason}",
        place=Place(inside=function),
        help="remove variable-length arrays, alloca and function pointers from this function",
    )


def _recursive(path: tuple[str, ...]) -> EdgecError:
    return EdgecError(
        "recursive-call",
        f"the stack has no bound: {' calls '.join(path)}",
        place=Place(inside=path[0]),
        help="generated code and kernels may not recurse",
    )
