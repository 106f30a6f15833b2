/// Numbers of 64 bits times powers of two. Mirror of edgec/ops/numerics/shifted.py.
#ifndef EDGEC_SUPPORT_SHIFTED_H
#define EDGEC_SUPPORT_SHIFTED_H

#include "support/float_bits.h"

/// An integer of at most 31 bits times 2^exponent.
typedef struct {
    int32_t mantissa;
    int32_t exponent;
} edgec_scaled_t;

/// value * 2^shift, halves up, within +-limit (below 2^62); |value| is below 2^62.
static inline int64_t edgec_shifted(int64_t value, int32_t shift, int64_t limit)
{
    if (shift > 0) {
        const int64_t room = (shift > 62) ? 0 : limit >> shift;
        if (value > room) {
            return limit;
        }
        return (value < -room) ? -limit : value * ((int64_t)1 << ((shift > 62) ? 0 : shift));
    }
    const int32_t right = (shift < -62) ? 62 : -shift;
    const int64_t half = (right > 0) ? (int64_t)1 << (right - 1) : 0;
    const int64_t moved = (value + half) >> right;
    return (moved > limit) ? limit : ((moved < -limit) ? -limit : moved);
}

/// value * 2^exponent, cut to 31 bits.
static inline edgec_scaled_t edgec_scaled(int64_t value, int32_t exponent)
{
    const int32_t length = edgec_bit_length((uint64_t)((value < 0) ? -value : value));
    const int32_t right = (length > 31) ? length - 31 : 0;
    const edgec_scaled_t scaled = {(int32_t)(value >> right), exponent + right};
    return scaled;
}

#endif
