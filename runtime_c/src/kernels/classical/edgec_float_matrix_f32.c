#include "edgec_kernels.h"
#include "support/float_rows.h"

/// Rows of floats (read as integers) times a matrix: sums * 2^shift as floats, plus offsets.
/// Cost: a product of 64 bits per weight, a sum of floats per output.
void edgec_float_matrix_f32(const float *values, int32_t rows, int32_t size, const int32_t *weights,
                            const float *offsets, int32_t outputs, int32_t shift, float *output)
{
    const int32_t *x = (const int32_t *)(const void *)values;
    const int32_t *added = (const int32_t *)(const void *)offsets;
    int32_t *y = (int32_t *)(void *)output;
    for (int32_t row = 0; row < rows; row++) {
        const int32_t largest = edgec_row_exponent(x, size);
        const int32_t *w = weights;
        for (int32_t out = 0; out < outputs; out++) {
            const int64_t sum = edgec_row_sum(x, size, w, largest);
            y[out] = edgec_float_add(edgec_float_of(sum, largest - EDGEC_ROW_GUARD + shift), added[out]);
            w += size;
        }
        x += size;
        y += outputs;
    }
}
