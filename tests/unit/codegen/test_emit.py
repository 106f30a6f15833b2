"""Numbers, arrays and calls as C: the compiler reads back what was meant."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgec.codegen.emit import Names, array_body, body_lines, number
from edgec.ir import Array
from edgec.program import ArenaRef, Call, ConstantRef, Null, Scalar, Struct


@given(st.integers(-(2**31), 2**31 - 1))
def test_integers_keep_their_value(value: int) -> None:
    assert eval(number(value)) == value


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_floats_keep_their_bits(value: float) -> None:
    text = number(value)
    assert text.endswith("f")
    assert np.float32(text[:-1]) == np.float32(value)


@pytest.mark.cc
@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32, np.uint8, np.float32])
def test_arrays_survive_the_compiler(dtype: type, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data: Array
    if dtype is np.float32:
        data = rng.standard_normal(500).astype(np.float32)
    else:
        limits = np.iinfo(np.dtype(dtype.__name__))
        data = rng.integers(limits.min, limits.max, 500, dtype, endpoint=True)
        data[:2] = limits.min, limits.max
    c_type = {"float32": "float"}.get(data.dtype.name, f"{data.dtype.name}_t")
    source = tmp_path / "a.c"
    source.write_text(f"#include <stdint.h>\nconst {c_type} a[] = {{\n{array_body(data)}\n}};\n")
    library = tmp_path / "a.so"
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
    subprocess.run(["cc", *flags, "-shared", "-fPIC", str(source), "-o", str(library)], check=True)
    raw = (ctypes.c_char * data.nbytes).in_dll(ctypes.CDLL(str(library)), "a")
    assert bytes(raw) == data.tobytes()
    assert max(map(len, source.read_text().splitlines())) <= 100


def test_a_call_prints_structs_first() -> None:
    tile = Struct("tile_t", {"w": Scalar(1), "h": Scalar(-(2**31))})
    context = Struct("ctx_t", {"buf": ArenaRef("scratch"), "tile": tile})
    call = Call("f", [context, tile, ConstantRef("w"), Null(), Scalar(0.5, "float")], True)
    names = Names({"w": "m_w"}, {"scratch": 64})
    assert body_lines([call], names) == [
        "const ctx_t arg0 = {.buf = (void *)(arena + 64), .tile = {.w = 1, .h = INT_MIN}};".replace(
            "INT_MIN", "(-2147483647 - 1)"
        ),
        "static const tile_t arg1 = {.w = 1, .h = (-2147483647 - 1)};",
        "return (int32_t)f(&arg0, &arg1, m_w, NULL, 0.5f);",
    ]
