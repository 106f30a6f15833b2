/// Inverse square root in 32-bit fixed point, bit for bit as TFLite computes it.
/// Mirror of edgec/ops/numerics/inverse_root.py.
#ifndef EDGEC_SUPPORT_INVERSE_ROOT_H
#define EDGEC_SUPPORT_INVERSE_ROOT_H

#include <stdint.h>

#include "edgec_kernels.h"
#include "support/requantize.h"

#define EDGEC_ROOT_ONE (INT32_C(1) << 28)                              /* in Q3.28 */
#define EDGEC_ROOT_HALF_THREE ((INT32_C(1) << 28) + (INT32_C(1) << 27)) /* in Q3.28 */
#define EDGEC_ROOT_HALF 1518500250 /* sqrt(1/2) in Q0.31 */

/// x * 2^bits, saturating.
static inline int32_t edgec_raised(int32_t x, int32_t bits)
{
    const int64_t y = (int64_t)x * (INT64_C(1) << bits);
    const int64_t low = (y < INT32_MIN) ? INT32_MIN : y;
    return (int32_t)((low > INT32_MAX) ? INT32_MAX : low);
}

/// 1 / sqrt(x) of x around 1 in Q3.28: five steps of Newton's method, from 1.
static inline int32_t edgec_newton_root(int32_t x)
{
    const int32_t half = edgec_rounding_right_shift(x, 1);
    int32_t y = EDGEC_ROOT_ONE;
    for (int32_t i = 0; i < 5; i++) {
        const int32_t square = edgec_doubling_high_multiply(y, y);
        const int32_t cube = edgec_raised(edgec_doubling_high_multiply(square, y), 6);
        const int32_t step = edgec_doubling_high_multiply(y, EDGEC_ROOT_HALF_THREE) -
                             edgec_doubling_high_multiply(half, cube);
        y = edgec_raised(step, 3);
    }
    return y;
}

/// 1 / sqrt(x) = multiplier * 2^(shift - 31) of x >= 0; 0 counts as 1. Cost: some 30
/// multiplications.
static inline edgec_scale_t edgec_inverse_root(int32_t x)
{
    edgec_scale_t result = {.multiplier = INT32_MAX, .shift = 0};
    if (x <= 1) {
        return result;
    }
    int32_t shift = -11;
    int32_t scaled = x;
    while (scaled >= (INT32_C(1) << 29)) {
        scaled /= 4;
        shift--;
    }
    while (scaled < (INT32_C(1) << 27)) {
        scaled *= 4;
        shift++;
    }
    const int32_t root =
        edgec_doubling_high_multiply(edgec_newton_root(scaled >> 1), EDGEC_ROOT_HALF);
    result.multiplier = (shift > 0) ? edgec_left_shift(root, shift) : root;
    result.shift = (shift > 0) ? 0 : shift;
    return result;
}

#endif
