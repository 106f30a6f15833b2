/// Softmax of rows of int8 in fixed point, with an output of int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h, for the output, first.
#ifndef EDGEC_SUPPORT_SOFTMAX_ROWS_H
#define EDGEC_SUPPORT_SOFTMAX_ROWS_H

#include "edgec/edgec.h"
#include "support/fixed_point_exp.h"

#define EDGEC_ACCUMULATOR_BITS 12 /* sums of exponentials are Q12.19 */
#define EDGEC_OUTPUT_BITS ((int32_t)sizeof(edgec_element_t) * 8)

static inline int32_t edgec_softmax_largest(const int8_t *row, int32_t size)
{
    int32_t max = row[0];
    for (int32_t i = 1; i < size; i++) {
        max = (row[i] > max) ? row[i] : max;
    }
    return max;
}

/// exp of a difference to the largest element, Q0.31.
static inline int32_t edgec_softmax_power(int32_t difference, const edgec_scale_t *scale)
{
    const int32_t raised = edgec_left_shift(difference, scale->shift);
    return edgec_exp_of_negative(edgec_doubling_high_multiply(raised, scale->multiplier));
}

/// Sum of the exponentials of a row; at least one of them is 1, so it is never 0.
static inline uint32_t edgec_softmax_sum_of_powers(const int8_t *row, int32_t size, int32_t max,
                                                  const edgec_scale_t *scale, int32_t smallest)
{
    uint32_t total = 0;
    for (int32_t i = 0; i < size; i++) {
        if (row[i] - max >= smallest) {
            total += (uint32_t)edgec_rounding_right_shift(edgec_softmax_power(row[i] - max, scale),
                                                          EDGEC_ACCUMULATOR_BITS);
        }
    }
    return total;
}

static inline int32_t edgec_softmax_leading_zeros(uint32_t x)
{
    int32_t count = 0;
    while ((x & UINT32_C(0x80000000)) == 0) {
        x <<= 1;
        count++;
    }
    return count;
}

/// Softmax of rows; 0 and 1 are the smallest integer and one beyond the largest. scale brings
/// differences to Q5.26; those below smallest count as exp(-infinity). size is at most 4096.
/// Cost: two exponentials (some 20 multiplications each) per element, one reciprocal per row.
static inline void edgec_softmax_rows(const int8_t *input, int32_t rows, int32_t size,
                                      const edgec_scale_t *scale, int32_t smallest,
                                      edgec_element_t *output)
{
    for (int32_t row = 0; row < rows; row++) {
        const int32_t max = edgec_softmax_largest(input, size);
        const uint32_t total = edgec_softmax_sum_of_powers(input, size, max, scale, smallest);
        const int32_t headroom = edgec_softmax_leading_zeros(total);
        const int32_t fraction = (int32_t)((total << headroom) - UINT32_C(0x80000000));
        const int32_t inverse = edgec_one_over_one_plus(fraction);
        const int32_t right_shift = EDGEC_ACCUMULATOR_BITS - headroom + 31 - EDGEC_OUTPUT_BITS;
        for (int32_t i = 0; i < size; i++) {
            int32_t value = 0; /* also where the sum is so large that all quotients round to 0 */
            if (input[i] - max >= smallest && right_shift <= 31) {
                const int32_t power = edgec_softmax_power(input[i] - max, scale);
                value = edgec_doubling_high_multiply(inverse, power);
                value = edgec_rounding_right_shift(value, right_shift);
            }
            output[i] = (edgec_element_t)edgec_clamp(value + EDGEC_ELEMENT_MIN, EDGEC_ELEMENT_MIN,
                                                     EDGEC_ELEMENT_MAX);
        }
        input += size;
        output += size;
    }
}

#endif
