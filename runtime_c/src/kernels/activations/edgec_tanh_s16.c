#include "edgec_kernels.h"

#define LAST 255 /* sample of the table */
#define BITS 8   /* steps between two samples */

/// logistic(2x) of x >= 0 with 24 fraction bits, by interpolation.
static int32_t look_up(const uint16_t *table, uint32_t x)
{
    const uint32_t index = x >> BITS;
    if (index >= LAST) {
        return 0xffff << BITS;
    }
    const int32_t slope = (int32_t)table[index + 1] - (int32_t)table[index];
    return ((int32_t)table[index] << BITS) + (int32_t)(x & ((1U << BITS) - 1)) * slope;
}

/// tanh(x) of int16, in Q0.15. input * multiplier / 2^shift, rounded, is x in units of 1/12288;
/// table holds 65536 * logistic(i / 24) for 256 values of i. tanh(x) = 2 * logistic(2x) - 1.
/// Cost: two multiplications per element.
void edgec_tanh_s16(const int16_t *input, int32_t size, int32_t multiplier, int32_t shift,
                    const uint16_t *table, int16_t *output)
{
    const int32_t half = (shift > 0) ? (int32_t)(1U << (shift - 1)) : 0;
    const int32_t middle = 1 << 23;
    for (int32_t i = 0; i < size; i++) {
        const int32_t x = (input[i] * multiplier + half) >> shift;
        const int32_t y = look_up(table, (uint32_t)((x < 0) ? -x : x));
        const int32_t rounded =
            (x >= 0) ? y - middle + (1 << 7) : middle - y + (1 << 7) - 1;
        output[i] = (int16_t)(rounded >> 8);
    }
}
