/// Arithmetic on float32 as bits, in integers: the same bits as IEEE 754 with rounding to the nearest
/// even, on cores that have no FPU. Where there is one, it adds. Mirror of edgec/ops/numerics/float_bits.py.
#ifndef EDGEC_SUPPORT_FLOAT_BITS_H
#define EDGEC_SUPPORT_FLOAT_BITS_H

#include <stdint.h>
#include <string.h>

/* What is long and called from many places is there once in each file. */
#if defined(__GNUC__)
#define EDGEC_ONCE static __attribute__((noinline, unused))
#else
#define EDGEC_ONCE static inline
#endif

#define EDGEC_FLOAT_INFINITY 0x7f800000
#define EDGEC_FLOAT_UNSEEN 0x7fc00000 /* a NaN: nothing was added so far */

/// An int32 that orders floats as their values do: -0 is 0. NaN is above infinity or below -infinity.
static inline int32_t edgec_float_order(int32_t bits)
{
    return (bits < 0) ? -(bits & INT32_MAX) : bits;
}

static inline int32_t edgec_float_is_nan(int32_t bits)
{
    return (bits & INT32_MAX) > EDGEC_FLOAT_INFINITY;
}

/// A finite float is mantissa * 2^exponent.
static inline int32_t edgec_float_exponent(int32_t bits)
{
    const int32_t field = (bits >> 23) & 0xff;
    return ((field == 0) ? 1 : field) - 150;
}

static inline int32_t edgec_float_mantissa(int32_t bits)
{
    const int32_t hidden = (((bits >> 23) & 0xff) == 0) ? 0 : 0x800000;
    const int32_t size = (bits & 0x7fffff) | hidden;
    return (bits < 0) ? -size : size;
}

/// How many bits an integer takes, without zeros in front.
static inline int32_t edgec_bit_length(uint64_t value)
{
    int32_t length = 0;
    for (int32_t step = 32; step > 0; step >>= 1) {
        if ((value >> step) != 0) {
            value >>= step;
            length += step;
        }
    }
    return length + (int32_t)value;
}

/// The float next to value * 2^exponent, halves to even; what is too large becomes infinity.
EDGEC_ONCE int32_t edgec_float_of(int64_t value, int32_t exponent)
{
    const int32_t sign = (value < 0) ? INT32_MIN : 0;
    const uint64_t size = (value < 0) ? 0u - (uint64_t)value : (uint64_t)value;
    if (size == 0) {
        return 0;
    }
    int32_t shift = edgec_bit_length(size) - 24;
    shift = (exponent + shift < -149) ? -149 - exponent : shift;
    if (shift > 64) {
        return sign;
    }
    uint32_t kept = 0;
    if (shift <= 0) {
        kept = (uint32_t)(size << -shift);
    } else {
        const uint64_t half = (uint64_t)1 << (shift - 1);
        kept = (shift == 64) ? 0 : (uint32_t)(size >> shift);
        const uint64_t rest = (shift == 64) ? size : size & (half + (half - 1));
        kept += (rest > half || (rest == half && (kept & 1) != 0)) ? 1u : 0u;
    }
    if (exponent + shift > 104) {
        return sign | EDGEC_FLOAT_INFINITY;
    }
    /* the hidden bit and a carry of the rounding both raise the exponent */
    const uint32_t bits = ((uint32_t)(exponent + shift + 149) << 23) + kept;
    return sign | (int32_t)((bits > EDGEC_FLOAT_INFINITY) ? EDGEC_FLOAT_INFINITY : bits);
}

#if defined(__ARM_FP)
/// The sum of two finite floats.
static inline int32_t edgec_float_add(int32_t a, int32_t b)
{
    float x, y, sum;
    int32_t bits;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    sum = x + y;
    memcpy(&bits, &sum, sizeof bits);
    return bits;
}
#else
/// The sum of two finite floats.
EDGEC_ONCE int32_t edgec_float_add(int32_t a, int32_t b)
{
    const int32_t swaps = edgec_float_exponent(a) < edgec_float_exponent(b);
    const int32_t large = swaps ? b : a;
    const int32_t small = swaps ? a : b;
    const int32_t exponent = edgec_float_exponent(large);
    const int32_t distance = exponent - edgec_float_exponent(small);
    const int64_t high = (int64_t)edgec_float_mantissa(large) * ((int64_t)1 << 32);
    const int64_t low = edgec_float_mantissa(small);
    /* what lies far below only tells on which side the sum is */
    const int64_t side = (low > 0) - (low < 0);
    const int64_t tail = (distance <= 32) ? low * ((int64_t)1 << (32 - distance)) : side;
    return edgec_float_of(high + tail, exponent - 32);
}
#endif

/// The product of two finite floats.
EDGEC_ONCE int32_t edgec_float_times(int32_t a, int32_t b)
{
    const int64_t product = (int64_t)edgec_float_mantissa(a) * edgec_float_mantissa(b);
    return edgec_float_of(product, edgec_float_exponent(a) + edgec_float_exponent(b));
}

/// A finite float over another one that is not 0.
EDGEC_ONCE int32_t edgec_float_ratio(int32_t bits, int32_t divisor)
{
    const int64_t wide = (int64_t)edgec_float_mantissa(bits) * ((int64_t)1 << 38);
    const int64_t below = edgec_float_mantissa(divisor);
    const int64_t ratio = wide / below;
    const int64_t rest = wide - ratio * below;
    /* one bit more, which tells on which side of the ratio the quotient is */
    const int64_t side = ((rest > 0) - (rest < 0)) * ((below < 0) ? -1 : 1);
    return edgec_float_of(ratio * 2 + side,
                          edgec_float_exponent(bits) - edgec_float_exponent(divisor) - 39);
}

/// A finite float over a positive integer that a float holds.
static inline int32_t edgec_float_over(int32_t bits, int32_t divisor)
{
    const int64_t wide = (int64_t)edgec_float_mantissa(bits) * ((int64_t)1 << 38);
    const int64_t ratio = wide / divisor;
    const int64_t rest = wide - ratio * divisor;
    /* one bit more, which tells on which side of the ratio the quotient is */
    return edgec_float_of(ratio * 2 + (rest > 0) - (rest < 0), edgec_float_exponent(bits) - 39);
}

#endif
