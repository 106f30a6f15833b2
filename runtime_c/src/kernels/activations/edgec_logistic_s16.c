#include "edgec_kernels.h"

#define LAST 255      /* sample of the table */
#define BITS 9        /* steps between two samples */
#define OUTPUT_ONE 15 /* fraction bits of the output */

/// logistic(x) of x >= 0 with 25 fraction bits, by interpolation.
static uint32_t look_up(const uint16_t *table, uint32_t x)
{
    const uint32_t index = x >> BITS;
    if (index >= LAST) {
        return UINT32_C(0x7fff) << 10;
    }
    const uint32_t slope = (uint32_t)table[index + 1] - table[index];
    return ((uint32_t)table[index] << BITS) + (x & ((1U << BITS) - 1)) * slope;
}

/// logistic(x) of int16, in Q0.15. input * multiplier / 2^shift, rounded, is x in units of 1/12288;
/// table holds 65536 * logistic(i / 24) for 256 values of i.
/// Cost: two multiplications per element.
void edgec_logistic_s16(const int16_t *input, int32_t size, int32_t multiplier, int32_t shift,
                        const uint16_t *table, int16_t *output)
{
    const int32_t half = (shift > 0) ? (int32_t)(1U << (shift - 1)) : 0;
    const uint32_t one = UINT32_C(1) << (OUTPUT_ONE + 10);
    for (int32_t i = 0; i < size; i++) {
        const int32_t x = (input[i] * multiplier + half) >> shift;
        const uint32_t y = look_up(table, (uint32_t)((x < 0) ? -x : x));
        const uint32_t rounded = (x >= 0) ? y + (1U << 9) : one - y + (1U << 9) - 1;
        output[i] = (int16_t)(rounded >> 10);
    }
}
