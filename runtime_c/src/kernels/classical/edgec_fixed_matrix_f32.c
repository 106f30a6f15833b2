#include "edgec_kernels.h"
#include "support/float_rows.h"
#include "support/shifted.h"

/// Rows of floats (read as integers) times a matrix: sums * 2^shift + offset within +-limit. All numbers
/// of a row are in units of the largest, with 6 bits more. Cost: a product of 64 bits per weight.
void edgec_fixed_matrix_f32(const float *values, int32_t rows, int32_t size, const int32_t *weights,
                            const int64_t *offsets, int32_t outputs, int32_t shift, int32_t limit,
                            int32_t *output)
{
    const int32_t *x = (const int32_t *)(const void *)values;
    const int64_t room = ((int64_t)1 << 61) - 1;
    for (int32_t row = 0; row < rows; row++) {
        const int32_t largest = edgec_row_exponent(x, size);
        const int32_t *w = weights;
        for (int32_t out = 0; out < outputs; out++) {
            const int64_t sum = edgec_row_sum(x, size, w, largest);
            const int32_t unit = largest - EDGEC_ROW_GUARD + shift;
            const int64_t moved = edgec_shifted(sum, unit, room) + offsets[out];
            output[out] = (moved > limit) ? limit : ((moved < -limit) ? -limit : (int32_t)moved);
            w += size;
        }
        x += size;
        output += outputs;
    }
}
