/// Largest or smallest elements along axes, int8 or int16.
/// A kernel includes support/element_s8.h or element_s16.h first.
#ifndef EDGEC_SUPPORT_BODIES_REDUCE_EXTREMUM_H
#define EDGEC_SUPPORT_BODIES_REDUCE_EXTREMUM_H

#include "edgec/edgec.h"

/// Largest (sign 1) or smallest (sign -1) element of rows and columns that are a step apart.
static inline edgec_element_t edgec_strided_extremum(const edgec_element_t *input, int32_t rows,
                                                     int32_t row_step, int32_t columns,
                                                     int32_t column_step, int32_t sign)
{
    int32_t best = sign * input[0];
    for (int32_t row = 0; row < rows; row++) {
        for (int32_t column = 0; column < columns; column++) {
            const int32_t value = sign * input[row * row_step + column * column_step];
            best = (value > best) ? value : best;
        }
    }
    return (edgec_element_t)(sign * best);
}

/// Largest elements of input [outer][rows][middle][columns][inner] over rows and columns, the
/// smallest ones where largest is 0, giving [outer][middle][inner].
/// Cost: one comparison per input element.
void EDGEC_KERNEL(reduce_extremum)(int32_t outer, int32_t rows, int32_t middle, int32_t columns,
                                   int32_t inner, int32_t largest, const edgec_element_t *input,
                                   edgec_element_t *output)
{
    const int32_t sign = (largest != 0) ? 1 : -1;
    const int32_t middle_step = columns * inner;
    const int32_t row_step = middle * middle_step;
    for (int32_t o = 0; o < outer; o++) {
        for (int32_t m = 0; m < middle; m++) {
            for (int32_t i = 0; i < inner; i++) {
                const edgec_element_t *first = input + m * middle_step + i;
                *output++ = edgec_strided_extremum(first, rows, row_step, columns, inner, sign);
            }
        }
        input += rows * row_step;
    }
}

#endif
