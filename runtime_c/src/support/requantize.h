/// Requantization with double rounding, as gemmlowp, TFLite 2.14 and CMSIS-NN do it, bit for bit.
/// Mirror of edgec/ops/numerics/fixed_point.py; the prose is docs/numerics.md.
#ifndef EDGEC_SUPPORT_REQUANTIZE_H
#define EDGEC_SUPPORT_REQUANTIZE_H

#include <stdint.h>

/// High 32 bits of 2 * x * multiplier, halves rounded up. The product of two minima saturates.
static inline int32_t edgec_doubling_high_multiply(int32_t x, int32_t multiplier)
{
    const int64_t product = (int64_t)x * multiplier;
    const int64_t high = (product + (INT64_C(1) << 30)) >> 31;
    return (high > INT32_MAX) ? INT32_MAX : (int32_t)high;
}

/// x / 2^exponent, halves rounded away from zero; exponent in [0, 31].
static inline int32_t edgec_rounding_right_shift(int32_t x, int32_t exponent)
{
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1U);
    const int32_t threshold = (mask >> 1) + ((x < 0) ? 1 : 0);
    return (x >> exponent) + (((x & mask) > threshold) ? 1 : 0);
}

/// x * 2^exponent in 32-bit two's complement, without signed overflow; exponent in [0, 31].
static inline int32_t edgec_left_shift(int32_t x, int32_t exponent)
{
    return (int32_t)((uint32_t)x << exponent);
}

/// round(round(x * 2^max(shift, 0) * multiplier * 2^-31) * 2^min(shift, 0)); shift in [-31, 30], and
/// the multiplier above INT32_MIN: then nothing saturates.
static inline int32_t edgec_requantize(int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t left = (shift > 0) ? shift : 0;
    const int32_t right = (shift > 0) ? 0 : -shift;
    const int64_t product = (int64_t)edgec_left_shift(x, left) * multiplier;
    return edgec_rounding_right_shift((int32_t)((product + (INT64_C(1) << 30)) >> 31), right);
}

/// x limited to [min, max].
static inline int32_t edgec_clamp(int32_t x, int32_t min, int32_t max)
{
    const int32_t low = (x < min) ? min : x;
    return (low > max) ? max : low;
}

#endif
