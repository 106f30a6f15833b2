"""Model file -> integer graph -> program -> sources: all of a build that needs no toolchain."""

from dataclasses import dataclass, replace
from pathlib import Path

from edgec.backends.backend import linked_libraries, preferred
from edgec.backends.selection import lower
from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.codegen.library import Origin, library_tree
from edgec.codegen.source_tree import SourceTree
from edgec.driver.compile.fit import check_arena
from edgec.driver.compile.prequantized import in_steps_if_annotated, integers_as_stated
from edgec.driver.compile.quantization import (
    QuantizationReport,
    calibration_samples,
    quantize_model,
)
from edgec.driver.options import BuildOptions
from edgec.driver.progress import Progress, Quiet
from edgec.errors import EdgecError, ExitCode, Place
from edgec.exporters.tflite import write_tflite
from edgec.frontends import LoadedModel, load
from edgec.ir import DType, Graph
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import MemoryPlan, plan
from edgec.memory.schedule import Schedule
from edgec.pipelines import optimize_float, optimize_integer
from edgec.program import Program
from edgec.pruning import PruningReport, parse_request, prune
from edgec.quantization.prequantized.prequantized import is_annotated
from edgec.quantization.ranges.standardize_inputs import InputStandardization
from edgec.quantization.samples.model_states import (
    parse_states,
    state_warnings,
    with_file_states,
    with_states,
)
from edgec.quantization.samples.samples import Samples, source_shape
from edgec.targets.board import Board, load_board
from edgec.targets.target import Target


@dataclass(frozen=True)
class Compiled:
    """Everything a build knows before a compiler runs.

    ``float_graph`` is what was quantized, pruned where that was asked for; ``samples`` are the
    calibration data.
    """

    options: BuildOptions
    model: LoadedModel
    board: Board
    graph: Graph
    float_graph: Graph | None
    samples: Samples | None
    program: Program
    memory: MemoryPlan
    library: SourceTree
    firmware: SourceTree
    tflite: bytes
    passes: tuple[tuple[str, bool], ...]
    warnings: tuple[str, ...]
    pruning: PruningReport | None = None
    quantization: QuantizationReport | None = None

    @property
    def name(self) -> str:
        return self.options.model_name


class PassLog:
    """An observer that remembers which passes changed the graph."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, bool]] = []

    def __call__(self, each: object, before: Graph, after: Graph) -> None:
        self.entries.append((str(getattr(each, "name", each)), before is not after))


def compile_model(
    options: BuildOptions,
    progress: Progress | None = None,
    made: "IntegerModel | None" = None,
) -> Compiled:
    """Return the compiled model; raises :class:`EdgecError` for all that is wrong with it.

    ``made`` is what :func:`integer_model` returned for the same options, where that is known.
    """
    progress = progress or Quiet()
    options = options.checked()
    board = load_board(options.board)
    progress.stage("reading the model")
    model = load(Path(options.model), options.shapes)
    log = PassLog()
    quantized = made or integer_model(options, model, log, progress)
    graph, samples = quantized.graph, quantized.samples
    progress.stage("planning kernels and memory")
    target = target_of(board, options.kernels, options.cmsis_nn)
    program, memory = lower_graph(_renamed(graph, options.model_name), target, options.kernels)
    check_arena(memory, board)
    origin = Origin(model.sha256, board.id, _option_text(options))
    library = library_tree(program, memory, target, origin)
    ports = (len(program.inputs), len(program.outputs))
    firmware = firmware_tree(board, FirmwareModel(options.model_name, *ports))
    return Compiled(
        options=options,
        model=model,
        board=board,
        graph=graph,
        float_graph=quantized.float_graph,
        samples=samples,
        program=program,
        memory=memory,
        library=library,
        firmware=firmware,
        tflite=write_tflite(graph),
        passes=tuple(log.entries),
        warnings=(*program.warnings, *quantized.warnings),
        pruning=quantized.pruning,
        quantization=quantized.quantization,
    )


def target_of(board: Board, kernels: str, cmsis_nn: str = "") -> Target:
    """Return what a build for a board is made for: with the libraries that its kernels are of.

    ``cmsis_nn`` is a folder with the user's copy of CMSIS-NN, or "".
    """
    folders = {"cmsis_nn": Path(cmsis_nn) if cmsis_nn else None}
    return Target.of_board(board, *linked_libraries(preferred(kernels), folders))


def lower_graph(graph: Graph, target: Target, kernels: str) -> tuple[Program, MemoryPlan]:
    """Choose kernels for a target, order them, and place every storage."""
    program = lower(graph, target, preferred(kernels))
    program = Schedule.as_lowered(program).applied_to(program)
    return program, plan(live_ranges(program))


def is_float_model(graph: Graph) -> bool:
    """Tell whether a model still has to be quantized: no activation of it has a scale."""
    activations = [graph.types[value] for node in graph.nodes for value in node.outputs]
    kinds = activations or [graph.types[value] for value in graph.inputs]
    return all(kind.qparams is None for kind in kinds)


@dataclass(frozen=True, slots=True)
class IntegerModel:
    """An integer graph and, for a float model, where it comes from.

    ``float_graph`` is what was quantized, pruned where that was asked for.
    """

    graph: Graph
    float_graph: Graph | None = None
    samples: Samples | None = None
    pruning: PruningReport | None = None
    quantization: QuantizationReport | None = None
    standardization: InputStandardization | None = None
    stated_warnings: tuple[str, ...] = ()
    state_warnings: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What there is to say of the file, of its quantization, of the samples and of states."""
        sampled = self.samples.warnings if self.samples else ()
        made = self.quantization.warnings if self.quantization else ()
        told = (*self.graph.remarks, *self.stated_warnings, *sampled)
        return (*told, *made, *self.state_warnings)


