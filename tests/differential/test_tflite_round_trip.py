"""Graph -> .tflite -> graph, twice: it computes the same, and the core operators look the same."""

from pathlib import Path

import pytest
from ops.case import Case, case_modules, cases_of

from edgec.errors import Place
from edgec.exporters import write_tflite
from edgec.frontends.tflite.load import load_tflite
from edgec.frontends.tflite.reader import read_model
from edgec.ir import Graph, evaluate, verify
from edgec.ops.registry import IMPORTERS, Format

MODULES = case_modules()
CORE = (
    "elementwise.add",
    "pooling.average_pool2d",
    "movement.concatenation",
    "layers.conv2d",
    "layers.depthwise_conv2d",
    "layers.fully_connected",
)


@pytest.mark.parametrize("module", MODULES)
def test_every_operator_case(module: str, tmp_path: Path) -> None:
    assert not [problem for case in _cases(module) if (problem := _trip(case, tmp_path))]


@pytest.mark.parametrize("module", CORE)
def test_core_operators_stay_as_they_are(module: str, tmp_path: Path) -> None:
    """The test above leaves out cases that are spelled with operators nobody reads: none here."""
    cases = _cases(module)
    assert len(cases) > 2
    once = [_through_file(case.graph, tmp_path) for case in cases]
    assert [str(_through_file(graph, tmp_path)) for graph in once] == [str(each) for each in once]


def _cases(module: str) -> list[Case]:
    models = [case for case in cases_of(module) if case.oracle and _is_model(case)]
    return [case for case in models if not _is_one_way(write_tflite(case.graph))]


def _is_model(case: Case) -> bool:
    if not case.graph.inputs:  # all folded: no model
        return False
    kinds = {kind.dtype.value for kind in case.graph.types.values()}
    return bool(kinds & {"int8", "int16"}) and not kinds & {"uint8"}


def _trip(case: Case, folder: Path) -> str:
    """Return what is wrong after the trip, nothing where all is well."""
    twice = _through_file(_through_file(case.graph, folder), folder)
    for sample in case.inputs():
        before, after = evaluate(case.graph, sample), evaluate(twice, sample)
        if any(before[name].tobytes() != after[name].tobytes() for name in case.graph.outputs):
            return f"{case} computes something else"
    return ""


def _is_one_way(model: bytes) -> bool:
    """Say whether an operator was spelled out in others, in part such that no importer reads."""
    written = {each.op for each in read_model(model, Place()).operators}
    return "CAST" in written or any((Format.TFLITE, op) not in IMPORTERS for op in written)


def _through_file(graph: Graph, folder: Path) -> Graph:
    path = folder / f"{graph.name}.tflite"
    path.write_bytes(write_tflite(graph))
    back = load_tflite(path)
    verify(back)
    return back
