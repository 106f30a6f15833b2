#include "edgec_kernels.h"
#include "support/inverse_root.h"

#define OUTPUT_BITS 7 /* of the fraction: steps of 1/128 */

static int32_t sum_of_squares(const int8_t *row, int32_t size, int32_t zero_point)
{
    int32_t total = 0;
    for (int32_t i = 0; i < size; i++) {
        const int32_t centered = row[i] - zero_point;
        total += centered * centered;
    }
    return total;
}

/// Rows of int8 divided by their Euclidean length; the output has scale 1/128 and zero point 0.
/// size is at most 33025. bits_before of the output's 7 bits are there before the product: 0, or 7 in
/// models of the scheme before int8. Cost: an inverse square root per row, a requantization per element.
void edgec_l2_normalization_s8(const int8_t *input, int32_t rows, int32_t size, int32_t zero_point,
                               int32_t bits_before, int8_t *output)
{
    const int32_t factor = (int32_t)1 << bits_before;
    for (int32_t row = 0; row < rows; row++) {
        const edgec_scale_t inverse = edgec_inverse_root(sum_of_squares(input, size, zero_point));
        for (int32_t i = 0; i < size; i++) {
            const int32_t y = edgec_requantize((input[i] - zero_point) * factor, inverse.multiplier,
                                               inverse.shift + OUTPUT_BITS - bits_before);
            output[i] = (int8_t)edgec_clamp(y, INT8_MIN, INT8_MAX);
        }
        input += size;
        output += size;
    }
}
