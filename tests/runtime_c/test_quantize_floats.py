"""The kernels that make integers of floats, on what samples lack: NaN, infinities, exact halves."""

from pathlib import Path

import pytest
from c_program import run_c

from edgec.backends.runtime_sources import closure

PROGRAM = """
#include <math.h>
#include <stdio.h>
#include "edgec_kernels.h"

int main(void)
{{
    const float values[] = {{{values}}};
    {kind} results[sizeof values / sizeof values[0]];
    {kernel}(values, sizeof values / sizeof values[0], {scale}f, {zero}, results);
    for (unsigned i = 0; i < sizeof values / sizeof values[0]; i++) {{
        printf("%d\\n", results[i]);
    }}
    return 0;
}}
"""
NEAR = "0.49999997f, -0.49999997f, 0.5f, -0.5f, 1.5f, -1.5f, 2.5f, -2.5f, 0.50000006f"
FAR = "INFINITY, -INFINITY, 3e38f, -3e38f"
AWAY = [0, 0, 1, -1, 2, -2, 3, -3, 1]
EVEN = [0, 0, 0, 0, 2, -2, 2, -2, 1]


@pytest.mark.cc
@pytest.mark.parametrize(
    ("kernel", "kind", "halves", "limits"),
    [
        ("edgec_quantize_f32_s8", "int8_t", AWAY, (-128, 127)),
        ("edgec_quantize_even_f32_s8", "int8_t", EVEN, (-128, 127)),
        ("edgec_quantize_f32_s16", "int16_t", AWAY, (-32768, 32767)),
    ],
)
@pytest.mark.parametrize("zero", [0, -7, 100, -128])
def test_not_a_number_is_the_zero_point(
    kernel: str, kind: str, halves: list[int], limits: tuple[int, int], zero: int, tmp_path: Path
) -> None:
    lowest, highest = limits
    ends = (highest + 1, highest, highest - 1, lowest - 1, lowest + 1)
    beyond = ", ".join(f"{each - zero}.0f" for each in ends)
    values = f"NAN, -NAN, {NEAR}, {FAR}, {beyond}"
    program = PROGRAM.format(kernel=kernel, kind=kind, values=values, scale="1.0", zero=zero)
    found = run_c(tmp_path, {**closure([kernel]), "main.c": program})
    near = [min(max(each + zero, lowest), highest) for each in halves]
    far = [highest, lowest, highest, lowest]
    assert [int(each) for each in found] == [
        *(zero, zero),
        *near,
        *far,
        *(highest, highest, highest - 1, lowest, lowest + 1),
    ]


@pytest.mark.cc
@pytest.mark.parametrize("kernel", ["edgec_quantize_f32_s8", "edgec_quantize_even_f32_s8"])
def test_the_smallest_scale_overflows_nothing(kernel: str, tmp_path: Path) -> None:
    values = "1.0f, -1.0f, 0.0f, NAN"
    program = PROGRAM.format(kernel=kernel, kind="int8_t", values=values, scale="1e-38", zero=3)
    found = run_c(tmp_path, {**closure([kernel]), "main.c": program})
    assert found == ["127", "-128", "3", "3"]
