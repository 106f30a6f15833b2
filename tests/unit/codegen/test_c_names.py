"""C names against compilers: hostile names of models and constants, many in one program."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lowering import target
from ops.case import int8
from ops.runtimes import compile_graph

from edgec.codegen.c_names import (
    C_KEYWORDS,
    MAX_IDENTIFIER,
    identifier,
    plain_identifier,
    symbols,
)
from edgec.ir import GraphBuilder, QParams
from edgec.ops.layers.fully_connected import FullyConnected


def words(text: str) -> list[str]:
    return text.split()


API = ("t", "init", "run", "reset", "input", "output", "quantize_input", "dequantize_output")
HEADERS = words("""
assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal
stdarg stdbool stddef stdint stdio stdlib string tgmath time wchar wctype""")
"""Of C99: every compiler has them."""
POSIX = words("""fcntl pthread regex sched semaphore stdatomic sys/types threads unistd glob iconv
wordexp""")
NAMES = words("""
int8 uint16 int_fast8 intptr size ssize wchar char16 time clock div max_align main int
class template memset exp sem mtx cnd atomic pthread pthread_attr edgec edgec_add edgec_status
edgec_kernels edgec_weights arm arm_nn arm_softmax_s8 q7 float16 float32 int8x16 mve_pred16 string
stdint stdlib math time errno node status arg0 arg1 static model arena kws kws_small kws_weights
kws_quantize kws_dequantize kws_input_0 KWS-Small weights firmware obj test all unix linux _t
__init 2d naïve 名前 in self input run init t NULL EOF assert offsetof INT8_MAX""")
TENSORS = (
    *API,
    *(f"small_{each}" for each in API),
    *("has_no_weights_t", "w", "W", "small/w", "exp", "memset", "edgec_add_s8", "node_0", "0", "1"),
    *("arena_size", "input_0_size", "Input_0/Size", "int", "名前", "", "x" * 90 + "init", "x" * 90),
    *("static_arena", "status", "weights_h", "a__b", "_", "a-b", "a.b"),
)


def library(name: str, constants: Sequence[str]) -> dict[str, bytes]:
    """Return the files of a model ``name`` whose constants are called as given."""
    g = GraphBuilder(name or "unnamed")
    x = g.input("t", int8((1, 4), 0.1))
    for number, each in enumerate(constants):
        weights = np.full((4, 4), number + 1, np.int8)
        matrix = g.constant(each or "unnamed", weights, QParams.per_tensor(0.01))
        x = g.add1(
            FullyConnected(), x, matrix, name=each or "unnamed", qparams=QParams.per_tensor(1)
        )
    tree, _ = compile_graph(g.build([x]), target("host"), "portable")
    return dict(tree.files)


def distinct(names: Sequence[str]) -> list[str]:
    return list({identifier(each): each for each in names}.values())


def write(folder: Path, models: Mapping[str, Sequence[str]]) -> None:
    """Write all models into one folder, over each other: the kernels are the same."""
    for name, constants in models.items():
        for path, data in library(name, constants).items():
            target_path = folder / path
            target_path.parent.mkdir(parents=True, exist_ok=True)
            target_path.write_bytes(data)


def build(folder: Path, models: Sequence[str]) -> None:
    """Compile everything with headers of the C library around it, link it, run it."""
    own = [f'#include "{identifier(each)}.h"' for each in models]
    theirs = [f"#include <{each}.h>" for each in HEADERS]
    first = [f"    {identifier(each)}_t model_{i};" for i, each in enumerate(models)]
    calls = [
        f"    if ({identifier(each)}_init(&model_{i}, 0, 0).code != EDGEC_ERROR_ARGUMENT) return 1;"
        for i, each in enumerate(models)
    ]
    body = ["int main(void)", "{", *first, *calls, "    return 0;", "}", ""]
    (folder / "main.c").write_text("\n".join([*theirs, *own, *theirs, *body]))
    (folder / "other.cpp").write_text("\n".join([*own, *theirs, "int other;", ""]))
    run(folder, "g++", "-std=c++11", "-Wall", "-Werror", "-I.", "-Ikernels", "-c", "other.cpp")
    flags = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]
    sources = sorted(str(each.relative_to(folder)) for each in folder.rglob("*.c"))
    run(folder, "cc", *flags, "-I.", "-Ikernels", *sources, "-lm", "-o", "program")
    run(folder, str(folder / "program"))


def run(folder: Path, program: str, *arguments: str) -> str:
    command = [shutil.which(program) or program, *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    return done.stdout


@pytest.mark.cc
def test_awkward_names_together_in_one_program(tmp_path: Path) -> None:
    names = distinct(NAMES)
    write(tmp_path, dict.fromkeys(names, TENSORS))
    build(tmp_path, names)


WORDS = st.sampled_from([*NAMES, *TENSORS, "_", "-", "/", "a", "b"])
TEXTS = st.lists(WORDS | st.text(max_size=4), max_size=4).map("_".join)


@pytest.mark.cc
@settings(max_examples=4, deadline=None)
@given(
    models=st.dictionaries(
        TEXTS.map(identifier), st.lists(TEXTS, unique=True, max_size=6), min_size=12, max_size=20
    )
)
def test_any_names_together_in_one_program(
    models: dict[str, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("names")
    write(folder, models)
    build(folder, list(models))


@cache
def taken_in_c(program: str) -> frozenset[str]:
    """Return what would have to be a model's name to meet a name of C's and POSIX's headers."""
    command = [str(shutil.which(program)), "-E", "-dD", "-xc", "-D_GNU_SOURCE", "-"]
    text = ""
    for header in (*HEADERS, *POSIX):
        asks = f"#include <{header}.h>\n"
        done = subprocess.run(command, input=asks, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or header in POSIX
        text += done.stdout
    known = set(re.findall(r"\b[A-Za-z]\w*\b", re.sub(r"(?m)^#\s*\d+ .*$", "", text)))
    ends = tuple(f"_{each}" for each in API)
    stems = {word.removesuffix(end) for word in known for end in ends if word.endswith(end)}
    opened = re.findall(r'(?m)^#\s*\d+ "[^"]*/include/(?:newlib/)?([^/"]+)\.h"', text)
    mine = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
    return frozenset(each for each in stems | set(opened) if mine.fullmatch(each))


@pytest.mark.parametrize(
    "program",
    [
        pytest.param("cc", marks=pytest.mark.cc),
        pytest.param("arm-none-eabi-gcc", marks=pytest.mark.qemu),
    ],
)
def test_what_headers_name_is_no_models_name(program: str) -> None:
    taken = taken_in_c(program)
    assert {"int8", "size", "time", "stdint", "string"} <= taken
    assert [each for each in sorted(taken) if identifier(each) == each] == []


@given(st.text(max_size=200) | TEXTS)
def test_identifier_is_a_c_identifier_and_stays_one(text: str) -> None:
    name = identifier(text)
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)
    assert name not in C_KEYWORDS
    assert len(name) <= MAX_IDENTIFIER
    assert identifier(name) == name


@given(st.lists(st.text(max_size=60) | TEXTS, unique=True, max_size=40))
def test_symbols_are_distinct_and_no_api(texts: list[str]) -> None:
    made = symbols("kws", texts)
    assert len(set(made.values())) == len(texts)
    assert all(re.fullmatch(r"kws__[a-z0-9]+(_[a-z0-9]+)*", each) for each in made.values())


@pytest.mark.parametrize("text", ["kws", "digits_2", "int8_model", "my_input", "resnet8", "armory"])
def test_plain_names_stay(text: str) -> None:
    assert identifier(text) == plain_identifier(text) == text


@pytest.mark.parametrize("text", ["int", "2x", "", "***", "Größe", "for"])
def test_awkward_names(text: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", identifier(text))


def test_what_is_reserved_is_said_by_a_letter() -> None:
    assert [identifier(each) for each in ("int8", "edgec_x", "arm", "string", "a_weights")] == [
        "m_int8",
        "m_edgec_x",
        "m_arm",
        "m_string",
        "a_weights_m",
    ]


def test_graphs_of_this_test_have_their_constants() -> None:
    text = library("kws", ["init", "run"])["kws_weights.h"].decode()
    assert "extern const int8_t kws__init[16];" in text
