"""Every TFLite operator with every combination of types: built, or refused by its right name.

Files are those that op cases export, and for operators that no case exports alone small ones made
here, with the types of all inputs and all outputs changed, and of each tensor alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tflite
from lowering import target
from ops.case import Case, case_modules, cases_of
from oracle import is_golden
from tflite_files import OddLayout, constant, tensor

from edgec.driver.compile.check import integer_preview
from edgec.driver.compile.compile import lower_graph
from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileOperator, FileTensor
from edgec.exporters.proof import why_it_does_not_load
from edgec.exporters.tflite import _Emitter, load_exporters
from edgec.frontends.importers import load_importers
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import DType, GraphBuilder, QParams, TensorType
from edgec.ops import registry
from edgec.ops.registry import IMPORTERS, NUMBER_IMPORTERS, Format
from edgec.targets.target import Target

load_exporters()
load_importers()
HALF = DType.UINT16  # stands for float16, which DType has not
TYPES = (
    DType.FLOAT32,
    DType.INT8,
    DType.UINT8,
    DType.INT16,
    DType.INT32,
    DType.INT64,
    DType.BOOL,
    HALF,
)
SCALES = {
    DType.INT8: QParams.per_tensor(0.05, 3),
    DType.UINT8: QParams.per_tensor(0.05, 130),
    DType.INT16: QParams.per_tensor(0.001),
    DType.INT32: QParams.per_tensor(0.001),
}
OWN = {"EDGEC_NORMALIZATION", "EDGEC_SAMPLES", "EDGEC_TABLE"}  # no operators of TFLite
ELSEWHERE = {
    "BUCKETIZE",  # floats or int32 in, int32 out
    "UNIDIRECTIONAL_SEQUENCE_LSTM",  # tests/differential/test_lstm.py: 24 inputs
}


@dataclass(frozen=True)
class Layer:
    """A file of one operator."""

    tensors: tuple[FileTensor, ...]
    operator: FileOperator
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    def file(self, types: Mapping[int, DType]) -> bytes:
        """Return the file with other types of some tensors."""
        tensors = list(self.tensors)
        for number, dtype in types.items():
            tensors[number] = of_type(tensors[number], dtype)
        layout = OddLayout({"Tensor": with_halves})
        return bytes(layout.model("m", tensors, [self.operator], self.inputs, self.outputs))

    def variants(self) -> Iterator[tuple[str, bytes]]:
        for read in TYPES:
            for made in TYPES:
                types = dict.fromkeys(self.inputs, read) | dict.fromkeys(self.outputs, made)
                yield f"{read.value} to {made.value}", self.file(types)
        for number, each in enumerate(self.tensors):
            for dtype in TYPES:
                yield f"{each.name} of {dtype.value}", self.file({number: dtype})


def of_type(each: FileTensor, dtype: DType) -> FileTensor:
    data = each.data
    if data is not None:
        with np.errstate(over="ignore"):
            data = data.astype(np.float16 if dtype is HALF else dtype.numpy)
    kind = TensorType(each.kind.shape, dtype, SCALES.get(dtype))
    return replace(each, kind=kind, data=data)


def with_halves(_: OddLayout, fields: dict[str, Any]) -> dict[str, Any]:
    is_half = fields["Type"] == tflite.TensorType.UINT16
    return fields | ({"Type": tflite.TensorType.FLOAT16} if is_half else {})


@cache
def layers() -> dict[tuple[str, DType], Layer]:
    """Return files by operator and type of the first input."""
    found: dict[tuple[str, DType], Layer] = {}
    for case in (case for module in case_modules() for case in cases_of(module)):
        layer = exported(case)
        if layer is not None:
            found.setdefault((layer.operator.code, first_type(layer)), layer)
    covered = {code for code, _ in found}
    for code, layer in made_here():
        if code not in covered:
            found[code, first_type(layer)] = layer
    return found


def first_type(layer: Layer) -> DType:
    return layer.tensors[layer.inputs[0]].kind.dtype


def exported(case: Case) -> Layer | None:
    """Return what a case exports, where that is one operator on something that is no constant."""
    emitter, graph = _Emitter(case.graph), case.graph
    if not case.oracle or not graph.inputs:
        return None
    for value in graph.inputs:
        emitter.tensor(value)
    for node in graph.nodes:
        export = registry.exporter_of(type(node.op))
        if export is None:
            return None
        export(node.op, node, graph.signature(node), emitter)
    if len(emitter.operators) != 1:
        return None
    ends = (tuple(map(emitter.tensor, values)) for values in (graph.inputs, graph.outputs))
    return Layer(tuple(emitter.tensors), emitter.operators[0], *ends)


def made_here() -> Iterator[tuple[str, Layer]]:
    """Yield layers of operators that are exported as others, or with others."""
    numbers = {
        "ARG_MAX": [1],
        "ARG_MIN": [1],
        "BROADCAST_TO": [1, 4],
        "EXPAND_DIMS": [1],
        "GATHER_ND": [[0, 1]],
        "MIRROR_PAD": [[0, 0], [1, 1]],
        "REVERSE_V2": [1],
        "SUM": [1],
    }
    options = {
        "ARG_MAX": ("ArgMaxOptions", {"OutputType": tflite.TensorType.INT32}),
        "ARG_MIN": ("ArgMinOptions", {"OutputType": tflite.TensorType.INT32}),
        "PACK": ("PackOptions", {"ValuesCount": 2, "Axis": 0}),
        "UNPACK": ("UnpackOptions", {"Num": 1, "Axis": 0}),
        "SUM": ("ReducerOptions", {"KeepDims": True}),
    }
    shapes = {"EXPAND_DIMS": (1, 1, 4), "GATHER_ND": (1,), "SUM": (1, 1), "ARG_MAX": (1,)}
    shapes |= {"ARG_MIN": (1,), "MIRROR_PAD": (1, 6), "PACK": (2, 1, 4), "UNPACK": (4,)}
    shapes |= {"SQUEEZE": (4,)}
    one = ("CEIL", "COS", "ELU", "FLOOR", "LOG", "NEG", "ROUND", "SIGN", "SIN", "SQRT", "SQUARE")
    for code in (*one, *numbers, "SQUEEZE", "UNPACK"):
        tensors = [tensor("x", (1, 4)), tensor("y", shapes.get(code, (1, 4)))]
        reads = [0]
        if code in numbers:
            tensors.append(constant("n", np.array(numbers[code], np.int32)))
            reads.append(2)
        yield code, of(code, tensors, reads, *options.get(code, ("", {})))
    for code in ("ADD_N", "DIV", "POW", "PACK"):
        tensors = [tensor(name, (1, 4)) for name in "xyz"]
        tensors[1] = tensor("y", shapes.get(code, (1, 4)))
        yield code, of(code, tensors, [0, 2], *options.get(code, ("", {})))
    split = [tensor("x", (1, 4)), tensor("y", (1, 4)), constant("a", np.array(1, np.int32))]
    yield "SPLIT", of("SPLIT", split, [2, 0], "SplitOptions", {"NumSplits": 1})
    split.append(constant("sizes", np.array([4], np.int32)))
    yield "SPLIT_V", of("SPLIT_V", split, [0, 3, 2], "SplitVOptions", {"NumSplits": 1})
    yield "SVDF", svdf()
    yield from of_numbers()


def of_numbers() -> Iterator[tuple[str, Layer]]:
    """Yield layers that decide or count, and are exported as others."""
    booleans = [tensor(name, (1, 4), DType.BOOL, None) for name in "xy"]
    yield "LOGICAL_NOT", of("LOGICAL_NOT", booleans, [0], "", {})
    axis = constant("n", np.array([1], np.int32))
    for code in ("REDUCE_ALL", "REDUCE_ANY"):
        tensors = [booleans[0], tensor("y", (1,), DType.BOOL, None), axis]
        yield code, of(code, tensors, [0, 2], "ReducerOptions", {})
    for code in ("GREATER", "GREATER_EQUAL"):
        tensors = [tensor("x", (1, 4)), booleans[1], tensor("z", (1, 4))]
        yield code, of(code, tensors, [0, 2], "", {})
    numbers = [tensor(name, (4,), DType.INT32, None) for name in "xy"]
    yield "CUMSUM", of("CUMSUM", [*numbers, constant("n", np.array(0, np.int32))], [0, 2], "", {})
    table = constant("t", np.ones((5, 3), np.int8), QParams.per_tensor(0.05, 3))
    rows = [numbers[0], tensor("y", (4, 3), DType.INT8, QParams.per_tensor(0.05, 3)), table]
    yield "EMBEDDING_LOOKUP", of("EMBEDDING_LOOKUP", rows, [0, 2], "", {})
    values = [
        constant(name, np.array(each, np.int32))
        for name, each in zip("dab", (3, 1, 0), strict=True)
    ]
    hot = [numbers[0], tensor("y", (4, 3), DType.INT32, None), *values]
    yield "ONE_HOT", of("ONE_HOT", hot, [0, 2, 3, 4], "OneHotOptions", {"Axis": -1})


def of(
    code: str, tensors: list[FileTensor], reads: list[int], options: str, fields: dict[str, Any]
) -> Layer:
    operator = FileOperator(code, 1, reads, (1,), options, fields)
    inputs = tuple(each for each in reads if tensors[each].data is None)
    return Layer(tuple(tensors), operator, inputs, (1,))


def svdf() -> Layer:
    q = QParams.per_tensor(0.1)
    tensors = [
        tensor("x", (1, 3)),
        tensor("y", (1, 2)),
        constant("w", np.ones((4, 3), np.int8), q),
        constant("t", np.ones((4, 5), np.int16), q),
        constant("b", np.ones(2, np.int32), QParams.per_tensor(0.01)),
        replace(tensor("s", (1, 20), DType.INT16, q), variable=True),
    ]
    fields = {"Rank": 2, "FusedActivationFunction": "RELU"}
    operator = FileOperator("SVDF", 3, (0, 2, 3, 4, 5), (1,), "SVDFOptions", fields)
    return Layer(tuple(tensors), operator, (0,), (1,))


def test_every_operator_has_a_layer() -> None:
    known = {name for source, name in (*IMPORTERS, *NUMBER_IMPORTERS) if source is Format.TFLITE}
    known = {each for each in known if not each.startswith("CUSTOM ")}  # test_sparse.py
    assert {code for code, _ in layers()} == known - OWN - ELSEWHERE


@cache
def core() -> Target:
    return target("cortex-m4", "auto")


def refusal(path: Path) -> EdgecError | None:
    """Return what is said against a file on its way to kernels; any other exception is a fault."""
    try:
        graph = integer_preview(load_tflite(path), Format.TFLITE)
        lower_graph(graph, core(), "auto")
    except EdgecError as error:
        return error
    return None


NAMES = sorted(f"{code} {dtype.value}" for code, dtype in layers())


@pytest.mark.parametrize("name", NAMES)
def test_types_are_built_or_refused_by_name(name: str, tmp_path: Path) -> None:
    """Where the interpreter is there, it has to load nothing that is called malformed."""
    code, dtype = name.split()
    path, said = tmp_path / "m.tflite", list[str]()
    small = GraphBuilder("small")
    graph = small.build([small.input("x", TensorType((1,)))])
    for label, data in layers()[code, DType(dtype)].variants():
        path.write_bytes(data)
        error = refusal(path)
        for each in [] if error is None else error.problems():
            said.append(f"{label}: {each.code} {each.place} {each.message}")
            assert each.place.inside, said[-1]
            assert each.help, said[-1]
            if each.code == "malformed-model" and is_golden():
                assert why_it_does_not_load(data, graph), said[-1]
    assert said
