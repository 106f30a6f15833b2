/// Square root of a float, correctly rounded, without the C library.
#ifndef EDGEC_SUPPORT_SQUARE_ROOT_H
#define EDGEC_SUPPORT_SQUARE_ROOT_H

#include <stdint.h>

/// Square root of a whole number below 2^63, truncated. Cost: 32 steps.
static inline uint32_t edgec_integer_root(uint64_t x)
{
    uint64_t root = 0;
    uint64_t rest = x;
    for (uint64_t bit = UINT64_C(1) << 62; bit != 0; bit >>= 2) {
        const uint64_t trial = root + bit;
        root >>= 1;
        if (rest >= trial) {
            rest -= trial;
            root += bit;
        }
    }
    return (uint32_t)root;
}

/// Square root of a whole number in [1, 2^63) that a float holds exactly, rounded to the nearest
/// float: the root of x * 4^n has 25 bits, the last of which tells how to round; it is never a tie.
static inline float edgec_square_root(int64_t x)
{
    uint64_t raised = (uint64_t)x;
    float unit = 1.0f;
    while (raised < (UINT64_C(1) << 48)) {
        raised <<= 2;
        unit *= 0.5f;
    }
    while (raised >= (UINT64_C(1) << 50)) {
        raised >>= 2; /* exact: x has at most 24 significant bits */
        unit *= 2.0f;
    }
    const uint32_t root = edgec_integer_root(raised); /* in [2^24, 2^25) */
    return (float)((root + 1u) >> 1) * (2.0f * unit);
}

#endif
