#include "edgec_kernels.h"

/// Largest (sign 1) or smallest (sign -1) element of rows and columns that are a step apart.
static int8_t extremum(const int8_t *input, int32_t rows, int32_t row_step, int32_t columns,
                       int32_t column_step, int32_t sign)
{
    int32_t best = sign * input[0];
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t column = 0; column < columns; column++) {
            const int32_t value = sign * input[row * row_step + column * column_step];
            best = (value > best) ? value : best;
        }
    }
    return (int8_t)(sign * best);
}

/// Largest elements of int8 input [outer][rows][middle][columns][inner] over rows and columns, the
/// smallest ones where largest is 0, giving [outer][middle][inner].
/// Cost: one comparison per input element.
void edgec_reduce_extremum_s8(int32_t outer, int32_t rows, int32_t middle, int32_t columns,
                              int32_t inner, int32_t largest, const int8_t *input, int8_t *output)
{
    const int32_t sign = (largest != 0) ? 1 : -1;
    const int32_t middle_step = columns * inner;
    const int32_t row_step = middle * middle_step;
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t m = 0; m < middle; m++) {
            for (int32_t i = 0; i < inner; i++) {
                const int8_t *first = input + m * middle_step + i;
                *output++ = extremum(first, rows, row_step, columns, inner, sign);
            }
        }
        input += rows * row_step;
    }
}
