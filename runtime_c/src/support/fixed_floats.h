/// From float32 (as bits) to fixed point, in integers; back by edgec_float_of. Mirror of
/// edgec/ops/numerics/fixed_floats.py.
#ifndef EDGEC_SUPPORT_FIXED_FLOATS_H
#define EDGEC_SUPPORT_FIXED_FLOATS_H

#include "support/float_bits.h"

/// A finite float in units of 2^-fraction, halves up, within +-limit (below 2^62).
static inline int64_t edgec_fixed_of(int32_t bits, int32_t fraction, int64_t limit)
{
    const int64_t mantissa = edgec_float_mantissa(bits);
    const int32_t shift = edgec_float_exponent(bits) + fraction;
    if (shift > 0) {
        const int64_t room = (shift > 62) ? 0 : limit >> shift;
        if (mantissa > room) {
            return limit;
        }
        return (mantissa < -room) ? -limit : mantissa * ((int64_t)1 << ((shift > 62) ? 0 : shift));
    }
    const int32_t right = (shift < -40) ? 40 : -shift;
    const int64_t half = (right > 0) ? (int64_t)1 << (right - 1) : 0;
    const int64_t value = (mantissa + half) >> right;
    return (value > limit) ? limit : ((value < -limit) ? -limit : value);
}

#endif
