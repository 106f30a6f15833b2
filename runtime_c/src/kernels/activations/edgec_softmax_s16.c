#include "edgec_kernels.h"
#include "support/interpolate.h"
#include "support/requantize.h"

static int32_t largest(const int16_t *row, int32_t size)
{
    int32_t max = row[0];
    for (int32_t i = 1; i < size; i++) {
        max = (row[i] > max) ? row[i] : max;
    }
    return max;
}

/// Writes exp of the differences to the largest element, Q0.15, and returns their sum.
static uint32_t powers(const int16_t *row, int32_t size, const edgec_scale_t *scale,
                       const int16_t *exp_table, int16_t *output)
{
    const int32_t max = largest(row, size);
    uint32_t total = 0;
    for (int32_t i = 0; i < size; i++) {
        const int32_t place = edgec_requantize(row[i] - max, scale->multiplier, scale->shift);
        const int32_t bounded = (place < INT16_MIN - INT16_MAX) ? INT16_MIN - INT16_MAX : place;
        const int32_t power = edgec_interpolate(exp_table, bounded + INT16_MAX);
        output[i] = (int16_t)power;
        total += (uint32_t)power;
    }
    return total;
}

static int32_t bit_length(uint32_t x)
{
    int32_t bits = 0;
    while (x != 0) {
        x >>= 1;
        bits++;
    }
    return bits;
}

/// Softmax of rows of int16; the output is Q0.15. scale brings differences to the steps of exp_table,
/// which has 513 samples of exp over [-10, 0]; reciprocal_table has those of 1 / (1 + x) over [0, 1].
/// size is at most 65536.
/// Cost: one requantization, one interpolation, one multiplication per element.
void edgec_softmax_s16(const int16_t *input, int32_t rows, int32_t size,
                       const edgec_scale_t *scale, const int16_t *exp_table,
                       const int16_t *reciprocal_table, int16_t *output)
{
    for (int32_t row = 0; row < rows; row++) {
        const uint32_t total = powers(input, size, scale, exp_table, output);
        const int32_t bits = bit_length(total); /* at least 15: the largest power is 1 */
        const uint32_t leading = ((total << (31 - bits)) + (1U << 13)) >> 14;
        const int32_t place = (int32_t)leading - 3 * (1 << 15);
        const int32_t inverse =
            edgec_interpolate(reciprocal_table, (place > INT16_MAX) ? INT16_MAX : place);
        for (int32_t i = 0; i < size; i++) {
            const int32_t value = (output[i] * inverse + (1 << (bits - 2))) >> (bits - 1);
            output[i] = (int16_t)edgec_clamp(value, 0, INT16_MAX);
        }
        input += size;
        output += size;
    }
}
