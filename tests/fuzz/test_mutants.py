"""Mutants follow from their names; each format's damage leaves something of the format."""

import io
import json
import tomllib
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import onnx
import pytest
import tflite
from fuzz import corpus
from fuzz.mutant import Form, Mutant, Specimen

SMALL = corpus.small()
REPORT = Specimen("report", Form.REPORT, json.dumps({"memory": {"ram": 3}, "ports": [1]}).encode())
GOLDEN = Specimen("golden", Form.GOLDEN, corpus._samples().data)
FORMS = {each.form: each for each in [*reversed(SMALL), REPORT, GOLDEN]}
COUNT = 60
PARSERS: Mapping[Form, Callable[[bytes], Any]] = {
    Form.ONNX: lambda data: onnx.ModelProto.FromString(data).graph.node,
    Form.TFLITE: lambda data: tflite.Model.GetRootAs(data, 0).SubgraphsLength(),
    Form.TARGET: lambda data: json.loads(data[16 : 16 + int.from_bytes(data[12:16], "little")]),
    Form.SAMPLES: lambda data: zipfile.ZipFile(io.BytesIO(data)).namelist(),
    Form.BOARD: lambda data: tomllib.loads(data.decode()),
    Form.CONFIG: lambda data: tomllib.loads(data.decode()),
    Form.REPORT: json.loads,
    Form.GOLDEN: lambda data: zipfile.ZipFile(io.BytesIO(data)).namelist(),
}


def mutants(form: Form) -> list[Mutant]:
    return [Mutant(FORMS[form], 1, index) for index in range(COUNT)]


def reads(form: Form, data: bytes) -> bool:
    """Tell whether bytes are of a format at all."""
    try:
        return bool(PARSERS[form](data))
    except Exception:  # noqa: BLE001 - parsers of six formats raise what they like
        return False


@pytest.mark.parametrize("form", Form)
def test_a_mutant_is_a_pure_function_of_its_name(form: Form) -> None:
    again = Specimen("another name", form, bytes(FORMS[form].data))
    for each in mutants(form):
        assert Mutant(again, 1, each.index).data == each.data
        assert Mutant(again, 1, each.index).name == each.name


@pytest.mark.parametrize("form", Form)
def test_mutants_differ_and_many_still_parse(form: Form) -> None:
    made = mutants(form)
    assert len({each.data for each in made}) > COUNT / 2
    assert sum(each.data != each.specimen.data for each in made) > 0.9 * COUNT
    still = sum(reads(form, each.data) for each in made)
    assert COUNT / 5 < still < COUNT, "either nothing is damaged, or only the outermost parser is"


def test_other_seeds_make_other_mutants() -> None:
    specimen = FORMS[Form.ONNX]
    assert Mutant(specimen, 1, 0).data != Mutant(specimen, 2, 0).data


def test_fields_of_onnx_models_are_reached() -> None:
    """Attributes, shapes, types, names and weights are each changed by some mutant."""
    specimen, changed = FORMS[Form.ONNX], Counter[str]()
    before = onnx.ModelProto.FromString(specimen.data)
    for index in range(400):
        try:
            after = onnx.ModelProto.FromString(Mutant(specimen, 3, index).data)
        except Exception:  # noqa: BLE001 - protobuf's own
            continue
        changed.update(name for name in PARTS if PARTS[name](before) != PARTS[name](after))
    assert set(changed) == set(PARTS)


PARTS: Mapping[str, Callable[[onnx.ModelProto], Any]] = {
    "operators": lambda m: [each.op_type for each in m.graph.node],
    "wiring": lambda m: [list(each.input) for each in m.graph.node],
    "attributes": lambda m: [str(each.attribute) for each in m.graph.node],
    "dims": lambda m: [list(each.dims) for each in m.graph.initializer],
    "dtypes": lambda m: [each.data_type for each in m.graph.initializer],
    "weights": lambda m: [each.raw_data for each in m.graph.initializer],
    "inputs": lambda m: [str(each.type) for each in m.graph.input],
    "opset": lambda m: str(m.opset_import),
}


def test_the_corpus_has_each_file_once_and_folders_only_add_models(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.onnx").write_bytes(FORMS[Form.ONNX].data)
    (tmp_path / "b.txt").write_text("no model")
    found = list(corpus.of_folder(tmp_path))
    assert [(each.name, each.form) for each in found] == [("deep/a.onnx", Form.ONNX)]
    keys = [each.key for each in corpus.unique([*SMALL, *SMALL, *found])]
    assert keys == sorted(set(keys))
    assert len(keys) < len(SMALL) + 1
