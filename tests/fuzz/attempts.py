"""What a mutant is put through: the commands and functions that read such a file.

Each attempt writes as the command line does, and returns its exit code.
"""

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

import numpy as np
from fuzz.mutant import MODELS, Form

from edgec.cli import main
from edgec.driver.compile.build import describe_ports
from edgec.driver.compile.built_graph import built_graph
from edgec.driver.compile.compile import compile_model
from edgec.driver.compile.golden import golden_inputs, golden_of, reference_outputs
from edgec.driver.options import RANDOM, BuildOptions, read_config
from edgec.driver.output import open_output
from edgec.driver.ports import read_inputs
from edgec.driver.progress import Quiet
from edgec.errors import EdgecError
from edgec.frontends import load
from edgec.ir import Graph

_BOARDS = ("qemu-m4", "qemu-m0", "qemu-m55", "stm32")
_KERNELS = ("auto", "portable", "edgec")
_LARGEST = 1 << 20  # bytes of all values of a model that is also evaluated
_SAMPLES = 2  # that are evaluated


@dataclass(frozen=True)
class Bench:
    """Good files that stand beside a mutant: models, and an output folder where one was built."""

    models: Sequence[Path]
    out: Path | None = None

    def model(self, rng: Random) -> Path:
        return rng.choice(self.models)


Attempt = Callable[[Path, Random, Bench], int]
"""Takes a file, a source of choices and what is beside it; returns the exit code."""


def check(path: Path, rng: Random, _: Bench) -> int:
    """Do as `edgec check`, for a board or none."""
    board = ["--board", rng.choice(_BOARDS)] if rng.random() < 0.5 else []
    return main(["check", str(path), "--json", "--kernels", rng.choice(_KERNELS), *board])


def inspect(path: Path, _: Random, __: Bench) -> int:
    return main(["inspect", str(path), "--json"])


def library(path: Path, rng: Random, _: Bench) -> int:
    """Do all of a build that needs no compiler, and evaluate what would run."""
    return _as_a_command(lambda: _compiled(_options(path, rng)))


def calibration(path: Path, rng: Random, bench: Bench) -> int:
    model, made = bench.model(rng), path.with_name("made.tflite")
    fast = ["--effort", "fast", "--output", str(made), "--json"]
    return main(["quantize", str(model), "--calib", str(path), *fast])


def evaluation(path: Path, rng: Random, bench: Bench) -> int:
    fast = ["--calib", RANDOM, "--effort", "fast", "--json"]
    model = rng.choice(bench.models[:2])  # whose outputs labels fit
    return main(["eval", str(model), "--data", str(path), *fast])


def inputs_read(path: Path, _: Random, bench: Bench) -> int:
    """Read samples as `edgec run` does, for the model that was built."""
    out = bench.out
    return 0 if out is None else _as_a_command(lambda: _read_inputs(path, out))


def board_shown(path: Path, _: Random, __: Bench) -> int:
    return main(["boards", "show", str(path), "--json"])


def board_built(path: Path, rng: Random, bench: Bench) -> int:
    """Write a library and a firmware's sources for a board."""
    options = replace(_options(bench.model(rng), rng), board=str(path))
    return _as_a_command(lambda: _compiled(options))


def configured(path: Path, _: Random, bench: Bench) -> int:
    """Compile as a configuration says; it writes nothing, whatever `output` says."""
    shutil.copy(bench.models[0], path.with_name("model.onnx"))
    return _as_a_command(lambda: _compiled(read_config(path)))


def compared(path: Path, rng: Random, bench: Bench) -> int:
    """Compare a report with a good one, and with itself."""
    good = path if bench.out is None else bench.out / "report.json"
    reports = [str(path), str(good)]
    rng.shuffle(reports)
    return main(["compare", *reports, "--fail-if", "ram>0,sqnr<-1%", "--json"])


def opened(path: Path, rng: Random, bench: Bench) -> int:
    """Open an output folder one file of which is the mutant, and read all that is in it."""
    if bench.out is None:
        return 0
    folder = path.with_name("OUT")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(bench.out, folder)
    name = next((each for each in ("report.json", "golden.npz") if path.name.endswith(each)), "")
    shutil.copy(path, folder / name)
    return _as_a_command(lambda: _read_output(folder))


ATTEMPTS: Mapping[Form, Sequence[tuple[int, Attempt]]] = {
    **dict.fromkeys(MODELS, ((5, check), (1, inspect), (3, library))),
    Form.SAMPLES: ((2, calibration), (2, evaluation), (1, inputs_read)),
    Form.BOARD: ((1, board_shown), (1, board_built)),
    Form.CONFIG: ((1, configured),),
    Form.REPORT: ((1, compared), (1, opened)),
    Form.GOLDEN: ((1, opened),),
}
"""Form -> what is done with such files, each with its share."""

PRINT_JSON = frozenset({check, inspect, calibration, evaluation, board_shown, compared})


def _options(path: Path, rng: Random) -> BuildOptions:
    board, kernels = rng.choice(_BOARDS), rng.choice(_KERNELS)
    return BuildOptions(
        model=str(path), board=board, kernels=kernels, calib=RANDOM, effort="fast", name="m"
    )


def _compiled(options: BuildOptions) -> None:
    graph = load(Path(options.checked().model), options.shapes).graph
    if _size(graph) > _LARGEST:
        return
    compiled = compile_model(options)
    if _size(compiled.graph) <= _LARGEST:
        inputs = golden_inputs(compiled, describe_ports(compiled)[0])[:_SAMPLES]
        reference_outputs(compiled.graph, inputs, Quiet())


def _size(graph: Graph) -> int:
    return sum(kind.bytes for kind in graph.types.values())


def _read_output(folder: Path) -> None:
    built = open_output(folder)
    golden_of(built)
    built_graph(built)


def _read_inputs(path: Path, out: Path) -> None:
    read_inputs(path, open_output(out).inputs)


def _as_a_command(work: Callable[[], None]) -> int:
    """Run a function of the driver as the command line would."""
    try:
        with np.errstate(all="ignore"):
            work()
    except EdgecError as error:
        sys.stderr.write(f"{error}\n")
        return int(error.exit_code)
    return 0
