/// Requantization of 64-bit sums with a single rounding, as TFLite 2.14 and CMSIS-NN do it for int16.
/// Mirror of requantize_wide in edgec/ops/numerics/fixed_point.py; the prose is docs/numerics.md.
#ifndef EDGEC_SUPPORT_REQUANTIZE_WIDE_H
#define EDGEC_SUPPORT_REQUANTIZE_WIDE_H

#include <stdint.h>

/// round(x * multiplier * 2^(shift - 31)), halves up, with the multiplier cut to 16 bits first.
/// |x| < 2^47, shift in [-31, 7]; the result fits int32.
static inline int32_t edgec_requantize_wide(int64_t x, int32_t multiplier, int32_t shift)
{
    const int32_t reduced = (multiplier < 0x7fff0000) ? (multiplier + (1 << 15)) >> 16 : 0x7fff;
    const int32_t exponent = 15 - shift;
    return (int32_t)((x * reduced + (INT64_C(1) << (exponent - 1))) >> exponent);
}

#endif
