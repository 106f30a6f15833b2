"""What the exporter spells out in int32 comes back as one operator."""

from pathlib import Path

import numpy as np
import pytest
from ops.case import int16, op_case

from edgec.exporters.tflite import write_tflite
from edgec.frontends.tflite.load import load_tflite
from edgec.ir import GraphBuilder, Op, QParams
from edgec.ops.activations.elu import Elu
from edgec.ops.functions.lookup import Lookup
from edgec.ops.reductions.arg_max import ArgMax

SCALE = QParams.per_tensor(2e-4)


def names_after_reading(op: Op, results: list[QParams | None], folder: Path) -> list[str]:
    path = folder / "m.tflite"
    path.write_bytes(write_tflite(op_case("m", op, [int16((2, 9), 2e-4)], results).graph))
    return [node.op.name for node in load_tflite(path).nodes]


def test_an_int16_table_is_one_lookup(tmp_path: Path) -> None:
    assert names_after_reading(Elu(), [SCALE], tmp_path) == ["lookup"]


def test_arg_max_reads_int16_again(tmp_path: Path) -> None:
    names = names_after_reading(ArgMax(axis=1), [], tmp_path)
    assert "arg_max" in names
    assert set(names) <= {"arg_max", "reshape"}


def test_a_table_of_the_wrong_length_is_no_lookup() -> None:
    g = GraphBuilder("g")
    x = g.input("x", int16((2, 9), 2e-4))
    table = g.constant("table", np.zeros(512, np.int16), SCALE)
    with pytest.raises(ValueError, match="lookup of"):
        g.add1(Lookup(), x, table, name="y")