def integer_model(
    options: BuildOptions, model: LoadedModel, log: PassLog, progress: Progress
) -> IntegerModel:
    """Return the integer graph of a model; a float one is pruned and quantized as asked for."""
    source = with_file_states(model.graph, options.state)
    told = state_warnings(source, options.state)
    return replace(_integers_of(source, options, log, progress), state_warnings=told)


def _integers_of(
    source: Graph, options: BuildOptions, log: PassLog, progress: Progress
) -> IntegerModel:
    states = parse_states(options.state)
    if not is_float_model(source):
        if options.prune:
            raise _not_prunable(options)
        return IntegerModel(with_states(optimize_integer(source, (log,)), states))
    progress.stage("optimizing the float graph")
    float_graph = optimize_float(in_steps_if_annotated(source), (log,))
    if is_annotated(float_graph):
        if options.prune:
            raise _not_prunable(options)
        stated, warnings = integers_as_stated(options.model, options.calib, float_graph, progress)
        graph = with_states(optimize_integer(stated, (log,)), states)
        return IntegerModel(graph, float_graph, stated_warnings=warnings)
    float_graph = with_states(float_graph, states)
    if not options.calib:
        raise _no_calibration(options, float_graph)
    samples = calibration_samples(options, float_graph)
    pruning = None
    if options.prune:
        progress.stage("pruning")
        pruned = prune(float_graph, samples, parse_request(options.prune), progress.advance)
        float_graph, pruning = pruned.graph, pruned.report
    wide = DType.INT16 if options.width == "int16x8" else DType.INT8
    standardization = InputStandardization.of(float_graph, samples, wide)
    quantized, report = quantize_model(
        options, standardization.graph, standardization.samples, progress
    )
    graph = optimize_integer(standardization.opened(quantized.graph), (log,))
    return IntegerModel(
        graph, float_graph, standardization.settled(samples), pruning, report, standardization
    )


def _renamed(graph: Graph, name: str) -> Graph:
    """Return the graph under the name that C will know it by."""
    return replace(graph, name=name)


def _option_text(options: BuildOptions) -> str:
    calib = Path(options.calib).name
    shown = {
        "calib": calib,
        "shape": options.shape,
        "state": options.state,
        "prune": options.prune,
        "kernels": options.kernels,
    }
    return " ".join(f"--{key} {value}" for key, value in shown.items() if value)


def _not_prunable(options: BuildOptions) -> EdgecError:
    return EdgecError(
        "prune-needs-float",
        f"--prune {options.prune}: this model is quantized already, only a float one is pruned",
        place=Place(options.model),
        help="give the float model it was made from, with --calib: edgec prunes, then quantizes",
    )


def _no_calibration(options: BuildOptions, graph: Graph) -> EdgecError:
    wanted = ", ".join(
        f"{name}=<float32 samples x {'x'.join(map(str, source_shape(graph, name)[1:]))}>"
        for name in graph.without_states(graph.inputs)
    )
    return EdgecError(
        "calibration-needed",
        "this is a float model: quantizing it needs samples of its input",
        place=Place(options.model),
        help=f"save 100 or so real inputs, numpy.savez('calib.npz', {wanted}), "
        "and add --calib calib.npz; --calib random does for a first look at size and speed",
        exit_code=ExitCode.MODEL,
    )
