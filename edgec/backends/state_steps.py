"""States between runs: where they are kept, and the copies that end a run."""

from collections.abc import Mapping

from edgec.errors import EdgecError, Place
from edgec.ir import Graph, State, TensorType, ValueName
from edgec.program import STATE, Access, ArenaRef, Argument, Call, Scalar, StateStorage, Step, View


def state_storages(graph: Graph, views: Mapping[ValueName, View]) -> tuple[StateStorage, ...]:
    """Return the storages that keep states: those of the inputs they are read from."""
    return tuple(
        StateStorage(views[each.input].storage, _fill(graph.types[each.input]))
        for each in graph.states
    )


def keep_states(graph: Graph, views: Mapping[ValueName, View]) -> tuple[Step, ...]:
    """Return the steps that copy what a run leaves to where the next one reads it.

    A storage that another state reads from is copied before it is written. Raises
    :class:`EdgecError` ``unsupported-state`` where states change places, and where an output is
    nothing but the state that a run began with: it would be overwritten.
    """
    shown = {views[value] for value in graph.without_states(graph.outputs)}
    lost = [each for each in graph.states if views[each.input] in shown]
    if lost:
        raise _unsupported(graph, "an output is a state as it was before the run", lost)
    waiting = [each for each in graph.states if views[each.output] != views[each.input]]
    steps: list[Step] = []
    while waiting:
        sources = [views[each.output] for each in waiting]
        free = [each for each in waiting if views[each.input] not in sources]
        if not free:
            raise _unsupported(graph, "states exchange their contents", waiting)
        steps += [_copy(graph, each, views) for each in free]
        waiting = [each for each in waiting if each not in free]
    return tuple(steps)


def _copy(graph: Graph, state: State, views: Mapping[ValueName, View]) -> Step:
    kind, source, target = graph.types[state.input], views[state.output], views[state.input]
    args: list[Argument] = [
        ArenaRef(source.storage, source.offset),
        Scalar(kind.bytes),
        ArenaRef(target.storage, target.offset),
    ]
    return Step(
        node=f"{state.input}/keep",
        op=STATE,
        comment=f"{state.input}: kept for the next run {'x'.join(map(str, kind.shape))}",
        backend="portable_c",
        calls=(Call("edgec_copy", args),),
        accesses=(
            Access("in0", source, kind.bytes, writes=False),
            Access("out0", target, kind.bytes, writes=True),
        ),
        scratch=(),
        macs=0,
        weights_bytes=0,
        inputs=(kind,),
        outputs=(kind,),
    )


def _fill(kind: TensorType) -> int:
    """Return the byte that zeros are made of; int16 has no zero point."""
    return kind.quantization.zero_point if kind.qparams and kind.dtype.bytes == 1 else 0


def _unsupported(graph: Graph, problem: str, states: list[State]) -> EdgecError:
    pairs = ", ".join(f"{each.input} = {each.output}" for each in states)
    return EdgecError(
        "unsupported-state",
        f"{problem}: {pairs}",
        place=Place(graph.name),
        help="leave them inputs and outputs, and copy them from one run to the next yourself",
    )
