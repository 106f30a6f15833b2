"""``edgec inspect`` and ``edgec dump``: what is in a model, before any board is chosen."""

import difflib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from edgec.driver.compile.compile import is_float_model, optimized_integers
from edgec.errors import EdgecError, ExitCode
from edgec.frontends import LoadedModel, load
from edgec.frontends.shapes import Shapes
from edgec.ir import Graph, Node, ValueName
from edgec.passes.pipeline import Observer, Pass
from edgec.pipelines import optimize_float
from edgec.quantization.samples.samples import source_shape

IMPORTED = "import"


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """An input or output; ``shape`` has the axes where the source model has them."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    quantization: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LayerInfo:
    """One node; ``params`` counts the elements of its constants."""

    name: str
    op: str
    output: tuple[int, ...]
    macs: int
    params: int

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Inspection:
    """A model as edgec sees it: cleaned up, activations NHWC.

    ``states`` are what a TFLite file keeps from run to run.
    """

    name: str
    source_format: str
    sha256: str
    quantized: bool
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    states: tuple[TensorInfo, ...]
    layers: tuple[LayerInfo, ...]
    macs: int
    params: int


@dataclass(frozen=True, slots=True)
class Dump:
    """A graph as text, after the pass ``after``; ``passes`` are all that can be named."""

    after: str
    text: str
    passes: list[str]


def inspect(model: Path, shapes: Shapes = MappingProxyType({})) -> Inspection:
    """Return what a model holds; raises what :func:`edgec.frontends.load` raises."""
    loaded = load(model, shapes)
    is_float = is_float_model(loaded.graph, loaded.source_format)
    graph = _optimized(loaded)
    whole = graph.whole()
    layers = tuple(_layer(graph, node) for node in graph.nodes)
    return Inspection(
        name=model.stem,
        source_format=loaded.source_format.value,
        sha256=loaded.sha256,
        quantized=not is_float,
        inputs=tuple(_tensor(graph, value) for value in graph.without_states(graph.inputs)),
        outputs=tuple(_tensor(whole, value) for value in whole.without_states(whole.outputs)),
        states=tuple(_tensor(graph, each.input) for each in graph.states),
        layers=layers,
        macs=sum(each.macs for each in layers),
        params=sum(int(array.size) for array in graph.constants.values()),
    )


def _optimized(loaded: LoadedModel, observers: Sequence[Observer] = ()) -> Graph:
    if is_float_model(loaded.graph, loaded.source_format):
        return optimize_float(loaded.graph, observers)
    return optimized_integers(loaded.graph, loaded.source_format, observers)


def _tensor(graph: Graph, value: ValueName) -> TensorInfo:
    door = graph.doors.get(value)
    kind = graph.types[value] if door is None else door.of_shape(graph.types[value].shape)
    quantization = str(kind.qparams) if kind.qparams else ""
    return TensorInfo(value, source_shape(graph, value), kind.dtype.value, quantization)


def _layer(graph: Graph, node: Node) -> LayerInfo:
    signature = graph.signature(node)
    constants = [graph.constants[value] for value in node.inputs if value in graph.constants]
    params = sum(int(array.size) for array in constants)
    return LayerInfo(
        node.name, node.op.name, signature.output.shape, node.op.macs(signature), params
    )


def dump(model: Path, after: str = "", shapes: Shapes = MappingProxyType({})) -> Dump:
    """Return the graph after the pass ``after``, or after the last; ``unknown-pass``.

    A float model is shown through its float passes; ``import`` names the graph before any.
    """
    loaded = load(model, shapes)
    stages: list[tuple[str, Graph]] = [(IMPORTED, loaded.graph)]

    def keep(each: Pass, before: Graph, after: Graph) -> None:
        stages.append((each.name, after))

    _optimized(loaded, (keep,))
    names = list(dict.fromkeys(name for name, _ in stages))
    wanted = after or stages[-1][0]
    if wanted not in names:
        raise _unknown_pass(wanted, names)
    chosen = [each for name, each in stages if name == wanted]
    return Dump(wanted, str(chosen[-1]), names)


def _unknown_pass(name: str, known: list[str]) -> EdgecError:
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return EdgecError(
        "unknown-pass",
        f"no pass {name!r} runs on this model",
        help=f"{hint}passes in order: {', '.join(known)}",
        exit_code=ExitCode.USAGE,
    )
