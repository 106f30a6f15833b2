#include "edgec_kernels.h"
#include "support/fixed_point_log.h"

#define ACCUMULATOR_BITS 12 /* sums of exponentials are Q12.19 */
#define OUTPUT_SHIFT 22     /* from Q5.26 to steps of 1/16 */

static int32_t largest(const int8_t *row, int32_t size)
{
    int32_t max = row[0];
    for (int32_t i = 1; i < size; i++) {
        max = (row[i] > max) ? row[i] : max;
    }
    return max;
}

/// A difference to the largest element in Q5.26.
static int32_t scaled(int32_t difference, const edgec_scale_t *scale)
{
    const int32_t raised = edgec_left_shift(difference, scale->shift);
    return edgec_doubling_high_multiply(raised, scale->multiplier);
}

/// Sum of the exponentials of a row in Q12.19; at least 1.
static int32_t sum_of_powers(const int8_t *row, int32_t size, int32_t max,
                             const edgec_scale_t *scale, int32_t smallest)
{
    int32_t total = 0;
    for (int32_t i = 0; i < size; i++) {
        if (row[i] - max >= smallest) {
            const int32_t power = edgec_exp_of_negative(scaled(row[i] - max, scale));
            total += edgec_rounding_right_shift(power, ACCUMULATOR_BITS);
        }
    }
    return total;
}

/// Logarithm of the softmax of rows of int8; the output has scale 1/16 and zero point 127. scale
/// brings differences to Q5.26; those below smallest give -128. size is at most 4095.
/// Cost: an exponential (some 20 multiplications) per element, one logarithm per row.
void edgec_log_softmax_s8(const int8_t *input, int32_t rows, int32_t size,
                          const edgec_scale_t *scale, int32_t smallest, int8_t *output)
{
    for (int32_t row = 0; row < rows; row++) {
        const int32_t max = largest(input, size);
        const int32_t total = sum_of_powers(input, size, max, scale, smallest);
        const int32_t log_of_sum = edgec_log_from_one(total, ACCUMULATOR_BITS);
        for (int32_t i = 0; i < size; i++) {
            int32_t steps = INT8_MIN;
            if (input[i] - max >= smallest) {
                const int64_t y = (int64_t)scaled(input[i] - max, scale) - log_of_sum;
                const int32_t bounded = (y < INT32_MIN) ? INT32_MIN : (int32_t)y;
                steps = edgec_rounding_right_shift(bounded, OUTPUT_SHIFT) + INT8_MAX;
            }
            output[i] = (int8_t)edgec_clamp(steps, INT8_MIN, INT8_MAX);
        }
        input += size;
        output += size;
    }
}
