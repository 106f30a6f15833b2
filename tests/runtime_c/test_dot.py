"""Scalar products: sums of 64 bits stay exact where 32 bits would not hold them."""

from pathlib import Path

import pytest
from c_program import run_c

from edgec.resources import data_folder

SUPPORT = data_folder("runtime_c") / "src"
DEPTHS = (1, 3, 4, 255, 256, 257, 512, 513, 4097, 65_537)
PROGRAM = """
#include <inttypes.h>
#include <stdio.h>
#include "support/dot.h"
#include "support/dot_s16.h"
#define MOST 65537

static int8_t low[MOST], high[MOST];
static int16_t x[MOST], y[MOST];

int main(void)
{
    const int32_t depths[] = {%s};
    for (int i = 0; i < MOST; i++) {
        low[i] = -128;
        high[i] = 127;
        x[i] = -32768;
        y[i] = 32767;
    }
    for (unsigned i = 0; i < sizeof depths / sizeof depths[0]; i++) {
        int64_t sums[4];
        int64_t wide[2];
        edgec_dot_wide(low, high, x, y, depths[i], sums);
        edgec_dot_s16(x, x, y, depths[i], wide);
        printf("%%" PRId64 " %%" PRId64 " %%" PRId64 " %%" PRId64 " ", sums[0], sums[1], sums[2], sums[3]);
        printf("%%" PRId64 " %%" PRId64 "\\n", wide[0], wide[1]);
    }
    return 0;
}
"""  # noqa: E501 - C


@pytest.mark.cc
def test_the_largest_products_of_all(tmp_path: Path) -> None:
    low, high, x, y = -128, 127, -32768, 32767
    expected = [
        depth * each
        for depth in DEPTHS
        for each in (low * x, low * y, high * x, high * y, x * x, x * y)
    ]
    program = PROGRAM % ", ".join(map(str, DEPTHS))
    assert run_c(tmp_path, {"main.c": program}, [SUPPORT]) == [str(each) for each in expected]
