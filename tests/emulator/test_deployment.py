"""Several models in one firmware: one folder of kernels, one runner, one arena, the right bytes."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from lowering import lowered, target
from ops.case import random_array
from ops.cases.layers.svdf import CASES as SVDFS
from small_nets import samples_of, uneven_net

from edgec.codegen.firmware import FirmwareModels, firmware_tree
from edgec.codegen.library import Origin, deployment_tree
from edgec.errors import EdgecError
from edgec.firmware.emulate import Emulator, Session
from edgec.firmware.image import build_firmware
from edgec.ir import Array, Graph, State, ValueName, evaluate_runs
from edgec.memory.deployment import Deployment, PlannedProgram
from edgec.memory.liveness import live_ranges
from edgec.memory.planner import plan
from edgec.quantization.quantizer import quantize
from edgec.quantization.ranges.calibrate import calibrate
from edgec.targets.board import load_board

pytestmark = pytest.mark.qemu
BOARD = "qemu-m4"
RUNS = 6


def classifier(name: str, seed: int) -> Graph:
    graph = uneven_net()
    made = quantize(graph, calibrate(graph, samples_of(graph, seed=seed)))
    return Graph(name, made.inputs, made.outputs, made.nodes, made.types, made.constants)


def streaming() -> Graph:
    """Return a model that keeps a state from run to run."""
    plain = SVDFS[0].graph
    state = State(plain.inputs[-1], plain.outputs[-1])
    return Graph(
        "stream",
        plain.inputs,
        plain.outputs,
        plain.nodes,
        plain.types,
        plain.constants,
        states=(state,),
    )


def planned(graph: Graph) -> PlannedProgram:
    program = lowered(graph, load_board(BOARD).cpu)
    return PlannedProgram(program, plan(live_ranges(program)))


GRAPHS = (classifier("one", 0), streaming(), classifier("two", 5))


@pytest.fixture(scope="module")
def deployment() -> Deployment:
    return Deployment.in_turn("app", [planned(graph) for graph in GRAPHS])


@pytest.fixture(scope="module")
def session(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder, board = tmp_path_factory.mktemp("deployment"), load_board(BOARD)
    origins = [Origin(f"{index:02x}" * 32, BOARD, "") for index in range(len(GRAPHS))]
    library = deployment_tree(deployment, target(board.cpu), origins)
    firmware = firmware_tree(board, FirmwareModels.of(deployment))
    library.under("app").merge(firmware.under("firmware")).write(folder)
    assert [path.name for path in folder.rglob("kernels")] == ["kernels"]
    image = build_firmware(folder, "app", board)
    with Emulator(board, image.elf, timeout=60) as running:
        yield running


def inputs(graph: Graph) -> list[dict[ValueName, Array]]:
    rng = np.random.default_rng(len(graph.name))
    names = graph.without_states(graph.inputs)
    return [{name: random_array(rng, graph.types[name]) for name in names} for _ in range(RUNS)]


def test_models_answer_in_turn_as_if_each_were_alone(session: Session) -> None:
    """The state of one survives the runs of the others."""
    drawn = [inputs(graph) for graph in GRAPHS]
    wanted = [list(evaluate_runs(g, each)) for g, each in zip(GRAPHS, drawn, strict=True)]
    for index in range(len(GRAPHS)):
        session.select(index)
        session.reset()
    for run in range(RUNS):
        for index, graph in enumerate(GRAPHS):
            session.select(index)
            result = session.run([array.tobytes() for array in drawn[index][run].values()])
            names = graph.without_states(graph.outputs)
            assert result.outputs == [wanted[index][run][name].tobytes() for name in names]
            assert result.instructions


def test_each_model_says_what_it_is(session: Session) -> None:
    for index, graph in enumerate(GRAPHS):
        session.select(index)
        about = session.describe()
        sizes = [graph.types[name].bytes for name in graph.without_states(graph.inputs)]
        assert list(about.input_bytes) == sizes


def test_there_is_no_other_model(session: Session) -> None:
    with pytest.raises(EdgecError):
        session.select(len(GRAPHS))
    session.select(0)
    assert session.describe().input_bytes


def test_models_without_states_share_their_bytes(deployment: Deployment) -> None:
    one, stream, two = deployment.models
    shared = max(one.memory.size, two.memory.size)
    assert deployment.arena_starts == (0, shared, 0)
    assert deployment.arena_size == shared + stream.memory.size


def test_names_have_to_differ() -> None:
    same = planned(GRAPHS[0])
    with pytest.raises(ValueError, match="names of their own: one, one"):
        Deployment.in_turn("app", [same, same])


def test_a_bad_select_is_refused_by_a_firmware_of_one_model(tmp_path: Path) -> None:
    board, alone = load_board(BOARD), planned(GRAPHS[0])
    deployment = Deployment.of_one(alone.program, alone.memory)
    library = deployment_tree(deployment, target(board.cpu), [Origin("00" * 32, BOARD, "")])
    firmware = firmware_tree(board, FirmwareModels.of(deployment))
    library.under("one").merge(firmware.under("firmware")).write(tmp_path)
    image = build_firmware(tmp_path, "one", board)
    with Emulator(board, image.elf, timeout=60) as session, pytest.raises(EdgecError):
        session.select(0)
