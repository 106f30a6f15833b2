/// Functions of one int16 by a table of 513 samples. Mirror of edgec/ops/numerics/interpolation.py.
#ifndef EDGEC_SUPPORT_INTERPOLATE_H
#define EDGEC_SUPPORT_INTERPOLATE_H

#include <stdint.h>

/// What the table says of x: between two samples 128 steps, halves rounded up.
static inline int32_t edgec_interpolate(const int16_t *table, int32_t x)
{
    const int32_t index = 256 + (x >> 7);
    const int32_t slope = table[index + 1] - table[index];
    return table[index] + ((slope * (x & 0x7f) + 64) >> 7);
}

#endif
