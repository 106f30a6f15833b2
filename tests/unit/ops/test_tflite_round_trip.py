"""Every operator case through its exporter, a file, and its importer: the results stay."""

import importlib
import pkgutil
from pathlib import Path

import ops.cases
import pytest

from edgec.errors import Place
from edgec.exporters.tflite import write_tflite
from edgec.frontends.tflite import load_tflite
from edgec.frontends.tflite_reader import read_model
from edgec.ir import DType, evaluate

MODULES = sorted(each.name for each in pkgutil.iter_modules(ops.cases.__path__))


@pytest.mark.parametrize("module", MODULES)
def test_exported_cases_import_to_the_same_results(module: str, tmp_path: Path) -> None:
    path = tmp_path / "case.tflite"
    cases = importlib.import_module(f"ops.cases.{module}").CASES
    wrong = []
    for case in (each for each in cases if each.graph.inputs and each.oracle):
        path.write_bytes(write_tflite(case.graph))
        if _is_spelled_out(path):
            continue
        graph = load_tflite(path)
        assert graph.inputs == case.graph.inputs
        sample = case.inputs()[0]
        expected = [array.tobytes() for array in evaluate(case.graph, sample).values()]
        actual = [array.tobytes() for array in evaluate(graph, sample).values()]
        if expected != actual:
            wrong.append(str(case))
    assert not wrong


def _is_spelled_out(path: Path) -> bool:
    """Tell whether the file has an operator as int64 arithmetic, which no importer reads."""
    model = read_model(path.read_bytes(), Place())
    return any(tensor.dtype is DType.INT64 and tensor.data is None for tensor in model.tensors)
