"""Nothing that TFLite's interpreter loads and runs is called malformed, however odd it is."""

import faulthandler
import os
import signal
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import tflite
from fuzz.corpus import small
from fuzz.damaged_tflite import Field, fields_of
from fuzz.mutant import Form
from oracle import require
from tflite_files import (
    Change,
    OddLayout,
    Q,
    constant,
    conv,
    conv_tensors,
    file,
    fixed,
    operator,
    tensor,
)
from tflite_subgraphs import streaming

from edgec.errors import EdgecError
from edgec.exporters.flatbuffer import FileTensor
from edgec.frontends import load
from edgec.ir import DType, QParams

_SECONDS = 20


def runs(data: bytes) -> bool:
    """Tell whether the interpreter allocates and runs a file: in a child, for it may crash."""
    module = require()
    child = os.fork()
    if child == 0:
        signal.alarm(_SECONDS)
        faulthandler.disable()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        code = 1
        try:
            interpreter = module.Interpreter(
                model_content=data,
                experimental_op_resolver_type=module.OpResolverType.BUILTIN_REF,
            )
            interpreter.allocate_tensors()
            interpreter.invoke()
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1] == 0


def codes(data: bytes, folder: Path) -> list[str]:
    """Return the codes of all that edgec says of a file."""
    path = folder / "odd.tflite"
    path.write_bytes(data)
    try:
        load(path)
    except EdgecError as error:
        return [each.code for each in error.problems()]
    return []


def _with(index: int, replacement: FileTensor) -> bytes:
    tensors = conv_tensors()
    tensors[index] = replacement
    return file(tensors)


def _reshaped(before: tuple[int, ...], after: tuple[int, ...], kind: int = 0) -> bytes:
    """Return a model that moves a tensor of any shape and type."""
    x, y = (
        tensor(name, shape, DType.FLOAT32, None)
        for name, shape in zip("xy", (before, after), strict=True)
    )
    shape = constant("shape", np.array(after, np.int32))

    def typed(_: OddLayout, fields: dict[str, Any]) -> dict[str, Any]:
        return fields | ({"Type": kind} if fields["Type"] == 0 else {})

    moved = operator("RESHAPE", [0, 2], [1])
    return file([x, y, shape], [moved], outputs=(1,), Tensor=typed)


def _scales(*scales: float) -> Change:
    return lambda layout, fields: fields | {"Scale": layout._numbers(scales, np.float32)}


def _left_open(layout: OddLayout, fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"Intermediates": layout._numbers([77], np.int32)}


TYPES = ("FLOAT16", "FLOAT64", "COMPLEX64", "UINT8", "UINT16", "UINT32", "UINT64", "INT64", "BOOL")
ODD: dict[str, Callable[[], bytes]] = {
    "streaming": streaming,
    "nothing to do": lambda: file([conv_tensors()[0]], [], outputs=(0,)),
    "an output that nothing makes": lambda: file(operators=[]),
    "made twice": lambda: file(operators=[conv(), conv()]),
    "an input is overwritten": lambda: file(operators=[conv(outputs=(0,))], outputs=(0,)),
    "an input twice": lambda: file(inputs=(0, 0)),
    "an output twice": lambda: file(outputs=(3, 3)),
    "no inputs": lambda: file(
        [constant("x", np.ones((1, 4, 4, 2), np.int8), Q), *conv_tensors()[1:]],
        inputs=(),
    ),
    "a constant as output": lambda: file(outputs=(3, 1)),
    "rank 9": lambda: _reshaped((1,) * 9, (1,)),
    "no elements": lambda: _reshaped((0, 4), (0, 2, 2)),
    "a scale that is none": lambda: file(QuantizationParameters=_scales(float("nan"))),
    "a zero point that is none": lambda: _with(
        0, tensor("x", (1, 4, 4, 2), q=QParams((0.5,), (300,)))
    ),
    "options of another operator": lambda: file(
        [tensor("x", (2,), DType.FLOAT32, None), tensor("y", (2,), DType.FLOAT32, None)],
        [operator("RELU", [0], [1])],
        outputs=(1,),
        Operator=lambda layout, fields: (
            fields
            | {
                "BuiltinOptionsType": tflite.BuiltinOptions.SoftmaxOptions,
                "BuiltinOptions": layout.last.get("SoftmaxOptions", fields["Inputs"]),
            }
        ),
    ),
    "an unknown padding": lambda: file(Conv2DOptions=fixed(Padding=7)),
    "intermediates that do not exist": lambda: file(Operator=_left_open),
    "two subgraphs": lambda: file(
        Model=lambda layout, fields: (
            fields | {"Subgraphs": layout._offsets([layout.last["SubGraph"]] * 2)}
        )
    ),
} | {
    f"of type {name}": lambda name=name: _reshaped((2, 2), (4,), getattr(tflite.TensorType, name))
    for name in TYPES
}
REFUSED_BY_TFLITE_TOO = {
    "an input is overwritten",
    "an unknown padding",
    "a scale that is none",
    "no elements",
}
"""Odd files that the interpreter need not run."""


@pytest.mark.parametrize("case", ODD)
def test_what_the_interpreter_runs_is_not_malformed(case: str, tmp_path: Path) -> None:
    data = ODD[case]()
    assert runs(data) or case in REFUSED_BY_TFLITE_TOO
    assert "malformed-model" not in codes(data, tmp_path)


def _numbers(data: bytes) -> dict[str, list[Field]]:
    """Return the numbers of a file that mean something, by what: no offsets, texts or constants."""
    groups: dict[str, list[Field]] = {}
    for each in fields_of(data):
        texts = {"Buffer.0", "Tensor.3", "OperatorCode.1", "SubGraph.4", "Model.3", "TensorMap.0"}
        if " " not in each.group and each.group not in {*texts, "Signature.2"}:
            groups.setdefault(each.group, []).append(each)
    return groups


def test_other_numbers_in_a_file_are_not_malformed_where_it_runs(tmp_path: Path) -> None:
    """Change one number or two at random: shapes, types, indices, scales, options."""
    rng, ran, refused = Random(5), 0, 0
    specimens = [each.data for each in small() if each.form is Form.TFLITE]
    for _ in range(500):
        data = rng.choice(specimens)
        groups = _numbers(data)
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 2))):
            rng.choice(groups[rng.choice(sorted(groups))]).write(changed, rng)
        said = codes(bytes(changed), tmp_path)
        if said:
            fine = runs(bytes(changed))
            ran, refused = ran + fine, refused + ("malformed-model" in said)
            assert not (fine and "malformed-model" in said), said
    assert ran > 20  # else nothing was tried
    assert refused > 20
