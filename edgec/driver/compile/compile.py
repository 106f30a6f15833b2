"""Model file -> sources: all of a build that needs no toolchain, as a straight walk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from edgec.backends.backend import linked_libraries, preferred
from edgec.backends.selection import lower
from edgec.codegen.firmware import FirmwareModel, firmware_tree
from edgec.codegen.library import Origin, library_tree
from edgec.codegen.source_tree import SourceTree
from edgec.driver.compile.fit import check_arena, check_flash
from edgec.driver.compile.max_drop import judged_as_stated, judged_unpruned
from edgec.driver.compile.poor_quality import approved
from edgec.driver.compile.quantization import calibration_samples, quantize_model
from edgec.driver.compile.requirements import Requirement
from edgec.driver.compile.stages import (
    FloatModel,
    IntegerModel,
    PrequantizedModel,
    Quantization,
    Source,
    TargetModel,
)
from edgec.driver.compile.stated import in_steps_if_annotated, integers_as_stated
from edgec.driver.options import BuildOptions
from edgec.driver.progress import Progress, Quiet
from edgec.errors import EdgecError, ExitCode, Place
from edgec.exporters.proof import why_it_does_not_load
from edgec.exporters.tflite import write_tflite
from edgec.frontends import load
from edgec.ir import DType, Graph, ValueName
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import MemoryPlan, plan
from edgec.memory.schedule import Schedule
from edgec.ops.registry import Format
from edgec.ops.settled import is_settled
from edgec.passes.pipeline import Observer
from edgec.pipelines import optimize_float, optimize_integer, optimize_target
from edgec.program import Program
from edgec.pruning import parse_request, prune
from edgec.quantization.number_outputs import with_number_outputs
from edgec.quantization.prequantized.prequantized import is_annotated
from edgec.quantization.ranges.masks import with_finite_masks
from edgec.quantization.ranges.standardize_inputs import InputStandardization
from edgec.quantization.samples.model_states import (
    parse_states,
    state_warnings,
    with_file_states,
    with_states,
)
from edgec.quantization.samples.samples import sample_shape
from edgec.targets.board import Board, load_board
from edgec.targets.target import Target


@dataclass(frozen=True)
class Compiled:
    """Everything a build knows before a compiler runs."""

    options: BuildOptions
    board: Board
    target: Target
    model: TargetModel
    program: Program
    memory: MemoryPlan
    library: SourceTree
    firmware: SourceTree
    passes: tuple[tuple[str, bool], ...]

    @property
    def name(self) -> str:
        return self.options.model_name

    @property
    def graph(self) -> Graph:
        """What runs."""
        return self.model.graph

    @property
    def warnings(self) -> tuple[str, ...]:
        told = self.model.integers.warnings
        return (*self.options.name_warnings, *self.program.warnings, *told, *self.model.remarks)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Those of the warnings where nothing is wrong: what was taken how, what is left out."""
        return (*self.model.integers.graph.remarks, *self.model.remarks)


