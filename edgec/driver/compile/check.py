"""``edgec check``: what of a model is supported, and does it fit, without building anything."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from edgec.driver.compile.compile import is_float_model, lower_graph, optimized_integers, target_of
from edgec.driver.compile.fit import FlashEstimate, check_arena, check_flash, flash_estimate
from edgec.driver.compile.poor_quality import poor_quantization
from edgec.driver.compile.stated import in_steps_if_annotated
from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.frontends.shapes import Shapes
from edgec.ir import Graph, State, ValueName
from edgec.memory.planner import MemoryPlan
from edgec.ops.registry import Format
from edgec.ops.settled import is_settled
from edgec.pipelines import optimize_float, optimize_integer
from edgec.program import Program
from edgec.quantization.prequantized.prequantized import Prequantized, is_annotated
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import check_weights
from edgec.quantization.ranges.masks import with_finite_masks
from edgec.quantization.ranges.observers import Range
from edgec.quantization.samples.model_states import parse_states, with_file_states, with_states
from edgec.quantization.samples.samples import Samples
from edgec.targets.board import Board, load_board

DEFAULT_BOARD = "qemu-m4"


@dataclass(frozen=True)
class CheckResult:
    """What a build would give: kernels and memory where everything is supported."""

    supported: bool
    problems: list[EdgecError]
    graph: Graph | None = None
    program: Program | None = None
    memory: MemoryPlan | None = None
    board: Board | None = None
    transposes: int = 0
    flash: FlashEstimate | None = None
    warnings: tuple[str, ...] = ()

    @property
    def remarks(self) -> tuple[str, ...]:
        """What there is to say of the file, such as what an open axis was taken as."""
        return self.graph.remarks if self.graph else ()

    @property
    def fits(self) -> bool:
        """Whether memory is none of the problems."""
        return all(each.code != "does-not-fit" for each in self.problems)


def check(
    model: Path,
    board_name: str = "",
    kernels: str = "auto",
    shapes: Shapes = MappingProxyType({}),
    state: str = "",
    cmsis_nn: str = "",
    *,
    allow_poor: bool = False,
) -> CheckResult:
    """Collect every problem of a model; file and board must exist, or ``EdgecError`` is raised.

    ``state`` is what --state says: ``invalid-option`` is raised too. So are problems of CMSIS-NN,
    which are none of the model's; ``cmsis_nn`` is a folder with the user's copy, or "". What a
    file's stated quantization loses is a problem as in a build, unless ``allow_poor``.
    """
    states = parse_states(state)
    board = load_board(board_name or DEFAULT_BOARD)
    target = target_of(board, kernels, cmsis_nn)
    try:
        loaded = load(model, shapes)
        source = with_file_states(loaded.graph, state)
        graph, meaning = _preview(source, loaded.source_format, states)
        program, memory = lower_graph(graph, target, kernels)
    except EdgecError as error:
        if error.code in {"file-not-found", "unreadable-file", "unknown-format"}:
            raise
        return CheckResult(False, list(error.problems()), board=board)
    problems = _fit_problems(program, memory, board) if board_name else []
    poor = poor_quantization(str(model), meaning, graph) if meaning and not allow_poor else None
    problems += [poor] if poor else []
    flash = flash_estimate(program)
    return CheckResult(
        not problems,
        problems,
        graph,
        program,
        memory,
        board,
        sum(step.op == "transpose" for step in program.steps),
        flash,
        tuple(flash.warnings(board)) if board_name else (),
    )


def integer_preview(graph: Graph, source_format: Format, states: Sequence[State] = ()) -> Graph:
    """Return the integer graph; a float model is quantized with placeholder ranges of [-1, 1].

    Shapes, kernels and memory are those of a real build; scales and accuracy are not.
    """
    return _preview(graph, source_format, states)[0]


def _preview(
    graph: Graph, source_format: Format, states: Sequence[State]
) -> tuple[Graph, Graph | None]:
    """Return the integers, and the floats they stand for where the file states all of them."""
    if not is_float_model(graph, source_format):
        return with_states(optimized_integers(graph, source_format), states), None
    graph = optimize_float(in_steps_if_annotated(graph))
    if is_annotated(graph):
        stated = Prequantized.of(graph)
        integers = stated.completed(_placeholders(stated.floats)).integers()
        meaning = graph if stated.is_complete() else None
        return with_states(optimize_integer(integers), states), meaning
    if is_settled(graph):
        return with_states(optimize_integer(graph), states), None
    graph = with_finite_masks(with_states(graph, states), Samples({}))
    check_weights(graph)
    return optimize_integer(quantize(graph, _placeholders(graph))), None


def _placeholders(graph: Graph) -> dict[ValueName, Range]:
    made = [value for node in graph.nodes for value in node.outputs]
    return {value: Range(-1.0, 1.0) for value in (*graph.inputs, *made)}


def _fit_problems(program: Program, memory: MemoryPlan, board: Board) -> list[EdgecError]:
    problems: list[EdgecError] = []
    for ask in (partial(check_arena, memory, board), partial(check_flash, program, board)):
        try:
            ask()
        except EdgecError as error:
            problems += error.problems()
    return problems