class PassLog:
    """An observer that remembers which passes changed the graph."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, bool]] = []

    def __call__(self, each: object, before: Graph, after: Graph) -> None:
        self.entries.append((str(getattr(each, "name", each)), before is not after))


def compile_model(options: BuildOptions, progress: Progress | None = None) -> Compiled:
    """Return the compiled model; raises :class:`EdgecError` for all that is wrong with it."""
    progress = progress or Quiet()
    options = options.checked()
    load_board(options.board)  # before hours of work
    log = PassLog()
    return compile_integers(options, integer_model(options, progress, log), progress, log)


def compile_integers(
    options: BuildOptions,
    integers: IntegerModel,
    progress: Progress,
    log: PassLog | None = None,
) -> Compiled:
    """Return what :func:`compile_model` returns, from an integer model of the same options."""
    log = log or PassLog()
    board = load_board(options.board)
    target = target_of(board, options.kernels, options.cmsis_nn)
    model = target_model(integers, (log,))
    progress.stage("planning kernels and memory")
    graph = replace(model.graph, name=options.model_name)  # what C will know it by
    program, memory = lower_graph(graph, target, options.kernels)
    check_arena(memory, board)
    check_flash(program, board)
    origin = Origin(integers.source.file.sha256, board.id, _option_text(options))
    ports = (len(program.inputs), len(program.outputs))
    return Compiled(
        options=options,
        board=board,
        target=target,
        model=model,
        program=program,
        memory=memory,
        library=library_tree(program, memory, target, origin),
        firmware=firmware_tree(board, FirmwareModel(options.model_name, *ports)),
        passes=tuple(log.entries),
    )


def integer_model(
    options: BuildOptions, progress: Progress, log: Observer | None = None
) -> IntegerModel:
    """Read a model and return its integers; a float one is pruned and quantized as asked for."""
    observers = (log,) if log else ()
    progress.stage("reading the model")
    source = read_source(options)
    if not is_float_model(source.graph, source.file.source_format):
        _check_not_pruned(options)
        made = _optimized(PrequantizedModel(source, source.graph), options, observers)
        return judged_as_stated(made, options, progress)
    progress.stage("optimizing the float graph")
    graph = with_number_outputs(optimize_float(in_steps_if_annotated(source.graph), observers))
    if is_annotated(graph):
        _check_not_pruned(options)
        integers, told = integers_as_stated(options.model, options.calib, graph, progress)
        stated = PrequantizedModel(source, integers, graph, told)
        made = approved(_optimized(stated, options, observers), options)
        return judged_as_stated(made, options, progress)
    if is_settled(graph):
        _check_not_pruned(options)
        made = _optimized(PrequantizedModel(source, graph), options, observers)
        return judged_as_stated(made, options, progress)
    return quantized(float_model(options, source, graph, progress), options, progress, observers)


def read_source(options: BuildOptions) -> Source:
    """Read the model file; states that the file keeps are as --state says."""
    file = load(Path(options.model), options.shapes)
    graph = with_file_states(file.graph, options.state)
    return Source(file, graph, state_warnings(graph, options.state))


def is_float_model(graph: Graph, source_format: Format) -> bool:
    """Tell whether a model still has to be quantized: no activation of it has a scale.

    An .edgec file never is: it says what runs.
    """
    if source_format is Format.EDGEC:
        return False
    activations = [graph.types[value] for node in graph.nodes for value in node.outputs]
    kinds = activations or [graph.types[value] for value in graph.inputs]
    return all(kind.qparams is None for kind in kinds)


def optimized_integers(
    graph: Graph, source_format: Format, observers: Sequence[Observer] = ()
) -> Graph:
    """Return a model of integers as it will be built: a target graph is as it will run."""
    return graph if source_format is Format.EDGEC else optimize_integer(graph, observers)


def _optimized(
    model: PrequantizedModel, options: BuildOptions, observers: Sequence[Observer]
) -> IntegerModel:
    graph = optimized_integers(model.integers, model.source.file.source_format, observers)
    return IntegerModel(model, with_states(graph, parse_states(options.state)))


def float_model(
    options: BuildOptions, source: Source, graph: Graph, progress: Progress
) -> FloatModel:
    """Return an optimized float graph with its samples, pruned where that is asked for."""
    graph = with_states(graph, parse_states(options.state))
    if not options.calib:
        raise _no_calibration(options, graph)
    samples = calibration_samples(options, graph)
    graph = with_finite_masks(graph, samples)
    Requirement.parse(options.max_drop).check(graph, samples)  # before hours of work
    if not options.prune:
        return FloatModel(source, graph, samples)
    progress.stage("pruning")
    pruned = prune(graph, samples, parse_request(options.prune), progress.advance)
    return FloatModel(source, pruned.graph, samples, pruned.report, graph)


def quantized(
    model: FloatModel, options: BuildOptions, progress: Progress, observers: Sequence[Observer]
) -> IntegerModel:
    """Quantize a float model as the options ask."""
    wide = DType.INT16 if options.width == "int16x8" else DType.INT8
    before = InputStandardization.of(model.graph, model.samples, wide)
    report = quantize_model(options, before.graph, before.samples, progress)
    graph = optimize_integer(before.opened(report.quantized.graph), observers)
    made = IntegerModel(model, graph, Quantization(report, before))
    return judged_unpruned(made, options, progress)


def target_model(integers: IntegerModel, observers: Sequence[Observer] = ()) -> TargetModel:
    """Return what runs, and the interchange file where TFLite can say the same."""
    graph = optimize_target(integers.graph, observers)
    try:
        data = write_tflite(integers.graph)
    except EdgecError as error:
        return TargetModel(integers, graph, None, (_no_interchange(error),))
    refused = why_it_does_not_load(data, integers.graph)
    return TargetModel(integers, graph, data, (refused,) if refused else ())


def _no_interchange(error: EdgecError) -> str:
    """Say why there is no .tflite file: what each node has that TFLite cannot express."""
    problems = error.problems()
    if any(each.code != "cannot-export" for each in problems):
        raise error
    shown = "; ".join(f"{each.place.inside}: {each.message}" for each in problems)
    return f"no .tflite file beside this build, TFLite cannot express all of it: {shown}"


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


def _check_not_pruned(options: BuildOptions) -> None:
    if options.prune:
        raise EdgecError(
            "prune-needs-float",
            f"--prune {options.prune}: this model is quantized already, only a float one is pruned",
            place=Place(options.model),
            help="give the float model it was made from, with --calib: pruned, then quantized",
        )


def _samples_of(graph: Graph, name: ValueName) -> str:
    """Say what to save for an input: its type at the C interface, and the axes of a sample."""
    door = graph.doors.get(name)
    dtype = graph.types[name].dtype if door is None else door.dtype
    return f"{dtype.value} samples x {'x'.join(map(str, sample_shape(graph, name)))}"


def _keyword(name: str, value: str) -> str:
    """Return how Python passes ``value`` under a name that may be any text."""
    return f"{name}={value}" if name.isidentifier() else f"**{{{name!r}: {value}}}"


def _no_calibration(options: BuildOptions, graph: Graph) -> EdgecError:
    wanted = ", ".join(
        _keyword(name, f"<{_samples_of(graph, name)}>")
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
